"""searchCriteria: how lists are asked for, filtered, sorted and paged.

Facts: AdobeDocs/commerce-webapi src/pages/rest/use-rest/performing-searches.md (groups AND, filters of a group OR, only
top-level fields); the repeated last page: magento/magento2 issues 3787, 8099, 26986.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from urllib.parse import parse_qsl

from simulators.adobe_commerce.errors import ApiError, invalid_type, missing
from simulators.adobe_commerce.settings import Settings

FieldValue = str | int | Decimal | None
Row = TypeVar("Row")
Fields = Mapping[str, Callable[[Row], FieldValue]]
Test = Callable[[FieldValue], bool]

FILTER = re.compile(
    r"search_?[Cc]riteria\[(?:filter_groups|filterGroups)\]\[(\w+)\]\[filters\]\[(\w+)\]"
    r"\[(field|value|condition_type|conditionType)\]"
)
SORT = re.compile(r"search_?[Cc]riteria\[(?:sort_orders|sortOrders)\]\[(\w+)\]\[(field|direction)\]")
PAGE = re.compile(r"search_?[Cc]riteria\[(page_size|pageSize|current_page|currentPage)\]")
WHOLE = re.compile(r"[+-]?\d{1,18}(\.\d*)?", re.ASCII)
SNAKE = {"conditionType": "condition_type", "pageSize": "page_size", "currentPage": "current_page"}


class UnknownFieldError(Exception):
    """A field or condition that the database does not know; Commerce answers it with an internal error."""


@dataclass(frozen=True, slots=True)
class Filter:
    field: str
    value: str
    condition: str = "eq"


@dataclass(frozen=True, slots=True)
class Sort:
    field: str
    direction: str


@dataclass(slots=True)
class Criteria:
    """What one list request asks for; None for a size or page that it does not state."""

    groups: list[list[Filter]] = field(default_factory=list)
    sorts: list[Sort] = field(default_factory=list)
    page_size: int | None = None
    current_page: int | None = None

    def wanted(self, name: str) -> list[str] | None:
        """The values that a field must have, where one group says so: lets an index answer instead of a scan."""
        for group in self.groups:
            if group and all(one.field == name and one.condition in {"eq", "in"} for one in group):
                return [value for one in group for value in _listed(one)]
        return None

    def echo(self) -> dict[str, object]:
        """`search_criteria` of the answer."""
        shown: dict[str, object] = {
            "filter_groups": [
                {"filters": [{"field": f.field, "value": f.value, "condition_type": f.condition} for f in group]}
                for group in self.groups
            ]
        }
        if self.sorts:
            shown["sort_orders"] = [{"field": sort.field, "direction": sort.direction} for sort in self.sorts]
        if self.page_size is not None:
            shown["page_size"] = self.page_size
        if self.current_page is not None:
            shown["current_page"] = self.current_page
        return shown


def parse(query: str, settings: Settings, *, required: bool) -> Criteria:
    """Read a raw query string.  Raises ApiError as Commerce does for missing criteria, sizes and wrong types."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if required and not any(name.startswith(("searchCriteria", "search_criteria")) for name, _ in pairs):
        raise missing(["searchCriteria"])
    criteria = Criteria()
    for name, value in pairs:
        if found := PAGE.fullmatch(name):
            setattr(criteria, SNAKE.get(found[1], found[1]), _whole(found[1], value))
    criteria.groups = _groups(pairs)
    criteria.sorts = _sorts(pairs)
    if settings.input_limit:
        criteria.page_size = settings.default_page_size if criteria.page_size is None else criteria.page_size
        if criteria.page_size > settings.maximum_page_size:
            raise ApiError(400, "Maximum SearchCriteria pageSize is %max", {"max": settings.maximum_page_size})
    return criteria


def select(rows: Sequence[Row], criteria: Criteria, fields: Fields[Row]) -> list[Row]:
    """Filter and sort.  Raises UnknownFieldError."""
    kept = list(rows)
    for group in criteria.groups:
        tests = [(_getter(fields, one.field), _test(one)) for one in group]
        kept = [row for row in kept if any(test(get(row)) for get, test in tests)]
    for sort in reversed(criteria.sorts):
        kept.sort(key=_sort_key(_getter(fields, sort.field)), reverse=sort.direction.upper() == "DESC")
    return kept


