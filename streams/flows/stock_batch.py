"""One batch of records of one partition, folded into the ledger: read, decide, and say what is to be written.

Nothing here waits: the flow around it reads before and writes after.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.models.cause import Cause as CauseModel
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.inventory import InventoryHold
from schemas.models.stock_reservation import ReservationRequest
from streams.domain import stock_entry
from streams.domain.reservation import Asked, Kept, due_at, fold_reservation, promisable
from streams.domain.reservation_goods import Taken, goods_taken, promised_to, waits_for
from streams.domain.scope import Change, Doubt, Scope
from streams.domain.stock_door import Admitted
from streams.domain.stock_entry import Cause, StockEntry
from streams.domain.stock_fold import Verdict, fold_change, fold_rebase, fold_scope, is_stated_by, taken, verdict_of
from streams.domain.stock_hold import OpenHold, fold_hold
from streams.domain.stock_rules import StockRules
from streams.domain.stock_snapshot import Crossing, settle
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.stock_movements import StoredBook
from streams.runtime.table import Write
from streams.runtime.versioned import pack
from streams.topics import STOCK_INPUTS


class Input(NamedTuple):
    """An input topic of the ledger: its number (stored state) and the incarnation of the topic."""

    number: int
    topic: str
    incarnation: int


class Alarm(NamedTuple):
    """A number that should be stated anew."""

    scope: Scope
    doubt: Doubt
    cause: Cause


@dataclass(slots=True)
class SkuFold:
    """One SKU of the batch: the entry as it was stored and as it now is."""

    sku: str
    """Item number as the source writes it: the message key."""
    shop_sku: str
    stored: StockEntry
    book: StoredBook
    entry: StockEntry
    fresh_from: int = 0
    """First offset of the input that the stored entry has not seen."""
    seen_to: int = 0
    """Offset after the last record that was new to it; 0 where there was none."""
    oldest_at: int = 0
    emit: bool = False
    accepted: int = 0
    ignored: int = 0
    dead: int = 0
    alarms: dict[tuple[int, Doubt], Alarm] = field(default_factory=dict)
    holds: dict[bytes, OpenHold] = field(default_factory=dict)
    reservations: dict[bytes, tuple[Kept | None, Kept]] = field(default_factory=dict)
    """By key: as it was stored, and as it is now."""
    promisable: int | None = None
    """What may still be reserved; known once the fold is finished."""
    crossings: tuple[Crossing, ...] = ()
    scopes: dict[tuple[str, str], Scope] = field(default_factory=dict)
    """By location and bucket: the entry's, as the records since it was made have changed them."""
    causes: list[tuple[str, Cause]] = field(default_factory=list)
    """Source code and cause of each of those records."""

    def __post_init__(self) -> None:
        self.renew(self.entry)

    def renew(self, entry: StockEntry) -> None:
        """Another entry, that contains everything so far."""
        self.entry, self.causes = entry, []
        self.scopes = {(scope.location, scope.bucket): scope for scope in entry.scopes}

    def whole(self) -> StockEntry:
        """The entry with everything so far."""
        if self.causes:
            self.renew(taken(self.entry, tuple(self.scopes.values()), self.causes))
        return self.entry

    @property
    def changed(self) -> bool:
        return self.seen_to > 0


