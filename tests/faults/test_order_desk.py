"""What a person at the desk sees and decides while targets fail: on live workers, by the command line."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_system import OrderSystem
from tests.processes import Worker, until

pytestmark = pytest.mark.faults
REFUSED = {"kind": "status", "status": 400}
DOWN = {"kind": "status", "status": 503}


def _run(system: OrderSystem, worker: Worker, *arguments: str) -> tuple[int, str, str]:
    found = subprocess.run(
        [sys.executable, "-m", "streams", *arguments, "--url", worker.url],
        capture_output=True, text=True, check=False, env={**system.environ}, timeout=60,
    )  # fmt: skip
    return found.returncode, found.stdout, found.stderr


def _json(system: OrderSystem, worker: Worker, *arguments: str) -> Any:  # noqa: ANN401  whatever a worker answers
    code, out, err = _run(system, worker, *arguments, "--json")
    assert code in (0, 1), err
    return json.loads(out)["data"]


def test_refused_orders_are_held_found_anywhere_and_released_once(make_order_system: MakeOrderSystem) -> None:
    system = make_order_system()
    workers = [system.worker(name).wait_ready() for name in ("a", "b")]
    system.break_creates(**REFUSED)
    system.place(6)

    for worker in workers:
        until(lambda: _json(system, worker, "orders", "held")["total"] == 6, within=90, what="all six are held")  # noqa: B023
    order_id = min(system.wanted)
    seen = [_json(system, worker, "orders", "show", order_id) for worker in workers]
    assert [view["order_state"] for view in seen] == ["held", "held"]
    assert [hold["reason"] for hold in seen[0]["holds"]] == ["rejected-by-target"]
    by_number = _json(system, workers[0], "orders", "show", seen[0]["number"])
    assert by_number["id"] == order_id

    system.erp.process.heal()
    released = [
        _run(system, worker, "orders", "release", order_id, "--reason", "set right at the ERP", "--yes")
        for worker in workers
    ]
    assert [code for code, _, _ in released] == [0, 0], released
    until(lambda: system.booked.get(order_id) == 1, within=60, what=lambda: f"it is booked\n{workers[0].log[-2000:]}")
    until(
        lambda: _json(system, workers[1], "orders", "show", order_id)["order_state"] == "acknowledged",
        within=30,
        what="the order has its number",
    )
    view = _json(system, workers[0], "orders", "show", order_id)
    assert _json(system, workers[0], "orders", "show", view["erp_number"])["id"] == order_id
    assert _json(system, workers[0], "orders", "held")["total"] == 5
    story = subprocess.run(
        [sys.executable, "-m", "streams", "trace", order_id], capture_output=True, text=True, check=True,
        env={**system.environ},
    ).stdout  # fmt: skip
    for line in ("placed", "erp is asked: create order", "create order: dead", "released", "create order: applied"):
        assert line in story, story


def test_orders_that_wait_for_a_target_are_told_with_why(make_order_system: MakeOrderSystem) -> None:
    system = make_order_system()
    worker = system.worker("a").wait_ready()
    system.break_creates(**DOWN)
    system.place(4)

    until(lambda: _json(system, worker, "orders", "stuck", "--longer", "1s")["total"] == 4, within=60, what="four wait")
    [first, *_] = _json(system, worker, "orders", "stuck", "--longer", "1s")["items"]
    view = _json(system, worker, "orders", "show", first["id"])
    assert view["headline"] == "Waiting for the ERP"
    assert view["systems"][0]["pending"][0]["kind"] == "CREATE_ORDER"
    assert _json(system, worker, "orders", "held")["items"] == []

    system.erp.process.heal()
    system.wait_booked()
    until(lambda: _json(system, worker, "orders", "stuck", "--longer", "1s")["total"] == 0, within=30, what="none wait")


def test_an_order_is_cancelled_at_the_erp_and_every_record_of_orders_is_counted(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system()
    worker = system.worker("a").wait_ready()
    system.place(3)
    system.wait_booked()
    order_id = min(system.wanted)
    cancel = ("orders", "cancel", order_id, "--reason", "the customer called", "--yes")
    code, _, err = _run(system, worker, *cancel)
    assert code == 0, err

    def stands() -> str:
        return str(_json(system, worker, "orders", "show", order_id)["order_state"])

    until(lambda: stands() == "cancelled", within=60, what=lambda: f"it is cancelled\n{worker.log[-2000:]}")
    assert "is cancelled already" in _run(system, worker, *cancel)[2]

    def sums() -> dict[str, dict[str, int]]:
        topics = _json(system, worker, "status")["accounting"]["topics"]
        return {one["topic"]: one for one in topics if one["of"] == "orders"}

    until(lambda: sums()["erp.outcome.v1"]["taken"] == 4, within=30, what=lambda: f"all is counted: {sums()}")
    found = sums()
    assert {name: one["difference"] for name, one in found.items() if one["difference"]} == {}
    assert found["commerce.order.v1"]["applied"] >= 3  # some are sent twice
    commands = found["erp.command.v1"]
    assert (commands["taken"], commands["applied"], commands["pending"]) == (4, 4, 0)


def test_a_paused_sink_of_a_role_is_said_by_the_first_page_until_it_runs(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system()
    worker = system.worker("a").wait_ready()
    _order(system, "pause", "closing of the month")
    system.place(2)

    def status() -> Any:  # noqa: ANN401  whatever a worker answers
        return _json(system, worker, "status")

    def waiting() -> list[int | None]:
        return [one["pending"] for one in status()["sinks"] if one["key"] == "order-sink-erp"]

    until(lambda: waiting() == [2], within=60, what=lambda: f"two wait: {status()['sinks']}")
    data = status()
    assert any("The sink of orders for the ERP is paused by" in need["what"] for need in data["verdict"]["needs"])
    assert data["verdict"]["headline"] != "Nothing needs you"
    assert system.booked == {}

    _order(system, "run", "the month is closed")
    system.wait_booked()


def _order(system: OrderSystem, mode: str, reason: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "streams", "sinks", mode, "erp", "--reason", reason], check=True, env={**system.environ}
    )
