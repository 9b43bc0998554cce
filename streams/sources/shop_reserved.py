"""What the shop's own open orders have of a SKU: asked with an aggressive time-out, remembered for a moment."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from connectors.core.errors import ConnectorError, NotFoundError
from connectors.core.reservation_ports import ReservedSource
from streams.runtime.clock import Clock
from streams.runtime.logs import logger

USABLE_S = 30.0
"""So old a reading may be: less than what a confirmed checkout goes on counting (`domain.reservation`)."""
REMEMBERED = 100_000
_LOG = logger("streams.gateway")


class Reading(NamedTuple):
    """`reserved` in micros, None where the shop shows the SKU as out of stock; `why` it is not of this moment."""

    reserved: int | None
    age_s: float = 0.0
    why: str = ""


class ShopSilentError(Exception):
    """The shop did not tell, and nothing that it told lately is known; the message is for the log."""


class ShopReserved:
    """`port` None: the shop is not asked, and has no open orders of its own."""

    def __init__(self, port: ReservedSource | None, within_s: float, clock: Clock) -> None:
        self._port, self._within_s, self._clock = port, within_s, clock
        self._known: OrderedDict[str, tuple[int | None, float]] = OrderedDict()
        self._renewing: dict[str, asyncio.Task[None]] = {}

    async def now(self, sku: str) -> Reading:
        """Of this moment, or of the last half minute.  Raises ShopSilentError."""
        if self._port is None:
            return Reading(0)
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._within_s):
                reserved = await self._port.reserved(sku)
        except NotFoundError:  # what it does not sell nobody ordered there
            reserved = 0
        except (ConnectorError, TimeoutError) as error:
            why = f"no answer within {self._within_s:g} s" if isinstance(error, TimeoutError) else type(error).__name__
            return self._known_of(sku, why)
        self._known[sku] = (reserved, began)
        self._known.move_to_end(sku)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return Reading(reserved)

    def lately(self, sku: str) -> Reading | None:
        """What is known without asking; None where that is nothing, or too old."""
        if self._port is None:
            return Reading(0)
        known = self._known.get(sku)
        age = None if known is None else self._clock.monotonic() - known[1]
        return None if known is None or age is None or age > USABLE_S else Reading(known[0], age)

    def renew(self, sku: str) -> None:
        """Ask beside the caller, who does not wait; one question at a time for a SKU."""
        if sku not in self._renewing:
            self._renewing[sku] = asyncio.ensure_future(self._renewed(sku))

    async def _renewed(self, sku: str) -> None:
        try:
            await self.now(sku)
        except ShopSilentError as error:  # the log has it; who asks next hears how old the last reading is
            _LOG.debug("shop-reserved-not-renewed", sku=sku, why=str(error))
        finally:
            del self._renewing[sku]

    async def close(self) -> None:
        """Questions under way end, then the port."""
        for task in (asking := list(self._renewing.values())):
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self._port is not None:
            await self._port.close()

    def _known_of(self, sku: str, why: str) -> Reading:
        _LOG.warning("shop-reserved-unknown", sku=sku, why=why)
        known = self.lately(sku)
        if known is None:
            raise ShopSilentError(why)
        return known._replace(why=why)
