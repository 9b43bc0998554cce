"""Search criteria: the query form of Commerce's list routes, and how a long list of SKUs becomes several of them.

Names are spelled as in the vendor's OpenAPI file (camel case; snake case means the same to the server).  Filters in a
group are joined by OR, groups by AND.  Every index stays below ten: the server sorts the parameters of a signed
request in natural order (…[10] after …[9]), OAuth in byte order, and only below ten these agree.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from connectors.core.calls import Query

Condition = Literal["eq", "in", "nin", "gt", "gteq"]


@dataclass(frozen=True)
class Filter:
    field: str
    condition: Condition
    value: str


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """`groups` holds one filter per group; pages count from 1; a field of `sort` with a minus sorts downwards."""

    groups: tuple[Filter, ...] = ()
    sort: tuple[str, ...] = ()
    page_size: int
    page: int = 1

    def query(self, *, fields: str | None = None) -> Query:
        """`fields` limits what each row shows, e.g. `items[sku],total_count`."""
        limited = (("fields", fields),) if fields else ()
        return (*limited, *self._filters(), *self._order(), *self._page())

    def _filters(self) -> Iterator[tuple[str, str]]:
        for index, group in enumerate(self.groups):
            name = f"searchCriteria[filterGroups][{index}][filters][0]"
            yield f"{name}[field]", group.field
            yield f"{name}[value]", group.value
            yield f"{name}[conditionType]", group.condition

    def _order(self) -> Iterator[tuple[str, str]]:
        for index, field in enumerate(self.sort):
            yield f"searchCriteria[sortOrders][{index}][field]", field.removeprefix("-")
            yield f"searchCriteria[sortOrders][{index}][direction]", "DESC" if field.startswith("-") else "ASC"

    def _page(self) -> Iterator[tuple[str, str]]:
        yield "searchCriteria[pageSize]", str(self.page_size)
        yield "searchCriteria[currentPage]", str(self.page)


def sku_filters(skus: Collection[str], *, most: int, most_bytes: int) -> Iterator[tuple[Filter, frozenset[str]]]:
    """Filters that together ask for every SKU once, each with the SKUs it asks for.

    An `in` list is split at commas by the server, so a SKU that holds one is asked for by `eq`.
    At most `most` SKUs and `most_bytes` bytes of encoded value per filter (a single longer SKU goes alone).
    """
    listed = sorted(sku for sku in set(skus) if "," not in sku)
    for part in _parts(listed, most, most_bytes):
        yield Filter("sku", "in", ",".join(part)), frozenset(part)
    for sku in sorted(sku for sku in set(skus) if "," in sku):
        yield Filter("sku", "eq", sku), frozenset((sku,))


def _parts(skus: Sequence[str], most: int, most_bytes: int) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for sku in skus:
        length = len(quote(sku, safe="")) + len("%2C")
        if part and (len(part) == most or size + length > most_bytes):
            yield part
            part, size = [], 0
        part.append(sku)
        size += length
    if part:
        yield part
