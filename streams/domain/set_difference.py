"""Two sets of names compared without keeping either: memory is fixed, however many names there are.

Each name is marked once for each set that has it.  Two marks of one name cancel out, so a cell that is left marked
holds a name that only one of the sets has (and perhaps some that both have: whoever asks looks closer).  That a cell
hides a difference needs two different names with one 64-bit hash.
"""

from array import array
from collections.abc import Hashable, Iterable

CELL_BITS = 19
"""4 MiB; with 500,000 names about one in a cell."""
_WORD = (1 << 64) - 1


class SetDifference:
    """Hashes are Python's own, salted per process: no chosen names can collide."""

    def __init__(self, cell_bits: int = CELL_BITS) -> None:
        self._mask = (1 << cell_bits) - 1
        self._cells = array("Q", bytes(8 << cell_bits))

    def mark(self, names: Iterable[Hashable]) -> None:
        """One of the sets has them."""
        cells, mask = self._cells, self._mask
        for name in names:
            word = hash(name) & _WORD
            cells[word & mask] ^= word

    def may_differ(self, name: Hashable) -> bool:
        """False where both sets have the name, or neither has it, and nothing else in its cell differs."""
        return self._cells[hash(name) & self._mask] != 0