def page(rows: Sequence[Row], criteria: Criteria, settings: Settings) -> Sequence[Row]:
    """One page; beyond the end comes the last page again, where the version has that quirk."""
    size = criteria.page_size
    if not size or size < 0:
        return rows
    last = max(1, -(-len(rows) // size))
    number = max(1, criteria.current_page or 1)
    if number > last:
        if not settings.repeat_last_page:
            return []
        number = last
    return rows[(number - 1) * size : number * size]


def _groups(pairs: Sequence[tuple[str, str]]) -> list[list[Filter]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, value in pairs:
        if part := FILTER.fullmatch(name):
            found.setdefault(part[1], {}).setdefault(part[2], {})[SNAKE.get(part[3], part[3])] = value
    return [
        [
            Filter(one.get("field", ""), one.get("value", ""), one.get("condition_type", "eq").lower() or "eq")
            for one in group.values()
        ]
        for group in found.values()
    ]


def _sorts(pairs: Sequence[tuple[str, str]]) -> list[Sort]:
    found: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        if part := SORT.fullmatch(name):
            found.setdefault(part[1], {})[part[2]] = value
    return [Sort(one.get("field", ""), one.get("direction", "DESC")) for one in found.values()]


def _whole(name: str, value: str) -> int:
    if not WHOLE.fullmatch(value):
        raise ApiError(400, f'Error occurred during "{name}" processing. {invalid_type(value, "int")}')
    return int(value.partition(".")[0])


def _getter(fields: Fields[Row], name: str) -> Callable[[Row], FieldValue]:
    if name not in fields:
        raise UnknownFieldError(name)
    return fields[name]


def _sort_key(get: Callable[[Row], FieldValue]) -> Callable[[Row], tuple[int, Decimal, str]]:
    """NULL first, as MySQL sorts."""

    def key(row: Row) -> tuple[int, Decimal, str]:
        value = get(row)
        if value is None:
            return (0, Decimal(0), "")
        return (1, Decimal(0), value) if isinstance(value, str) else (1, Decimal(value), "")

    return key


def _listed(one: Filter) -> list[str]:
    return one.value.split(",") if one.condition in {"in", "nin"} else [one.value]


def _test(one: Filter) -> Test:
    make = CONDITIONS.get(one.condition)
    if make is None:
        raise UnknownFieldError(one.condition)
    return make(one)


def _as_number(value: str) -> Decimal:
    """As MySQL compares a text with a number: what is no number counts as 0."""
    try:
        found = Decimal(value)
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _order(value: FieldValue, wanted: str) -> int | None:
    """Below 0, 0 or above 0; None for NULL, which no comparison finds."""
    if value is None:
        return None
    if isinstance(value, str):
        return (value > wanted) - (value < wanted)
    other = _as_number(wanted)
    return (value > other) - (value < other)


def _compare(*signs: int) -> Callable[[Filter], Test]:
    return lambda one: lambda value: _order(value, one.value) in signs


def _among(*, wanted: bool) -> Callable[[Filter], Test]:
    def make(one: Filter) -> Test:
        listed = _listed(one)
        texts = frozenset(listed)

        def test(value: FieldValue) -> bool:
            if value is None:
                return False
            found = value in texts if isinstance(value, str) else any(_order(value, text) == 0 for text in listed)
            return found is wanted

        return test

    return make


def _like(*, wanted: bool) -> Callable[[Filter], Test]:
    def make(one: Filter) -> Test:
        parts = {"%": ".*", "_": "."}
        pattern = re.compile("".join(parts.get(sign, re.escape(sign)) for sign in one.value), re.IGNORECASE | re.DOTALL)
        return lambda value: value is not None and (pattern.fullmatch(str(value)) is not None) is wanted

    return make


CONDITIONS: Mapping[str, Callable[[Filter], Test]] = {
    "eq": _compare(0),
    "neq": _compare(-1, 1),
    "gt": _compare(1),
    "gteq": _compare(0, 1),
    "moreq": _compare(0, 1),
    "from": _compare(0, 1),
    "lt": _compare(-1),
    "lteq": _compare(-1, 0),
    "to": _compare(-1, 0),
    "in": _among(wanted=True),
    "nin": _among(wanted=False),
    "finset": _among(wanted=True),
    "like": _like(wanted=True),
    "nlike": _like(wanted=False),
    "null": lambda _one: lambda value: value is None,
    "notnull": lambda _one: lambda value: value is not None,
}
