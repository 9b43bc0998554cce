"""Sends rows to the shop and finds out by its answers what becomes of each.

Every call writes absolute values, so it can be repeated.  Repeatable is not ordered: an intent is acknowledged before
the call, and after an unknown outcome the rows stay frozen until the first call can no longer be running
(`LaneReadback`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.core.errors import (
    ConnectorError,
    LeaseLostError,
    MaskedFailureError,
    PermanentError,
    TooManyItemsError,
    UnknownOutcomeError,
)
from schemas.models.source_item import StockPair
from streams.domain.breaker import BreakerState
from streams.domain.lane_rows import RowState
from streams.domain.lane_sources import Presence
from streams.domain.reasons import DeadReason
from streams.runtime.logs import logger
from streams.runtime.metrics import IN_FLIGHT, UNKNOWN_OUTCOMES
from streams.sinks.lane_calls import Item, call_id, halves, in_write_order
from streams.sinks.lane_context import OPERATION, LaneContext
from streams.sinks.lane_probe import LaneProbe
from streams.sinks.lane_settling import LaneSettling
from streams.sinks.lane_table import Intent

MASKED_TRIES = 3
MASKED_PAUSE = timedelta(milliseconds=400)
PROBES = 2
"""So often another row must pass while this one fails, before it is parked."""
SET_ASIDE_AT_ONCE = 20
"""Each original is read by itself, which takes time that other rows wait."""
_LOG = logger("streams.stock-lane")


@dataclass(slots=True)
class Round:
    """One `write`: the rows that it holds until it ends, and those that are not simply due again then."""

    pairs: frozenset[StockPair]
    frozen: set[StockPair] = field(default_factory=set)
    later: set[StockPair] = field(default_factory=set)
    """Put off: dirty, but others go first."""


class LaneWriter:
    """One call at a time per group of sources; several groups may call side by side."""

    def __init__(
        self, context: LaneContext, settling: LaneSettling, freeze: Callable[[Intent, timedelta], None]
    ) -> None:
        self._at, self._settling, self._freeze = context, settling, freeze
        self._probe = LaneProbe(context)

    async def write(self, pairs: Sequence[StockPair]) -> None:
        """Bring these rows to the shop; whatever is left afterwards is due again, put off, frozen or set aside."""
        began = self._at.clock.micros()
        this = Round(frozenset(pairs))
        await self._attempt(this, pairs, tries=0)
        left = [pair for pair in pairs if pair not in this.frozen]
        self._at.index.release(left, await self._at.entries(left), acked_since=began, later=this.later)

    async def _attempt(self, this: Round, pairs: Sequence[StockPair], *, tries: int) -> None:
        """One call, and what its answer leads to."""
        items = await self._items(this, pairs)
        if items:
            error = await self._once(this, items)
            if error is not None:
                await self._answered(this, items, error, tries)

    async def _once(self, this: Round, items: Sequence[Item]) -> ConnectorError | None:
        """One call between its intent and its outcome: acknowledged, frozen, or provably without effect."""
        intent = Intent(call_id(items), self._at.clock.micros(), tuple((item.sku, item.row) for item in items))
        async with self._at.table.lock:
            await self._at.table.begin(intent, generation=self._at.generation)
        with self._at.traces.call(OPERATION, [item.sku for item in items]) as call:
            error = await self._call(items)
            call.ended(None if error is None else type(error).__name__)
        if error is None:
            self._probe.taken(items)
            await self._settle(items, intent)
        elif isinstance(error, UnknownOutcomeError):
            UNKNOWN_OUTCOMES.labels(self._at.gate.target, OPERATION).inc()
            # Counted from now: the last of its requests left later than the first, and is what may be running.
            self._freeze(intent, self._at.settle)
            this.frozen.update(intent.pairs)
        else:
            await self._settling.forget(intent)
        return error

    async def _settle(self, items: Sequence[Item], intent: Intent) -> None:
        """A row that was clean was only shown once more."""
        if any(item.row.state is RowState.DIRTY for item in items):
            await self._settling.acknowledge(items, intent)
        else:
            await self._settling.forget(intent)

    async def _call(self, items: Sequence[Item]) -> ConnectorError | None:
        """What the target said; None where it took all rows."""
        at = self._at
        started = at.clock.monotonic()
        with at.gate.turn(), IN_FLIGHT.labels(at.gate.target).track_inprogress():
            at.gate.leaving()
            try:
                await at.port.write_source_items([item.source_item for item in items])
            except LeaseLostError:
                raise
            except ConnectorError as error:
                self._note(error, items)
                return error
        at.gate.succeeded()
        at.index.size = at.index.size.answered(len(items), at.clock.monotonic() - started)
        return None

    def _note(self, error: ConnectorError, items: Sequence[Item]) -> None:
        if isinstance(error, PermanentError):  # about the content
            self._at.gate.succeeded()
        elif isinstance(error, MaskedFailureError):  # about the content, or about the target: `_masked` finds out
            self._at.gate.answered()
        else:
            self._at.gate.failed(error)
        kind = type(error).__name__
        _LOG.warning("call-failed", error=kind, rows=len(items), first=items[0].sku, status=error.status)

    async def _answered(self, this: Round, items: Sequence[Item], error: ConnectorError, tries: int) -> None:
        if isinstance(error, TooManyItemsError):
            self._at.index.size = self._at.index.size.limited(error.maximum)
        elif isinstance(error, MaskedFailureError):
            await self._masked(this, items, error, tries)
        elif isinstance(error, PermanentError):
            await self._rejected(this, items, error)
        # else the outcome is unknown, or it is the target as a whole: the gate waits, the rows stay due

    async def _masked(self, this: Round, items: Sequence[Item], error: MaskedFailureError, tries: int) -> None:
        """The answer hides a deadlock or a lasting refusal: again, then in halves, down to the row that fails alone.

        While the target is in trouble anyway, nothing is gained by trying the same rows at once.
        """
        in_trouble = self._at.gate.breaker.state is not BreakerState.CLOSED
        if tries + 1 < MASKED_TRIES and not in_trouble:
            await self._at.clock.sleep(MASKED_PAUSE * (2**tries) * (0.5 + self._at.clock.random()))
            if await self._at.gate.next_turn():
                await self._attempt(this, [item.pair for item in items], tries=tries + 1)
        elif len(items) > 1:
            await self._in_halves(this, items, tries)
        else:
            await self._alone(this, items[0], error)

    async def _alone(self, this: Round, item: Item, error: ConnectorError) -> None:
        """Parked where others pass and it fails right after them; else the target is at fault, and the row waits."""
        for _ in range(PROBES):
            if not await self._passes_elsewhere(this, item.pair, error):
                this.later.add(item.pair)
                return
            items = await self._items(this, [item.pair])
            if not items:
                return
            [item] = items
            again = await self._once(this, items)
            if not isinstance(again, MaskedFailureError):
                if again is not None:
                    await self._answered(this, items, again, MASKED_TRIES)
                return
        await self._settling.park(item)

    async def _passes_elsewhere(self, this: Round, failing: StockPair, error: ConnectorError) -> bool:
        """Whether the shop takes another row right now; where that is not known, it is the shop that fails."""
        if not await self._at.gate.next_turn():
            return False
        began = self._at.clock.micros()
        probe = await self._probe.claim(failing, this.pairs - this.frozen)
        if probe is None:
            self._at.gate.failed(error)
            return False
        said = await self._once(this, [probe])
        if isinstance(said, MaskedFailureError):
            self._at.gate.failed(said)
        if probe.pair not in this.pairs | this.frozen:
            self._at.index.release([probe.pair], await self._at.entries([probe.pair]), acked_since=began)
        return said is None

    async def _rejected(self, this: Round, items: Sequence[Item], error: PermanentError) -> None:
        """Only the first bad row is named, if any: the request is halved until it stands alone."""
        if len(items) > 1:
            await self._in_halves(this, items, 0)
        elif not await self._settling.set_aside(items, DeadReason.REJECTED, error.message):
            this.later.add(items[0].pair)

    async def _in_halves(self, this: Round, items: Sequence[Item], tries: int) -> None:
        for half in halves(items):
            if await self._at.gate.next_turn():  # else they stay due
                pairs = [item.pair for item in half]
                await self._attempt(this, pairs, tries=tries if len(pairs) > 1 else 0)

    async def _items(self, this: Round, pairs: Sequence[StockPair]) -> list[Item]:
        """The rows as they are wanted now, in the order of writing, without those whose source may be missing."""
        entries = await self._at.entries(pairs)
        rows = ((pair.sku, entries[pair.sku].row(pair.source_code)) for pair in pairs)
        dirty = [Item(sku, row) for sku, row in rows if row is not None and row.state is RowState.DIRTY]
        found = await self._at.sources.split(dirty)
        this.later.update(item.pair for item in found[Presence.UNSURE])
        if found[Presence.MISSING]:
            await self._missing(this, found[Presence.MISSING])
        return in_write_order(found[Presence.THERE])

    async def _missing(self, this: Round, items: Sequence[Item]) -> None:
        now, rest = items[:SET_ASIDE_AT_ONCE], items[SET_ASIDE_AT_ONCE:]
        done = await self._settling.set_aside(now, DeadReason.UNKNOWN_SOURCE, "Commerce has no source of this code")
        this.later.update(item.pair for item in (rest if done else items))
