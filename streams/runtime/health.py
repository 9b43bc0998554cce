"""Is this worker alive, is it ready, and what is wrong: one list that the probes, the pages and the logs share."""

from typing import NamedTuple

from streams.runtime.clock import Clock


class Trouble(NamedTuple):
    """One thing that is wrong; `since` in µs, UTC.  `blocks` says whether the worker is not ready because of it."""

    name: str
    what: str
    since: int
    blocks: bool


class Health:
    """Troubles by name; setting one again keeps its beginning."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._troubles: dict[str, Trouble] = {}
        self.started_at = clock.micros()
        self.is_working = False
        """Partitions are assigned and recovered."""

    def trouble(self, name: str, what: str, *, blocks: bool = False) -> None:
        known = self._troubles.get(name)
        since = known.since if known is not None else self._clock.micros()
        self._troubles[name] = Trouble(name, what, since, blocks)

    def over(self, name: str) -> None:
        self._troubles.pop(name, None)

    def over_all(self, prefix: str) -> None:
        for name in [name for name in self._troubles if name.startswith(prefix)]:
            del self._troubles[name]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Those that block first, then the oldest."""
        return tuple(sorted(self._troubles.values(), key=lambda one: (not one.blocks, one.since)))

    @property
    def is_ready(self) -> bool:
        return self.is_working and not any(one.blocks for one in self._troubles.values())
