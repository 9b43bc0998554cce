"""Between our orders and SAP's; pure, both directions.

Nothing is computed: prices, discounts and taxes go over as the order states them, as conditions where the settings
name a condition type and as facts of a text where they do not.  What does not fit a field is refused by name, never
cut, except a line's name, which SAP has in its own words.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from connectors.core.errors import RejectedPayloadError
from connectors.sap_s4hana import addresses, conditions, facts, wire
from connectors.sap_s4hana.reference import reference
from connectors.sap_s4hana.settings import Settings
from schemas.models.document import SalesOrder
from schemas.models.order import Order, OrderLine

_STEP = 10
_MOST_ITEMS = 99_999
_MILLI = 1000
"""Micros of the smallest quantity: SAP has three decimals."""
_MOST_QUANTITY = 10**18
"""In micros: SAP has twelve digits before the point."""
_NAME, _MATERIAL, _ACCOUNT, _PURCHASE_ORDER, _ASSIGNMENT, _TERMS, _UNIT = 40, 40, 10, 35, 18, 4, 3

# Document and status codes of SAP: single letters.  First that fits counts.
_STATUS_WORDS = (
    ("rejection_status", {"C": "rejected"}),
    ("total_credit_check_status", {"B": "credit-held", "C": "credit-held"}),
    ("total_block_status", {"B": "blocked", "C": "blocked"}),
    ("process_status", {"": "open", "A": "open", "B": "in-process", "C": "completed"}),
)


def to_order_body(order_id: str, order: Order, settings: Settings) -> wire.OrderBody:
    """A deep insert of the whole order.

    Raises:
        RejectedPayloadError: no account, or something that no field of SAP can hold; `fields` name it.
    """
    account = account_of(order, settings)
    return wire.OrderBody(
        sales_order_type=settings.order_type,
        sales_organization=settings.sales_organization,
        distribution_channel=settings.distribution_channel,
        organization_division=settings.organization_division,
        sold_to_party=account,
        purchase_order_by_customer=reference(order_id),
        purchase_order_by_ship_to_party=_if_fits(order.payment.purchase_order, _PURCHASE_ORDER),
        customer_purchase_order_date=wire.to_date(order.placed_at),
        transaction_currency=order.currency,
        requested_delivery_date=None if order.requested_at is None else wire.to_date(order.requested_at),
        shipping_condition=settings.shipping_conditions.get(order.shipping_method or ""),
        customer_payment_terms=_code(order.payment.terms, settings.payment_terms, _TERMS, "payment.terms"),
        assignment_reference=_if_fits(order.customer.cost_centre, _ASSIGNMENT),
        items=wire.Results(tuple(_items(order, settings))),
        partners=_some(addresses.partners(order, account, settings)),
        prices=_some(conditions.of_order(order.totals, order.currency, settings.conditions)),
        texts=_some(_order_texts(order_id, order, settings)),
    )


def account_of(order: Order, settings: Settings) -> str:
    """Sold-to party.

    Raises:
        RejectedPayloadError: there is none, or none that SAP's field can hold.
    """
    account = order.customer.account_code or settings.default_account
    if not account:
        raise RejectedPayloadError("the order has no account", fields=("customer.account_code",), status=None)
    return addresses.fit(account, _ACCOUNT, "customer.account_code")


def to_sales_order(
    order_id: str, order: Order, row: wire.OrderRow, items: Sequence[wire.ItemRow], settings: Settings
) -> SalesOrder:
    """What SAP holds of the order; `items` are empty where they could not be read yet.

    Raises:
        ValueError: a date or a quantity that is none.
    """
    return SalesOrder(
        order_id=order_id,
        number=row.sales_order,
        internal_id=row.sales_order,
        status=status_of(row),
        expected_at=expected_at(items),
        work_orders=_work_orders(order, items, settings.work_order_category),
    )


def status_of(row: wire.OrderRow) -> str:
    """One word for SAP's letters: what a person asks first; a letter that is not known stands as it is."""
    for name, words in _STATUS_WORDS:
        letter = getattr(row, name) or ""
        if letter in words:
            return words[letter]
    return row.process_status or ""


