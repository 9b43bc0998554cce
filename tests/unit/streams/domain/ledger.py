"""The ledger in memory, driven as the flow drives it: through the door, into the entry, settled once per batch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.models.inventory import InventoryHold
from schemas.models.stock_change import StockChange
from streams.domain import stock_entry
from streams.domain.movements import Movement, MovementList, rebase_identity
from streams.domain.scope import NEVER, Change, Scope
from streams.domain.stock_door import Admitted, Arrival, Refused, admit
from streams.domain.stock_entry import Cause, SourceState, StockEntry
from streams.domain.stock_fold import Verdict, fold_change, fold_rebase
from streams.domain.stock_hold import OpenHold, fold_hold
from streams.domain.stock_position import Terms, terms_of
from streams.domain.stock_rules import StockRules
from streams.domain.stock_snapshot import Crossing, Moved, settle

UNIT = 1_000_000
"""Micros of one unit; microseconds of one second."""

HOUR = 3600 * UNIT
HOURLY = StockRules(horizon=HOUR)
H = 3600
"""Seconds of HOURLY's horizon."""
T0 = 1_763_700_000 * UNIT
SKU = "A"


def stock_change(**fields: Any) -> StockChange:  # noqa: ANN401  any field of the model
    """A DELTA of 1 on hand at T0; `at` is in seconds after T0, `units` in whole units."""
    at = T0 + round(fields.pop("at", 0) * UNIT)
    plain: dict[str, Any] = {
        "source_system": "wms",
        "source_sequence": None,
        "owner_code": None,
        "sku": SKU,
        "uom": "EA",
        "location_code": "W1",
        "kind": "DELTA",
        "bucket": "ON_HAND",
        "quantity": round(fields.pop("units", 1) * UNIT),
        "previous_quantity": None,
        "resulting_quantity": None,
        "reason": "OTHER",
        "commerce_order": None,
        "effective_at": at,
        "recorded_at": at,
        **fields,
    }
    plain.setdefault("event_id", "-".join(str(plain[name]) for name in sorted(plain)))
    return StockChange(**plain)


def delta(units: float = 1, at: float = 0, **fields: Any) -> StockChange:  # noqa: ANN401  as above
    return stock_change(units=units, at=at, **fields)


def count(units: float = 10, at: float = 0, **fields: Any) -> StockChange:  # noqa: ANN401  as above
    return stock_change(units=units, at=at, kind="ABSOLUTE", **fields)


def hold_record(units: float = 1, **fields: Any) -> InventoryHold:  # noqa: ANN401  any field of the model
    plain: dict[str, Any] = {
        "hold_id": "h1",
        "revision": 1,
        "sku": SKU,
        "source_code": "W1",
        "kind": "SHIPPED_NOT_POSTED",
        "quantity": round(units * UNIT),
        "effective_at": T0,
        **fields,
    }
    return InventoryHold(**plain)


class Book:
    """Movements of every scope of one SKU (`streams.domain.stock_fold.MovementBook`)."""

    def __init__(self) -> None:
        self.scopes: dict[int, MovementList] = {}

    def of(self, scope: int) -> MovementList:
        return self.scopes.setdefault(scope, MovementList())

    def note(self, scope: int, remember: Movement | None, forget: tuple[Movement, ...]) -> None:
        self.of(scope).forget(forget)
        if remember is not None:
            self.of(scope).add(remember)


