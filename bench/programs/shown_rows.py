"""What a stub shop shows: rows by source and SKU, listed in the order of their key."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

GROUP = "searchCriteria[filterGroups]"
SIZE, NUMBER = "searchCriteria[pageSize]", "searchCriteria[currentPage]"


class Row(NamedTuple):
    """A source item, in the order of a row of `PUT /rows`."""

    source_code: str
    sku: str
    quantity: float
    status: int


class Question(NamedTuple):
    """What a list route is asked for: rows of one source, behind a SKU or of named ones, page by page."""

    source_code: str
    after: str
    skus: frozenset[str] | None
    size: int
    number: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Question":
        asked: dict[tuple[str, str], str] = {}
        for index in range(10):
            name = f"{GROUP}[{index}][filters][0]"
            if f"{name}[field]" in query:
                asked[query[f"{name}[field]"], query[f"{name}[conditionType]"]] = query[f"{name}[value]"]
        one = asked.get(("sku", "eq"))
        named = asked.get(("sku", "in"), "").split(",") if ("sku", "in") in asked else one and [one]
        skus = None if named is None else frozenset(named)
        return cls(
            asked[("source_code", "eq")], asked.get(("sku", "gt"), ""), skus, int(query[SIZE]), int(query[NUMBER])
        )


class ShownRows:
    """The keys of a source are sorted when they are asked for, not when they come."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._order: dict[str, list[str]] = {}

    def put(self, rows: Iterable[Row]) -> None:
        for row in rows:
            of_source = self._rows.setdefault(row.source_code, {})
            if row.sku not in of_source:
                self._order.pop(row.source_code, None)
            of_source[row.sku] = row

    def delete(self, pairs: Iterable[tuple[str, str]]) -> None:
        for source_code, sku in pairs:
            if self._rows.get(source_code, {}).pop(sku, None) is not None:
                self._order.pop(source_code, None)

    def answer(self, question: Question) -> tuple[list[Row], int]:
        """The rows of the page that is asked for, and how many rows there are in all."""
        keys = self._keys(question)
        first = (question.number - 1) * question.size
        of_source = self._rows.get(question.source_code, {})
        return [of_source[sku] for sku in keys[first : first + question.size]], len(keys)

    def _keys(self, question: Question) -> list[str]:
        of_source = self._rows.get(question.source_code, {})
        if question.skus is not None:
            return _sorted(sku for sku in question.skus if sku in of_source)
        order = self._order.get(question.source_code)
        if order is None:
            order = self._order[question.source_code] = _sorted(of_source)
        return order[bisect_right(order, question.after) :] if question.after else order

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))


def _sorted(skus: Collection[str] | Iterable[str]) -> list[str]:
    return sorted(skus)
