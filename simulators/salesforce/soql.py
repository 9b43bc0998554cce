"""As much of SOQL as integrations ask: SELECT fields FROM object WHERE conditions with AND, ORDER BY nothing, LIMIT.

Facts: SOQL and SOSL reference (text is compared without regard to case, quotes and backslashes are escaped with a
backslash, a null field is shown as null).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulators.core.wire import JsonValue
from simulators.salesforce.errors import ApiError
from simulators.salesforce.objects import EXTERNAL_ID, RULES, fields_of
from simulators.salesforce.org import Org, Record
from simulators.salesforce.settings import Settings

TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|([A-Za-z_][\w.]*)|(\d+)|([=,()]))", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b"}


@dataclass(frozen=True, slots=True)
class Condition:
    """The field is one of the values."""

    field: str
    values: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class Query:
    fields: tuple[str, ...]
    kind: str
    conditions: tuple[Condition, ...]
    limit: int | None


def run(text: str, org: Org, settings: Settings) -> list[dict[str, object]]:
    """Rows as they are shown.  Raises ApiError for a query that cannot be understood."""
    query = _Parser(text).query()
    for name in (*query.fields, *(one.field for one in query.conditions)):
        _check_field(query.kind, name)
    rows: list[dict[str, object]] = []
    for id_ in org.table(query.kind):
        record = org.shown(query.kind, id_, settings)
        if all(_meets(_value(org, query.kind, record, one.field, settings), one, settings) for one in query.conditions):
            rows.append(_shown(org, query, record, settings))
    return rows[: query.limit]


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
        conditions = []
        if self._take("WHERE"):
            conditions.append(self._condition())
            while self._take("AND"):
                conditions.append(self._condition())
        limit = self._whole() if self._take("LIMIT") else None
        if self._at < len(self._words):
            raise malformed(f"unexpected token: {self._words[self._at]}")
        return Query(tuple(fields), kind, tuple(conditions), limit)

    def _condition(self) -> Condition:
        name = self._name()
        if self._take("="):
            return Condition(name, (_literal(self._next()),))
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
        if self._at < len(self._words) and self._words[self._at].upper() == word:
            self._at += 1
            return True
        return False

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


def _literal(word: str) -> JsonValue:
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


def _meets(value: JsonValue, condition: Condition, settings: Settings) -> bool:
    exact = condition.field.rpartition(".")[2] == EXTERNAL_ID and settings.case_sensitive_ids
    form: Callable[[JsonValue], JsonValue] = (lambda one: one) if exact else _folded
    return form(value) in [form(one) for one in condition.values]


def _folded(value: JsonValue) -> JsonValue:
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
