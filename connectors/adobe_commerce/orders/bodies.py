"""What is sent to change an order, as Commerce's services take it."""

from decimal import Decimal

import msgspec


class Entity(msgspec.Struct, frozen=True):
    """Two fields of the order: everything else stays as it is."""

    entity_id: int
    ext_order_id: str


class SaveBody(msgspec.Struct, frozen=True):
    entity: Entity


class StatusHistory(msgspec.Struct, frozen=True, omit_defaults=True):
    comment: str
    is_customer_notified: int
    is_visible_on_front: int
    parent_id: int
    status: str | None = None


class CommentBody(msgspec.Struct, frozen=True):
    history: StatusHistory = msgspec.field(name="statusHistory")


class Item(msgspec.Struct, frozen=True):
    order_item_id: int
    qty: Decimal


class Comment(msgspec.Struct, frozen=True):
    """Kept with the document; hidden from the customer's account."""

    comment: str
    is_visible_on_front: int = 0


class NewTrack(msgspec.Struct, frozen=True):
    track_number: str
    title: str
    carrier_code: str


class SourceChoice(msgspec.Struct, frozen=True):
    source_code: str


class ShipArguments(msgspec.Struct, frozen=True):
    extension_attributes: SourceChoice


class ShipBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """Without `items` everything would be shipped: never leave them out."""

    items: tuple[Item, ...]
    notify: bool
    comment: Comment
    tracks: tuple[NewTrack, ...] = ()
    arguments: ShipArguments | None = None


class InvoiceBody(msgspec.Struct, frozen=True):
    """Without `items` everything would be invoiced: never leave them out."""

    items: tuple[Item, ...]
    capture: bool
    comment: Comment
    notify: bool = False


class RefundArguments(msgspec.Struct, frozen=True):
    """All stated: an amount that is left out is not 0, the server refunds the whole shipping then."""

    shipping_amount: Decimal = Decimal(0)
    adjustment_positive: Decimal = Decimal(0)
    adjustment_negative: Decimal = Decimal(0)


class RefundBody(msgspec.Struct, frozen=True):
    """No `return_to_stock_items`, ever: what comes back is the warehouse's to count."""

    items: tuple[Item, ...]
    comment: Comment
    arguments: RefundArguments = RefundArguments()
    notify: bool = False
