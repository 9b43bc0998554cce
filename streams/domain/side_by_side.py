"""Two sorted lists of keys with values, walked side by side: neither is ever held in memory as a whole."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Both(NamedTuple):
    """A key with its value on either side; None where it is not there."""

    key: bytes
    before: bytes | None
    after: bytes | None


def side_by_side(before: Iterable[tuple[bytes, bytes]], after: Iterable[tuple[bytes, bytes]]) -> Iterator[Both]:
    """Every key of both, once, in order.  Each side must be sorted, with every key once."""
    left, right = iter(before), iter(after)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            yield Both(one[0], one[1], None)
            one = next(left, None)
        elif one is None or other[0] < one[0]:
            yield Both(other[0], None, other[1])
            other = next(right, None)
        else:
            yield Both(one[0], one[1], other[1])
            one, other = next(left, None), next(right, None)
