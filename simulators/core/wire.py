"""JSON without floats: a quantity or an amount must reach the journal exactly as the client wrote it."""

import json
from decimal import Decimal
from typing import NoReturn

import msgspec


class Number:
    """A JSON number as text; two numbers are equal when their text is."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def decimal(self) -> Decimal:
        return Decimal(self.text)


JsonValue = None | bool | str | Number | list["JsonValue"] | dict[str, "JsonValue"]


def decode(body: bytes) -> JsonValue:
    """Every number becomes a `Number`.  Raises ValueError for what is not JSON in UTF-8 (NaN, lone surrogates too)."""
    try:
        value: JsonValue = json.loads(
            body.decode("utf-8"), parse_float=Number, parse_int=Number, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if b"\\u" in body:
        _refuse_lone_surrogates(value)
    return value


def encode(value: object) -> bytes:
    """Decimals become JSON numbers with all their digits, never strings and never floats."""
    return _ENCODER.encode(value)


def one_line(body: bytes) -> msgspec.Raw:
    """The body as one line of JSON for a journal: itself where it is JSON, else a JSON string of its text."""
    if not body:
        return msgspec.Raw(b"null")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return msgspec.Raw(_ENCODER.encode(body.decode("utf-8", errors="replace")))
    return msgspec.Raw(body.replace(b"\n", b" ").replace(b"\r", b" "))


def plain(value: Decimal) -> Decimal:
    """The same number without superfluous zeros and without an exponent (5.0000 is 5, 1E+2 is 100)."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal(0) if text in {"-0", ""} else Decimal(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: JsonValue) -> None:
    json.dumps(value, ensure_ascii=False, default=lambda number: number.text).encode("utf-8")


def _encode_number(value: object) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_encode_number)
