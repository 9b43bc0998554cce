"""Everything that is known of one order, as one stored value.

Stored are the facts, and beside them what follows from them, so that a page or a sink need not work it out again.
"""

import msgspec

from schemas.models.order import Order
from schemas.models.order_event import EventLine, Track
from streams.domain.order_facts import Fact, Stamp
from streams.domain.order_table import OrderState

FORMAT = 1
"""First field of every stored entry; another one is another release's and is refused."""

ENTRY_LIMIT = 768 << 10
"""Bytes of a stored entry, whatever the senders do: below what one record of the changelog may hold."""

SEEN_AT_MOST = 256
FACTS_AT_MOST = 4096
CORRECTIONS_KEPT = 3


class Statement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The order as its channel (PLACED) or a person (CORRECTED) stated it, and what the checks said of it.

    Of a channel's statements the newest is kept (`first_at` is when the first one happened, µs).
    """

    kind: str
    order: Order
    first_at: int
    stamp: Stamp
    version: int
    """The channel's time of its last change: the newer order is the one changed later, whenever it was sent."""
    failing: tuple[str, ...] | None = ()
    filled: tuple[str, ...] = ()
    """Fields of the order that its account filled in, where its channel left them empty."""


class LineState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One counted line; micros, times in µs.  What has shipped was picked, whether anybody said so or not."""

    line_id: str
    sku: str
    ordered: int
    allocated: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0
    refunded: int = 0
    make_to_order: bool = False
    work_order: str = ""
    promised_at: int | None = None

    @property
    def open(self) -> int:
        """Still to be shipped."""
        return self.ordered - self.cancelled - self.shipped


class PaymentState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Money in micros of the order's currency; None where nobody stated it."""

    authorised: int | None = None
    captured: int | None = None
    invoiced: int | None = None
    refunded: int | None = None


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A shipment or a return; `posted` is the shop's id of it, "" until the shop has it."""

    kind: str
    part: str
    source_code: str = ""
    lines: tuple[EventLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    document: str = ""
    is_done: bool = False
    """The shipment was delivered; the return was received or rejected."""
    posted: str = ""


class Document(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A document that some system made of the order."""

    system: str
    kind: str
    number: str


class Hold(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """Why a person must look; `detail` names lines, quantities and codes, never people."""

    reason: str
    detail: str = ""
    at: int = 0


class Parked(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A fact that waits for one of some kinds, until then (µs)."""

    kind: str
    part: str
    waits_for: tuple[str, ...]
    until: int


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a target was asked for; `attempt` tells the newest request from earlier ones for the same thing."""

    role: str
    kind: str
    part: str
    attempt: str
    source_code: str = ""
    lines: tuple[EventLine, ...] = ()
    tracked: bool = False
    """Whether the request named parcels."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.role, self.kind, self.part)


class OrderEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Value of the orders table for one unified order id; the default is an order of which nothing is known.

    `facts` are those that stand or wait; which of them are refused is worked out anew with every event, because what is
    illegal by one clock's account may be legal once an earlier event has come.  `stage` is the state without holds.
    """

    made: int = FORMAT
    order_id: str = ""
    counter: int = 0
    state: OrderState = OrderState.EXPECTED
    stage: OrderState = OrderState.EXPECTED
    stated: int = -1
    """Which of the statements counts: -1 while there is none."""
    lines: tuple[LineState, ...] = ()
    payment: PaymentState = PaymentState()
    parts: tuple[Part, ...] = ()
    documents: tuple[Document, ...] = ()
    promised_at: int | None = None
    holds: tuple[Hold, ...] = ()
    parked: tuple[Parked, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    forced: tuple[tuple[str, str], ...] = ()
    """Facts that a person released from waiting, by kind and part."""
    asked: tuple[Asked, ...] = ()
    seen: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    facts: tuple[Fact, ...] = ()
    remarks: tuple[Hold, ...] = ()
    """What a person must look at while the order goes on."""

    @property
    def order(self) -> Order | None:
        """The newest order: as a person corrected it, else as its channel stated it last."""
        return None if self.stated < 0 else self.statements[self.stated].order

    @property
    def erp_number(self) -> str | None:
        """What the ERP calls the order, once it has it."""
        found = [one.number for one in self.documents if one.kind == "ACKNOWLEDGED"]
        return found[0] if found else None

    def line(self, line_id: str) -> LineState | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def asked_of(self, role: str, kind: str, part: str = "") -> Asked | None:
        return next((one for one in self.asked if one.key == (role, kind, part)), None)


def encode(entry: OrderEntry) -> bytes:
    """Stored form, without the header that the table puts before every value."""
    return _ENCODER.encode(entry)


def decode(stored: bytes) -> OrderEntry:
    """Raises msgspec.MsgspecError for what is no entry, or one of another format."""
    entry = _DECODER.decode(stored)
    if entry.made != FORMAT:
        raise msgspec.ValidationError(f"an entry of format {entry.made}; this release reads {FORMAT}")
    return entry


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(OrderEntry)
