"""Commerce takes stock of SKUs that its catalogue does not hold, and says nothing: so the catalogue is read.

Source: semantics.json of the vendor notes, POST /V1/inventory/source-items, `unknown_sku`.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

from connectors.core.errors import ConnectorError, PermanentError
from connectors.core.ports import StockTarget
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger
from streams.runtime.metrics import UNKNOWN_SKUS

AT_ONCE = 100
PAUSE = timedelta(seconds=5)
LISTED_AT_MOST = 10_000
UNKNOWN_AGAIN_AFTER = timedelta(minutes=10)
_LOG = logger("streams.stock-lane")


class LaneCatalogue:
    """SKUs are checked after their first write, a batch every few seconds; the unknown ones every ten minutes."""

    def __init__(self, port: StockTarget, gate: Gate, clock: Clock) -> None:
        self._port, self._gate, self._clock = port, gate, clock
        self._waiting: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        """SKUs that the shop does not list, as far as they were checked."""
        self._readable = True
        self._again_at = 0.0

    def written(self, skus: Iterable[str]) -> None:
        """These SKUs were written for the first time."""
        for sku in skus:
            if len(self._waiting) < LISTED_AT_MOST:
                self._waiting[sku] = None

    async def run(self, tell: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        """Until cancelled, or until the target refuses the read for good.  `tell` is called with unknown SKUs."""
        while self._readable:
            await self._clock.sleep(PAUSE)
            self._ask_again()
            if self._waiting and self._gate.ready_in() == 0:
                await self._check(list(self._waiting)[:AT_ONCE], tell)

    def _ask_again(self) -> None:
        """Somebody may have made the product meanwhile."""
        now = self._clock.monotonic()
        if now >= self._again_at:
            self._again_at = now + UNKNOWN_AGAIN_AFTER.total_seconds()
            self.written(self.unknown)

    async def _check(self, skus: list[str], tell: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        try:
            missing = await self._port.missing_skus(skus)
        except PermanentError as error:
            self._readable = False
            _LOG.warning("catalogue-not-readable", error=error.message[:200], status=error.status)
            return
        except ConnectorError:
            return  # asked again later; the calls that matter tell the gate
        new = sorted(sku for sku in missing if sku not in self.unknown)
        if new:
            await tell(new)
            _LOG.warning("skus-not-in-catalogue", count=len(new), first=new[0])
        for sku in skus:
            self._waiting.pop(sku, None)
            self.unknown.pop(sku, None)
        self.unknown |= dict.fromkeys(sorted(missing))
        UNKNOWN_SKUS.labels(self._gate.target).set(len(self.unknown))
