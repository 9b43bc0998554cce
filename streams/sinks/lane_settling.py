"""What becomes of rows once the shop has spoken: acknowledged, set aside with a letter, parked, or dirty again."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.models.operations import Outcome, OutcomeState
from schemas.models.source_item import StockPair
from streams.domain import lane_rows
from streams.domain.lane_rows import Row, RowState, Settled, SkuRows
from streams.domain.reasons import DeadReason, ParkReason
from streams.runtime.dead_letters import Letter, SourceRecord
from streams.runtime.logs import logger
from streams.runtime.lookback import Place, UnreadableError
from streams.runtime.metrics import COALESCED, EFFECT_DELAY, EFFECTS, FRESH, FRESHNESS
from streams.sinks.lane_calls import Item
from streams.sinks.lane_context import OPERATION, LaneContext
from streams.sinks.lane_table import Intent

FLOW = "stock"
NO_TIMESTAMP = -1
"""As Kafka says it."""
_LOG = logger("streams.stock-lane")


@dataclass(slots=True)
class GoneRecord:
    """What is known of a record that has left the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    timestamp: int = NO_TIMESTAMP
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()


class LaneSettling:
    """Each row is decided anew on what is stored by then: it may want another value."""

    def __init__(self, context: LaneContext) -> None:
        self._at = context

    async def acknowledge(self, items: Sequence[Item], intent: Intent) -> None:
        """The shop shows these values.  A row that was clean was only shown once more: nothing about it is new."""
        items = [item for item in items if item.row.state is RowState.DIRTY]
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

    async def set_aside(self, items: Sequence[Item], reason: DeadReason, detail: str) -> bool:
        """The letters hold the original records; they are acknowledged before the rows are settled.

        False where those cannot be read now: nothing was set aside, the rows stay dirty.
        """
        try:
            originals = await self._at.lookback.recall(_place(item) for item in items)
        except UnreadableError as error:
            _LOG.warning("originals-unreadable", rows=len(items), first=items[0].sku, error=str(error)[:200])
            return False
        letters = [_letter(item, originals[_place(item)], reason, detail) for item in items]
        await self._at.letters.send(letters, generation=self._at.generation)
        await self._at.settle_rows(
            items,
            lambda entry, item: lane_rows.refused(_row(entry, item), item.row, reason),
            told=lambda item, settled: self._at.outcome(item, settled, "DEAD", None, reason),
        )
        for item in items:
            self._note(item, "DEAD", reason)
        return True

    async def park(self, item: Item) -> None:
        """The shop takes others, but not this one, and does not say why."""
        reason, now = ParkReason.REFUSED_ALONE, self._at.clock.micros()

        def told(item: Item, settled: Settled) -> Outcome | None:
            if settled.row.state is not RowState.PARKED:
                return None  # it wants another value by now
            self._note(item, "PARKED", reason)
            return self._at.outcome(item, settled, "PARKED", None, reason)

        await self._at.settle_rows(
            [item], lambda entry, one: lane_rows.parked(_row(entry, one), one.row, reason, now), told=told
        )

    def _note(self, item: Item, state: OutcomeState, reason: str) -> None:
        EFFECTS.labels(self._at.gate.target, OPERATION, state.lower()).inc()
        _LOG.warning("row-set-aside", state=state, reason=reason, sku=item.sku, source=item.row.source_code)

    async def try_again(self, pairs: Sequence[StockPair]) -> None:
        """Parked rows are dirty again and due at once; rows that were put off are due at once."""
        entries = await self._at.entries(pairs)
        rows = [(pair.sku, entries[pair.sku].row(pair.source_code)) for pair in pairs]
        parked = [Item(sku, row) for sku, row in rows if row is not None and row.state is RowState.PARKED]
        if parked:
            entries |= await self._at.settle_rows(
                parked,
                lambda entry, item: lane_rows.tried_again(_row(entry, item)),
                told=lambda _item, _settled: None,
            )
        for pair in pairs:
            row = entries[pair.sku].row(pair.source_code)
            if row is not None:
                self._at.index.add(pair.sku, row, now=True)

    async def forget(self, intent: Intent) -> None:
        """The call provably had no effect, or may be repeated at once."""
        async with self._at.table.lock:
            await self._at.table.keep({}, (), ended=[intent], generation=self._at.generation)


def _row(entry: SkuRows, item: Item) -> Row:
    return entry.row(item.row.source_code) or item.row


def _place(item: Item) -> Place:
    cause = item.row.cause
    return Place(cause.topic, cause.partition, cause.offset)


def _letter(item: Item, original: SourceRecord | None, reason: DeadReason, detail: str) -> Letter:
    """Nothing is dead without one: where the record is gone, the letter says what it was and where it lay."""
    record = original or GoneRecord(*_place(item), key=item.sku.encode())
    return Letter(record, reason, f"{item.row.source_code}: {detail}", value_gone=original is None)
