"""What is said about the work itself: how commands ended, what was done by whom, and an operator's standing orders.

Times are microseconds since 1970 in UTC.  Sources: schemas/avro/{outcome,audit,operator.control}.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.cause import Cause
from schemas.models.order_event import Track

WRITE_STOCK = "write-stock"
"""Kind of the outcomes of the stock lane; the entity is a SKU then, in all others an order."""
OutcomeState = Literal["APPLIED", "SUPERSEDED", "PARKED", "HELD", "DEAD", "IGNORED", "UNKNOWN"]


class Outcome(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How one command ended at its target; `records` is the number of input records that it accounts for.

    `amount` is what it costs, in micros of `currency`; `tracks` are cartons that it put on their way.
    """

    command_id: str
    role: str
    kind: str
    entity: str
    part: str | None = None
    epoch: int
    counter: int
    state: OutcomeState
    records: int = 0
    reason: str | None = None
    detail: str = ""
    value: str | None = None
    previous: str | None = None
    external_id: str | None = None
    attempts: int = 1
    started_at: int
    at: int
    cause: Cause | None = None
    correlation_id: str | None = None
    tracks: tuple[Track, ...] = ()
    amount: int | None = None
    currency: str | None = None


class Audit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Who did what to which entity, from which value to which, and why."""

    audit_id: str
    at: int
    actor: str
    action: str
    entity_type: str
    entity: str
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    cause: Cause | None = None
    correlation_id: str | None = None


class OperatorControl(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The newest record of a key holds."""

    key: str
    state: str
    value: str = ""
    actor: str
    reason: str = ""
    at: int
