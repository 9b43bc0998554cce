"""Orders as channels state them: seeded, with money that adds up to the cent."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Record = dict[str, Any]  # a record of schemas/avro/commerce.order.v1.avsc

CENT = Decimal("0.01")
ACCOUNTS = ("C-1004", "C-1005", "C-1006")
FIRST_NUMBER = 100_000_001
CITIES = (("Springfield", "IL", "62701"), ("Portland", "OR", "97201"), ("Albany", "NY", "12207"))


@dataclass(frozen=True, slots=True)
class Item:
    """What is sold; `price` of one unit."""

    sku: str
    price: Decimal
    made_to_order: bool = False


def catalogue(items: int, seed: int = 1) -> tuple[Item, ...]:
    """SKU-00001 and following, the last of every seven made to order."""
    chance = random.Random(seed)
    return tuple(
        Item(f"SKU-{number:05d}", Decimal(chance.randint(500, 90_000)) / 100, number % 7 == 0)
        for number in range(1, items + 1)
    )


class Channels:
    """`orders` yields each order once; the same seed gives the same orders."""

    def __init__(self, items: Sequence[Item], *, seed: int = 1, now: int, accounts: Sequence[str] = ACCOUNTS) -> None:
        self._items, self._chance, self._now = tuple(items), random.Random(seed), now
        self._next, self._accounts = FIRST_NUMBER, accounts

    def orders(self, number: int) -> Iterator[Record]:
        for _ in range(number):
            yield self._order()

    def _order(self) -> Record:
        chance, number = self._chance, str(self._next)
        self._next += 1
        is_dealer = chance.random() < 0.2  # noqa: PLR2004  a fifth
        lines = [self._line(place) for place in range(1, chance.randint(1, 4) + 1)]
        subtotal = sum((line["row_total"] for line in lines), Decimal(0))
        tax = sum((line["tax"] for line in lines), Decimal(0))
        shipping = Decimal("25.00")
        account = chance.choice(self._accounts)
        address = _address(chance)
        return {
            "event_id": f"{'dealer' if is_dealer else 'web'}-{number}-1",
            "source_system": "dealer-portal" if is_dealer else "commerce",
            "channel": "dealer" if is_dealer else "web",
            "number": f"D-{number}" if is_dealer else number,
            "entity_id": None if is_dealer else str(int(number) - FIRST_NUMBER + 1),
            "store": None if is_dealer else "default",
            "status": "pending",
            "currency": "USD",
            "placed_at": self._now,
            "updated_at": self._now,
            "customer": {
                "customer_id": account,
                "email": "buyer@example.com",
                "first_name": "Test",
                "last_name": "Buyer",
                "company": "Example Works",
                "account_code": account,
                "cost_centre": "CC-20",
            },
            "billing": address,
            "shipping": address,
            "shipping_method": "flatrate_flatrate",
            "lines": lines,
            "totals": {
                "subtotal": subtotal,
                "discount": Decimal(0),
                "shipping": shipping,
                "shipping_tax": Decimal(0),
                "tax": tax,
                "grand_total": subtotal + shipping + tax,
            },
            "payment": {"method": "purchaseorder", "terms": "NET30", "purchase_order": f"PO-{number}"},
            "instructions": "Deliver to dock 4" if chance.random() < 0.3 else None,  # noqa: PLR2004  three in ten
        }

    def _line(self, place: int) -> Record:
        item, quantity = self._chance.choice(self._items), self._chance.randint(1, 5)
        total = (item.price * quantity).quantize(CENT)
        return {
            "line_id": str(place),
            "sku": item.sku,
            "name": item.sku.title(),
            "quantity": Decimal(quantity),
            "price": item.price,
            "row_total": total,
            "discount": Decimal(0),
            "tax": (total * Decimal("0.0825")).quantize(CENT, ROUND_HALF_UP),
            "tax_percent": Decimal("8.25"),
            "make_to_order": item.made_to_order,
            "configuration": {"seal": "EPDM", "voltage": "400"} if item.made_to_order else {},
        }


def _address(chance: random.Random) -> Record:
    city, region, postcode = chance.choice(CITIES)
    return {
        "first_name": "Test",
        "last_name": "Buyer",
        "company": "Example Works",
        "street": [f"{chance.randint(1, 99)} Example Street"],
        "city": city,
        "region_code": region,
        "postcode": postcode,
        "country": "US",
    }
