"""OData V2 as SAP's gateway speaks it: query options in, entities out."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote

from simulators.sap_s4hana.customizing import plain_number
from simulators.sap_s4hana.errors import malformed

T = TypeVar("T")

_CLAUSE = re.compile(
    r"\s*(?P<name>\w+)\s+(?P<op>eq|ge|gt|le|lt)\s+(?P<moment>datetimeoffset)?'(?P<value>(?:[^']|'')*)'\s*(?P<then>and\b|or\b|$)"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEGMENT = re.compile(r"(\w*)(?:\((.*)\))?")
_KEY = re.compile(r"(?:(\w+)=)?'((?:[^']|'')*)'(?:,|$)")
_KNOWN = frozenset({"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$inlinecount", "$format"})


class Address(NamedTuple):
    """A path below the service: entity set, keys by name ("" for the only one), and what follows."""

    entity_set: str
    keys: Mapping[str, str]
    link: str


class Clause(NamedTuple):
    """One condition; a moment is compared in milliseconds since 1970."""

    name: str
    op: str
    value: str
    is_moment: bool


class Query(NamedTuple):
    """Options of one request; `top` and `skip` as they were asked for.

    `is_any`: one clause of the filter is enough.
    """

    filter: tuple[Clause, ...]
    is_any: bool
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
    clauses, is_any = _filter(given.get("$filter", ""))
    return Query(
        filter=clauses,
        is_any=is_any,
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
    enough = any if query.is_any and query.filter else all
    return [one for one in entities if enough(_holds(clause, value_of(one, clause.name)) for clause in query.filter)]


def _holds(clause: Clause, value: str) -> bool:
    if clause.is_moment:
        return _COMPARE[clause.op](int(value), _milliseconds(clause.value))
    return _COMPARE[clause.op](plain_number(value), plain_number(clause.value))


def ordered(entities: Sequence[T], query: Query, keys: Mapping[str, Callable[[T], Any]]) -> Sequence[T]:
    """Raises ODataError for a name that this simulator cannot sort by; rows come by number where none is given."""
    names = [name.strip() for name in query.orderby.split(",") if name.strip()]
    for name in names:
        if name not in keys:
            raise malformed(f"$orderby={name} is not simulated")
    return sorted(entities, key=lambda one: tuple(keys[name](one) for name in names)) if names else entities


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise malformed(f"Invalid datetimeoffset '{text}'") from None
    whole = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (whole - _EPOCH) // timedelta(milliseconds=1)


def page(entities: Sequence[T], query: Query, largest: int) -> Sequence[T]:
    most = largest if query.top is None else min(query.top, largest)
    return entities[query.skip : query.skip + most]


def collection(rows: Sequence[object], total: int, query: Query) -> dict[str, object]:
    count = {"__count": str(total)} if query.counted else {}
    return {"d": {**count, "results": rows}}


def _filter(text: str) -> tuple[tuple[Clause, ...], bool]:
    """Clauses joined by `and`, or by `or`: OData has both with parentheses, of which integrations ask neither."""
    clauses: list[Clause] = []
    joined: set[str] = set()
    at = 0
    while at < len(text):
        found = _CLAUSE.match(text, at)
        if found is None or (found["moment"] is None and found["op"] != "eq"):
            raise malformed("Invalid filter expression")
        clauses.append(Clause(found["name"], found["op"], found["value"].replace("''", "'"), bool(found["moment"])))
        joined.add(found["then"])
        at = found.end()
    if {"and", "or"} <= joined or (clauses and "" not in joined):
        raise malformed("Invalid filter expression")
    return tuple(clauses), "or" in joined


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise malformed(f"Invalid value for {name}")
    return int(text)
