"""As much of SOQL as integrations ask: SELECT fields FROM object WHERE conditions, ORDER BY fields, LIMIT.

Facts: SOQL and SOSL reference (text is compared without regard to case, quotes and backslashes are escaped with a
backslash, a null field is shown as null; AND and OR are not mixed without parentheses; a date and time stands without
quotes and with its zone; nothing is smaller or greater than null).
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any  # what two sides of a comparison are

from simulators.core.wire import JsonValue
from simulators.salesforce.errors import ApiError
from simulators.salesforce.objects import EXTERNAL_ID, RULES, fields_of
from simulators.salesforce.org import Org
from simulators.salesforce.settings import Settings
from simulators.salesforce.table import FOUND_BY, Record, Table

TOKEN = re.compile(
    r"\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z_][\w.]*)"
    r"|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)|\d+)|(!=|<=|>=|[=<>,()]))",
    re.DOTALL,
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT.*")
ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b"}


@dataclass(frozen=True, slots=True)
class Condition:
    """The field is one of the values; for another `op` there is one value."""

    field: str
    values: tuple[JsonValue | datetime, ...]
    op: str = "="


@dataclass(frozen=True, slots=True)
class Several:
    """All of the conditions, or any of them."""

    parts: tuple["Expression", ...]
    is_all: bool


Expression = Condition | Several


@dataclass(frozen=True, slots=True)
class Query:
    fields: tuple[str, ...]
    kind: str
    where: Expression
    order: tuple[str, ...]
    limit: int | None


def run(text: str, org: Org, settings: Settings) -> list[dict[str, object]]:
    """Rows as they are shown.  Raises ApiError for a query that cannot be understood."""
    query = _Parser(text).query()
    for name in (*query.fields, *_fields(query.where), *query.order):
        _check_field(query.kind, name)

    def value_of(record: Record, name: str) -> JsonValue:
        return _value(org, query.kind, record, name, settings)

    records = [org.shown(query.kind, id_, settings) for id_ in _near(org.table(query.kind), query.where)]
    found = [one for one in records if _holds(query.where, partial(value_of, one), settings)]
    for name in reversed(query.order):
        found.sort(key=lambda one: _rank(value_of(one, name)))  # noqa: B023 - sorted at once
    return [_shown(org, query, record, settings) for record in found[: query.limit]]


def _near(table: Table, where: Expression) -> Iterable[str]:
    """Ids of the records among which all stand that are asked for."""
    conditions = (where,) if isinstance(where, Condition) else where.parts if where.is_all else ()
    for one in conditions:
        if isinstance(one, Condition) and one.field in FOUND_BY and one.op == "=":
            return table.near(one.field, one.values)
    return table


def malformed(why: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", why)


class _Parser:
    def __init__(self, text: str) -> None:
        self._words = list(_tokens(text))
        self._at = 0

    def query(self) -> Query:
        self._expect("SELECT")
        fields = [self._name()]
        while self._take(","):
            fields.append(self._name())
        self._expect("FROM")
        kind = self._name()
        if kind not in RULES:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
        where = self._expression() if self._take("WHERE") else Several((), is_all=True)
        order = self._order() if self._take("ORDER") else ()
        limit = self._whole() if self._take("LIMIT") else None
        if self._at < len(self._words):
            raise malformed(f"unexpected token: {self._words[self._at]}")
        return Query(tuple(fields), kind, where, order, limit)

    def _expression(self) -> Expression:
        parts = [self._part()]
        word = "AND" if self._next_is("AND") else "OR"
        while self._take(word):
            parts.append(self._part())
        if self._next_is("AND") or self._next_is("OR"):
            raise malformed("unexpected token: AND and OR are mixed without parentheses")
        return Several(tuple(parts), is_all=word == "AND")

    def _part(self) -> Expression:
        if not self._take("("):
            return self._condition()
        inner = self._expression()
        self._expect(")")
        return inner

    def _order(self) -> tuple[str, ...]:
        self._expect("BY")
        names = [self._name()]
        self._take("ASC")
        while self._take(","):
            names.append(self._name())
            self._take("ASC")
        return tuple(names)

    def _condition(self) -> Condition:
        name = self._name()
        for op in ("=", "!=", "<=", ">=", "<", ">"):
            if self._take(op):
                return Condition(name, (_literal(self._next()),), op)
        self._expect("IN")
        self._expect("(")
        values = [_literal(self._next())]
        while self._take(","):
            values.append(_literal(self._next()))
        self._expect(")")
        return Condition(name, tuple(values))

    def _name(self) -> str:
        word = self._next()
        if not re.fullmatch(r"[A-Za-z_][\w.]*", word):
            raise malformed(f"unexpected token: {word}")
        return word

    def _whole(self) -> int:
        word = self._next()
        if not word.isdigit():
            raise malformed(f"unexpected token: {word}")
        return int(word)

    def _next(self) -> str:
        if self._at == len(self._words):
            raise malformed("unexpected end of query")
        self._at += 1
        return self._words[self._at - 1]

    def _take(self, word: str) -> bool:
        if self._next_is(word):
            self._at += 1
            return True
        return False

    def _next_is(self, word: str) -> bool:
        return self._at < len(self._words) and self._words[self._at].upper() == word

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise malformed(f"expecting {word}")


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise malformed(f"unexpected token at {at}")
        yield found[0].strip() if found[1] is None else found[1]
        at = found.end()


def _literal(word: str) -> JsonValue | datetime:
    if MOMENT.fullmatch(word):
        return datetime.fromisoformat(word)
    if word.startswith("'"):
        return re.sub(r"\\(.)", lambda sign: ESCAPES.get(sign[1], sign[1]), word[1:-1], flags=re.DOTALL)
    if word.lower() in {"true", "false"}:
        return word.lower() == "true"
    if word.lower() == "null":
        return None
    raise malformed(f"unexpected token: {word}")


def _check_field(kind: str, name: str) -> None:
    head, _, rest = name.partition(".")
    parents = RULES[kind].parents
    if rest and head in parents:
        _check_field(parents[head][1], rest)
    elif rest or (name not in fields_of(kind) and name != "Id"):
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on entity '{kind}'.")


def _value(org: Org, kind: str, record: Record, name: str, settings: Settings) -> JsonValue:
    head, _, rest = name.partition(".")
    if not rest:
        return record.get(name)
    reference, parent = RULES[kind].parents[head]
    id_ = record.get(reference)
    return None if id_ is None else _value(org, parent, org.shown(parent, str(id_), settings), rest, settings)


def _fields(where: Expression) -> Iterator[str]:
    if isinstance(where, Condition):
        yield where.field
    else:
        for part in where.parts:
            yield from _fields(part)


def _holds(where: Expression, value_of: Callable[[str], JsonValue], settings: Settings) -> bool:
    if isinstance(where, Condition):
        return _meets(value_of(where.field), where, settings)
    return (all if where.is_all else any)(_holds(part, value_of, settings) for part in where.parts)


def _meets(value: JsonValue, condition: Condition, settings: Settings) -> bool:
    first = condition.values[0]
    known = datetime.fromisoformat(value) if isinstance(first, datetime) and isinstance(value, str) else value
    if condition.op in ORDERED:
        return known is not None and ORDERED[condition.op](known, first)
    exact = condition.field.rpartition(".")[2] in {EXTERNAL_ID, "Id"} and settings.case_sensitive_ids
    form: Callable[[Any], Any] = (lambda one: one) if exact else _folded
    return (form(known) in [form(one) for one in condition.values]) is (condition.op != "!=")


def _rank(value: JsonValue) -> tuple[bool, str]:
    """What is null comes first."""
    return value is not None, str(value)


def _folded(value: JsonValue | datetime) -> JsonValue | datetime:
    return value.casefold() if isinstance(value, str) else value


def _shown(org: Org, query: Query, record: Record, settings: Settings) -> dict[str, object]:
    row: dict[str, object] = {"attributes": {"type": query.kind}}
    for name in query.fields:
        value = _value(org, query.kind, record, name, settings)
        inner = row
        *path, last = name.split(".")
        for step in path:
            nested = inner.setdefault(step, {})
            assert isinstance(nested, dict)  # noqa: S101 - two fields of one parent share it
            inner = nested
        inner[last] = value
    return row
