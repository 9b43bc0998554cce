"""Which sources the shop knows, and which of them share a stock."""

from collections.abc import Iterable, Mapping

from connectors.core.errors import ConnectorError, PermanentError
from connectors.core.ports import StockTarget
from streams.domain.lane_rules import groups_of
from streams.domain.lane_sources import KnownSources, Presence
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.logs import logger
from streams.sinks.lane_calls import Item

_LOG = logger("streams.stock-lane")


class LaneSources:
    """Nothing is known while the target has not been asked, or does not say: then every code passes."""

    def __init__(self, port: StockTarget, gate: Gate, clock: Clock) -> None:
        self._port, self._gate, self._clock = port, gate, clock
        self._found = KnownSources()
        self.groups: Mapping[str, int] = {}

    @property
    def known(self) -> frozenset[str] | None:
        return self._found.codes

    async def learn(self) -> bool:
        """Ask; False where the target did not answer (the gate knows why)."""
        asked_at = self._clock.micros()
        self._gate.leaving()
        try:
            known = await self._port.source_codes()
            self.groups = groups_of(await self._port.stocks_of_sources())
        except PermanentError as error:
            _LOG.warning("sources-not-readable", error=error.message[:200], status=error.status)
            self._found = KnownSources(None, asked_at)
        except ConnectorError as error:
            self._gate.failed(error)
            return False
        else:
            self._found = KnownSources(known, asked_at)
        self._gate.succeeded()
        return True

    async def split(self, items: Iterable[Item]) -> Mapping[Presence, list[Item]]:
        """The rows by what is known of their source; it is asked again where that is old, but not for every row."""
        rows = list(items)
        doubtful = any(self._presence(item) is not Presence.THERE for item in rows)
        if doubtful and self._found.is_stale(self._clock.micros()) and await self._gate.next_turn():
            await self.learn()
        found: dict[Presence, list[Item]] = {presence: [] for presence in Presence}
        for item in rows:
            found[self._presence(item)].append(item)
        return found

    def _presence(self, item: Item) -> Presence:
        return self._found.presence(item.row.source_code, item.row.dirty_since, self._clock.micros())
