"""SAP S/4HANA: the connector on its simulator, with large pages and with the smallest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.order_ports import OrderEventSource
from connectors.core.registry import Ports
from simulators.core.wire import JsonValue
from simulators.sap_s4hana import SapS4HanaSimulator
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract.order_event_source import MADE, ORDER, OrderEventSourceCase, What
from tests.contract.sap_s4hana_system import COMPANY, ShiftedClock, credential
from tests.fakes.clock import FakeClock

STEPS: Mapping[What, tuple[str, ...]] = {
    "confirm": ("confirm",),
    "move-date": ("move-date",),
    "hold": ("hold",),
    "release": ("release",),
    "invoice": ("deliver", "bill"),
    "invoice-part": ("deliver", "bill-part"),
    "invoice-rest": ("bill",),
    "cancel": ("cancel",),
    "return": ("authorise-return",),
    "credit": ("credit",),
    "finish-work-order": ("finish-work-order",),
}

COMPANY_OF_CASES = SapSettings(confirm="none")
BY_INVOICE = SapSettings(confirm="none", returns_refer_to="invoice")


class SapLedger:
    """`Ledger` on the simulator."""

    def __init__(self, simulator: SapS4HanaSimulator, clock: ShiftedClock, settings: Mapping[str, object]) -> None:
        self.simulator = simulator
        self.clock = clock
        self._settings = settings
        self.numbers: dict[str, str] = {}
        self.opened: list[Ports] = []
        self.source = self.again()

    def again(self) -> OrderEventSource:
        connector = registry.load("sap_s4hana")
        where = {"auth": credential("oauth2", self.simulator), "base_url": self.simulator.url}
        known = connector.settings.model_validate({**COMPANY, **self._settings, **where})
        now = FakeClock(datetime.fromtimestamp(self.clock.now(), UTC))
        self.opened.append(connector.open(known, Dependencies(clock=now)))
        source = self.opened[-1].order_events
        assert source is not None
        return source

    async def make(self, order_id: str, *, made_to_order: bool = False) -> str:
        orders = self.opened[0].orders
        assert orders is not None
        self.clock.ahead_s += 1
        made = await orders.create_order(order_id, MADE if made_to_order else ORDER)
        self.numbers[order_id] = made.number
        return made.number

    async def close(self) -> None:
        for ports in self.opened:
            await ports.close()

    async def make_foreign(self) -> None:
        """By hand, with words of its own in the reference."""
        self.clock.ahead_s += 1
        sent: dict[str, JsonValue] = {
            "PurchaseOrderByCustomer": "as agreed by telephone",
            "SoldToParty": "C-1004",
            "to_Item": [],
        }
        self.simulator.sap.book.add(sent, self.clock.now(), self.simulator.sap.settings)

    async def happens(self, order_id: str, what: What) -> None:
        self.clock.ahead_s += 1
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            for step in STEPS[what]:
                answer = await control.post("/_sim/life", json={"order": self.numbers[order_id], "what": step})
                assert answer.status_code == 200, answer.text


@asynccontextmanager
async def opened(settings: Mapping[str, object], company: SapSettings = COMPANY_OF_CASES) -> AsyncIterator[SapLedger]:
    clock = ShiftedClock()
    async with SapS4HanaSimulator(company, clock=clock) as simulator, AsyncExitStack() as stack:
        ledger = SapLedger(simulator, clock, settings)
        stack.push_async_callback(ledger.close)
        yield ledger


CASES = [
    OrderEventSourceCase(name="sap_s4hana", opened=partial(opened, {})),
    OrderEventSourceCase(
        name="sap_s4hana-by-single-rows", opened=partial(opened, {"page_size": 1}, company=BY_INVOICE)
    ),
]