class StockBatch:
    """Folds record by record; `finish` settles every SKU that changed."""

    def __init__(self, source: Input, rules: StockRules, epoch: int, now: int = 0) -> None:
        """`now` (µs) is when the batch is decided."""
        self._source, self._rules, self._epoch, self._now = source, rules, epoch, now
        self.folds: dict[str, SkuFold] = {}

    def open(self, sku: str, stored: StockEntry, book: StoredBook) -> None:
        fresh_from = stored.next_offset(self._source.number, self._source.incarnation)
        self.folds[sku] = SkuFold(sku, self._rules.sku_of(sku), stored, book, stored, fresh_from)

    def change(self, sku: str, admitted: Admitted, cause: Cause) -> Verdict | None:
        """One stock change; None for a redelivery, which changes nothing but has its snapshot sent again."""
        fold = self.folds[sku]
        if self._is_redelivery(fold, cause):
            return None
        place = admitted.location, admitted.bucket
        scope = fold.scopes.get(place)
        if scope is None or not is_stated_by(admitted, scope, self._rules):
            entry, verdict = fold_change(fold.whole(), admitted, cause, book=fold.book, rules=self._rules)
            fold.renew(entry)
            return self._noted(fold, verdict, cause)
        movements = fold.book.of(scope.number)
        step = fold_scope(scope, admitted.change, movements, self._rules.horizon)
        if isinstance(step, Verdict):
            return self._noted(fold, step, cause)
        movements.note(step.remember, step.forget)
        fold.scopes[place] = step.scope
        fold.causes.append((admitted.source_code, cause))
        return self._noted(fold, verdict_of(step), cause)

    def rebase(self, sku: str, place: tuple[str, str], change: Change, cause: Cause) -> Verdict | None:
        """An operator's restatement of (location, bucket)."""
        fold = self.folds[sku]
        if self._is_redelivery(fold, cause):
            return None
        entry, verdict = fold_rebase(fold.whole(), *place, change=change, book=fold.book)
        fold.renew(entry)
        return self._noted(fold, verdict, cause)

    def hold(self, sku: str, hold: InventoryHold, known: OpenHold | None, cause: Cause) -> Verdict | None:
        """A hold; None for a redelivery, as in `change`."""
        fold = self.folds[sku]
        if self._is_redelivery(fold, cause):
            return None
        key = stock_keys.hold(sku, hold.hold_id)
        step = fold_hold(fold.whole(), fold.holds.get(key, known), hold, cause)
        if step.hold is not None:
            fold.holds[key] = step.hold
        fold.renew(step.entry)
        return self._noted(fold, Verdict(ignored=step.ignored, dead=step.dead), cause)

    def reserve(self, sku: str, request: ReservationRequest, stored: Kept | None, cause: Cause) -> Verdict | None:
        """A request of a channel; None for a redelivery, as in `change`."""
        fold = self.folds[sku]
        if self._is_redelivery(fold, cause):
            return None
        key = stock_keys.reservation(sku, request.reservation_id)
        first, known = fold.reservations.get(key, (stored, stored))
        asked = Asked(request, cause.at, self._now, Version(self._epoch, fold.stored.counter + 1))
        step = fold_reservation(fold.whole(), known, asked, fold.shop_sku, self._rules)
        if step.kept is not None:
            fold.reservations[key] = (first, step.kept)
        fold.renew(step.entry)
        return self._noted(fold, Verdict(ignored=step.ignored), cause)

    def take_goods(self, sku: str, taken: Taken, stored: Callable[[], Iterable[tuple[bytes, Kept]]]) -> None:
        """A record of stock that counts and names an order: confirmed reservations of it hold that much less."""
        fold = self.folds[sku]
        if not fold.entry.promised:
            return
        for key, was in stored():
            before = fold.reservations.get(key)
            first, known = (was, was) if before is None else before
            if waits_for(known, taken):
                step = goods_taken(fold.whole(), known, taken)
                if step.kept is not None:
                    fold.reservations[key] = (first, step.kept)
                fold.renew(step.entry)

    def _is_redelivery(self, fold: SkuFold, cause: Cause) -> bool:
        if cause.offset >= fold.fresh_from:
            return False
        fold.emit = True
        return True

    @staticmethod
    def _noted(fold: SkuFold, verdict: Verdict, cause: Cause) -> Verdict:
        fold.seen_to = cause.offset + 1
        if verdict.dead is not None:
            fold.dead += 1
        elif verdict.ignored is not None:
            fold.ignored += 1
        else:
            fold.accepted += 1
            fold.emit = True
            fold.oldest_at = min(fold.oldest_at, cause.at) if fold.oldest_at else cause.at
        if verdict.doubt is not None and verdict.scope is not None:
            fold.alarms[verdict.scope.number, verdict.doubt] = Alarm(verdict.scope, verdict.doubt, cause)
        return verdict

    # ── what it comes to ─────────────────────────────────────────────────────────────────────────

    def finish(self, fold: SkuFold) -> tuple[list[Write], Mapping[str, int]]:
        """The SKU's writes, and what they add to the counts of the partition."""
        folded = fold.whole().seen_to(self._source.number, self._source.incarnation, fold.seen_to)
        settled = settle(fold.stored, folded, fold.shop_sku, self._rules)
        fold.entry, fold.crossings = settled.entry, settled.crossings
        fold.promisable = settled.promisable
        version = self.version(fold)
        entry = Write(stock_keys.entry(fold.sku), pack(version, stock_entry.encode(fold.entry)), version)
        holds = [Write(key, pack(version, msgspec.msgpack.encode(one)), version) for key, one in fold.holds.items()]
        writes = [entry, *fold.book.writes(version), *holds, *_reservation_writes(fold, version)]
        named = {
            f"{self._source.topic}/accepted": fold.accepted,
            f"{self._source.topic}/ignored": fold.ignored,
            f"{self._source.topic}/dead": fold.dead,
            "wms.stock-change.v1/handed": settled.changes.handed,
            "wms.stock-change.v1/parked": settled.changes.parked,
            "inventory.hold.v1/handed": settled.holds.handed,
            "inventory.hold.v1/parked": settled.holds.parked,
        }
        return writes, {name: number for name, number in named.items() if number}

    def version(self, fold: SkuFold) -> Version:
        return Version(self._epoch, fold.entry.counter)


def snapshot_of(fold: SkuFold, version: Version, partition: int, now: int, rules: StockRules) -> DesiredStock | None:
    """What Commerce should show of the SKU; None while no source of it has a base."""
    sources = tuple(
        SourceQuantity(
            state.code,
            state.quantity,
            int(state.in_stock),
            state.version,
            state.changes,
            state.holds,
            CauseModel(STOCK_INPUTS[state.cause_input].name, partition, state.cause_offset),
        )
        for state in fold.entry.sources
        if state.shown
    )
    if not sources:
        return None
    left = promisable(fold.entry, fold.shop_sku, rules) if fold.promisable is None else fold.promisable
    return DesiredStock(fold.shop_sku, *version, fold.oldest_at or now, sources, max(0, left))


def _reservation_writes(fold: SkuFold, version: Version) -> Iterator[Write]:
    """Each with when time alone changes it, and with the order whose goods it waits for."""
    for key, (stored, kept) in fold.reservations.items():
        yield Write(key, pack(version, msgspec.msgpack.encode(kept)), version)
        was, now = 0 if stored is None else due_at(stored.told), due_at(kept.told)
        if was and was != now:
            yield Write(stock_keys.due(was, key), None, version)
        if now:
            yield Write(stock_keys.due(now, key), pack(version, b""), version)
        order, after = "" if stored is None else promised_to(stored.told), promised_to(kept.told)
        if order and order != after:
            yield Write(stock_keys.promise(fold.sku, order, key), None, version)
        if after:
            yield Write(stock_keys.promise(fold.sku, after, key), pack(version, b""), version)
