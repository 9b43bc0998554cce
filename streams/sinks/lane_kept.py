"""Rows that nobody writes because a shipment of them is being posted: until its outcome is known."""

from collections.abc import Iterable

from schemas.models.source_item import StockPair
from streams.domain.lane_rows import Row, RowState


class KeptRows:
    """By shipment: several may keep the same row."""

    def __init__(self) -> None:
        self._by_reference: dict[str, set[StockPair]] = {}
        self._keepers: dict[StockPair, set[str]] = {}
        self._dirty_since: dict[StockPair, int] = {}
        """Of kept rows that changed meanwhile (µs, UTC)."""

    def __contains__(self, pair: object) -> bool:
        return pair in self._keepers

    @property
    def dirty(self) -> int:
        """Rows that wait until they are freed."""
        return len(self._dirty_since)

    def dirty_since(self) -> Iterable[int]:
        return self._dirty_since.values()

    def add(self, reference: str, pair: StockPair) -> None:
        self._by_reference.setdefault(reference, set()).add(pair)
        self._keepers.setdefault(pair, set()).add(reference)

    def changed(self, pair: StockPair, row: Row) -> None:
        """What became of a kept row."""
        if row.state is RowState.DIRTY:
            self._dirty_since[pair] = row.dirty_since
        else:
            self._dirty_since.pop(pair, None)

    def free(self, reference: str) -> list[StockPair]:
        """The rows that nobody keeps any more."""
        freed = []
        for pair in sorted(self._by_reference.pop(reference, ())):
            keepers = self._keepers[pair]
            keepers.discard(reference)
            if not keepers:
                del self._keepers[pair]
                self._dirty_since.pop(pair, None)
                freed.append(pair)
        return freed

    def clear(self) -> None:
        self._by_reference.clear()
        self._keepers.clear()
        self._dirty_since.clear()
