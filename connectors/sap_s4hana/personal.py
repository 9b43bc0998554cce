"""What of an order belongs to people, so that an error's text can be kept free of it."""

from collections.abc import Iterator

from msgspec import Struct

from schemas.models.order import Order

_OPEN = frozenset({"account_code", "cost_centre", "customer_id", "group", "company_id", "role", "country"})
_SHORTEST = 3
"""Shorter texts would mask half of every message."""


def texts_of(order: Order) -> tuple[str, ...]:
    """Names, addresses, telephone numbers, e-mail addresses and tax ids."""
    people = (order.customer, *order.contacts, order.billing, *((order.shipping,) if order.shipping else ()))
    return tuple({text for person in people for text in _texts(person) if len(text) >= _SHORTEST})


def _texts(person: Struct) -> Iterator[str]:
    for name in person.__struct_fields__:
        value = getattr(person, name)
        if name not in _OPEN and value:
            yield from (value,) if isinstance(value, str) else value
