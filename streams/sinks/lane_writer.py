"""Sends rows to the shop and settles each by the answer.

Every call writes absolute values, so it can be repeated.  Repeatable is not ordered: an intent is acknowledged before
the call, and after an unknown outcome the rows stay frozen until the first call can no longer be running
(`LaneReadback`).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from connectors.core.errors import (
    ConnectorError,
    LeaseLostError,
    MaskedFailureError,
    PermanentError,
    TooManyItemsError,
    UnknownOutcomeError,
)
from schemas.models.operations import OutcomeState
from schemas.models.source_item import StockPair
from streams.domain import lane_rows
from streams.domain.lane_rows import RowState, Settled, SkuRows
from streams.domain.reasons import DeadReason, ParkReason
from streams.runtime.dead_letters import Letter
from streams.runtime.logs import logger
from streams.runtime.lookback import Place
from streams.runtime.metrics import (
    COALESCED,
    EFFECT_DELAY,
    EFFECTS,
    FRESH,
    FRESHNESS,
    IN_FLIGHT,
    UNKNOWN_OUTCOMES,
)
from streams.sinks.lane_calls import Item, call_id, halves, in_write_order
from streams.sinks.lane_context import OPERATION, LaneContext
from streams.sinks.lane_table import Intent

MASKED_TRIES = 3
MASKED_PAUSE = timedelta(milliseconds=400)
FLOW = "stock"
_LOG = logger("streams.stock-lane")


class LaneWriter:
    """One call at a time per group of sources; several groups may call side by side."""

    def __init__(self, context: LaneContext, freeze: Callable[[Intent, timedelta], None]) -> None:
        self._at = context
        self._freeze = freeze
        self._taken = 0
        """Calls that the target took since the last `write` began, by any group."""

    async def write(self, pairs: Sequence[StockPair]) -> None:
        """Bring these rows to the shop; whatever is left of them afterwards is due again, frozen or set aside."""
        self._taken = 0
        began = self._at.clock.micros()
        frozen = await self._attempt(pairs, tries=0)
        left = [pair for pair in pairs if pair not in frozen]
        self._at.index.release(left, await self._at.entries(left), acked_since=began)

    async def _attempt(self, pairs: Sequence[StockPair], *, tries: int) -> frozenset[StockPair]:
        """One call, and what its answer leads to.  The pairs that are frozen now."""
        items = await self._items(pairs)
        if not items:
            return frozenset()
        intent = Intent(call_id(items), self._at.clock.micros(), tuple((item.sku, item.row) for item in items))
        async with self._at.table.lock:
            await self._at.table.begin(intent, generation=self._at.generation)
        started = self._at.clock.monotonic()
        error = await self._call(items)
        if error is None:
            await self.acknowledge(items, intent)
            return frozenset()
        if isinstance(error, UnknownOutcomeError):
            UNKNOWN_OUTCOMES.labels(self._at.gate.target, OPERATION).inc()
            passed = timedelta(seconds=self._at.clock.monotonic() - started)
            self._freeze(intent, max(timedelta(0), self._at.settle - passed))
            return frozenset(intent.pairs)
        await self._forget(intent)
        return await self._answered(items, error, tries)

    async def _call(self, items: Sequence[Item]) -> ConnectorError | None:
        """What the target said; None where it took all rows."""
        at = self._at
        started = at.clock.monotonic()
        at.gate.leaving()
        with IN_FLIGHT.labels(at.gate.target).track_inprogress():
            try:
                await at.port.write_source_items([item.source_item for item in items])
            except LeaseLostError:
                raise
            except ConnectorError as error:
                self._note(error, items)
                return error
        at.gate.succeeded()
        self._taken += 1
        at.index.size = at.index.size.answered(len(items), at.clock.monotonic() - started)
        return None

    def _note(self, error: ConnectorError, items: Sequence[Item]) -> None:
        about_content = isinstance(error, (PermanentError, MaskedFailureError))
        if about_content:
            self._at.gate.succeeded()
        else:
            self._at.gate.failed(error)
        kind = type(error).__name__
        _LOG.warning("call-failed", error=kind, rows=len(items), first=items[0].sku, status=error.status)

    async def _answered(self, items: Sequence[Item], error: ConnectorError, tries: int) -> frozenset[StockPair]:
        if isinstance(error, TooManyItemsError):
            self._at.index.size = self._at.index.size.limited(error.maximum)
            return frozenset()
        if isinstance(error, MaskedFailureError):
            return await self._masked(items, error, tries)
        if isinstance(error, PermanentError):
            return await self._rejected(items, error)
        return frozenset()  # the target as a whole: the gate waits, the rows stay due

    async def _masked(self, items: Sequence[Item], error: MaskedFailureError, tries: int) -> frozenset[StockPair]:
        """The answer hides a deadlock or a lasting refusal: again, then in halves, down to the row that fails alone.

        A row that fails while others pass waits for its next version; where nothing passes, the target is at fault.
        """
        if tries + 1 < MASKED_TRIES:
            await self._at.clock.sleep(MASKED_PAUSE * (2**tries) * (0.5 + self._at.clock.random()))
            return await self._attempt([item.pair for item in items], tries=tries + 1)
        if len(items) > 1:
            return await self._in_halves(items, tries)
        if self._taken:
            await self._park(items[0])
        else:
            self._at.gate.failed(error)
        return frozenset()

    async def _rejected(self, items: Sequence[Item], error: PermanentError) -> frozenset[StockPair]:
        """Only the first bad row is named, if any: the request is halved until it stands alone."""
        if len(items) > 1:
            return await self._in_halves(items, 0)
        await self.set_aside(items, DeadReason.REJECTED, error.message)
        return frozenset()

    async def _in_halves(self, items: Sequence[Item], tries: int) -> frozenset[StockPair]:
        frozen: frozenset[StockPair] = frozenset()
        for half in halves(items):
            if self._at.gate.ready_in() == 0:  # else they stay due
                frozen |= await self._attempt([item.pair for item in half], tries=tries)
        return frozen

    async def _items(self, pairs: Sequence[StockPair]) -> list[Item]:
        """The rows as they are wanted now, in the order of writing; rows at unknown sources are set aside."""
        entries = await self._at.entries(pairs)
        items = []
        for pair in pairs:
            row = entries[pair.sku].row(pair.source_code)
            if row is not None and row.state is RowState.DIRTY:
                items.append(Item(pair.sku, row))
        unknown = await self._at.sources.unknown(item.row.source_code for item in items)
        lost = [item for item in items if item.row.source_code in unknown]
        if lost:
            await self.set_aside(lost, DeadReason.UNKNOWN_SOURCE, "Commerce has no source of this code")
        return in_write_order(item for item in items if item not in lost)

    # ── settling ─────────────────────────────────────────────────────────────────────────────────

    async def acknowledge(self, items: Sequence[Item], intent: Intent) -> None:
        """The shop shows these values."""
        now = self._at.clock.micros()
        await self._at.settle_rows(
            items,
            lambda entry, item: lane_rows.acknowledged(_row(entry, item), item.row, now, intent.started_at),
            ended=[intent],
            told=lambda item, settled: self._at.outcome(item, settled, "APPLIED", intent),
        )
        self._measure(items, now)
        EFFECTS.labels(self._at.gate.target, OPERATION, "applied").inc(len(items))
        self._at.catalogue.written(item.sku for item in items if item.row.acked is None)

    def _measure(self, items: Sequence[Item], now: int) -> None:
        """How old the changes were, whether that is within the promise, and how many shared a row."""
        for item in items:
            delay = max(0, now - item.row.dirty_since)
            EFFECT_DELAY.labels(FLOW).observe(delay / 1_000_000)
            FRESH.labels(FLOW).inc(self._at.index.is_fresh(item.sku, delay))
            COALESCED.inc(max(0, item.row.open_changes + item.row.open_holds - 1))
        FRESHNESS.labels(FLOW).inc(len(items))

    async def set_aside(self, items: Sequence[Item], reason: DeadReason, detail: str) -> None:
        """The letters hold the original records; they are acknowledged before the rows are settled."""
        originals = await self._at.lookback.read(Place(*_place(item)) for item in items)
        letters = [
            Letter(originals[Place(*_place(item))], reason, f"{item.row.source_code}: {detail}")
            for item in items
            if Place(*_place(item)) in originals
        ]
        await self._at.letters.send(letters, generation=self._at.generation)
        await self._settle_failed(items, lambda row, item: lane_rows.refused(row, item.row, reason), "DEAD", reason)

    async def _park(self, item: Item) -> None:
        reason = ParkReason.REFUSED_ALONE
        await self._settle_failed([item], lambda row, _item: lane_rows.parked(row, reason), "PARKED", reason)

    async def _settle_failed(
        self,
        items: Sequence[Item],
        decide: Callable[[lane_rows.Row, Item], Settled],
        state: OutcomeState,
        reason: str,
    ) -> None:
        await self._at.settle_rows(
            items,
            lambda entry, item: decide(_row(entry, item), item),
            told=lambda item, settled: self._at.outcome(item, settled, state, None, reason),
        )
        EFFECTS.labels(self._at.gate.target, OPERATION, state.lower()).inc(len(items))
        for item in items:
            _LOG.warning("row-set-aside", state=state, reason=reason, sku=item.sku, source=item.row.source_code)

    async def _forget(self, intent: Intent) -> None:
        """The call provably had no effect, or may be repeated at once."""
        async with self._at.table.lock:
            await self._at.table.keep({}, (), ended=[intent], generation=self._at.generation)


def _row(entry: SkuRows, item: Item) -> lane_rows.Row:
    return entry.row(item.row.source_code) or item.row


def _place(item: Item) -> tuple[str, int, int]:
    cause = item.row.cause
    return cause.topic, cause.partition, cause.offset
