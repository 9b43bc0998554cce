"""NetSuite: the connector on its simulator, with large pages and with the smallest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.order_ports import OrderEventSource
from connectors.core.registry import Ports
from simulators.core.clock import SystemClock
from simulators.netsuite import NetSuiteSimulator
from simulators.netsuite import Settings as AccountSettings
from tests.contract.order_event_source import MADE, ORDER, OrderEventSourceCase, What
from tests.contract.order_targets.netsuite import BY_EXTERNAL_IDS, right_clock, settings_for

STEPS: Mapping[What, tuple[str, ...]] = {
    "confirm": ("approve",),
    "move-date": ("move-date",),
    "hold": ("hold",),
    "release": ("release",),
    "invoice": ("fulfil", "bill"),
    "invoice-part": ("fulfil-part", "bill"),
    "invoice-rest": ("fulfil", "bill"),
    "cancel": ("cancel",),
    "return": ("authorise-return",),
    "credit": ("credit",),
    "finish-work-order": ("finish-work-order",),
}


class SecondsAhead(SystemClock):
    """The machine's clock, moved on by whole seconds, because NetSuite knows no less."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class NetSuiteLedger:
    """`Ledger` on the simulator."""

    def __init__(self, simulator: NetSuiteSimulator, clock: SecondsAhead, settings: Mapping[str, object]) -> None:
        self.simulator = simulator
        self.clock = clock
        self._settings = settings
        self.opened: list[Ports] = []
        self.source = self.again()

    def again(self) -> OrderEventSource:
        connector = registry.load("netsuite")
        known = connector.settings.model_validate(settings_for(self.simulator, **self._settings))
        self.opened.append(connector.open(known, Dependencies(clock=right_clock())))
        source = self.opened[-1].order_events
        assert source is not None
        return source

    async def make(self, order_id: str, *, made_to_order: bool = False) -> str:
        orders = self.opened[0].orders
        assert orders is not None
        self.clock.ahead_s += 1
        return (await orders.create_order(order_id, MADE if made_to_order else ORDER)).number

    async def close(self) -> None:
        for ports in self.opened:
            await ports.close()

    async def make_foreign(self) -> None:
        order = await self._control("GET", "/_sim/orders", None)
        assert order["orders"] == []
        body = {"entity": {"id": "101"}, "item": {"items": [{"item": {"id": "501"}, "quantity": 1}]}}
        sessions = self.simulator.netsuite._tokens  # noqa: SLF001 - somebody with a session of their own
        sessions["others"] = self.clock.now() + 60
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as client:
            headers = {"Authorization": "Bearer others"}
            made = await client.post("/services/rest/record/v1/salesOrder", json=body, headers=headers)
        assert made.status_code == 204, made.text

    async def happens(self, order_id: str, what: What) -> None:
        self.clock.ahead_s += 1
        for step in STEPS[what]:
            await self._control("POST", "/_sim/life", {"external_id": order_id, "what": step})

    async def _control(self, method: str, path: str, body: object) -> dict[str, object]:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as client:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 200, answer.text
            found: dict[str, object] = answer.json()
            return found


@asynccontextmanager
async def opened(account: AccountSettings, settings: Mapping[str, object]) -> AsyncIterator[NetSuiteLedger]:
    clock = SecondsAhead()
    async with NetSuiteSimulator(account, seed=BY_EXTERNAL_IDS, clock=clock) as simulator, AsyncExitStack() as stack:
        ledger = NetSuiteLedger(simulator, clock, settings)
        stack.push_async_callback(ledger.close)
        yield ledger


EASTERN = AccountSettings(needs_approval=True, zone="Australia/Sydney", save_ms=0)
CASES = [
    OrderEventSourceCase(
        name="netsuite",
        opened=partial(opened, AccountSettings(needs_approval=True, save_ms=0), {}),
    ),
    OrderEventSourceCase(
        name="netsuite-by-single-rows",
        opened=partial(opened, EASTERN, {"time_zone": "Australia/Sydney", "page_size": 1}),
    ),
]
