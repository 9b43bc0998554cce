"""How often one visitor may ask: tries to sign in, look-ups; the memory of it is bounded."""

from collections import OrderedDict

from streams.runtime.clock import Clock

KNOWN_AT_MOST = 1000


class Allowance:
    """So many at once, and so many a second over time, for each visitor."""

    def __init__(self, clock: Clock, *, burst: int, per_second: float) -> None:
        self._clock, self._burst, self._rate = clock, float(burst), per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, visitor: str) -> bool:
        """False where the visitor has none left."""
        now = self._clock.monotonic()
        left, at = self._left.pop(visitor, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1
        self._left[visitor] = (left - 1 if allowed else left, now)
        if len(self._left) > KNOWN_AT_MOST:
            self._left.popitem(last=False)
        return allowed
