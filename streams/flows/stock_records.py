"""Reads the records of the stock flow's inputs (bytes, key, door), and hands each to the fold of its topic."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from schemas.catalogue import INVENTORY_HOLD, RESERVATION_REQUEST, STOCK_CHANGE, STOCK_REBASE, Contract
from schemas.models.inventory import InventoryHold, StockRebase
from schemas.models.stock_change import StockChange
from schemas.models.stock_reservation import Reservation, ReservationRequest
from streams.domain.movements import rebase_identity
from streams.domain.reasons import DeadReason, IgnoreReason
from streams.domain.reservation import OPEN, Kept
from streams.domain.reservation_goods import Taken
from streams.domain.scope import NEVER, Change
from streams.domain.stock_door import (
    Admitted,
    Arrival,
    Refused,
    admit,
    refuse_hold,
    refuse_rebase,
    refuse_reservation,
)
from streams.domain.stock_entry import Cause, StockEntry
from streams.domain.stock_fold import Verdict
from streams.domain.stock_hold import OpenHold
from streams.domain.stock_rules import StockRules
from streams.flows import stock_keys
from streams.flows.record_reader import Bad, RecordReader
from streams.flows.stock_batch import Input, StockBatch
from streams.runtime.dead_letters import SourceRecord
from streams.runtime.guard import Guard
from streams.runtime.metrics import IGNORED
from streams.runtime.partition_store import PartitionStore
from streams.runtime.serde import Serde
from streams.runtime.versioned import unpack

RESERVATIONS_TOLD = 50
LAST = 2**62
Ours = InventoryHold | StockRebase | ReservationRequest


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """A record that could be read and passed the door."""

    record: SourceRecord
    sku: str
    cause: Cause
    value: Admitted | Ours


class StockRecords:
    """`guards` by topic; `first_users` is asked for the system that used a plain location code first."""

    def __init__(self, serde: Serde, rules: StockRules, guards: Mapping[str, Guard], max_bytes: int) -> None:
        self._reader, self._rules, self._guards = RecordReader(serde, guards, max_bytes), rules, guards

    async def parse(self, source: Input, records: Sequence[SourceRecord]) -> tuple[list[Parsed], list[Bad]]:
        """In log order, each record in one of the two lists."""
        return await self._reader.read(CONTRACTS[source.topic], records, partial(self._admitted, source))

    def _admitted(self, source: Input, record: SourceRecord, value: StockChange | Ours) -> Parsed | Refused:
        cause = Cause(source.number, record.offset, record.timestamp * 1000)
        if record.key != value.sku.encode():
            return Refused(DeadReason.WRONG_KEY, f"key {record.key or b''!r:.80} is not the SKU of the record")
        if isinstance(value, StockChange):
            admitted = admit(value, Arrival(record.offset, cause.at), self._rules)
            return admitted if isinstance(admitted, Refused) else Parsed(record, value.sku, cause, admitted)
        return self._refused(value, cause.at) or Parsed(record, value.sku, cause, value)

    def _refused(self, value: Ours, arrived_at: int) -> Refused | None:
        if isinstance(value, InventoryHold):
            return refuse_hold(value)
        if isinstance(value, ReservationRequest):
            return refuse_reservation(value)
        return refuse_rebase(value, arrived_at, self._rules)

    def known_identities(
        self, store: PartitionStore, entries: Mapping[str, StockEntry], parsed: Sequence[Parsed]
    ) -> Mapping[str, dict[int, frozenset[bytes]]]:
        """Which of the batch's records are repeats: SKU → scope → identities, with one call to the store."""
        asked: dict[bytes, tuple[str, int, bytes]] = {}
        for one in parsed:
            change = self._as_change(one)
            if change is None:
                continue
            location, bucket, sequence, identity = change
            scope = entries[one.sku].scope(location, bucket)
            if scope is not None and not (sequence is not None and scope.is_new(sequence)):
                key = stock_keys.index(stock_keys.scope(one.sku, scope.number), identity)
                asked[key] = (one.sku, scope.number, identity)
        found: dict[str, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        for value, (sku, number, identity) in zip(store.get_many(list(asked)), asked.values(), strict=True):
            if value is not None:
                found[sku][number].add(identity)
        return {sku: {number: frozenset(known) for number, known in scopes.items()} for sku, scopes in found.items()}

    @staticmethod
    def _as_change(one: Parsed) -> tuple[str, str, int | None, bytes] | None:
        """Location, bucket, the sequence that makes the identity (if one does), identity."""
        value = one.value
        if isinstance(value, Admitted):
            sequence = value.change.sequence
            return value.location, value.bucket, None if sequence == NEVER else sequence, value.change.identity
        if isinstance(value, StockRebase):
            return value.location_code, value.bucket, None, rebase_identity(value.rebase_id)
        return None

    def fold(
        self, batch: StockBatch, parsed: Sequence[Parsed], store: PartitionStore
    ) -> list[Refused | IgnoreReason | None]:
        """Records of one topic into the batch; why one is a dead letter, or changes nothing, where that is so."""
        topic, rule = parsed[0].record.topic, _FOLDS[type(parsed[0].value)]
        verdicts = self._guards[topic].each(rule, [(batch, one, store) for one in parsed])
        return [one if one is None or isinstance(one, Refused) else _told(topic, one) for one in verdicts]


def _told(topic: str, verdict: Verdict) -> Refused | IgnoreReason | None:
    if verdict.ignored is not None:
        IGNORED.labels(topic, verdict.ignored.value).inc()
    return verdict.dead or verdict.ignored


def _fold_change(batch: StockBatch, one: Parsed, store: PartitionStore) -> Verdict | None:
    assert isinstance(one.value, Admitted)
    verdict = batch.change(one.sku, one.value, one.cause)
    if one.value.orders and verdict is not None and _is_in_the_number(verdict):
        batch.take_goods(one.sku, _taken(one.value, one.cause), partial(_promised, store, one.sku, one.value.orders))
    return verdict


def _is_in_the_number(verdict: Verdict) -> bool:
    """It counts now, or a count that came before it contains it."""
    return verdict.dead is None and verdict.ignored in (None, IgnoreReason.CONTAINED)


def _taken(admitted: Admitted, cause: Cause) -> Taken:
    change = admitted.change
    effect = change.counted if change.kind == "DELTA" else 0
    return Taken(admitted.orders, admitted.bucket, effect, admitted.source_code, cause.at)


def open_reservations(store: PartitionStore, sku: str) -> list[Reservation]:
    """Those that hold stock of the SKU, the first to end first; at most RESERVATIONS_TOLD."""
    kept = (_kept(value).told for _key, value in store.scan(stock_keys.reservations(sku)))
    held = [told for told in kept if told.state in OPEN]
    return sorted(held, key=lambda told: (told.expires_at or LAST, told.decided_at))[:RESERVATIONS_TOLD]


def _promised(store: PartitionStore, sku: str, orders: Sequence[str]) -> list[tuple[bytes, Kept]]:
    """Confirmed reservations that wait for the goods of these orders, by key."""
    prefixes = [stock_keys.promises(sku, order) for order in orders]
    keys = [key[len(prefix) :] for prefix in prefixes for key, _ in store.scan(prefix)]
    found = zip(keys, store.get_many(keys), strict=True)
    return [(key, _kept(value)) for key, value in found if value is not None]


def _kept(value: bytes) -> Kept:
    return msgspec.msgpack.decode(unpack(value)[1], type=Kept)


def _fold_hold(batch: StockBatch, one: Parsed, store: PartitionStore) -> Verdict | None:
    assert isinstance(one.value, InventoryHold)
    stored = store.get(stock_keys.hold(one.sku, one.value.hold_id))
    known = None if stored is None else msgspec.msgpack.decode(unpack(stored)[1], type=OpenHold)
    return batch.hold(one.sku, one.value, known, one.cause)


def _fold_rebase(batch: StockBatch, one: Parsed, _store: PartitionStore) -> Verdict | None:
    rebase = one.value
    assert isinstance(rebase, StockRebase)
    change = Change(
        kind="ABSOLUTE",
        at=rebase.effective_at,
        recorded_at=one.cause.at,
        sequence=NEVER,
        identity=rebase_identity(rebase.rebase_id),
        offset=one.cause.offset,
        quantity=rebase.quantity,
        counted=rebase.quantity,
        web=0,
        previous=None,
        result=None,
    )
    return batch.rebase(one.sku, (rebase.location_code, rebase.bucket), change, one.cause)


def _fold_reservation(batch: StockBatch, one: Parsed, store: PartitionStore) -> Verdict | None:
    assert isinstance(one.value, ReservationRequest)
    stored = store.get(stock_keys.reservation(one.sku, one.value.reservation_id))
    return batch.reserve(one.sku, one.value, None if stored is None else _kept(stored), one.cause)


Fold = Callable[[StockBatch, Parsed, PartitionStore], Verdict | None]
_FOLDS: Mapping[type, Fold] = {
    Admitted: _fold_change,
    InventoryHold: _fold_hold,
    StockRebase: _fold_rebase,
    ReservationRequest: _fold_reservation,
}
CONTRACTS: Mapping[str, Contract[StockChange | Ours]] = {
    contract.topic: contract for contract in (STOCK_CHANGE, INVENTORY_HOLD, STOCK_REBASE, RESERVATION_REQUEST)
}
