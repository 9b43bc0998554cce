"""Dirty rows that did not fit into memory: they stay on disk, and are found again by passes over the table.

Memory is bounded by rows in the index; of each row beyond it only a hash is kept, to know how many there are.
"""

from schemas.models.source_item import StockPair


class LeftOut:
    """`cursor` is the last SKU of the pass that is under way, "" where none is."""

    def __init__(self) -> None:
        self._waiting: set[int] = set()
        """Left out since the pass began."""
        self._sought: set[int] = set()
        """Left out before it: the pass finds those that still are dirty."""
        self.cursor = ""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sought)

    def add(self, pair: StockPair) -> None:
        if hash(pair) not in self._sought:
            self._waiting.add(hash(pair))

    def found(self, pair: StockPair) -> None:
        """It is in the index now, or under way."""
        self._waiting.discard(hash(pair))
        self._sought.discard(hash(pair))

    def seek(self) -> str:
        """After which SKU the pass goes on; at its beginning it takes up what was left out until now."""
        if not self.cursor:
            self._sought |= self._waiting
            self._waiting = set()
        return self.cursor

    def ended(self) -> None:
        """The pass came to the end of the table: what it did not find is no longer dirty."""
        self._sought.clear()
        self.cursor = ""

    def clear(self) -> None:
        self._waiting.clear()
        self.ended()
