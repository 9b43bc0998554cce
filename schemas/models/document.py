"""What targets hold of an order, as their connectors read it back.

Quantities and money are whole micros, times microseconds since 1970 in UTC.  None of these is stored or sent.
"""

from typing import Literal

import msgspec

from schemas.models.order_event import Track


class LineQuantity(msgspec.Struct, frozen=True, gc=False):
    """So much of one line; `line_id` is the channel's."""

    line_id: str
    quantity: int


class SalesOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order at the ERP; `number` is what people call it, `internal_id` what its API wants."""

    order_id: str
    number: str
    internal_id: str
    status: str = ""
    expected_at: int | None = None
    work_orders: dict[str, str] = {}
    """Work order by the channel's line id, where the ERP opened any."""


class PickTask(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A task at the WMS; `task_id` is ours."""

    task_id: str
    order_id: str
    number: str
    status: str = ""


class Offer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A service that a carrier offers for a parcel; `price` in micros, `days` is None where it promises nothing."""

    service: str
    price: int
    currency: str
    days: int | None = None


class Label(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A parcel that is booked; `reference` is ours, `document` where the label is or what the carrier calls it.

    `price` in micros, None where the carrier does not say.
    """

    reference: str
    tracking_number: str
    carrier_code: str
    service: str
    price: int | None = None
    currency: str | None = None
    document: str | None = None


class CrmRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order at the CRM."""

    order_id: str
    internal_id: str


BookingKind = Literal["invoice", "payment", "credit"]


class Booking(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A document for the books, as the systems stated it; nothing in it is computed.

    `reference` is ours, the same for every attempt.  `document` is what the system that made it calls it.  `amount` is
    what the document comes to, tax included, never negative: that a credit is one says its kind.  `account` is the
    customer's account number.  `order_total` and `order_tax` are of the whole order, as its channel stated them.
    """

    reference: str
    kind: BookingKind
    order_id: str
    order_number: str
    channel: str
    document: str
    account: str
    currency: str
    amount: int
    happened_at: int
    cost_centre: str | None = None
    purchase_order: str | None = None
    payment_method: str | None = None
    terms: str | None = None
    order_total: int | None = None
    order_tax: int | None = None


class BookedDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A document in the books; `number` is the accounting system's own, `amount` what all its entries come to."""

    reference: str
    kind: BookingKind
    number: str
    amount: int
    currency: str
    status: str = ""


class Shipment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A shipment at the shop; `reference` is ours, None where somebody else made it."""

    internal_id: str
    reference: str | None
    source_code: str | None
    lines: tuple[LineQuantity, ...]
    tracks: tuple[Track, ...] = ()


class ShopDocument(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An invoice or a credit memo at the shop; `reference` is ours, None where somebody else made it."""

    internal_id: str
    reference: str | None
    lines: tuple[LineQuantity, ...]
    total: int


class ShopLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far one line is, by the shop's own count."""

    line_id: str
    parent_line_id: str | None = None
    sku: str
    ordered: int
    shipped: int = 0
    invoiced: int = 0
    refunded: int = 0
    cancelled: int = 0


class ShopOrder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An order as the shop shows it now; `external_id` is the ERP number that was written to it."""

    number: str
    entity_id: str
    state: str
    status: str
    external_id: str | None = None
    lines: tuple[ShopLine, ...] = ()


class OrderChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """That an order of the shop changed at `updated_at`, and no more of it (times in µs)."""

    number: str
    entity_id: str
    placed_at: int
    updated_at: int


class Held(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A document at a target as its list shows it; `reference` is ours.

    `total` includes tax; None where the target does not state it, as are currency and lines.
    """

    reference: str
    internal_id: str
    number: str = ""
    total: int | None = None
    currency: str | None = None
    lines: int | None = None
