"""Compares the shop's stock with what it acknowledged: by itself in windows and once a day, and when a person asks.

It runs inside the lane, in the one worker that writes: there the rows are, and who is about to change them, and what is
repaired goes out by the lane's own calls.  One run at a time; it ends with the lane.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

import msgspec

from schemas.models.operations import Audit
from streams.domain import lane_rows
from streams.domain import reservation_candidates as reservations
from streams.domain.breaker import BreakerState
from streams.domain.derived_id import derived_id
from streams.domain.drift import KINDS, REPAIRABLE, Drift, judge
from streams.domain.lane_rows import Shown
from streams.domain.quantities import to_decimal
from streams.domain.reconciliation import ReconcileRules, Request, Run, RunState, Scope, next_daily
from streams.runtime import outbox
from streams.runtime.logs import logger
from streams.runtime.metrics import (
    DRIFT_FOUND,
    DRIFT_ITEMS,
    DRIFT_REPAIRED,
    INCONSISTENT,
    RECONCILE_CALLS,
    RECONCILE_INTERVAL,
    RECONCILE_SECONDS,
    RECONCILED,
)
from streams.runtime.outbox import Message
from streams.sinks.lane_context import LaneContext
from streams.sinks.reservation_check import ReservationCheck
from streams.sinks.shop_reads import ShopAwayError
from streams.sinks.stock_comparison import StockComparison
from streams.topics import AUDIT

LOOK_EVERY = timedelta(seconds=1)
AGAIN_AFTER = timedelta(seconds=60)
"""A run that was refused or failed."""
DAY = timedelta(days=1)
OVERLAP_S = 60
"""A window reaches so far back behind the run before it: calls that ended while it ran."""
RUNS_KEPT = 30
REPAIR_STOCK = "repair-stock"
SECOND = 1_000_000
_LOG = logger("streams.reconciliation")


class Reconciliation:
    """`runs` holds the last ones, newest first; the first may be under way."""

    def __init__(
        self, context: LaneContext, rules: ReconcileRules, mode: Callable[[], str], wake: Callable[[], None]
    ) -> None:
        self._at, self.rules, self._mode, self._wake = context, rules, mode, wake
        self.runs: list[Run] = []
        self.next_at: dict[Scope, datetime] = {}
        self.busy = asyncio.Lock()
        """Held while rows are changed: then nobody may cancel."""
        self._asked: deque[Request] = deque(maxlen=1)
        self._window_from = 0

    @property
    def current(self) -> Run | None:
        """The run that is under way."""
        return self.runs[0] if self.runs and self.runs[0].state is RunState.RUNNING else None

    def last(self, scope: Scope) -> Run | None:
        """The newest one that came to its end."""
        return next((run for run in self.runs if run.request.scope is scope and run.state is RunState.DONE), None)

    def refusal(self, scope: Scope = Scope.FULL) -> str:
        """Why no run may begin now, with the way out; empty where one may."""
        current, breaker = self.current, self._at.gate.breaker
        if current is not None:
            return f"a {current.request.scope} run of {current.request.by} is under way; wait for its end"
        if scope is Scope.RESERVATIONS and self._at.reservations is None:
            return f"{self._at.gate.target} does not let its reservations be seen; a shop with single stock has no list"
        if scope is not Scope.RESERVATIONS and self._mode() == "shadow":
            return (
                "the sink is in mode shadow, so the shop acknowledged nothing that could be compared; "
                "what would be written is on the page / (or `commerce-streams sinks run commerce` first)"
            )
        if breaker.state is not BreakerState.CLOSED:
            return (
                f"{self._at.gate.target} cannot be asked now ({breaker.why}); nothing was begun. "
                "`commerce-streams doctor` says more; once it answers, ask again"
            )
        return ""

    def ask(self, request: Request) -> None:
        """A person asks; refused at once where it cannot begin, told by its run."""
        why = self.refusal(request.scope) or ("another run is asked for already" if self._asked else "")
        if why:
            self._refused(request, why)
        else:
            self._asked.append(request)

    def _refused(self, request: Request, why: str) -> None:
        run = Run(request, self._at.clock.micros())
        run.ended(RunState.REFUSED, run.started_at, why)
        self._remember(run)

    def _remember(self, run: Run) -> None:
        """Behind the one that is under way: that stays the first.  Only the newest of each scope keep their lists."""
        self.runs.insert(1 if self.current else 0, run)
        del self.runs[RUNS_KEPT:]
        for scope in Scope:
            for old in [one for one in self.runs if one.request.scope is scope][2:]:
                old.drift.clear()
                old.findings.clear()

    # ── when ─────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Until cancelled, which is to be done under `busy`."""
        self._begin()
        try:
            while True:
                await self._at.clock.sleep(LOOK_EVERY)
                await self._look()
        finally:
            self._end()

    def _begin(self) -> None:
        now = self._at.clock.now()
        self.next_at = {}
        if self.rules.every:
            self.next_at[Scope.WINDOW] = now + self.rules.every
            RECONCILE_INTERVAL.labels(Scope.WINDOW).set(self.rules.every.total_seconds())
        for scope, at in self._daily.items():
            self.next_at[scope] = next_daily(at, now)
            RECONCILE_INTERVAL.labels(scope).set(DAY.total_seconds())
        for scope in self.next_at:
            RECONCILED.labels(scope).set(now.timestamp())
        self._window_from = self._at.clock.micros()

    @property
    def _daily(self) -> dict[Scope, time]:
        """What comes by itself once a day."""
        times = {Scope.FULL: self.rules.full_at}
        if self._at.reservations is not None:
            times[Scope.RESERVATIONS] = self.rules.reservations_at
        return {scope: at for scope, at in times.items() if at is not None}

    def _end(self) -> None:
        """Whoever has the lane next tells these; what stood here would grow old."""
        if self.current is not None:
            self.current.ended(RunState.STOPPED, self._at.clock.micros(), "the lane was closed, or began anew")
        self._asked.clear()
        for scope in Scope:
            for gauge in (RECONCILED, RECONCILE_INTERVAL, RECONCILE_SECONDS, RECONCILE_CALLS):
                gauge.remove(scope)
            for kind in KINDS:
                DRIFT_ITEMS.remove(scope, kind)
        for one in reservations.KINDS:
            INCONSISTENT.remove(one)

    async def _look(self) -> None:
        if self._asked:
            await self.carry_out(self._asked.popleft())
            return
        now = self._at.clock.now()
        for scope in (Scope.FULL, Scope.RESERVATIONS, Scope.WINDOW):
            due = self.next_at.get(scope)
            if due is not None and due <= now:
                await self._by_itself(scope)
                return

    async def _by_itself(self, scope: Scope) -> None:
        """The next one is due in time, or soon where this one did not come to its end."""
        began = self._at.clock.micros()
        since = (began - self._window_from) / SECOND + OVERLAP_S
        request = Request(f"{scope}-{began}", scope, window_s=since)
        why = self.refusal(scope)
        if why:
            _LOG.info("run-refused", scope=str(scope), why=why[:200])
        is_done = not why and await self.carry_out(request) is RunState.DONE
        if is_done and scope is Scope.WINDOW:
            self._window_from = began
        now = self._at.clock.now()
        if not is_done:
            self.next_at[scope] = now + AGAIN_AFTER
        elif scope is Scope.WINDOW:
            self.next_at[scope] = now + self.rules.every
        else:
            self.next_at[scope] = next_daily(self._daily[scope], now)

    # ── one run ──────────────────────────────────────────────────────────────────────────────────

    async def carry_out(self, request: Request) -> RunState:
        """Raises LeaseLostError; then it is stopped."""
        repair = self.rules.repair if request.repair is None else frozenset(request.repair)
        run = Run(request, self._at.clock.micros(), repair)
        self._remember(run)
        try:
            await self._compare(run)
        except* ShopAwayError as away:
            run.ended(RunState.FAILED, self._at.clock.micros(), str(away.exceptions[0])[:300])
        else:
            run.ended(RunState.DONE, self._at.clock.micros())
        self._tell(run)
        return run.state

    async def _compare(self, run: Run) -> None:
        """Raises ShopAwayError, LeaseLostError."""
        source = self._at.reservations
        if run.request.scope is Scope.RESERVATIONS and source is not None:
            await ReservationCheck(self._at, source, self.rules, run).run()
            return
        comparison = StockComparison(self._at, self.rules, run, self._repair)
        if run.request.scope is Scope.FULL:
            await comparison.full()
        else:
            await comparison.since(run.started_at - int(run.request.window_s * SECOND))

    def _tell(self, run: Run) -> None:
        scope = run.request.scope
        found = {str(kind): run.looks[kind] for kind in KINDS} | {str(one): n for one, n in run.inconsistent.items()}
        for kind in KINDS:
            DRIFT_FOUND.labels(kind).inc(run.looks[kind])
            DRIFT_REPAIRED.labels(kind).inc(run.repaired[kind])
        if run.state is RunState.DONE:
            RECONCILED.labels(scope).set(run.ended_at / SECOND)
            RECONCILE_SECONDS.labels(scope).set((run.ended_at - run.started_at) / SECOND)
            RECONCILE_CALLS.labels(scope).set(run.calls)
            self._measure(run)
        log = _LOG.warning if run.found or run.state is not RunState.DONE else _LOG.info
        log("run-ended", scope=str(scope), state=str(run.state), compared=run.compared, calls=run.calls, **found)

    @staticmethod
    def _measure(run: Run) -> None:
        if run.request.scope is Scope.RESERVATIONS:
            for one in reservations.KINDS:
                INCONSISTENT.labels(one).set(run.inconsistent[one])
            return
        for kind in KINDS:
            DRIFT_ITEMS.labels(run.request.scope, kind).set(run.looks[kind] - run.repaired[kind])

    # ── repairs ──────────────────────────────────────────────────────────────────────────────────

    async def _repair(self, run: Run, drift: Sequence[Drift]) -> Sequence[Drift]:
        """Due again, as far as the policy says so and the row still is as it was; audited before it is done."""
        wanted = [one for one in drift if one.kind in run.repair and one.kind in REPAIRABLE]
        if not wanted:
            return drift
        now = self._at.clock.micros()
        async with self.busy:
            await outbox.send(
                self._at.writer, [self._audit(run, one, now) for one in wanted], generation=self._at.generation
            )
            async with self._at.table.lock:
                entries = self._at.table.entries(one.pair.sku for one in wanted)
                done = []
                for one in wanted:
                    row = entries[one.pair.sku].row(one.pair.source_code)
                    held = self._at.index.is_held(one.pair)
                    if row is not None and row.acked == one.ours and judge(row, one.theirs, is_held=held) is one.kind:
                        row = lane_rows.overwritten(row, one.theirs, now)
                        entries[one.pair.sku] = entries[one.pair.sku].with_row(row)
                        done.append((one.pair, row))
                await self._at.table.keep(entries, (), generation=self._at.generation)
            for pair, row in done:
                self._at.index.add(pair.sku, row, now=True)
        self._wake()
        repaired = {pair for pair, _row in done}
        return [msgspec.structs.replace(one, is_repaired=one.pair in repaired) for one in drift]

    def _audit(self, run: Run, drift: Drift, now: int) -> Message:
        """A repeat of the same repair has the same id."""
        source, sku = drift.pair
        audit = Audit(
            audit_id=derived_id("audit", REPAIR_STOCK, run.request.run, source, sku),
            at=now,
            actor=run.request.by,
            action=REPAIR_STOCK,
            entity_type="sku",
            entity=sku,
            before=f"{source}: {text_of(drift.theirs)}",
            after=f"{source}: {text_of(drift.ours)}",
            reason=f"reconciliation: {drift.kind}",
        )
        return Message(AUDIT.name, sku.encode(), self._at.encode(AUDIT.name, audit))


def text_of(shown: Shown | None) -> str:
    """For people."""
    if shown is None:
        return "not there"
    return f"{to_decimal(shown.quantity)} {'in stock' if shown.in_stock else 'out of stock'}"
