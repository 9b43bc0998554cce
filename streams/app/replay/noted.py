"""Notes what one set of settings would have sent, on disk: a row, a letter and an alert each once, however often."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import rocksdict

from schemas.models.inventory import InventoryAlert, RecountRequest
from schemas.models.source_item import SourceItem
from streams.app.replay.offline import CACHE_BYTES
from streams.domain import what_if
from streams.domain.lane_rows import Shown
from streams.domain.quantities import from_decimal, to_decimal
from streams.domain.what_if import SentLetter, SentRow, SentWord, Word
from streams.runtime.letter_headers import told
from streams.runtime.partition_store import PartitionStore
from streams.runtime.writer import Record

_ENCODER = msgspec.msgpack.Encoder()
_ROW = msgspec.msgpack.Decoder(SentRow)
_WORD = msgspec.msgpack.Decoder(SentWord)


class Noted:
    """`is_on` False: what comes belongs to the records before the range and is not noted."""

    def __init__(self, folder: Path) -> None:
        self.store = PartitionStore(folder / "noted.rocksdb", rocksdict.Cache(CACHE_BYTES))
        self.is_on = False
        self.rows_written = self.letters = self.words = 0
        self._notes = 0

    def close(self) -> None:
        self.store.close()

    def rows(self, items: Sequence[SourceItem]) -> None:
        """One call to the shop."""
        if not self.is_on:
            return
        self.rows_written += len(items)
        keys = [what_if.row_key(item.pair) for item in items]
        known = self.store.get_many(keys)
        self._keep([(key, _one_more(item, old)) for key, item, old in zip(keys, items, known, strict=True)])

    def letter(self, record: Record) -> None:
        """A dead letter as it would lie in its topic."""
        if not self.is_on:
            return
        self.letters += 1
        said = told(record.headers)
        key = what_if.letter_key(said.topic or "", said.partition or 0, said.offset or 0)
        name = (record.key or b"").decode("utf-8", "backslashreplace")
        self._keep([(key, _ENCODER.encode(SentLetter(said.reason or "", name)))])

    def alert(self, alert: InventoryAlert) -> None:
        value = "" if alert.quantity is None else str(to_decimal(alert.quantity))
        self._word(Word(f"alert {alert.kind}", alert.sku, alert.source_code or "", value))

    def recount(self, request: RecountRequest) -> None:
        place = " ".join(part for part in (request.location_code, request.bucket) if part)
        self._word(Word(f"recount {request.reason}", request.sku, place, ""))

    def _word(self, word: Word) -> None:
        if not self.is_on:
            return
        self.words += 1
        key = what_if.word_key(word)
        known = self.store.get(key)
        times = 0 if known is None else _WORD.decode(known).times
        self._keep([(key, _ENCODER.encode(SentWord(times + 1)))])

    def _keep(self, notes: Sequence[tuple[bytes, bytes]]) -> None:
        self._notes += 1
        self.store.write(notes, self._notes)


def _one_more(item: SourceItem, stored: bytes | None) -> bytes:
    known = None if stored is None else _ROW.decode(stored)
    shown = Shown(from_decimal(item.quantity), item.in_stock)
    before = b"" if known is None else known.way
    way = hashlib.blake2b(before + f"{shown.quantity} {int(shown.in_stock)}".encode(), digest_size=8).digest()
    return _ENCODER.encode(what_if.written(known, shown, way))