class Ledger:
    """One SKU.  Offsets count up from 0; the broker appends each record at its own effective time unless told."""

    def __init__(self, rules: StockRules | None = None, sku: str = SKU) -> None:
        self.rules, self.sku = rules or StockRules(), sku
        self.entry = StockEntry()
        self.book = Book()
        self.holds: dict[str, OpenHold] = {}
        self.offset = 0
        self.accepted = 0
        self.moved = Moved()
        self.moved_holds = Moved()
        self.crossings: list[Crossing] = []
        self.verdicts: list[Verdict] = []

    def take(self, *changes: StockChange, appended_at: int | None = None) -> list[str]:
        """One batch; what became of each record: `accepted`, or the reason why it was not."""
        before, told = self.entry, [self._fold(change, appended_at) for change in changes]
        self._settle(before)
        return told

    def one_by_one(self, changes: Iterable[StockChange]) -> list[str]:
        """Each record in a batch of its own."""
        return [told for change in changes for told in self.take(change)]

    def _fold(self, change: StockChange, appended_at: int | None) -> str:
        at = change.effective_at if appended_at is None else appended_at
        self.offset += 1
        admitted = admit(change, Arrival(self.offset, at), self.rules)
        if isinstance(admitted, Refused):
            return admitted.reason.value
        return self._folded(admitted, at)

    def _folded(self, admitted: Admitted, at: int) -> str:
        cause = Cause(0, self.offset, at)
        self.entry, verdict = fold_change(self.entry, admitted, cause, book=self.book, rules=self.rules)
        self.verdicts.append(verdict)
        if verdict.dead is not None:
            return verdict.dead.reason.value
        if verdict.ignored is not None:
            return verdict.ignored.value
        self.accepted += 1
        return "accepted"

    def hold(self, record: InventoryHold) -> str:
        """A batch with one hold."""
        before, cause = self.entry, Cause(1, self.offset, record.effective_at)
        step = fold_hold(self.entry, self.holds.get(record.hold_id), record, cause)
        self.entry = step.entry
        if step.hold is not None:
            self.holds[record.hold_id] = step.hold
        self._settle(before)
        return "accepted" if step.ignored is None else step.ignored.value

    def rebase(self, units: float, at: float, *, place: str = "W1", bucket: str = "ON_HAND", name: str = "r1") -> str:
        """A batch with one restatement by an operator."""
        before = self.entry
        quantity = round(units * UNIT)
        change = Change(
            kind="ABSOLUTE",
            at=T0 + round(at * UNIT),
            recorded_at=T0,
            sequence=NEVER,
            identity=rebase_identity(name),
            offset=0,
            quantity=quantity,
            counted=quantity,
            web=0,
            previous=None,
            result=None,
        )
        self.entry, verdict = fold_rebase(self.entry, place, bucket, change=change, book=self.book)
        self.verdicts.append(verdict)
        self._settle(before)
        if verdict.dead is not None:
            return verdict.dead.reason.value
        return "accepted" if verdict.ignored is None else verdict.ignored.value

    def _settle(self, before: StockEntry) -> None:
        settled = settle(before, self.entry, self.rules.sku_of(self.sku), self.rules)
        self.entry = settled.entry
        self.crossings += settled.crossings
        self.moved = _plus(self.moved, settled.changes)
        self.moved_holds = _plus(self.moved_holds, settled.holds)

    # ── what it holds ────────────────────────────────────────────────────────────────────────────

    @property
    def terms(self) -> Mapping[str, Terms]:
        return terms_of(self.entry, self.rules.sku_of(self.sku), self.rules)

    def source(self, code: str = "W1") -> SourceState:
        return self.entry.source(code)

    def quantity(self, code: str = "W1") -> float:
        """Units that Commerce should show."""
        return self.source(code).quantity / UNIT

    def scope(self, location: str = "W1", bucket: str = "ON_HAND") -> Scope:
        found = self.entry.scope(location, bucket)
        assert found is not None
        return found

    def values(self) -> dict[tuple[str, str], int]:
        """What each bucket holds."""
        return {(scope.location, scope.bucket): scope.value for scope in self.entry.scopes}

    @property
    def result(self) -> tuple[object, ...]:
        """Everything that decides what is shown, without bookkeeping."""
        shown = {state.code: (state.shown, state.quantity, state.in_stock) for state in self.entry.sources}
        return self.values(), dict(self.terms), shown

    @property
    def doubt(self) -> str | None:
        """What the last record that was folded left in doubt."""
        doubt = self.verdicts[-1].doubt
        return None if doubt is None else doubt.value

    @property
    def stored_bytes(self) -> int:
        return len(stock_entry.encode(self.entry))


def ledger_of(changes: Sequence[StockChange], rules: StockRules | None = None) -> Ledger:
    ledger = Ledger(rules)
    ledger.one_by_one(changes)
    return ledger


def _plus(one: Moved, other: Moved) -> Moved:
    return Moved(one.handed + other.handed, one.parked + other.parked)
