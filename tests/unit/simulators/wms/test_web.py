"""The control interface: a demo drives the simulator over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from simulators.wms.simulator import WmsSimulator
from simulators.wms.web import Control
from tests.unit.simulators.wms.conftest import Start, SteppingClock

Ask = Callable[..., Awaitable[tuple[int, Any]]]


def drive(simulator: WmsSimulator, story: Callable[[Ask], Awaitable[None]]) -> None:
    async def play() -> None:
        async with TestClient(TestServer(Control(simulator).app())) as client:

            async def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
                response = await client.request(method, path, json=body)
                return response.status, await response.json()

            await story(ask)

    asyncio.run(play())


def test_health_names_the_simulator_and_counts_what_it_sent(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())

    async def story(ask: Ask) -> None:
        assert await ask("GET", "/_sim/health") == (200, {"name": "wms", "requests": 0})
        status, sent = await ask("POST", "/_sim/burst", {"changes_per_s": 50, "seconds": 1})
        assert (status, sent["counts"]) == (200, {"normal": 50})
        _, rest = await ask("POST", "/_sim/drain")
        requests = 50 + sum(rest["counts"].values())
        assert await ask("GET", "/_sim/health") == (200, {"name": "wms", "requests": requests})

    drive(simulator, story)


def test_the_journal_is_read_in_pages(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.burst(50, 1)
    simulator.drain()

    async def story(ask: Ask) -> None:
        _, first = await ask("GET", "/_sim/journal?limit=30")
        _, second = await ask("GET", f"/_sim/journal?since={first['next']}")
        assert len(first["items"]) == 30
        numbers = [entry["seq"] for entry in first["items"] + second["items"]]
        assert numbers == list(range(1, len(simulator.journal) + 1))

    drive(simulator, story)


def test_truth_and_state_are_readable(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    async def story(ask: Ask) -> None:
        _, truth = await ask("GET", "/_sim/truth")
        _, state = await ask("GET", "/_sim/state")
        expected = simulator.truth().shown
        assert {(one["source_code"], one["sku"]): (one["quantity"], one["status"]) for one in truth["shown"]} == {
            pair: (str(item.quantity), item.status) for pair, item in expected.items()
        }
        assert truth["verdicts"] == {"counted": state["delivered"]["normal"]}

    drive(simulator, story)


def test_orders_reach_the_simulator(simulate: Start) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    async def story(ask: Ask) -> None:
        assert (await ask("PUT", "/_sim/disturbance", {"duplicate": 1.0}))[1]["duplicate"] == 1.0
        _, ran = await ask("POST", "/_sim/run", {"seconds": 1, "changes_per_s": 10})
        assert ran["counts"] == {"normal": 10, "duplicate": 10}
        _, poison = await ask("POST", "/_sim/poison", {"count": 2, "kinds": ["tombstone"]})
        assert poison["counts"] == {"tombstone": 2}
        _, snapshot = await ask("POST", "/_sim/snapshot")
        assert snapshot["counts"]["normal"] > 10

    drive(simulator, story)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_sim/run", {"seconds": 1}),
        ("POST", "/_sim/run", [1, 2]),
        ("POST", "/_sim/burst", {"changes_per_s": "many", "seconds": 1}),
        ("POST", "/_sim/poison", {"count": 1, "kinds": ["arsenic"]}),
        ("PUT", "/_sim/disturbance", {"noise": 1}),
        ("GET", "/_sim/journal?since=yesterday", None),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(simulate: Start, method: str, path: str, body: object) -> None:
    simulator = simulate(clock=SteppingClock())
    simulator.opening()

    async def story(ask: Ask) -> None:
        status, answer = await ask(method, path, body)
        assert status == 400
        assert answer["error"]

    drive(simulator, story)
