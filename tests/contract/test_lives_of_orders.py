"""What a simulated ERP did with many orders, by its journal, is what its connector told while it happened.

Late queries, lost answers and refusals come in between: what was done is told, what was not done is not.
"""

import itertools
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import TransientError
from connectors.core.order_ports import OrderEventSource
from connectors.core.registry import Ports
from schemas.models.erp_order_event import ErpOrderEvent
from simulators.core.server import Simulator
from simulators.netsuite import NetSuiteSimulator
from simulators.netsuite import Settings as AccountSettings
from simulators.sap_s4hana import SapS4HanaSimulator
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract.order_event_sources.netsuite import SecondsAhead
from tests.contract.order_target import line, order
from tests.contract.order_targets.netsuite import BY_EXTERNAL_IDS, right_clock, settings_for
from tests.contract.sap_s4hana_system import COMPANY, credential
from tests.fakes.clock import FakeClock

ORDERS = 20
SEED = 54
"""With which the plans do everything that they can to some of the orders."""
SECONDS = 56
ORDER = order(line("501", "PUMP-200", "3"), line("502", "MOTOR-M2", "2", make_to_order=True))
BROKEN = (
    {"kind": "status", "status": 503, "rate": 0.1},
    {"kind": "drop-answer", "rate": 0.1},
    {"kind": "half-body", "rate": 0.05},
    {"kind": "status", "status": 429, "rate": 0.05, "retry_after": "1"},
)


class Run:
    """An ERP that lives, the connector on it, and clocks that go together."""

    def __init__(self, simulator: Simulator, ports: Ports, clock: SecondsAhead, ours: FakeClock) -> None:
        self.simulator, self.ports, self.clock, self.ours = simulator, ports, clock, ours
        self.events: dict[str, ErpOrderEvent] = {}
        self._cursor = ""

    @property
    def source(self) -> OrderEventSource:
        assert self.ports.order_events is not None
        return self.ports.order_events

    async def make_orders(self) -> None:
        assert self.ports.orders is not None
        await self.poll()
        for number in range(ORDERS):
            await self.ports.orders.create_order(f"web-{number}", ORDER)

    async def break_reads(self) -> None:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            for rule in BROKEN:
                (await control.post("/_sim/faults", json=rule)).raise_for_status()

    async def heal(self) -> None:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            (await control.delete("/_sim/faults")).raise_for_status()

    def pass_second(self) -> None:
        self.clock.ahead_s += 1
        self.ours.advance(timedelta(seconds=1))
        self.simulator.beat()

    async def poll(self) -> None:
        """As a poller does it: a failure leaves the cursor where it is."""
        for _ in itertools.count():
            try:
                events, self._cursor = await self.source.order_events(self._cursor)
            except TransientError:
                return
            for one in events:
                assert self.events.setdefault(one.event_id, one) == one
            if not events:
                return

    def done(self) -> list[Mapping[str, Any]]:
        """Steps that had an effect, by the journal."""
        return [one.detail for one in self.simulator.journal.entries() if one.kind == "life" and one.effect]

    def told(self, *kinds: str) -> set[tuple[str | None, str | None]]:
        """Orders and documents of these kinds."""
        return {(one.order_id, one.document) for one in self.events.values() if one.kind in kinds}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def netsuite() -> AsyncIterator[Run]:
    account = AccountSettings(life=True, life_rate=2, needs_approval=True, save_ms=0, query_lag_s=8, seed=SEED)
    clock, ours = SecondsAhead(), right_clock()
    async with NetSuiteSimulator(account, seed=BY_EXTERNAL_IDS, clock=clock) as simulator:
        connector = registry.load("netsuite")
        known = connector.settings.model_validate(settings_for(simulator, page_size=9, overlap_s=20))
        ports = connector.open(known, Dependencies(clock=ours))
        yield Run(simulator, ports, clock, ours)
        await ports.close()


