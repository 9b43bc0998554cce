"""What goes on in the warehouses between two records: open allocations, goods under way, and which place is next."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from simulators.wms.model import Books, Item, Place
from simulators.wms.record import Reference

Thing = TypeVar("Thing")


@dataclass(slots=True)
class Allocation:
    """Goods promised to an order line; `commerce_order` is None where another channel sold them."""

    place: Place
    quantity: int
    order: str
    commerce_order: str | None
    picked: bool = False

    @property
    def reference(self) -> Reference:
        return {"type": "SALES_ORDER", "id": self.order, "line": "1", "commerce_order": self.commerce_order}


@dataclass(frozen=True, slots=True)
class Transfer:
    """Goods that left one warehouse for another and have not arrived."""

    destination: Place
    quantity: int
    number: str


class Floor:
    """The state that actions read and change; quantities are micros."""

    def __init__(self, places: Sequence[Place], books: Books) -> None:
        if not places:
            raise ValueError("no places: there is nothing to move")
        self.books = books
        self.own = [place for place in places if not place.warehouse.states_available]
        self.statements = [place for place in places if place.warehouse.states_available]
        self.allocations: list[Allocation] = []
        self.transfers: list[Transfer] = []
        self._orders = itertools.count(1)
        self._own_weights = _cumulative(self.own)
        self._statement_weights = _cumulative(self.statements)
        self._by_item: dict[Item, list[Place]] = defaultdict(list)
        for place in self.own:
            self._by_item[place.item].append(place)

    def any_own(self, rng: Random) -> Place | None:
        """A place of an own warehouse, popular items more often."""
        return rng.choices(self.own, cum_weights=self._own_weights)[0] if self.own else None

    def any_statement(self, rng: Random) -> Place | None:
        """A place of a drop-shipper, popular items more often."""
        return rng.choices(self.statements, cum_weights=self._statement_weights)[0] if self.statements else None

    def elsewhere(self, place: Place) -> list[Place]:
        """The same item in the other own warehouses."""
        return [other for other in self._by_item[place.item] if other is not place]

    def bound(self, place: Place) -> int:
        """What allocations and holds claim."""
        return self.books.quantity(place, "ALLOCATED") + self.books.quantity(place, "ON_HOLD")

    def free(self, place: Place) -> int:
        """On hand and claimed by nobody."""
        return self.books.quantity(place, "ON_HAND") - self.bound(place)

    def next_order(self) -> int:
        return next(self._orders)

    def take_allocation(self, rng: Random) -> Allocation | None:
        """Removes one at random; the caller puts it back with `allocations.append` if it stays open."""
        return _take(self.allocations, rng)

    def take_transfer(self, rng: Random) -> Transfer | None:
        return _take(self.transfers, rng)


def _take(things: list[Thing], rng: Random) -> Thing | None:
    if not things:
        return None
    index = rng.randrange(len(things))
    things[index], things[-1] = things[-1], things[index]
    return things.pop()


def _cumulative(places: Sequence[Place]) -> list[float]:
    return list(itertools.accumulate(place.item.popularity for place in places))
