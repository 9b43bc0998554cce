"""The source in memory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.order_event import EventLine
from tests.contract.order_event_source import MADE, ORDER, OrderEventSourceCase, What
from tests.fakes.order_event_source import InMemoryOrderEvents

ALL_LINES = tuple(EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in ORDER.lines)
PIECE = (EventLine(line_id="501", sku="PUMP-200", quantity=1_000_000),)
HALF = tuple(EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity // 2) for one in ORDER.lines)
BUILT = (EventLine(line_id="502", sku="MOTOR-M2", quantity=MADE.lines[1].quantity),)
STATEMENTS: Mapping[What, dict[str, Any]] = {
    "confirm": {"kind": "CONFIRMED", "expected_at": 1_000_000},
    "move-date": {"kind": "CONFIRMED", "expected_at": 2_000_000},
    "hold": {"kind": "CREDIT_HELD"},
    "release": {"kind": "CREDIT_RELEASED"},
    "invoice": {"kind": "INVOICED", "document": "INV1", "amount": 60_000_000, "lines": ALL_LINES},
    "invoice-part": {"kind": "INVOICED", "document": "INV1", "amount": 30_000_000, "lines": HALF},
    "invoice-rest": {"kind": "INVOICED", "document": "INV2", "amount": 30_000_000, "lines": HALF},
    "cancel": {"kind": "CANCELLED"},
    "return": {"kind": "RETURN_REQUESTED", "part": "RMA1", "lines": PIECE},
    "credit": {"kind": "REFUNDED", "document": "CM1", "amount": 10_000_000, "lines": PIECE},
    "finish-work-order": {"kind": "WORK_ORDER_DONE", "document": "WO1", "lines": BUILT},
}


class MemoryLedger:
    """`Ledger` on the fake."""

    def __init__(self) -> None:
        self.source = InMemoryOrderEvents()
        self._numbers: dict[str, str] = {}

    def again(self) -> InMemoryOrderEvents:
        return InMemoryOrderEvents(events=self.source.events)

    async def make(self, order_id: str, *, made_to_order: bool = False) -> str:
        self._numbers[order_id] = f"SO{len(self._numbers) + 1}"
        if made_to_order:
            self._say(order_id, kind="WORK_ORDER_OPENED", document="WO1", lines=BUILT)
        return self._numbers[order_id]

    async def make_foreign(self) -> None:
        return None

    async def happens(self, order_id: str, what: What) -> None:
        if what == "credit":
            self._say(order_id, kind="RETURN_RECEIVED", part="RMA1", lines=PIECE)
        self._say(order_id, **STATEMENTS[what])

    def _say(self, order_id: str, **given: Any) -> None:
        at = len(self.source.events) + 1
        told = {"event_id": f"evt-{at}", "effective_at": at, "recorded_at": at, "source_system": "memory", **given}
        self.source.events.append(ErpOrderEvent(erp_number=self._numbers[order_id], order_id=order_id, **told))


@asynccontextmanager
async def opened() -> AsyncIterator[MemoryLedger]:
    ledger = MemoryLedger()
    yield ledger
    await ledger.source.close()


CASES = [OrderEventSourceCase(name="memory", opened=opened)]
