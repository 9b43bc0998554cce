"""What a sink is asked to do at its target: complete, so that nothing need be looked up elsewhere.

Quantities and money are whole micros, times microseconds since 1970 in UTC.
Source: schemas/avro/command.v1.avsc.
"""

from typing import Literal

import msgspec

from schemas.models.cause import Cause
from schemas.models.order import Order
from schemas.models.order_event import EventLine, Track

CommandKind = Literal[
    "CREATE_ORDER",
    "CANCEL_ORDER",
    "CREATE_TASK",
    "CANCEL_TASK",
    "RECORD_ORDER",
    "RECORD_STATUS",
    "POST_INVOICE",
    "POST_PAYMENT",
    "POST_CREDIT",
    "SET_ERP_NUMBER",
    "ADD_COMMENT",
    "CREATE_SHIPMENT",
    "CREATE_INVOICE",
    "CREATE_CREDIT_MEMO",
    "SET_RETURN_NUMBER",
    "BOOK_LABEL",
    "VOID_LABEL",
    "UNKNOWN",
]


class Command(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`entity` is the unified order id, `part` what of it: a shipment, a warehouse, a return.

    `service` is a carrier's: absent where one is to be chosen from its rates.

    `order_number` is the channel's own number of the order, under which a shop knows it.

    `happened_at` is when the step that it is about happened: the date of a document.

    `command_id` is derived from cause, kind and version: a replay makes the same one.
    """

    command_id: str
    role: str
    kind: CommandKind
    entity: str
    part: str | None = None
    epoch: int
    counter: int
    at: int
    order: Order | None = None
    lines: tuple[EventLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    source_code: str | None = None
    document: str | None = None
    status: str | None = None
    expected_at: int | None = None
    amount: int | None = None
    text: str | None = None
    cause: Cause | None = None
    correlation_id: str | None = None
    order_number: str | None = None
    happened_at: int | None = None
    service: str | None = None
