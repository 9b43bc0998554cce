"""May this worker still act?  Asked in the send path of everything that leaves it.

A worker that was stopped and continued, or cut off from the group, may believe it still owns its partitions.  It may
act only while the group generation is the one it works for, and while the broker answered a heartbeat so lately that
no other worker can have been given the partitions.  What stays open between this check and the socket is stated in
docs/delivery.md.
"""

from datetime import timedelta

from connectors.core.errors import LeaseLostError
from streams.runtime.clock import Clock
from streams.runtime.metrics import LEASE_REFUSALS

MARGIN = timedelta(seconds=2)
__all__ = ["Lease", "LeaseLostError"]


class Lease:
    """Group generation and age of the last answered heartbeat, by the monotonic clock."""

    def __init__(self, clock: Clock, session_timeout: timedelta) -> None:
        self._clock = clock
        self._limit = (session_timeout - MARGIN).total_seconds()
        self._answered_at = float("-inf")
        self.generation = -1

    def now(self) -> float:
        """Seconds of the monotonic clock, to be handed to `renewed`."""
        return self._clock.monotonic()

    def renewed(self, sent_at: float) -> None:
        """The coordinator answered what was sent at `sent_at`; called from the consumer's thread."""
        self._answered_at = max(self._answered_at, sent_at)

    def joined(self, generation: int) -> None:
        """This worker now acts for `generation`."""
        self.generation = generation

    def lost(self) -> None:
        """A rebalance began, or the group does not know us: nothing more leaves until the next join."""
        self.generation = -1

    @property
    def heartbeat_age(self) -> timedelta:
        """Since the last answered heartbeat; very long where there was none."""
        age = self._clock.monotonic() - self._answered_at
        return timedelta(seconds=min(age, 10**6))

    def check(self, generation: int | None = None) -> None:
        """Raises LeaseLostError unless this worker may act (for `generation`, where the caller works for one)."""
        try:
            self._check(generation)
        except LeaseLostError:
            LEASE_REFUSALS.inc()
            raise

    def _check(self, generation: int | None) -> None:
        if self.generation < 0 or (generation is not None and generation != self.generation):
            raise LeaseLostError(f"generation {generation} is over; the group is at {self.generation}")
        age = self.heartbeat_age.total_seconds()
        if age >= self._limit:
            raise LeaseLostError(f"no heartbeat was answered for {age:.1f} s; limit {self._limit:.1f} s")
