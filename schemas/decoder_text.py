"""The lines of a generated decoder for one plain value, and what they may call.

The text works on `p` (the bytes) and `i` (the position), with `n` and `j` for the moment.  Three things make it
quick: most numbers and lengths have one byte, so that byte is looked at in line; reading past the end of bytes raises
IndexError by itself, so that is caught once; and a slice past the end is harmless, because the next read or the last
comparison finds out.
"""

from functools import cache, partial
from itertools import product
from struct import Struct
from struct import error as StructError  # noqa: N812 - its own name says nothing
from typing import Final

from schemas.avro_types import Kind
from schemas.errors import DecodeError
from schemas.guards import check_size
from schemas.micros import micros_of, micros_of_millis
from schemas.wire import read_count, read_int_zigzag, read_length, read_zigzag, refuse, unfinished

INSTANT_BYTES = 8


def plain_lines(kind: Kind, out: str | None) -> list[str]:
    """Read one primitive into `out`, or pass over it: what is passed over is proved all the same."""
    if out is None:
        return _PASS[kind]
    return [line.format(out=out) for line in _READ[kind]]


def instant_lines(kind: Kind, factor: int, out: str) -> list[str]:
    """Microseconds.  Times of 1978 to 3111 take eight bytes, which four looked-up pairs turn into a number."""
    if factor != 1:
        return [*plain_lines(kind, out), f"{out} = micros_of_millis({out})"]
    if kind == "int":
        return plain_lines(kind, out)
    return [
        "try:",
        " a, b, c, d = four_pairs(p, i)",
        " n = pairs_1[a] + pairs_2[b] + pairs_3[c] + pairs_4[d]",
        " i += 8",
        "except (KeyError, StructError):",
        " n, i = zigzag(p, i)",
        *_signed(out),
    ]


def micros_lines(sizes: str, factor: int, bound: int, out: str) -> list[str]:
    """A decimal; `sizes` names what `short_decimals` gives for the bound."""
    return [
        f"n = {sizes}[p[i]]",
        "if n:",
        " j = i + n",
        f" {out} = from_bytes(p[i + 1:j])",
        " if p[i + 1] > 127:",
        f"  {out} -= 1 << (n - 1) * 8",
        *([f" {out} *= {factor}"] if factor != 1 else []),
        " i = j",
        "else:",
        " j, i = length(p, i)",
        f" {out} = micros(p[i:i + j], {factor}, {bound})",
        " i += j",
    ]


@cache
def short_decimals(bound: int) -> tuple[int, ...]:
    """By first byte: bytes of length and number together, where the number cannot reach the bound; else 0."""
    safe = [size for size in range(1, 64) if 1 << (8 * size - 1) < bound]
    return tuple(first // 2 + 1 if first % 2 == 0 and first // 2 in safe else 0 for first in range(256))


@cache
def _pairs(position: int) -> dict[int, int]:
    """Two bytes as a little-endian number → their 14 bits in place; only bytes that may stand there."""
    highs = range(1, 128) if position == INSTANT_BYTES // 2 - 1 else range(128, 256)
    shift = 14 * position
    return {low | high << 8: (low & 127 | (high & 127) << 7) << shift for low, high in product(range(128, 256), highs)}


def _not_finite() -> None:
    raise DecodeError("not-finite", "a number is NaN or infinite")


def _number(zigzag: str) -> list[str]:
    """One byte: looked up.  Two: put together in line.  More: a call."""
    return [
        "n = p[i]",
        "if n < 128:",
        " {out} = small[n]",
        " i += 1",
        "else:",
        " j = p[i + 1]",
        " if 0 < j < 128:",
        "  n += (j << 7) - 128",
        "  i += 2",
        " else:",
        f"  n, i = {zigzag}(p, i)",
        *(f" {line}" for line in _signed("{out}")),
    ]


def _signed(out: str) -> list[str]:
    return [f"{out} = n >> 1", "if n & 1:", f" {out} = ~{out}"]


_BOOLEAN: Final = ["n = p[i]", "i += 1", "if n > 1:", " not_boolean()"]
_INT: Final = ["n = p[i]", "i += 1", "if n > 127:", " n, i = int_zigzag(p, i - 1)"]
_LONG: Final = ["n = p[i]", "i += 1", "if n > 127:", " n, i = zigzag(p, i - 1)"]
_FLOAT: Final = ["if p[i + 3] & 127 == 127 and p[i + 2] > 127:", " not_finite()"]
_DOUBLE: Final = ["if p[i + 7] & 127 == 127 and p[i + 6] > 239:", " not_finite()"]
_LENGTH: Final = [
    "j = p[i]",
    "i += 1",
    "if j > 127 or j & 1:",
    " j, i = length(p, i - 1)",
    " j += i",
    "else:",
    " j = i + (j >> 1)",
]
_PASS: Final[dict[str, list[str]]] = {
    "null": [],
    "boolean": _BOOLEAN,
    "int": _INT,
    "long": _LONG,
    "float": [*_FLOAT, "i += 4"],
    "double": [*_DOUBLE, "i += 8"],
    "bytes": [*_LENGTH, "i = j"],
    "string": [*_LENGTH, "p[i:j].decode()", "i = j"],
}
_READ: Final[dict[str, list[str]]] = {
    "null": ["{out} = None"],
    "boolean": [*_BOOLEAN, "{out} = n == 1"],
    "int": _number("int_zigzag"),
    "long": _number("zigzag"),
    "float": [*_FLOAT, "({out},) = float_at(p, i)", "i += 4"],
    "double": [*_DOUBLE, "({out},) = double_at(p, i)", "i += 8"],
    "bytes": [*_LENGTH, "{out} = p[i:j]", "i = j"],
    "string": [*_LENGTH, "{out} = p[i:j].decode()", "i = j"],
}


def runtime() -> dict[str, object]:
    """What every generated text may call."""
    return {
        "DecodeError": DecodeError,
        "StructError": StructError,
        "check_size": check_size,
        "double_at": Struct("<d").unpack_from,
        "float_at": Struct("<f").unpack_from,
        "four_pairs": Struct("<4H").unpack_from,
        "from_bytes": int.from_bytes,
        "int_zigzag": read_int_zigzag,
        "length": read_length,
        "micros": micros_of,
        "micros_of_millis": micros_of_millis,
        "not_boolean": partial(refuse, "a boolean that is neither 0 nor 1"),
        "not_finite": _not_finite,
        "read_count": read_count,
        "refuse": refuse,
        "small": tuple((n >> 1) ^ -(n & 1) for n in range(128)),
        "unfinished": unfinished,
        "zigzag": read_zigzag,
    } | {f"pairs_{position + 1}": _pairs(position) for position in range(INSTANT_BYTES // 2)}
