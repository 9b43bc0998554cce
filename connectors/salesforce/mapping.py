"""Between orders and Salesforce's records; pure.

Money and quantities go over as the order states them; nothing is computed anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256

from connectors.core.errors import RejectedPayloadError
from connectors.salesforce import wire
from schemas.models.order import Address, Order, OrderLine

LIFETIME_VALUE = "lifetime_value"
ITEM = wire.Attributes("OrderItem")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_NUMBER = 40


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """What only a new order is told: afterwards it is the CRM's, or cannot be changed."""

    account_key: str
    status: str
    price_book_id: str
    with_currency: bool


def account_key(order_id: str, order: Order) -> str:
    """External id of the account: the company's, else the customer's, else that of an e-mail address without a login.

    An address is told by a digest, because the key stands in addresses of calls.
    """
    customer = order.customer
    if customer.company_id:
        return f"{order.channel}-company-{customer.company_id}"
    if customer.customer_id:
        return f"{order.channel}-customer-{customer.customer_id}"
    if customer.email:
        return f"{order.channel}-guest-{sha256(customer.email.strip().lower().encode()).hexdigest()[:32]}"
    return f"{order_id}-guest"


def to_account(order_id: str, order: Order) -> wire.Account:
    """What is known of a new account; an account that is there already is the CRM's."""
    customer, billing = order.customer, order.billing
    names = (
        customer.company,
        billing.company,
        _joined(customer.first_name, customer.last_name),
        _joined(billing.first_name, billing.last_name),
    )
    return wire.Account(
        name=next((name for name in names if name), account_key(order_id, order)),
        number=customer.account_code or None,
        phone=billing.telephone or None,
        street="\n".join(billing.street) or None,
        city=billing.city or None,
        state=_state(billing),
        postal_code=billing.postcode or None,
        country=billing.country or None,
        lifetime_value=lifetime_value(order),
    )


def lifetime_value(order: Order) -> Decimal | None:
    """Absolute, where somebody stated it in `extras`.

    Raises:
        RejectedPayloadError: it is not a number.
    """
    text = order.extras.get(LIFETIME_VALUE)
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > _PLAIN_NUMBER:
        raise RejectedPayloadError("the lifetime value is not a number", fields=(LIFETIME_VALUE,), status=None)
    return Decimal(format(value, "f"))


def to_new_order(order: Order, *, status: str, new: NewOrder) -> wire.Order:
    """Everything.

    Raises:
        RejectedPayloadError: placed on a day that no calendar has.
    """
    kept = to_draft_order(order, status=status)
    return _with(
        kept,
        wire.Order(
            account=wire.Parent(new.account_key),
            effective_date=_moment(order.placed_at).date().isoformat(),
            status=new.status,
            price_book_id=new.price_book_id,
            currency=order.currency if new.with_currency else None,
        ),
    )


def to_draft_order(order: Order, *, status: str) -> wire.Order:
    """What may still be changed before activation."""
    billing, shipping = order.billing, order.shipping or Address()
    return _with(
        to_activated_order(order, status=status),
        wire.Order(
            po_number=order.payment.purchase_order or None,
            reference=order.number,
            billing_street="\n".join(billing.street) or None,
            billing_city=billing.city or None,
            billing_state=_state(billing),
            billing_postal_code=billing.postcode or None,
            billing_country=billing.country or None,
            shipping_street="\n".join(shipping.street) or None,
            shipping_city=shipping.city or None,
            shipping_state=_state(shipping),
            shipping_postal_code=shipping.postcode or None,
            shipping_country=shipping.country or None,
        ),
    )


def to_activated_order(order: Order, *, status: str) -> wire.Order:
    """The fields that are ours alone."""
    totals = order.totals
    return wire.Order(
        commerce_status=status,
        grand_total=_money(totals.grand_total),
        tax=_money(totals.tax),
        shipping=_money(totals.shipping),
        discount=_money(totals.discount),
    )


def to_status(status: str, expected_at: int | None) -> wire.OrderStatus:
    """Absolute: no promised date is null."""
    return wire.OrderStatus(status, None if expected_at is None else time_text(expected_at))


def lines_to_record(order: Order) -> tuple[OrderLine, ...]:
    """What was bought: components of bundles and configured products are counted in the line they belong to."""
    return tuple(line for line in order.lines if line.parent_line_id is None)


def item_key(order_id: str, line: OrderLine) -> str:
    """A unified order id has no colon, so two orders never share a key."""
    return f"{order_id}:{line.line_id}"


def to_item(key: str, line: OrderLine, *, order_record: str, entries: Mapping[str, str], is_new: bool) -> wire.Item:
    """`entries` is the price book entry by SKU."""
    return wire.Item(
        attributes=ITEM,
        commerce_id=key,
        order_id=order_record if is_new else None,
        entry_id=entries[line.sku] if is_new else None,
        quantity=decimal_of(line.quantity),
        unit_price=_money(line.price),
        description=line.note or None,
    )


def decimal_of(micros: int) -> Decimal:
    """190700000 → 190.7, exactly."""
    whole, rest = divmod(abs(micros), 1_000_000)
    sign = "-" if micros < 0 else ""
    return Decimal(f"{sign}{whole}" + f".{rest:06d}".rstrip("0").rstrip("."))


def time_text(micros: int) -> str:
    """UTC to the millisecond, which is what Salesforce keeps.

    Raises:
        RejectedPayloadError: before the year 1 or after 9999.
    """
    return f"{_moment(micros).isoformat(timespec='milliseconds')[:-6]}Z"


def _moment(micros: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError as exc:
        raise RejectedPayloadError("a date is too far away", status=None) from exc


def _money(micros: int | None) -> Decimal | None:
    return None if micros is None else decimal_of(micros)


def _state(address: Address) -> str | None:
    return address.region or address.region_code or None


def _joined(*names: str) -> str:
    return " ".join(name for name in names if name)


def _with(one: wire.Order, other: wire.Order) -> wire.Order:
    """Both; they state different members."""
    stated = {
        name: value
        for part in (one, other)
        for name in part.__struct_fields__
        if (value := getattr(part, name)) is not None
    }
    return wire.Order(**stated)
