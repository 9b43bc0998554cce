"""The JSON form of a contract: read by its Avro schema, so that a new field of the contract is one here at once.

A decimal is text or a JSON number, exact; a timestamp is ISO 8601 with a zone; a union is just its value; what has a
default may be left out.  Every mistake is told with the path of its field, and no value is ever quoted.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from schemas.avro_types import ArrayType, MapType, Node, Primitive, RecordType, Schema, UnionType
from schemas.errors import EncodeError
from schemas.micros import micros_of_text
from streams.domain.quantities import MICROS, RECORD_LIMIT
from streams.sources.json_text import Number

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOLD_AT_MOST = 20
SHOWN = 60
LONGEST_NUMBER = 64

NO_FIELD = "is no field here; leave it out (an order takes other things by name in extras)"
MISSING = "is missing"
NOT_A_DECIMAL = 'must be an exact decimal with at most six places, as text ("12.50") or as a number'
OUT_OF_RANGE = f"must lie between -{RECORD_LIMIT // MICROS} and {RECORD_LIMIT // MICROS}"
NOT_A_TIME = "must be a time in ISO 8601 with its zone, such as 2026-03-02T08:15:30Z"
NOT_UNICODE = "must be whole Unicode text (it holds half of a surrogate pair)"

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field, and what it must be."""

    field: str
    problem: str


class MalformedError(Exception):
    """The JSON is not of the form; `problems` are for its sender, at most TOLD_AT_MOST of them."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(f"{len(problems)} fields are wrong")
        self.problems = problems


def record_of(schema: Schema, raw: object) -> object:
    """The record that the JSON states, decimals in micros and times in µs.  Raises MalformedError."""
    reading = _Reading(schema)
    record = reading.value(schema.root, raw, "")
    if reading.problems:
        raise MalformedError(tuple(reading.problems[:TOLD_AT_MOST]))
    return record


class _WrongError(Exception):
    """One field is wrong; the message says what it must be."""


class _Reading:
    """One walk; goes on after a mistake, so that all of them are told at once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.problems: list[FieldProblem] = []

    def value(self, node: Node, raw: object, where: str) -> object:
        match self._schema.follow(node), raw:
            case UnionType(), None:
                return None
            case UnionType(branches=branches), _:
                return self.value(branches[-1], raw, where)
            case RecordType() as record, dict():
                return self._record(record, raw, where)
            case ArrayType(items=items), list():
                return [self.value(items, each, f"{where}[{place}]") for place, each in enumerate(raw)]
            case MapType(values=values), dict():
                return {
                    self._key(key, where): self.value(values, each, _below(where, key)) for key, each in raw.items()
                }
        return self._leaf(self._schema.follow(node), raw, where)

    def _leaf(self, node: Node, raw: object, where: str) -> object:
        try:
            return _plain(node, raw)
        except _WrongError as error:
            self._tell(where, str(error))
            return None

    def _record(self, record: RecordType, raw: Mapping[str, object], where: str) -> dict[str, object]:
        known = {field.name for field in record.fields}
        for name in raw:
            if name not in known:
                self._tell(_below(where, name), NO_FIELD)
        found = {}
        for field in record.fields:
            path = _below(where, field.name)
            if field.name in raw:
                found[field.name] = self.value(field.type, raw[field.name], path)
            elif not field.has_default:
                self._tell(path, MISSING)
        return found

    def _key(self, key: str, where: str) -> str:
        self._leaf(Primitive("string"), key, _below(where, key))
        return key

    def _tell(self, where: str, problem: str) -> None:
        self.problems.append(FieldProblem(where or "the body", problem))


def _below(where: str, name: str) -> str:
    """The path of a field; a name of the sender's own is cut and cannot steer a terminal."""
    shown = (name if name.isprintable() else ascii(name)[1:-1])[:SHOWN]
    return f"{where}.{shown}" if where else shown


def _plain(node: Node, raw: object) -> object:
    read = _PLAIN.get(_kind_of(node))
    if read is None:
        raise _WrongError(_WANTED.get(type(node), "has a form that is not taken here"))
    return read(raw)


def _kind_of(node: Node) -> str:
    if not isinstance(node, Primitive):
        return ""
    return "decimal" if node.decimal else node.logical or node.kind


def _decimal(raw: object) -> int:
    if (
        not isinstance(raw, str)
        or len(raw) > LONGEST_NUMBER
        or not (isinstance(raw, Number) or _DECIMAL.fullmatch(raw))
    ):
        raise _WrongError(NOT_A_DECIMAL)
    try:
        micros = micros_of_text(raw)
    except EncodeError:
        raise _WrongError(NOT_A_DECIMAL) from None
    if abs(micros) > RECORD_LIMIT:
        raise _WrongError(OUT_OF_RANGE)
    return micros


def _time(raw: object) -> int:
    if not isinstance(raw, str) or not _TIME.fullmatch(raw):
        raise _WrongError(NOT_A_TIME)
    try:
        return (datetime.fromisoformat(raw) - EPOCH) // timedelta(microseconds=1)
    except ValueError:
        raise _WrongError(NOT_A_TIME) from None


def _text(raw: object) -> str:
    if not isinstance(raw, str) or isinstance(raw, Number):
        raise _WrongError("must be text")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise _WrongError(NOT_UNICODE) from None
    return raw


def _truth(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _WrongError("must be true or false")
    return raw


_PLAIN: Mapping[str, Callable[[object], object]] = {
    "decimal": _decimal,
    "timestamp-micros": _time,
    "string": _text,
    "boolean": _truth,
}
_WANTED: Mapping[type, str] = {
    RecordType: "must be an object",
    MapType: "must be an object of texts",
    ArrayType: "must be a list",
}
