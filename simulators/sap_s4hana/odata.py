"""OData V2 as SAP's gateway speaks it: query options in, entities out."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote

from simulators.sap_s4hana.customizing import plain_number
from simulators.sap_s4hana.errors import malformed

T = TypeVar("T")

_CLAUSE = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*(?:and\b|$)")
_SEGMENT = re.compile(r"(\w*)(?:\((.*)\))?")
_KEY = re.compile(r"(?:(\w+)=)?'((?:[^']|'')*)'(?:,|$)")
_KNOWN = frozenset({"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$inlinecount", "$format"})


class Address(NamedTuple):
    """A path below the service: entity set, keys by name ("" for the only one), and what follows."""

    entity_set: str
    keys: Mapping[str, str]
    link: str


class Query(NamedTuple):
    """Options of one request; `top` and `skip` as they were asked for."""

    filter: tuple[tuple[str, str], ...]
    select: frozenset[str]
    expand: frozenset[str]
    orderby: str
    top: int | None
    skip: int
    counted: bool


def address_of(path: str) -> Address | None:
    """None for what is no address of an entity set."""
    first, _, link = unquote(path).strip("/").partition("/")
    found = _SEGMENT.fullmatch(first)
    if found is None:
        return None
    pairs = _KEY.findall(found[2] or "")
    return Address(found[1], {name: value.replace("''", "'") for name, value in pairs}, link)


def query_of(text: str) -> Query:
    """Raises ODataError for options that V2 does not have, or not so."""
    given = dict(parse_qsl(text, keep_blank_values=True))
    for name in given:
        if name.startswith("$") and name not in _KNOWN:
            raise malformed(f"System query option '{name}' is not supported")
    return Query(
        filter=_filter(given.get("$filter", "")),
        select=_names(given.get("$select", "")),
        expand=_names(given.get("$expand", "")),
        orderby=given.get("$orderby", ""),
        top=_number(given.get("$top"), "$top"),
        skip=_number(given.get("$skip"), "$skip") or 0,
        counted=given.get("$inlinecount") == "allpages",
    )


def check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """Raises ODataError for a property that the entity does not have."""
    for name in sorted(frozenset(names) - frozenset(known)):
        raise malformed(f"Property '{name}' is invalid")


def filtered(entities: Iterable[T], query: Query, value_of: Callable[[T, str], str]) -> list[T]:
    """Numbers are compared as SAP does it: without the zeros in front."""
    return [
        entity
        for entity in entities
        if all(plain_number(value_of(entity, name)) == plain_number(value) for name, value in query.filter)
    ]


def page(entities: Sequence[T], query: Query, largest: int) -> Sequence[T]:
    most = largest if query.top is None else min(query.top, largest)
    return entities[query.skip : query.skip + most]


def collection(rows: Sequence[object], total: int, query: Query) -> dict[str, object]:
    count = {"__count": str(total)} if query.counted else {}
    return {"d": {**count, "results": rows}}


def _filter(text: str) -> tuple[tuple[str, str], ...]:
    clauses: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        found = _CLAUSE.match(text, at)
        if found is None:
            raise malformed("Invalid filter expression")
        clauses.append((found[1], found[2].replace("''", "'")))
        at = found.end()
    return tuple(clauses)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise malformed(f"Invalid value for {name}")
    return int(text)
