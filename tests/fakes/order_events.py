"""An ERP's order events in memory: the port `OrderEventSource`."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.core.errors import ConnectorError
from schemas.models.erp_order_event import ErpOrderEvent


@dataclass
class InMemoryOrderEvents:
    """The cursor is how many were told; `failures` are used up one per question."""

    page: int = 50
    events: list[ErpOrderEvent] = field(default_factory=list)
    failures: deque[ConnectorError] = field(default_factory=deque)
    closed: bool = False

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        if self.failures:
            raise self.failures.popleft()
        begin = int(cursor or 0)
        found = self.events[begin : begin + self.page]
        return found, str(begin + len(found)) if found else cursor

    async def check(self) -> None:
        if self.failures:
            raise self.failures.popleft()

    async def close(self) -> None:
        self.closed = True
