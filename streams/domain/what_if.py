"""What two settings would have sent for the same records, and how that differs.

Each side notes what it sent under a key; two notes under one key say what differs.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

from schemas.models.source_item import StockPair
from streams.domain.differences import Difference, Example
from streams.domain.lane_rows import Shown
from streams.domain.quantities import to_decimal

ROW, LETTER, TOLD = b"p", b"d", b"t"
_APART = b"\x00"
Note = TypeVar("Note", bound=msgspec.Struct)


class SentRow(msgspec.Struct, frozen=True, array_like=True):
    """What was written of one row: the value it ended with (micros), how often, and a digest of every value in turn."""

    quantity: int
    in_stock: bool
    writes: int = 1
    way: bytes = b""


class SentLetter(msgspec.Struct, frozen=True, array_like=True):
    """A record that was set aside."""

    reason: str
    key: str


class SentWord(msgspec.Struct, frozen=True, array_like=True):
    """Something that was told others beside the shop: an alert or a request, and how often."""

    times: int


class Word(NamedTuple):
    """What an alert or a request says, whatever its number or version."""

    kind: str
    sku: str
    place: str
    value: str


def row_key(pair: StockPair) -> bytes:
    return ROW + pair.source_code.encode() + _APART + pair.sku.encode()


def letter_key(topic: str, partition: int, offset: int) -> bytes:
    return LETTER + topic.encode() + _APART + partition.to_bytes(4, "big") + offset.to_bytes(8, "big")


def word_key(word: Word) -> bytes:
    return TOLD + msgspec.msgpack.encode(word)


def written(known: SentRow | None, shown: Shown, way: bytes) -> SentRow:
    """The note of a row after one more write; `way` is the digest of all values up to this one."""
    return SentRow(shown.quantity, shown.in_stock, 1 if known is None else known.writes + 1, way)


def difference_of(key: bytes, before: bytes | None, after: bytes | None) -> Difference | None:
    """Of two notes under one key; None where both settings sent the same."""
    return None if before == after else _OF[key[:1]](key[1:], before, after)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────


def _row(key: bytes, before: bytes | None, after: bytes | None) -> Difference:
    source, _, sku = key.decode().partition(_APART.decode())
    old, new = _read(before, SentRow), _read(after, SentRow)
    return Difference(_kind_of_row(old, new), source, Example(sku, source, _row_text(old), _row_text(new)))


def _kind_of_row(old: SentRow | None, new: SentRow | None) -> str:
    if old is None or new is None:
        return "row-new" if old is None else "row-gone"
    if old.quantity != new.quantity:
        return "quantity"
    return "status" if old.in_stock != new.in_stock else "on-the-way"


def _row_text(row: SentRow | None) -> str | None:
    if row is None:
        return None
    status = "in stock" if row.in_stock else "out of stock"
    return f"{to_decimal(row.quantity)} {status}, {row.writes} write{'' if row.writes == 1 else 's'}"


# ── letters, and what is told others ─────────────────────────────────────────────────────────────


def _letter(key: bytes, before: bytes | None, after: bytes | None) -> Difference:
    topic, where = key[:-13].decode(), key[-12:]
    place = f"{topic}-{int.from_bytes(where[:4], 'big')}-{int.from_bytes(where[4:], 'big')}"
    old, new = _read(before, SentLetter), _read(after, SentLetter)
    name = next(one.key for one in (old, new) if one is not None)
    reasons = [one.reason for one in (old, new) if one is not None]
    kind = "letter-new" if old is None else "letter-gone" if new is None else "letter-reason"
    example = Example(name, place, None if old is None else old.reason, None if new is None else new.reason)
    return Difference(kind, " → ".join(reasons), example)


def _word(key: bytes, before: bytes | None, after: bytes | None) -> Difference:
    word = msgspec.msgpack.decode(key, type=Word)
    old, new = _read(before, SentWord), _read(after, SentWord)
    kind = "told-new" if old is None else "told-gone" if new is None else "told-times"
    return Difference(kind, word.kind, Example(word.sku, word.place, _word_text(word, old), _word_text(word, new)))


def _word_text(word: Word, sent: SentWord | None) -> str | None:
    if sent is None:
        return None
    return f"{word.value} × {sent.times}" if word.value else f"× {sent.times}"


def _read(stored: bytes | None, kind: type[Note]) -> Note | None:
    return None if stored is None else msgspec.msgpack.decode(stored, type=kind)


_OF: dict[bytes, Callable[[bytes, bytes | None, bytes | None], Difference]] = {
    ROW: _row,
    LETTER: _letter,
    TOLD: _word,
}
