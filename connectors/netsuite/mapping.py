"""Between our orders and NetSuite's; pure, both directions.

Nothing is computed: prices, discounts and totals go over as the order states them, and what it does not state is not
sent, so that NetSuite fills it in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from connectors.core.errors import RejectedPayloadError
from connectors.netsuite import texts, wire
from schemas.micros import MICROS
from schemas.models.document import SalesOrder
from schemas.models.order import Address, Order, OrderLine

_EPOCH = date(1970, 1, 1)
_DAY = 86_400 * MICROS

# Labels of Oracle's sales order statuses; the ids are those of netsuite-rest.schema.json.
STATUSES: Mapping[str, str] = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
GONE = frozenset({"C", "H"})
"""Nothing more will be delivered."""
UNTOUCHED = frozenset({"A", "B"})
"""Nothing was delivered or billed yet."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """How our words are called in this account: internal ids by our word, and what every order has."""

    discount_item: str
    price_level: str
    subsidiary: str | None = None
    location: str | None = None
    guest_account: str | None = None
    currencies: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    ship_methods: Mapping[str, str] = field(default_factory=dict)


def to_sales_order(order: Order, words: Vocabulary) -> wire.SalesOrder:
    """Raises RejectedPayloadError for an order that NetSuite cannot be told without a loss."""
    method = order.shipping_method
    ship_item = words.ship_methods.get(method) if method else None
    discount = _discount(order)
    return wire.SalesOrder(
        entity=wire.Reference(external_id=_account(order, words)),
        subsidiary=_by_id(words.subsidiary),
        location=_by_id(words.location),
        currency=_named(order.currency, words.currencies),
        other_ref_num=order.payment.purchase_order or order.number,
        tran_date=to_date(order.placed_at, "placed_at"),
        memo=texts.memo(order, ship_by=None if ship_item else method),
        email=order.customer.email or None,
        terms=_named(order.payment.terms, words.terms),
        ship_method=_by_id(ship_item),
        shipping_cost=to_number(order.totals.shipping),
        discount_item=wire.Reference(external_id=words.discount_item) if discount else None,
        discount_rate=to_number(-discount) if discount else None,
        subtotal=to_number(order.totals.subtotal),
        tax_total=to_number(order.totals.tax),
        total=to_number(order.totals.grand_total),
        shipping_address=None if order.shipping is None else to_shipping_address(order.shipping),
        billing_address=to_billing_address(order.billing),
        item=wire.Lines(tuple(_line(line, order, words) for line in order.lines)),
    )


def _line(line: OrderLine, order: Order, words: Vocabulary) -> wire.Line:
    """A stated price needs the level "custom", or NetSuite puts its own price in its place."""
    priced = line.price is not None or line.row_total is not None
    return wire.Line(
        item=wire.Reference(external_id=line.sku),
        quantity=_number(line.quantity),
        units=words.units.get(line.unit, line.unit) if line.unit else None,
        price=wire.Reference(id=words.price_level) if priced else None,
        rate=to_number(line.price),
        amount=to_number(line.row_total),
        description=texts.description(line),
        requested_date=None if order.requested_at is None else to_date(order.requested_at, "requested_at"),
        create_wo=True if line.make_to_order else None,
        tax_rate1=to_number(line.tax_percent),
        tax_amount=to_number(line.tax),
    )


def _account(order: Order, words: Vocabulary) -> str:
    account = order.customer.account_code or words.guest_account
    if not account:
        raise _lossy("customer.account_code", "the order has no account code, and no guest account is set")
    return account


def _discount(order: Order) -> int:
    """NetSuite takes an order's discount in one sum; adding lines up would be our arithmetic, not the order's."""
    if order.totals.discount is None and any(line.discount for line in order.lines):
        raise _lossy("totals.discount", "lines have discounts and the order does not state their sum")
    return order.totals.discount or 0


def _lossy(name: str, why: str) -> RejectedPayloadError:
    return RejectedPayloadError(why, fields=(name,), status=None)


def to_shipping_address(address: Address) -> wire.ShippingAddress:
    """A company with the person to ask for, or the person."""
    person = f"{address.first_name} {address.last_name}".strip() or None
    return wire.ShippingAddress(
        addressee=address.company or person,
        attention=person if address.company else None,
        addr1=address.street[0] if address.street else None,
        addr2=", ".join(address.street[1:]) or None,
        city=address.city or None,
        state=address.region_code or address.region,
        zip=address.postcode,
        country=wire.CountryCode(address.country) if address.country else None,
        addr_phone=address.telephone,
    )


def to_billing_address(address: Address) -> wire.BillingAddress | None:
    """None where nothing is stated, so that the account's own address stands."""
    found = wire.BillingAddress(
        addr1=", ".join(address.street) or None,
        city=address.city or None,
        state=address.region_code or address.region,
        zip=address.postcode,
        country=wire.CountryCode(address.country) if address.country else None,
    )
    return None if found == wire.BillingAddress() else found


def from_sales_order(record: wire.SalesOrderRecord, order_id: str) -> SalesOrder:
    return SalesOrder(
        order_id=order_id,
        number=record.tran_id,
        internal_id=record.id,
        status=STATUSES.get(record.status.id, record.status.id),
        expected_at=_expected_at(record),
        work_orders=_work_orders(record),
    )


def _expected_at(record: wire.SalesOrderRecord) -> int | None:
    """The day of the last line; None while a line has none, because the whole order has no date then."""
    days = [line.expected_ship_date for line in record.item.items if not line.is_closed]
    known = [day for day in days if day is not None]
    return from_date(max(known)) if known and len(known) == len(days) else None


def _work_orders(record: wire.SalesOrderRecord) -> dict[str, str]:
    found = ((texts.line_id(line.description), line.wo_id) for line in record.item.items)
    return {line_id: work_order for line_id, work_order in found if line_id and work_order}


def to_closing(record: wire.SalesOrderRecord) -> wire.Closing | None:
    """The change that closes what is open; None where nothing is.

    Raises:
        RejectedPayloadError: something of it was delivered or billed.
    """
    status = record.status.id
    still_open = tuple(line for line in record.item.items if not line.is_closed)
    if status in GONE or not still_open:
        return None
    if status not in UNTOUCHED:
        label = STATUSES.get(status, status)
        raise _lossy("status", f"order {record.tran_id} is {label}: it can no longer be closed as a whole")
    return wire.Closing(wire.ClosedLines(tuple(wire.ClosedLine(line.line, is_closed=True) for line in still_open)))


def to_number(micros: int | None) -> Decimal | None:
    return None if micros is None else _number(micros)


def _number(micros: int) -> Decimal:
    """Exactly, without an exponent or superfluous zeros."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS)
    fraction = f"{rest:06d}".rstrip("0")
    return Decimal(f"{sign}{whole}{'.' if fraction else ''}{fraction}")


def to_date(micros: int, name: str) -> date:
    """The day in UTC.  Raises RejectedPayloadError for a time that no calendar has."""
    try:
        return _EPOCH + timedelta(days=micros // _DAY)
    except OverflowError as exc:
        raise RejectedPayloadError(f"{name} is not in any calendar", fields=(name,), status=None) from exc


def from_date(day: date) -> int:
    """Its midnight in UTC."""
    return (day - _EPOCH).days * _DAY


def _by_id(internal_id: str | None) -> wire.Reference | None:
    return wire.Reference(id=internal_id) if internal_id else None


def _named(word: str | None, ids: Mapping[str, str]) -> wire.Reference | None:
    if not word:
        return None
    return wire.Reference(id=ids[word]) if word in ids else wire.Reference(external_id=word)
