"""An event or a webhook that names an order, as a value.

Its fields are those that somebody chose per subscription, often the number alone, and they may be older than the order
is by now.  So nothing of it is believed but the number: the order itself is read at the shop.
"""

from collections.abc import Iterable

import msgspec

from streams.domain.order_door import NAME_LIMIT
from streams.sources.json_form import FieldProblem, MalformedError

LONGEST_NUMBER = 50
"""Characters of the column `sales_order.increment_id`."""


class Hint(msgspec.Struct, frozen=True):
    """`number` is the shop's order number; empty where the event says nothing of an order that could be read."""

    event_id: str
    number: str


class OrderFields(msgspec.Struct, frozen=True):
    """As much of Commerce's order as a hint needs."""

    increment_id: str | None = None


def first_number(orders: Iterable[OrderFields | list[msgspec.Raw] | None], field: str) -> str:
    """The first number that is stated, or "".  PHP writes an empty object as an empty list.  Raises MalformedError."""
    found = (order.increment_id for order in orders if isinstance(order, OrderFields))
    number = next((one for one in found if one), "")
    if number and not is_name(number, LONGEST_NUMBER):
        raise malformed(field, f"must be an order number of 1 to {LONGEST_NUMBER} printable characters")
    return number


def is_name(text: str, most: int = NAME_LIMIT) -> bool:
    return 0 < len(text) <= most and text == text.strip() and text.isprintable()


def malformed(field: str, problem: str) -> MalformedError:
    return MalformedError((FieldProblem(field, problem),))
