"""What an order states and SAP has no field for, as lines of a text: people read it, and nothing is lost.

One fact a line, `name: value`.  Backslashes and line ends are escaped, and colons of names, so that no value can look
like another fact.
"""

import re
from collections.abc import Iterable, Iterator

from connectors.sap_s4hana.settings import Conditions
from schemas.micros import MICROS
from schemas.models.order import Contact, Customer, Order, OrderLine, Payment, Totals

Fact = tuple[str, str | None]

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_PLAIN = {"n": "\n", "r": "\r"}
_NAME_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\:"})


def decimal_text(micros: int) -> str:
    """Exact, without exponent or superfluous zeros."""
    whole, part = divmod(abs(micros), MICROS)
    digits = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return f"-{digits}" if micros < 0 else digits


def text_of(facts: Iterable[Fact]) -> str | None:
    """None where nothing is to be told."""
    lines = [f"{name.translate(_NAME_ESCAPES)}: {value.translate(_ESCAPES)}" for name, value in facts if value]
    return "\n".join(lines) or None


def value_in(text: str, name: str) -> str | None:
    """The value of a fact in a text that `text_of` wrote; None where somebody wrote it anew."""
    start = f"{name.translate(_NAME_ESCAPES)}: "
    told = next((row.removeprefix(start) for row in text.split("\n") if row.startswith(start)), None)
    return None if told is None else re.sub(r"\\(.)", lambda found: _PLAIN.get(found[1], found[1]), told)


def of_order(order_id: str, order: Order, conditions: Conditions, carried: frozenset[str]) -> Iterator[Fact]:
    """`carried` names facts that stand in a field of their own."""
    facts = (
        ("order", order_id),
        ("channel", order.channel),
        ("number", order.number),
        ("store", order.store),
        ("shipping method", order.shipping_method),
        ("approval", order.approval),
        *_customer(order.customer),
        *(fact for contact in order.contacts for fact in _contact(contact)),
        *_payment(order.payment),
        *_totals(order.totals, conditions),
        *_region(order),
        *((f"extra.{name}", value) for name, value in sorted(order.extras.items())),
    )
    yield from (fact for fact in facts if fact[0] not in carried)


def of_line(line: OrderLine, conditions: Conditions) -> Iterator[Fact]:
    yield "line", line.line_id
    yield from ((f"option.{name}", value) for name, value in sorted(line.options.items()))
    yield from ((f"configuration.{name}", value) for name, value in sorted(line.configuration.items()))
    if line.make_to_order:
        yield "make to order", "yes"
    yield "price", _unless(conditions.price, line.price)
    yield "row total", _money(line.row_total)
    yield "discount", _unless(conditions.discount, line.discount)
    yield "tax", _unless(conditions.tax, line.tax)
    yield "tax percent", _money(line.tax_percent)


def _customer(customer: Customer) -> Iterator[Fact]:
    yield "buyer", " ".join(filter(None, (customer.first_name, customer.last_name)))
    yield "buyer e-mail", customer.email
    yield "buyer company", customer.company
    yield "buyer tax id", customer.tax_id
    yield "cost centre", customer.cost_centre


def _contact(contact: Contact) -> Iterator[Fact]:
    yield f"contact.{contact.role}.name", contact.name
    yield f"contact.{contact.role}.e-mail", contact.email
    yield f"contact.{contact.role}.telephone", contact.telephone


def _payment(payment: Payment) -> Iterator[Fact]:
    yield "payment method", payment.method
    yield "purchase order", payment.purchase_order
    yield "payment transaction", payment.transaction_id
    yield "authorised", _money(payment.authorised)
    yield "captured", _money(payment.captured)


def _totals(totals: Totals, conditions: Conditions) -> Iterator[Fact]:
    yield "subtotal", _money(totals.subtotal)
    yield "discount", _money(totals.discount)
    yield "shipping", _unless(conditions.shipping, totals.shipping)
    yield "shipping tax", _unless(conditions.shipping_tax, totals.shipping_tax)
    yield "tax", _money(totals.tax)
    yield "grand total", _money(totals.grand_total)


def _region(order: Order) -> Iterator[Fact]:
    """Names of regions have no field: SAP has keys only."""
    for side, address in (("ship-to", order.shipping), ("bill-to", order.billing)):
        if address is not None:
            yield f"{side} region", address.region or address.region_code


def _money(micros: int | None) -> str | None:
    return None if micros is None else decimal_text(micros)


def _unless(condition: str | None, micros: int | None) -> str | None:
    return None if condition else _money(micros)