@pytest.fixture
async def sap() -> AsyncIterator[Run]:
    clock, ours = SecondsAhead(), right_clock()
    company = SapSettings(life=True, life_rate=2, confirm="none", read_lag_s=8, seed=SEED)
    async with SapS4HanaSimulator(company, clock=clock) as simulator:
        connector = registry.load("sap_s4hana")
        whole = {
            **COMPANY,
            "page_size": 9,
            "overlap_s": 20,
            "auth": credential("basic", simulator),
            "base_url": simulator.url,
        }
        ports = connector.open(connector.settings.model_validate(whole), Dependencies(clock=ours))
        yield Run(simulator, ports, clock, ours)
        await ports.close()


async def live(run: Run) -> None:
    await run.make_orders()
    await run.break_reads()
    for _ in range(SECONDS):
        run.pass_second()
        await run.poll()
    await run.heal()
    for _ in range(10):  # what a query sees late
        run.pass_second()
        await run.poll()


@pytest.mark.anyio
async def test_what_netsuite_did_is_told_once_and_nothing_else(netsuite: Run) -> None:
    await live(netsuite)

    done = netsuite.done()
    by_step = {what: [one for one in done if one["what"] == what] for what in {one["what"] for one in done}}
    assert {"bill", "credit", "authorise-return", "finish-work-order", "reject", "hold"} <= by_step.keys()
    for what, kind in (("bill", "INVOICED"), ("credit", "REFUNDED"), ("authorise-return", "RETURN_REQUESTED")):
        assert netsuite.told(kind) == {(one["of"], one["document"]) for one in by_step[what]}, what
    built = {(one["of"], number) for one in by_step["finish-work-order"] for number in one["work_orders"]}
    assert netsuite.told("WORK_ORDER_DONE") == built
    gone = {one["of"] for what in ("reject", "cancel") for one in by_step.get(what, ())}
    assert {order_id for order_id, _ in netsuite.told("CANCELLED")} == gone
    amounts = {one.document: one.amount for one in netsuite.events.values() if one.kind == "INVOICED"}
    assert amounts == {one["document"]: round(float(one["amount"]) * 1_000_000) for one in by_step["bill"]}


@pytest.mark.anyio
async def test_what_sap_did_is_told_once_and_nothing_else(sap: Run) -> None:
    await live(sap)

    done = sap.done()
    by_step = {what: [one for one in done if one["what"] == what] for what in {one["what"] for one in done}}
    wanted_steps = {
        "bill",
        "bill-part",
        "authorise-return",
        "credit",
        "finish-work-order",
        "confirm",
        "hold",
        "release",
    }
    assert wanted_steps <= by_step.keys()
    bills = [*by_step["bill"], *by_step["bill-part"]]
    assert sap.told("INVOICED") == {(one["reference"], one["invoice"]) for one in bills}
    assert sap.told("REFUNDED") == {(one["reference"], one["credit_memo"]) for one in by_step["credit"]}
    back = {(one["reference"], one["return"]) for one in by_step["authorise-return"]}
    assert sap.told("RETURN_REQUESTED") == back
    assert sap.told("RETURN_RECEIVED") == {(one["reference"], one["return"]) for one in by_step["credit"]}
    paid = {one["invoice"]: one["amount"] for one in bills} | {
        one["credit_memo"]: one["amount"] for one in by_step["credit"]
    }
    amounts = {one.document: one.amount for one in sap.events.values() if one.kind in {"INVOICED", "REFUNDED"}}
    assert amounts == {number: round(float(amount) * 1_000_000) for number, amount in paid.items()}
    built = {(one["reference"], number) for one in by_step["finish-work-order"] for number in one["work_orders"]}
    assert sap.told("WORK_ORDER_DONE") == built
    for what, kind in (("reject", "REJECTED"), ("cancel", "CANCELLED")):
        wanted = {one["reference"] for one in by_step.get(what, ())}
        assert {order_id for order_id, _ in sap.told(kind)} == wanted, what
