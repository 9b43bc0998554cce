"""Which sources the shop knows, and which of them share a stock."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from connectors.core.errors import ConnectorError, PermanentError
from connectors.core.ports import StockTarget
from streams.domain.lane_rules import groups_of
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger

ASK_AGAIN_AFTER = timedelta(seconds=30)
_LOG = logger("streams.stock-lane")


class LaneSources:
    """`known` is None while the target has not been asked, or does not say: then every code passes."""

    def __init__(self, port: StockTarget, gate: Gate, clock: Clock) -> None:
        self._port, self._gate, self._clock = port, gate, clock
        self._asked_at = float("-inf")
        self.known: frozenset[str] | None = None
        self.groups: Mapping[str, int] = {}

    async def learn(self) -> bool:
        """Ask; False where the target did not answer (the gate knows why)."""
        self._gate.leaving()
        try:
            known = await self._port.source_codes()
            self.groups = groups_of(await self._port.stocks_of_sources())
        except PermanentError as error:
            _LOG.warning("sources-not-readable", error=error.message[:200], status=error.status)
        except ConnectorError as error:
            self._gate.failed(error)
            return False
        else:
            self.known = known
        self._asked_at = self._clock.monotonic()
        self._gate.succeeded()
        return True

    async def unknown(self, codes: Iterable[str]) -> frozenset[str]:
        """Those that the target does not know; it is asked again before that is said, but not for every row."""
        wanted = frozenset(codes)
        if self.known is None or wanted <= self.known:
            return frozenset()
        if self._clock.monotonic() - self._asked_at > ASK_AGAIN_AFTER.total_seconds():
            await self.learn()
        return wanted - self.known
