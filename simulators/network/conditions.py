"""Which toxics hold now, for every connection of a proxy, and how often each of them bit."""

import asyncio
import contextlib
from collections import Counter
from random import Random

from simulators.network.toxics import ENDING, Kind, Toxic, Way


class Conditions:
    """Used in the proxy's thread alone, but for `bites`, which others may copy."""

    def __init__(self, chance: Random) -> None:
        self.bites: Counter[str] = Counter()
        self.changed = asyncio.Event()
        """Set at the next change; then there is another."""
        self._chance = chance
        self._toxics: tuple[Toxic, ...] = ()

    def change(self, toxics: tuple[Toxic, ...]) -> None:
        self._toxics = toxics
        self.changed.set()
        self.changed = asyncio.Event()

    def of(self, kind: Kind, way: Way) -> Toxic | None:
        return next((toxic for toxic in self._toxics if toxic.kind is kind and toxic.covers(way)), None)

    def holds(self, kind: Kind) -> bool:
        return any(toxic.kind is kind for toxic in self._toxics)

    def ending(self) -> Toxic | None:
        """One that ends connections by itself, also those that say nothing; a timeout of 0 waits for the heal."""
        ends = (toxic for toxic in self._toxics if toxic.kind in ENDING)
        return next((toxic for toxic in ends if toxic.kind is not Kind.TIMEOUT or toxic.delay_s), None)

    def bit(self, kind: Kind) -> None:
        self.bites[kind.value] += 1

    def delay(self, toxic: Toxic) -> float:
        """Seconds, with the jitter."""
        return max(0.0, toxic.delay_s + toxic.jitter_s * (2 * self._chance.random() - 1))

    async def wait(self, seconds: float) -> bool:
        """True where the toxics changed before the time was over: what was waited for may not hold any more."""
        changed = self.changed
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await changed.wait()
        return changed.is_set()
