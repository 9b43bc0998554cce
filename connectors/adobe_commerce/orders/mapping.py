"""Between Commerce's orders and documents and ours; pure, both directions.

Nothing is computed anew: amounts go over as Commerce states them, in the order's currency, and what it does not state
stays None.  Amounts and quantities become whole micros; more than six decimals are the noise of the server's floats,
whose columns have four.  Times are UTC without a zone (magento/magento2 issue 24985).
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from connectors.adobe_commerce.mapping import plain
from connectors.adobe_commerce.orders import bodies, wire
from schemas.models.document import LineQuantity, OrderChange, Shipment, ShopDocument, ShopLine, ShopOrder
from schemas.models.order import Address, Customer, Order, OrderLine, Payment, Totals
from schemas.models.order_event import Track

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_WIDE = Context(prec=64, rounding=ROUND_HALF_EVEN)
_LARGEST = 10**24
_REFERENCE = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_MARK = re.compile(r"\(ref ([A-Za-z0-9._:-]{1,100})\)")
_OTHER_CARRIER = "custom"
"""Commerce's code for a carrier that it has no module of."""


# ── from Commerce ────────────────────────────────────────────────────────────────────────────────


def from_order(row: wire.OrderRow, *, source_system: str, channel: str) -> Order:
    """The whole order.  Its `event_id` is made of its content: changes within one second of `updated_at` differ.

    Raises:
        ValueError: no currency, a time or a number that cannot be read.
    """
    order = Order(
        event_id="",
        source_system=source_system,
        channel=channel,
        number=row.increment_id,
        entity_id=str(row.entity_id),
        store=_text(row.store_id),
        status=row.status or "",
        currency=_currency(row),
        placed_at=to_moment(row.created_at),
        updated_at=to_moment(row.updated_at),
        customer=_customer(row),
        billing=_address(row.billing_address) or Address(),
        shipping=_ship_to(row),
        shipping_method=next((one.method for one in _shippings(row) if one.method), None),
        lines=tuple(_line(item) for item in row.items),
        totals=_totals(row),
        payment=_payment(row.payment or wire.PaymentRow()),
        instructions=row.customer_note or None,
        extras=_extras(row),
    )
    content = hashlib.sha256(msgspec.json.encode(order)).hexdigest()[:16]
    return msgspec.structs.replace(order, event_id=f"{channel}-{row.increment_id}-{content}")


def from_change(row: wire.ChangeRow) -> OrderChange:
    """Raises ValueError."""
    return OrderChange(
        number=row.increment_id,
        entity_id=str(row.entity_id),
        placed_at=to_moment(row.created_at),
        updated_at=to_moment(row.updated_at),
    )


def from_standing(row: wire.StandingRow) -> ShopOrder:
    """Where the order stands.  Raises ValueError."""
    return ShopOrder(
        number=row.increment_id,
        entity_id=str(row.entity_id),
        state=row.state or "",
        status=row.status or "",
        external_id=row.ext_order_id or None,
        lines=tuple(_shop_line(item) for item in row.items),
    )


def from_shipment(row: wire.ShipmentRow) -> Shipment:
    """Raises ValueError."""
    return Shipment(
        internal_id=str(row.entity_id),
        reference=reference_in(row.comments or ()),
        source_code=row.extension_attributes.source_code if row.extension_attributes else None,
        lines=tuple(_quantity(item) for item in row.items),
        tracks=tuple(_track(track) for track in row.tracks or ()),
    )


def from_bill(row: wire.BillRow) -> ShopDocument:
    """An invoice or a credit memo.  Raises ValueError."""
    return ShopDocument(
        internal_id=str(row.entity_id),
        reference=reference_in(row.comments or ()),
        lines=tuple(_quantity(item) for item in row.items),
        total=to_micros(row.grand_total),
    )


def reference_in(comments: Iterable[wire.CommentRow]) -> str | None:
    """Our reference, where one of the comments carries one."""
    found = (_MARK.search(row.comment or "") for row in comments)
    return next((mark[1] for mark in found if mark), None)


def to_micros(amount: Decimal) -> int:
    """The nearest micro.  Raises ValueError for what no column holds."""
    if not amount.is_finite() or abs(amount.adjusted()) > 30:
        raise ValueError("a number that no order has")
    micros = int(_WIDE.scaleb(amount, 6).to_integral_value(ROUND_HALF_EVEN))
    if abs(micros) >= _LARGEST:
        raise ValueError("a number that no order has")
    return micros


