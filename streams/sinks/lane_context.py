"""What the parts of the stock lane share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from connectors.core.ports import StockTarget
from connectors.core.reservation_ports import ReservationSource
from schemas.models.operations import WRITE_STOCK, Outcome, OutcomeState
from schemas.models.source_item import StockPair
from streams.domain.lane_rows import Count, Settled, Shown, SkuRows
from streams.domain.quantities import to_decimal
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.gate import Gate
from streams.runtime.lookback import Lookback
from streams.runtime.outbox import Message
from streams.runtime.traces import NO_TRACES, Traces
from streams.runtime.writer import Writer
from streams.sinks.lane_calls import Item, call_id
from streams.sinks.lane_catalogue import LaneCatalogue
from streams.sinks.lane_index import LaneIndex
from streams.sinks.lane_sources import LaneSources
from streams.sinks.lane_table import PARTITION, Intent, LaneTable, Told
from streams.topics import COMMERCE_OUTCOME

ROLE = "commerce"
OPERATION = WRITE_STOCK
Encode = Callable[[str, msgspec.Struct], bytes]
"""Topic and model → the framed value."""


@dataclass(slots=True)
class LaneContext:
    """`generation` is that of the assignment the lane works for; -1 while it has none."""

    table: LaneTable
    index: LaneIndex
    port: StockTarget
    sources: LaneSources
    catalogue: LaneCatalogue
    gate: Gate
    writer: Writer
    letters: DeadLetters
    lookback: Lookback
    clock: Clock
    encode: Encode
    settle: timedelta
    permit: Callable[[int], None]
    """Raises LeaseLostError where this worker may not act for the generation."""
    failed: Callable[[BaseException], None]
    """A fault that ends the process: the only safe state is the one in Kafka."""
    reservations: ReservationSource | None = None
    """None where the shop does not let them be seen."""
    traces: Traces = NO_TRACES
    generation: int = -1
    sent: list[bytes] = field(default_factory=list)
    """Outboxes that were sent and are deleted with the next write."""

    async def entries(self, pairs: Iterable[StockPair]) -> dict[str, SkuRows]:
        async with self.table.lock:
            return self.table.entries(pair.sku for pair in pairs)

    async def settle_rows(
        self,
        items: Sequence[Item],
        decide: Callable[[SkuRows, Item], Settled],
        *,
        ended: Sequence[Intent] = (),
        told: Callable[[Item, Settled], Outcome | None],
    ) -> dict[str, SkuRows]:
        """Decide each row anew on what is stored now, keep all of it in one write, then tell of it."""
        async with self.table.lock:
            entries = self.table.entries(item.sku for item in items)
            counts: list[Count] = []
            messages: list[Message] = []
            for item in items:
                settled = decide(entries[item.sku], item)
                entries[item.sku] = entries[item.sku].with_row(settled.row)
                counts.extend(settled.counts)
                outcome = told(item, settled)
                if outcome is not None:
                    messages.append(self._message(outcome))
            name = call_id(items) if items else b""
            gone = tuple(self.sent)
            await self.table.keep(
                entries, counts, ended=ended, told=Told(name, messages), sent=gone, generation=self.generation
            )
            del self.sent[: len(gone)]
        if messages:
            await outbox.send(self.writer, messages, generation=self.generation)
            self.sent.append(name)
        return entries

    async def tell_left(self) -> None:
        """What was stored with a change and may not have left; the caller holds the lock."""
        await outbox.resend(self.table.table, self.writer, PARTITION, generation=self.generation)

    def _message(self, outcome: Outcome) -> Message:
        value = self.encode(COMMERCE_OUTCOME.name, outcome)
        return Message(COMMERCE_OUTCOME.name, outcome.entity.encode(), value)

    def outcome(
        self, item: Item, settled: Settled, state: OutcomeState, intent: Intent | None = None, reason: str | None = None
    ) -> Outcome:
        """What is told of one row; ids are derived, so a repeat is known as one."""
        row, now = item.row, self.clock.micros()
        records = sum(count.records for count in settled.counts if count.records > 0)
        previous = row.acked
        return Outcome(
            command_id=_command_id(item),
            role=ROLE,
            kind=OPERATION,
            entity=item.sku,
            part=row.source_code,
            epoch=row.version.epoch,
            counter=row.version.counter,
            state=state,
            records=records,
            value=_text(row.to_write),
            previous=None if previous is None else _text(previous),
            reason=reason,
            started_at=now if intent is None else intent.started_at,
            at=now,
            cause=row.cause,
        )


def _command_id(item: Item) -> str:
    """The same version may have to be written with goods that left, and without them."""
    row = item.row
    shipped = f"+{to_decimal(row.shipped)}" if row.shipped else ""
    return f"{OPERATION}:{row.source_code}:{item.sku}:{row.version}{shipped}"


def _text(shown: Shown) -> str:
    return f"{to_decimal(shown.quantity)} {'in stock' if shown.in_stock else 'out of stock'}"
