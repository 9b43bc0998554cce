"""Commerce's JSON of orders and their documents, and nothing of ours.

Null fields are left out by the server, so nearly every field may be absent.  What is not named here is never read: card
data and the payment's additional information above all.  Money and quantities are Decimal, whatever they came as.
"""

from decimal import Decimal

import msgspec

from connectors.adobe_commerce.wire import Page

Id = int | str
"""The file says integer; live servers send texts too."""


class AddressRow(msgspec.Struct, frozen=True, kw_only=True):
    firstname: str | None = None
    lastname: str | None = None
    company: str | None = None
    street: tuple[str, ...] | None = None
    city: str | None = None
    region: str | None = None
    region_code: str | None = None
    postcode: str | None = None
    country_id: str | None = None
    telephone: str | None = None
    vat_id: str | None = None


class OptionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen option, by ids: Commerce states no labels."""

    option_id: Id
    option_value: Id | None = None


class OptionGroups(msgspec.Struct, frozen=True, kw_only=True):
    custom_options: tuple[OptionRow, ...] | None = None
    configurable_item_options: tuple[OptionRow, ...] | None = None


class ProductOption(msgspec.Struct, frozen=True, kw_only=True):
    extension_attributes: OptionGroups | None = None


class GiftMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Sender and recipient are people, and stay behind."""

    message: str | None = None


class ItemExtension(msgspec.Struct, frozen=True, kw_only=True):
    gift_message: GiftMessage | None = None


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    """`row_total` is before discount and tax; the quantities are counts of the server's own."""

    item_id: Id
    sku: str
    parent_item_id: Id | None = None
    name: str | None = None
    qty_ordered: Decimal = Decimal(0)
    qty_shipped: Decimal | None = None
    qty_invoiced: Decimal | None = None
    qty_refunded: Decimal | None = None
    qty_canceled: Decimal | None = None
    price: Decimal | None = None
    row_total: Decimal | None = None
    discount_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_percent: Decimal | None = None
    product_option: ProductOption | None = None
    extension_attributes: ItemExtension | None = None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but card data."""

    method: str | None = None
    po_number: str | None = None
    last_trans_id: str | None = None
    amount_authorized: Decimal | None = None
    amount_paid: Decimal | None = None
    amount_refunded: Decimal | None = None


class ShippingRow(msgspec.Struct, frozen=True, kw_only=True):
    address: AddressRow | None = None
    method: str | None = None


class AssignmentRow(msgspec.Struct, frozen=True, kw_only=True):
    shipping: ShippingRow | None = None


class CompanyRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of the B2B modules."""

    company_id: Id | None = None
    company_name: str | None = None


class OrderExtension(msgspec.Struct, frozen=True, kw_only=True):
    shipping_assignments: tuple[AssignmentRow, ...] | None = None
    company_order_attributes: CompanyRow | None = None


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts without `base_` are in the order's currency; `discount_amount` is negative here, positive at rows."""

    entity_id: Id
    increment_id: str
    created_at: str
    updated_at: str
    items: tuple[ItemRow, ...] = ()
    state: str | None = None
    status: str | None = None
    store_id: Id | None = None
    ext_order_id: str | None = None
    order_currency_code: str | None = None
    base_currency_code: str | None = None
    customer_id: Id | None = None
    customer_group_id: Id | None = None
    customer_email: str | None = None
    customer_firstname: str | None = None
    customer_lastname: str | None = None
    customer_taxvat: str | None = None
    customer_note: str | None = None
    coupon_code: str | None = None
    subtotal: Decimal | None = None
    discount_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    shipping_tax_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    grand_total: Decimal | None = None
    billing_address: AddressRow | None = None
    payment: PaymentRow | None = None
    extension_attributes: OrderExtension | None = None


class StandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order cut down to where it stands."""

    entity_id: Id
    increment_id: str
    state: str | None = None
    status: str | None = None
    ext_order_id: str | None = None
    items: tuple[ItemRow, ...] = ()


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order cut down to when it changed."""

    entity_id: Id
    increment_id: str
    created_at: str
    updated_at: str


class HeldItemRow(msgspec.Struct, frozen=True):
    """A line of an order, by its id alone."""

    item_id: Id


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order cut down to what it comes to."""

    entity_id: Id
    increment_id: str
    grand_total: Decimal | None = None
    order_currency_code: str | None = None
    items: tuple[HeldItemRow, ...] = ()


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of an order's history, or of a document."""

    entity_id: Id | None = None
    comment: str | None = None


class DocumentItemRow(msgspec.Struct, frozen=True, kw_only=True):
    order_item_id: Id
    qty: Decimal = Decimal(0)


class TrackRow(msgspec.Struct, frozen=True, kw_only=True):
    track_number: str | None = None
    title: str | None = None
    carrier_code: str | None = None


class ShipmentExtension(msgspec.Struct, frozen=True, kw_only=True):
    source_code: str | None = None


class ShipmentRow(msgspec.Struct, frozen=True, kw_only=True):
    entity_id: Id
    items: tuple[DocumentItemRow, ...] = ()
    tracks: tuple[TrackRow, ...] | None = None
    comments: tuple[CommentRow, ...] | None = None
    extension_attributes: ShipmentExtension | None = None


class BillRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice or a credit memo."""

    entity_id: Id
    grand_total: Decimal = Decimal(0)
    items: tuple[DocumentItemRow, ...] = ()
    comments: tuple[CommentRow, ...] | None = None


class Saved(msgspec.Struct, frozen=True):
    """What is looked at of an order that was saved."""

    entity_id: Id


decode_order = msgspec.json.Decoder(OrderRow, strict=False).decode
decode_changes = msgspec.json.Decoder(Page[ChangeRow], strict=False).decode
decode_held = msgspec.json.Decoder(Page[HeldRow], strict=False).decode
decode_standings = msgspec.json.Decoder(Page[StandingRow], strict=False).decode
decode_standing = msgspec.json.Decoder(StandingRow, strict=False).decode
decode_saved = msgspec.json.Decoder(Saved, strict=False).decode
decode_comments = msgspec.json.Decoder(Page[CommentRow], strict=False).decode
decode_shipments = msgspec.json.Decoder(Page[ShipmentRow], strict=False).decode
decode_bill = msgspec.json.Decoder(BillRow, strict=False).decode
decode_bills = msgspec.json.Decoder(Page[BillRow], strict=False).decode
decode_flag = msgspec.json.Decoder(bool).decode
