"""One partition of the ledger on disk, driven as the flow drives it, without Kafka around it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self, cast

import msgspec
import rocksdict

from schemas.models.inventory import InventoryHold, StockRebase
from schemas.models.stock_change import StockChange
from streams.domain import stock_entry
from streams.domain.movements import Movement
from streams.domain.stock_door import Arrival, Refused, admit
from streams.domain.stock_entry import Cause, StockEntry
from streams.domain.stock_hold import OpenHold
from streams.domain.stock_rules import StockRules
from streams.flows import stock_keys
from streams.flows.stock_batch import Input, SkuFold, StockBatch
from streams.flows.stock_keys import derive_index
from streams.flows.stock_movements import StoredBook
from streams.flows.stock_records import Parsed, StockRecords
from streams.runtime.guard import Guard
from streams.runtime.partition_store import PartitionStore, contents
from streams.runtime.serde import Serde
from streams.runtime.versioned import unpack
from streams.topics import HOLD, REBASE, STOCK_CHANGE, STOCK_INPUTS

EPOCH = 1_763_700_000
CACHE = rocksdict.Cache(1 << 20)

Value = StockChange | InventoryHold | StockRebase
TOPICS: Mapping[type, str] = {StockChange: STOCK_CHANGE.name, InventoryHold: HOLD.name, StockRebase: REBASE.name}


@dataclass(slots=True)
class Raw:
    """A record as a consumer gives it."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None = b""
    timestamp: int = EPOCH * 1000
    partition: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


class Told(NamedTuple):
    """One batch: its folds, and what each record that reached the ledger came to."""

    folds: Mapping[str, SkuFold]
    refused: list[Refused | None]


class Partition(AbstractContextManager["Partition"]):
    """Reads, decides and writes a batch at a time; a batch is of one topic."""

    def __init__(self, path: Path, rules: StockRules | None = None) -> None:
        self.rules = rules or StockRules()
        self.store = PartitionStore(path, CACHE, derive_index)
        self.counts: Counter[str] = Counter()
        self.incarnation = 0
        self.paused: list[str] = []
        self._written = 0
        guards = {
            topic.name: Guard(topic.name, lambda topic, _why: self.paused.append(topic)) for topic in STOCK_INPUTS
        }
        self.records = StockRecords(cast("Serde", None), self.rules, guards, 1 << 18)  # nothing is decoded here

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def take(self, values: Sequence[Value], first_offset: int) -> Told:
        """Records of one topic, from this offset on; only what passes the door."""
        topic = TOPICS[type(values[0])]
        number = next(index for index, one in enumerate(STOCK_INPUTS) if one.name == topic)
        return self.fold([self._parsed(topic, number, offset, one) for offset, one in enumerate(values, first_offset)])

    def fold(self, parsed: Sequence[Parsed]) -> Told:
        """One batch of records of one topic that were read."""
        topic, number = parsed[0].record.topic, parsed[0].cause.source
        batch = StockBatch(Input(number, topic, self.incarnation), self.rules, EPOCH)
        self._open(batch, parsed)
        folded = self.records.fold(batch, parsed, self.store)
        refused = [one if isinstance(one, Refused) else None for one in folded]
        for fold in batch.folds.values():
            if fold.changed:
                writes, counts = batch.finish(fold)
                self._written += 1
                self.store.write(((one.key, one.value) for one in writes), self._written)
                self.counts.update(counts)
        return Told(batch.folds, refused)

    def _parsed(self, topic: str, number: int, offset: int, value: Value) -> Parsed:
        cause = Cause(number, offset, value.effective_at)
        record = Raw(topic, offset, value.sku.encode())
        if not isinstance(value, StockChange):
            return Parsed(record, value.sku, cause, value)
        admitted = admit(value, Arrival(offset, value.effective_at), self.rules)
        assert not isinstance(admitted, Refused)
        return Parsed(record, value.sku, cause, admitted)

    def _open(self, batch: StockBatch, parsed: Sequence[Parsed]) -> None:
        skus = list(dict.fromkeys(one.sku for one in parsed))
        entries = {sku: self.entry(sku) for sku in skus}
        known = self.records.known_identities(self.store, entries, parsed)
        for sku, entry in entries.items():
            batch.open(sku, entry, StoredBook(self.store, sku, known.get(sku, {})))

    # ── what is stored ───────────────────────────────────────────────────────────────────────────

    def entry(self, sku: str) -> StockEntry:
        return self.entry_of(self.store, sku)

    @staticmethod
    def entry_of(store: PartitionStore, sku: str) -> StockEntry:
        stored = store.get(stock_keys.entry(sku))
        return StockEntry() if stored is None else stock_entry.decode(unpack(stored)[1])

    def movements(self) -> dict[bytes, list[Movement]]:
        """By the scope that their keys name, in order."""
        found: dict[bytes, list[Movement]] = {}
        for key, value in self.store.scan(stock_keys.MOVEMENT):
            parsed = stock_keys.parse_movement(key)
            effect = msgspec.msgpack.decode(unpack(value)[1], type=int)
            found.setdefault(parsed.prefix, []).append(Movement(parsed.at, parsed.identity, effect))
        return found

    def index(self) -> set[bytes]:
        """Identities that are known, with the scope they belong to."""
        return {key.removeprefix(stock_keys.INDEX) for key, _ in self.store.scan(stock_keys.INDEX)}

    def holds(self, sku: str) -> list[OpenHold]:
        scan = self.store.scan(stock_keys.holds(sku))
        return [msgspec.msgpack.decode(unpack(value)[1], type=OpenHold) for _, value in scan]

    def state(self) -> dict[bytes, object]:
        """Everything that a replay must give again: all but the numbers that count batches."""
        found: dict[bytes, object] = {}
        for key, value in contents(self.store).items():
            payload = unpack(value)[1]
            found[key] = _unversioned(stock_entry.decode(payload)) if key.startswith(stock_keys.ENTRY) else payload
        return found


def _unversioned(entry: StockEntry) -> StockEntry:
    sources = tuple(msgspec.structs.replace(state, version=0) for state in entry.sources)
    return msgspec.structs.replace(entry, counter=0, sources=sources, guards=tuple(sorted(entry.guards)))