def expected_at(items: Iterable[wire.ItemRow]) -> int | None:
    """The day on which the last line is promised; None as long as any open line is not wholly confirmed."""
    days = [_promised(item) for item in items if not item.rejection_reason and item.schedule_lines.results]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def _promised(item: wire.ItemRow) -> int | None:
    lines = item.schedule_lines.results
    wanted = sum(Decimal(line.schedule_line_order_quantity) for line in lines)
    confirmed = [line for line in lines if line.confirmed_delivery_date and Decimal(line.confirmed_quantity) > 0]
    if not confirmed or sum(Decimal(line.confirmed_quantity) for line in confirmed) < wanted:
        return None
    return max(wire.from_date(line.confirmed_delivery_date or "") for line in confirmed)


def _work_orders(order: Order, items: Iterable[wire.ItemRow], category: str | None) -> dict[str, str]:
    """By our line; an item that SAP added by itself belongs to no line of ours."""
    ours = {item_number(index): line.line_id for index, line in enumerate(order.lines)}
    opened: dict[str, str] = {}
    for item in items:
        line_id = ours.get(item.sales_order_item.lstrip("0"))
        for document in item.flow.results:
            if line_id is not None and category and document.subsequent_document_category == category:
                opened[line_id] = document.subsequent_document
    return opened


def item_number(index: int) -> str:
    """Of the line at that index: 10, 20, 30 …, so that SAP finds room for items of its own."""
    return str((index + 1) * _STEP)


def _items(order: Order, settings: Settings) -> Iterator[wire.ItemBody]:
    if not 0 < len(order.lines) <= _MOST_ITEMS:
        raise RejectedPayloadError("SAP takes 1 to 99,999 lines", fields=("lines",), status=None)
    numbers = {line.line_id: item_number(index) for index, line in enumerate(order.lines)}
    for index, line in enumerate(order.lines):
        unit = _code(line.unit, settings.units, _UNIT, "lines.unit")
        yield wire.ItemBody(
            sales_order_item=item_number(index),
            higher_level_item=numbers.get(line.parent_line_id or ""),
            sales_order_item_category=settings.make_to_order_category if line.make_to_order else None,
            sales_order_item_text=line.name[:_NAME] or None,
            material=addresses.fit(line.sku, _MATERIAL, "lines.sku"),
            requested_quantity=_quantity(line),
            requested_quantity_unit=unit,
            production_plant=settings.plant,
            prices=_some(conditions.of_line(line, unit, order.currency, settings.conditions)),
            texts=_some(_line_texts(line, settings)),
        )


def _quantity(line: OrderLine) -> str:
    """Rounding would be another order."""
    if line.quantity % _MILLI or not 0 < line.quantity < _MOST_QUANTITY:
        raise RejectedPayloadError("SAP takes quantities of three decimals", fields=("lines.quantity",), status=None)
    return facts.decimal_text(line.quantity)


def _order_texts(order_id: str, order: Order, settings: Settings) -> Iterator[wire.TextBody]:
    yield from _text(settings.texts.instructions, order.instructions, settings)
    told = facts.of_order(order_id, order, settings.conditions, _carried(order, settings))
    yield from _text(settings.texts.facts, facts.text_of(told), settings)


def _line_texts(line: OrderLine, settings: Settings) -> Iterator[wire.TextBody]:
    yield from _text(settings.texts.line_note, line.note, settings)
    yield from _text(settings.texts.line_facts, facts.text_of(facts.of_line(line, settings.conditions)), settings)


def _text(text_id: str, text: str | None, settings: Settings) -> Iterator[wire.TextBody]:
    if text:
        yield wire.TextBody(language=settings.texts.language, long_text_id=text_id, long_text=text)


def _carried(order: Order, settings: Settings) -> frozenset[str]:
    """Facts that stand in a field of their own."""
    fields = {
        "purchase order": _if_fits(order.payment.purchase_order, _PURCHASE_ORDER),
        "cost centre": _if_fits(order.customer.cost_centre, _ASSIGNMENT),
        "shipping method": settings.shipping_conditions.get(order.shipping_method or ""),
    }
    return frozenset(name for name, value in fields.items() if value)


def _if_fits(text: str | None, most: int) -> str | None:
    """A longer one stands among the facts."""
    return text if text and len(text) <= most else None


def _code(code: str | None, table: dict[str, str], most: int, name: str) -> str | None:
    """SAP's code for ours; one that the table does not know goes over as it is."""
    if not code:
        return None
    return table[code] if code in table else addresses.fit(code, most, name)


def _some(entries: Iterator[wire.T]) -> wire.Results[wire.T] | None:
    """An empty list is not sent."""
    found = tuple(entries)
    return wire.Results(found) if found else None
