"""The clock that stands still, with what the runtime asks of one besides."""

from datetime import timedelta

from tests.fakes.clock import FakeClock


class StillClock(FakeClock):
    """`streams.runtime.clock.Clock` for tests; chance is always the middle."""

    def micros(self) -> int:
        return int(self.now().timestamp() * 1_000_000)

    def random(self) -> float:
        return 0.5

    def after(self, seconds: float) -> None:
        """Time passes."""
        self.advance(timedelta(seconds=seconds))
