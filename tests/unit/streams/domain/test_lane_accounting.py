"""No record is lost or counted twice between the ledger and the shop, whatever the shop answers and when."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from schemas.models.inventory import HoldKind
from schemas.models.stock_change import StockChange
from streams.domain import lane_rows
from streams.domain.lane_rows import CHANGES, HOLDS, Count, Row, RowState, Settled, SkuRows
from streams.domain.reasons import DeadReason, ParkReason
from streams.domain.stock_rules import PairTable, StockRules
from streams.topics import STOCK_INPUTS
from tests.unit.streams.domain.histories import Sketch, records_of, sketches
from tests.unit.streams.domain.ledger import UNIT, Ledger, hold_record

SOURCES = ("main", "other")
RULES = StockRules(locations={"W1": "main", "W2": "other"}, allocations={"wms": "other"}, horizon=200)
ENDS = ("applied", "superseded", "dead")


class Accounting(RuleBasedStateMachine):
    """One SKU from the WMS to the shop.

    Snapshots reach the lane late, more than once, or not at all: the topic is compacted, and each contains all before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(RULES)
        self.lane = SkuRows()
        self.sent: list[DesiredStock] = []
        self.call: dict[str, Row] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.accepted: Counter[str] = Counter()
        self.records: Iterator[StockChange] = iter(())
        self.revisions: Counter[str] = Counter()
        self.now = 1

    @initialize(history=st.lists(sketches(600), min_size=20, max_size=60))
    def begins(self, history: list[Sketch]) -> None:
        self.records = iter(records_of(history))

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────

    @rule(length=st.integers(1, 6))
    def takes_a_batch(self, length: int) -> None:
        batch = list(itertools.islice(self.records, length))
        self.accepted[CHANGES] += self.ledger.take(*batch).count("accepted")
        self._emit()

    @rule(name=st.sampled_from("abc"), code=st.sampled_from(SOURCES), units=st.integers(0, 5), older=st.booleans())
    def takes_a_hold(self, name: str, code: str, units: int, older: bool) -> None:  # noqa: FBT001
        self.revisions[name] += 0 if older else 1
        kind: HoldKind = "ALLOCATION" if name == "a" else "SHIPPED_NOT_POSTED"
        told = self.ledger.hold(
            hold_record(units, hold_id=name, revision=self.revisions[name], source_code=code, kind=kind)
        )
        self.accepted[HOLDS] += told == "accepted"
        self._emit()

    @rule(units=st.integers(0, 9), at=st.integers(0, 600))
    def takes_a_rebase(self, units: int, at: int) -> None:
        self.now += 1
        self.ledger.rebase(units, at / UNIT, name=f"r{self.now}")
        self._emit()

    @rule(units=st.integers(0, 3))
    def takes_another_buffer(self, units: int) -> None:
        self.ledger.rules = StockRules(
            locations=RULES.locations, allocations=RULES.allocations, horizon=200, buffers=PairTable(units * UNIT)
        )

    def _emit(self) -> None:
        entry = self.ledger.entry
        sources = tuple(
            SourceQuantity(
                state.code,
                state.quantity,
                int(state.in_stock),
                state.version,
                state.changes,
                state.holds,
                Cause(STOCK_INPUTS[state.cause_input].name, 0, state.cause_offset),
            )
            for state in entry.sources
            if state.shown
        )
        if sources:
            self.sent.append(DesiredStock("A", 1, entry.counter, self.now, sources))

    # ── the lane ─────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def folds_a_snapshot(self, data: st.DataObject) -> None:
        self.now += 1
        folded = lane_rows.fold(self.lane, data.draw(st.sampled_from(self.sent[-4:])), self.now)
        self.lane = folded.entry
        self._count(folded.counts)

    @precondition(lambda self: not self.call)
    @rule()
    def sends_the_dirty_rows(self) -> None:
        self.call = {row.source_code: row for row in self.lane.rows if row.state is RowState.DIRTY}

    @precondition(lambda self: self.call)
    @rule(answers=st.lists(st.sampled_from(["take", "refuse", "park", "fail"]), min_size=2, max_size=2))
    def gets_an_answer(self, answers: list[str]) -> None:
        for answer, (code, written) in zip(answers, self.call.items(), strict=False):
            row = self.lane.row(code)
            assert row is not None
            assert row.state is RowState.DIRTY
            if answer == "fail":
                continue
            settled = self._settled(answer, row, written)
            self.lane = self.lane.with_row(settled.row)
            self._count(settled.counts)
        self.call = {}

    @rule()
    def tries_parked_rows_again(self) -> None:
        for row in self.lane.rows:
            settled = lane_rows.tried_again(row)
            self.lane = self.lane.with_row(settled.row)
            self._count(settled.counts)

    def _settled(self, answer: str, row: Row, written: Row) -> Settled:
        if answer == "park":
            return lane_rows.parked(row, written, ParkReason.REFUSED_ALONE, self.now)
        if answer == "refuse":
            return lane_rows.refused(row, written, DeadReason.REJECTED)
        return lane_rows.acknowledged(row, written, self.now)

    def _count(self, counts: Sequence[Count]) -> None:
        for topic, outcome, records in counts:
            self.counts[topic, outcome] += records

    # ── what must hold ───────────────────────────────────────────────────────────────────────────

    @invariant()
    def every_accepted_record_is_handed_on_or_parked_by_the_ledger(self) -> None:
        for topic, moved in ((CHANGES, self.ledger.moved), (HOLDS, self.ledger.moved_holds)):
            assert self.accepted[topic] == moved.handed + moved.parked
            assert min(moved) >= 0

    @invariant()
    def every_record_that_reached_the_lane_ended_or_is_open_in_a_row(self) -> None:
        assert min(self.counts.values(), default=0) >= 0
        for topic, handed in ((CHANGES, self.ledger.moved.handed), (HOLDS, self.ledger.moved_holds.handed)):
            ended = sum(self.counts[topic, outcome] for outcome in ENDS)
            reached = sum(_contained(row, topic) for row in self.lane.rows)
            waiting = sum(_open(row, topic) for row in self.lane.rows)
            parked = sum(_open(row, topic) for row in self.lane.rows if row.state is RowState.PARKED)

            assert ended + waiting == reached <= handed
            assert parked == self.counts[topic, "parked"]

    @invariant()
    def no_row_has_less_than_no_open_record_and_none_rests_with_one(self) -> None:
        for row in self.lane.rows:
            assert min(row.open_changes, row.open_holds) >= 0
            if row.state in (RowState.CLEAN, RowState.DEAD):
                assert (row.open_changes, row.open_holds) == (0, 0)
            assert (row.state is RowState.DEAD) or not row.dead_topic

    @invariant()
    def a_clean_row_shows_what_is_wanted(self) -> None:
        assert all(row.acked == row.wanted for row in self.lane.rows if row.state is RowState.CLEAN)
        assert all(row.acked_version <= row.version for row in self.lane.rows)

    def teardown(self) -> None:
        """After the last snapshot, another try for what was set aside, and good answers: nothing is open."""
        for one in (*self.sent[-1:], *self.sent[-1:]):
            folded = lane_rows.fold(self.lane, one, self.now)
            self.lane = folded.entry
            self._count(folded.counts)
        for row in [row for row in self.lane.rows if row.state is not RowState.CLEAN]:
            assert row.state is RowState.DIRTY
            settled = lane_rows.acknowledged(row, row, self.now)
            self._count(settled.counts)
            self.lane = self.lane.with_row(settled.row)
        for topic, moved in ((CHANGES, self.ledger.moved), (HOLDS, self.ledger.moved_holds)):
            assert moved.handed == sum(self.counts[topic, outcome] for outcome in ENDS)
            assert self.counts[topic, "parked"] == 0


def _contained(row: Row, topic: str) -> int:
    return row.changes if topic == CHANGES else row.holds


def _open(row: Row, topic: str) -> int:
    return row.open_changes if topic == CHANGES else row.open_holds


TestAccounting = Accounting.TestCase
TestAccounting.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