def to_moment(text: str) -> int:
    """`2017-08-21 22:22:19` → microseconds since 1970.  Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICRO


def _currency(row: wire.OrderRow) -> str:
    currency = row.order_currency_code or row.base_currency_code
    if not currency:
        raise ValueError("it states no currency")
    return currency


def _customer(row: wire.OrderRow) -> Customer:
    company = (row.extension_attributes or wire.OrderExtension()).company_order_attributes or wire.CompanyRow()
    return Customer(
        customer_id=_text(row.customer_id),
        group=_text(row.customer_group_id),
        email=row.customer_email or "",
        first_name=row.customer_firstname or "",
        last_name=row.customer_lastname or "",
        company_id=_text(company.company_id),
        company=company.company_name or None,
        tax_id=row.customer_taxvat or None,
    )


def _shippings(row: wire.OrderRow) -> list[wire.ShippingRow]:
    assignments = (row.extension_attributes or wire.OrderExtension()).shipping_assignments or ()
    return [one.shipping for one in assignments if one.shipping is not None]


def _ship_to(row: wire.OrderRow) -> Address | None:
    return next((_address(one.address) for one in _shippings(row) if one.address is not None), None)


def _address(row: wire.AddressRow | None) -> Address | None:
    if row is None:
        return None
    return Address(
        first_name=row.firstname or "",
        last_name=row.lastname or "",
        company=row.company or None,
        street=tuple(row.street or ()),
        city=row.city or "",
        region=row.region or None,
        region_code=row.region_code or None,
        postcode=row.postcode or None,
        country=row.country_id or "",
        telephone=row.telephone or None,
        vat_id=row.vat_id or None,
    )


def _line(row: wire.ItemRow) -> OrderLine:
    groups = (row.product_option or wire.ProductOption()).extension_attributes or wire.OptionGroups()
    gift = (row.extension_attributes or wire.ItemExtension()).gift_message or wire.GiftMessage()
    return OrderLine(
        line_id=str(row.item_id),
        parent_line_id=_text(row.parent_item_id),
        sku=row.sku,
        name=row.name or "",
        quantity=to_micros(row.qty_ordered),
        price=_money(row.price),
        row_total=_money(row.row_total),
        discount=_money(row.discount_amount),
        tax=_money(row.tax_amount),
        tax_percent=_money(row.tax_percent),
        options=_options(groups.custom_options),
        configuration=_options(groups.configurable_item_options),
        note=gift.message or None,
    )


def _options(rows: Sequence[wire.OptionRow] | None) -> dict[str, str]:
    """Value by option id: Commerce's orders carry no labels."""
    return {str(row.option_id): _text(row.option_value) or "" for row in rows or ()}


def _totals(row: wire.OrderRow) -> Totals:
    """An order's discount is negative at Commerce; ours says how much was taken off."""
    discount = _money(row.discount_amount)
    return Totals(
        subtotal=_money(row.subtotal),
        discount=None if discount is None else abs(discount),
        shipping=_money(row.shipping_amount),
        shipping_tax=_money(row.shipping_tax_amount),
        tax=_money(row.tax_amount),
        grand_total=_money(row.grand_total),
    )


def _payment(row: wire.PaymentRow) -> Payment:
    return Payment(
        method=row.method or "",
        purchase_order=row.po_number or None,
        transaction_id=row.last_trans_id or None,
        authorised=_money(row.amount_authorized),
        captured=_money(row.amount_paid),
        refunded=_money(row.amount_refunded),
    )


def _extras(row: wire.OrderRow) -> dict[str, str]:
    stated = {"state": row.state, "ext_order_id": row.ext_order_id, "coupon_code": row.coupon_code}
    return {name: value for name, value in stated.items() if value}


def _shop_line(row: wire.ItemRow) -> ShopLine:
    return ShopLine(
        line_id=str(row.item_id),
        parent_line_id=_text(row.parent_item_id),
        sku=row.sku,
        ordered=to_micros(row.qty_ordered),
        shipped=_money(row.qty_shipped) or 0,
        invoiced=_money(row.qty_invoiced) or 0,
        refunded=_money(row.qty_refunded) or 0,
        cancelled=_money(row.qty_canceled) or 0,
    )


def _quantity(row: wire.DocumentItemRow) -> LineQuantity:
    return LineQuantity(str(row.order_item_id), to_micros(row.qty))


def _track(row: wire.TrackRow) -> Track:
    return Track(carrier_code=row.carrier_code or "", title=row.title or "", number=row.track_number or "")


def _money(amount: Decimal | None) -> int | None:
    return None if amount is None else to_micros(amount)


def _text(value: int | str | None) -> str | None:
    return None if value is None or value == "" else str(value)


# ── to Commerce ──────────────────────────────────────────────────────────────────────────────────


def to_items(lines: Sequence[LineQuantity]) -> tuple[bodies.Item, ...]:
    """One per line: of two for one line the server would keep the last only, and of none it would take all lines.

    Raises:
        ValueError: no lines, a quantity that is not above 0, a line id that is not Commerce's.
    """
    if not lines:
        raise ValueError("no lines: Commerce would take all that is left")
    total: dict[int, int] = {}
    for line in lines:
        if line.quantity <= 0:
            raise ValueError("a line without a quantity")
        number = to_number(line.line_id)
        total[number] = total.get(number, 0) + line.quantity
    return tuple(bodies.Item(number, plain(_WIDE.scaleb(Decimal(micros), -6))) for number, micros in total.items())


def to_tracks(tracks: Sequence[Track]) -> tuple[bodies.NewTrack, ...]:
    """Title and carrier are demanded; a carrier that is not stated is `custom`."""
    return tuple(
        bodies.NewTrack(
            track.number, track.title or track.carrier_code or _OTHER_CARRIER, track.carrier_code or _OTHER_CARRIER
        )
        for track in tracks
    )


def to_comment(reference: str) -> bodies.Comment:
    """The reference as the document's comment.  Raises ValueError."""
    return bodies.Comment(marked("", reference))


def marked(text: str, reference: str) -> str:
    """`text` with the reference behind it.

    Raises:
        ValueError: a reference that would not come back as it is: 1 to 100 letters, digits or one of `._:-`.
    """
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("a reference has 1 to 100 letters, digits or one of ._:-")
    return f"{text} (ref {reference})".lstrip()


def to_number(text: str) -> int:
    """An id in a body.  Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError("an id that is not Commerce's")
    return int(text)


def to_second(micros: int) -> str:
    """A time as Commerce compares it: UTC, whole seconds, rounded down.  Raises ValueError before 1 or after 9999."""
    try:
        return (_EPOCH + timedelta(seconds=micros // 1_000_000)).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError as exc:
        raise ValueError("a time that no order has") from exc
