"""Whether a source is surely missing at the shop.  What was asked before the row changed does not count."""

from enum import Enum, auto
from typing import NamedTuple

STALE_AFTER = 30 * 1_000_000
"""Until then (µs) the answer stands, so that not every row asks."""


class Presence(Enum):
    """What is known of a source."""

    THERE = auto()
    MISSING = auto()
    UNSURE = auto()


class KnownSources(NamedTuple):
    """The last answer; `codes` is None where the shop does not say: then every code passes.  Times in µs, UTC."""

    codes: frozenset[str] | None = None
    asked_at: int = 0
    """When that look-up began: a source that was created later is not in it."""

    def presence(self, code: str, wanted_since: int, now: int) -> Presence:
        """Of the source of a row that waits since `wanted_since`."""
        if self.codes is None or code in self.codes:
            return Presence.THERE
        return Presence.MISSING if wanted_since < self.asked_at and not self.is_stale(now) else Presence.UNSURE

    def is_stale(self, now: int) -> bool:
        """Whether the shop is asked again before a source is called missing."""
        return abs(now - self.asked_at) > STALE_AFTER
