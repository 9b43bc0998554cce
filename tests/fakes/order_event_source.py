"""An ERP in memory that can be asked what became of its orders: the port `OrderEventSource` with failures on order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.core.errors import ConfigurationError, ConnectorError
from schemas.models.erp_order_event import ErpOrderEvent


@dataclass
class InMemoryOrderEvents:
    """Behaves like the real ones (tests/contract/test_order_event_sources.py).

    `events` is all that ever happened; "" is the moment at which `started` events had happened.  `overlap` events are
    told again to whoever comes with a cursor that was not the last one given.  `failures` are used up one per call.
    `most` is what one call tells at most.
    """

    events: list[ErpOrderEvent] = field(default_factory=list)
    started: int = 0
    overlap: int = 2
    most: int = 1000
    failures: deque[ConnectorError | None] = field(default_factory=deque)
    cursors: list[str] = field(default_factory=list)
    closed: bool = False
    _given: str = ""

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        self.cursors.append(cursor)
        self._fail()
        start = self._position(cursor)
        if cursor != self._given:
            start = max(0, start - self.overlap)
        told = self.events[start : start + self.most]
        self._given = f"memory-{start + len(told)}"
        return told, self._given

    async def check(self) -> None:
        self._fail()

    async def close(self) -> None:
        self.closed = True

    def _position(self, cursor: str) -> int:
        if not cursor:
            return self.started
        number = cursor.removeprefix("memory-")
        if number == cursor or not number.isdigit():
            raise ConfigurationError(f"{cursor!r} is no cursor of this fake")
        return int(number)

    def _fail(self) -> None:
        error = self.failures.popleft() if self.failures else None
        if error is not None:
            raise error
