"""What one worker knows of orders, as values: where each one stands, and what the targets still owe it.

Times are microseconds since 1970 in UTC; quantities and money are exact decimals as text; None means: not known.
Nothing here names a person, save what `OrderSource.people` gives.
"""

from typing import Literal, Protocol

import msgspec

Queue = Literal["held", "stuck"]
STUCK_AFTER_S = 300
"""Work that waits longer than this holds its order up, where nobody names another limit."""
MOST_STORED = 200
"""Rows that one worker tells of one queue: the oldest."""


class HoldFact(msgspec.Struct, frozen=True):
    """One reason why a person must look."""

    reason: str
    detail: str
    at: int


class LineFact(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order, step by step."""

    line_id: str
    sku: str
    ordered: str
    allocated: str
    picked: str
    packed: str
    shipped: str
    delivered: str
    cancelled: str
    returned: str
    refunded: str
    make_to_order: bool
    work_order: str
    promised_at: int | None


class DocumentFact(msgspec.Struct, frozen=True):
    """A document that a system made of the order."""

    system: str
    kind: str
    number: str


class ParkedFact(msgspec.Struct, frozen=True):
    """An event that waits for another one, until then."""

    kind: str
    part: str
    waits_for: tuple[str, ...]
    until: int


class PartFact(msgspec.Struct, frozen=True):
    """A shipment or a return."""

    kind: str
    part: str
    source_code: str
    document: str
    tracks: tuple[str, ...]
    is_done: bool
    posted: str


class SaidFact(msgspec.Struct, frozen=True):
    """One thing that was said of the order and kept; `standing` is counts, waits or refused."""

    at: int
    kind: str
    system: str
    part: str
    document: str
    quantity: str
    reason: str
    standing: str
    place: str = ""


class PendingFact(msgspec.Struct, frozen=True):
    """A command that its target has not answered; `at` None where it cannot be read."""

    kind: str
    part: str
    at: int | None


class WorkFact(msgspec.Struct, frozen=True, kw_only=True):
    """What one sink still has to do for the order, and how its target is."""

    role: str
    target: str
    mode: str
    state: str
    """closed, trying, open, needs-operator."""
    why: str
    pending: tuple[PendingFact, ...] = ()
    ended: int = 0
    intent_at: int | None = None
    """A call may be under way since then."""
    attempts: int = 0
    not_before: int | None = None
    held: str = ""


class ShortFact(msgspec.Struct, frozen=True):
    """A row of the stock lane that shows less than a shipment takes from it."""

    sku: str
    shown: str
    needed: str


class LaneStandFact(msgspec.Struct, frozen=True):
    """What the stock lane keeps a shipment for: rows that are too low, rows whose own call is not answered."""

    mode: str
    short: tuple[ShortFact, ...] = ()
    written: tuple[str, ...] = ()


class ShipmentFact(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment that the shop has not posted; told by the owner of the shipments, which need not be the order's.

    `work` is what its sink holds of the order, with this shipment alone as pending.
    """

    part: str
    source_code: str
    at: int | None
    offset: int
    """Of its command in `commerce.shipment.v1`."""
    work: WorkFact
    lane: LaneStandFact | None = None
    """None where the stock lane does not know of it yet."""
    after: str = ""
    """The shipment of the same order that goes before it."""
    masked: int = 0
    """Calls that the shop refused without saying why."""


class EntryFact(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order stands; told by the owner of its partition."""

    order_id: str
    partition: int
    version: str
    state: str
    stage: str
    channel: str = ""
    number: str = ""
    status: str = ""
    placed_at: int | None = None
    currency: str = ""
    total: str | None = None
    erp_number: str | None = None
    promised_at: int | None = None
    lines: tuple[LineFact, ...] = ()
    documents: tuple[DocumentFact, ...] = ()
    parts: tuple[PartFact, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    parked: tuple[ParkedFact, ...] = ()
    said: tuple[SaidFact, ...] = ()
    """Oldest first."""
    said_in_all: int = 0
    asked: tuple[tuple[str, str, str], ...] = ()
    """Role, kind and part of what was asked for."""
    works: tuple[WorkFact, ...] = ()


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits: for a person (`holds`), or for a target (`role`, `what`)."""

    order_id: str
    since: int | None
    state: str = ""
    holds: tuple[HoldFact, ...] = ()
    role: str = ""
    what: str = ""
    attempts: int = 0
    held: str = ""
    target: str = ""
    target_state: str = ""
    """closed, trying, open, needs-operator; "" where nobody told."""
    target_since: int = 0
    mode: str = ""
    currency: str = ""
    total: str | None = None
    promised_at: int | None = None


class QueueFact(msgspec.Struct, frozen=True):
    """The oldest rows of one worker, and how many there are in all; `is_whole` False where the look was cut short."""

    worker: str = ""
    as_of: int = 0
    rows: tuple[QueueRow, ...] = ()
    total: int = 0
    is_whole: bool = True


class FoundFact(msgspec.Struct, frozen=True):
    """Orders of one worker that carry a number; `is_whole` False where the look was cut short."""

    order_ids: tuple[str, ...] = ()
    is_whole: bool = True


class OrderSums(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders wait at one worker, at its last look (`as_of` 0: it has not looked yet)."""

    as_of: int = 0
    held: int = 0
    undecided: int = 0
    """Of those, the ones that wait for anything else than that the shop refused to cancel them."""
    oldest_held_at: int | None = None
    reasons: dict[str, int] = {}
    """Hold reason → orders; one with several is in each."""
    waiting: dict[str, int] = {}
    """Role → orders with a command that is not answered."""
    oldest_waiting_at: dict[str, int] = {}
    """Role → when the oldest of these commands was decided."""
    failing: dict[str, int] = {}
    """Role → those of them whose command was tried in vain; all of them while its target is away."""
    refusing: dict[str, str] = {}
    """Role → why its target refuses us, so that a person must act."""
    oldest_by_reason: dict[str, int] = {}
    """Hold reason → since when the oldest of these orders is held."""
    parked: dict[str, int] = {}
    """Kind of event → events that wait for another one."""
    oldest_parked_until: dict[str, int] = {}
    """Kind of event → when the first of them will have waited too long."""
    doubled: dict[str, int] = {}
    """Role → orders that its sink holds, because the target has more than one document of them."""
    is_whole: bool = False


class OrderSource(Protocol):
    """Implemented by the application where orders are on: views of what this worker owns."""

    def owner_of(self, order_id: str) -> str | None:
        """URL of the worker that owns the order; None while nobody does."""
        ...

    async def entry(self, order_id: str) -> EntryFact | None:
        """None where nothing is known of it.  Raises NotOwnedError."""
        ...

    def owner_of_shipments(self) -> str | None:
        """URL of the worker that posts shipments; None while nobody does."""
        ...

    async def shipments(self, order_id: str) -> tuple[ShipmentFact, ...]:
        """Those that the shop has not posted, in the order in which they go.  Raises NotOwnedError."""
        ...

    async def find(self, text: str) -> FoundFact:
        """Orders of this worker by the channel's or the ERP's number."""
        ...

    async def queue(self, queue: Queue) -> QueueFact:
        """The oldest first."""
        ...

    def people(self, order_id: str) -> tuple[tuple[str, str], ...] | None:
        """Names and addresses of the order; None where it is not known.  Raises NotOwnedError."""
        ...
