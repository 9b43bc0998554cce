"""One SKU of the stock lane with its counts, and snapshots for it."""

from collections.abc import Sequence

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.domain import lane_rows
from streams.domain.lane_rows import CHANGES, Count, Folded, Row, Settled, SkuRows
from streams.domain.reasons import DeadReason, ParkReason

NOW = 1_763_700_000_000_000
REASON = DeadReason.REJECTED


def source(
    quantity: int, changes: int = 1, *, version: int | None = None, holds: int = 0, topic: str = CHANGES
) -> SourceQuantity:
    """The version of a source rises with its number of records unless told."""
    number = changes + holds if version is None else version
    return SourceQuantity("W1", quantity, int(quantity > 0), number, changes, holds, Cause(topic, 0, changes + holds))


def snapshot(counter: int, *sources: SourceQuantity, epoch: int = 1, dirty_since: int = 5) -> DesiredStock:
    return DesiredStock("A", epoch, counter, dirty_since, sources)


class Lane:
    """One SKU with its counts, as the lane keeps them."""

    def __init__(self, *snapshots: DesiredStock) -> None:
        self.entry = SkuRows()
        self.counts: dict[tuple[str, str], int] = {}
        for one in snapshots:
            self.fold(one)

    def fold(self, one: DesiredStock) -> Folded:
        folded = lane_rows.fold(self.entry, one, NOW)
        self.entry = folded.entry
        self._count(folded.counts)
        return folded

    def settle(self, settled: Settled) -> None:
        self.entry = self.entry.with_row(settled.row)
        self._count(settled.counts)

    def acknowledge(self, written: Row | None = None) -> None:
        self.settle(lane_rows.acknowledged(self.row, written or self.row, NOW))

    def refuse(self, written: Row | None = None) -> None:
        self.settle(lane_rows.refused(self.row, written or self.row, REASON))

    def park(self) -> None:
        self.settle(lane_rows.parked(self.row, self.row, ParkReason.REFUSED_ALONE, NOW))

    @property
    def row(self) -> Row:
        found = self.entry.row("W1")
        assert found is not None
        return found

    def _count(self, counts: Sequence[Count]) -> None:
        for topic, outcome, records in counts:
            self.counts[topic, outcome] = self.counts.get((topic, outcome), 0) + records

    def told(self, topic: str = CHANGES) -> dict[str, int]:
        """Counts of one topic that are not 0."""
        return {outcome: number for (of, outcome), number in self.counts.items() if of == topic and number}
