"""Gives parked rows another try: by time, when the shop is back after trouble, and when the lane opens.

What failed for a row may have been mended at the shop, which tells nobody; until its next try it shows an old number.
"""

from datetime import timedelta

from streams.sinks.lane_context import LaneContext
from streams.sinks.lane_settling import LaneSettling

EVERY = timedelta(seconds=1)
AT_ONCE = 500
_NEVER_SEEN = -1


class LaneParked:
    """Rows that only were put off go with them when the shop is back."""

    def __init__(self, context: LaneContext, settling: LaneSettling) -> None:
        self._at, self._settling = context, settling
        self._returns = _NEVER_SEEN
        self._next_look = 0.0

    def begin_anew(self) -> None:
        """The lane was opened and has learned the sources, or its mode changed: all of them."""
        self._returns, self._next_look = _NEVER_SEEN, 0.0

    async def look(self) -> None:
        """Whose time has come, at most once a second."""
        now = self._at.clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + EVERY.total_seconds()
        is_back, self._returns = self._returns != self._at.gate.returns, self._at.gate.returns
        pairs = self._at.index.parked(every=is_back)
        if is_back:
            pairs += self._at.index.put_off()
        for start in range(0, len(pairs), AT_ONCE):
            await self._settling.try_again(pairs[start : start + AT_ONCE])
