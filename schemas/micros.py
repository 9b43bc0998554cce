"""Quantities and times as whole micros, exactly: no floating point anywhere.

A micro is 10⁻⁶ of the unit, which is what decimal(24, 6) carries, or a microsecond since 1970 in UTC.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final

from schemas.errors import DecodeError, EncodeError

MICROS = 1_000_000
LONGEST = 64  # bytes of a decimal; some writers fill up with sign bytes, none needs more than 11 for 24 digits
LAST = (1 << 63) - 1
_EXACT: Final = Context(prec=64, Emin=-64, Emax=64, traps=[Inexact, InvalidOperation, Overflow])


def micros_of(unscaled: bytes, factor: int, bound: int) -> int:
    """Micros of an Avro decimal; `bound` is the first number with more digits than writer and reader allow.

    Raises DecodeError.  No bytes at all are refused: they would read as zero stock.
    """
    if not 0 < len(unscaled) <= LONGEST:
        raise DecodeError("undecodable", f"a decimal of {len(unscaled)} bytes")
    number = int.from_bytes(unscaled, "big", signed=True)
    if not -bound < number < bound:
        raise DecodeError("undecodable", "a decimal has more digits than its schema allows")
    return number * factor


def unscaled_of(micros: int, factor: int, bound: int, size: int | None = None) -> bytes:
    """As many bytes as fastavro takes, or `size` bytes.  Raises EncodeError where digits would be lost."""
    number, rest = divmod(micros, factor)
    if rest or not -bound < number < bound:
        raise EncodeError(f"{micros} micros have more digits than the schema allows")
    return number.to_bytes(size or number.bit_length() // 8 + 1, "big", signed=True)


def micros_of_text(text: str) -> int:
    """`12.5` → 12500000.  Raises EncodeError for anything that is not a number of at most six decimals."""
    try:
        scaled: Decimal = _EXACT.scaleb(_EXACT.create_decimal(text), 6)
        number = int(scaled)
    except (ArithmeticError, ValueError) as error:
        raise EncodeError(f"{text!r} is not a number") from error
    if number != scaled:
        raise EncodeError(f"{text!r} has more than six decimals")
    return number


def micros_of_millis(millis: int) -> int:
    """Raises DecodeError for a time that 64 bits of microseconds cannot hold."""
    micros = millis * 1000
    if not -LAST <= micros <= LAST:
        raise DecodeError("undecodable", "a time in milliseconds is too far away")
    return micros
