"""The closing of a day over real Kafka and every target: it closes, names what was deleted, and asks for it anew."""

import json
import os
import subprocess
import sys
import urllib.error
from typing import Any

import pytest

from tests.faults.conftest import MakeEveryTarget
from tests.faults.every_target import EveryTarget
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults
SETTLE = {"STREAMS_COMPLETENESS__SETTLE_S": "1", "STREAMS_COMPLETENESS__AT": "", "STREAMS_COMPLETENESS__ORDERS_AT": ""}
Run = dict[str, Any]  # Any: what the command printed as JSON


def _asked(system: EveryTarget, worker: Worker, *arguments: str, code: int) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments, "--json", "--url", worker.url],
        env={**os.environ, **system.environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{worker.log[-3000:]}"
    found: Run = json.loads(done.stdout)
    return found


def _compared(system: EveryTarget, worker: Worker, *arguments: str, code: int) -> Run:
    return _asked(system, worker, "reconcile", "orders", "--since", "1h", *arguments, code=code)


def _kinds(run: Run) -> set[tuple[str, str]]:
    """Kind and order of every finding but those of totals: the simulated shop has prices of its own."""
    findings = [one for page in run["pages"] for one in page["findings"]]
    return {(one["kind"], one["entity"]) for one in findings if one["kind"] != "differs"}


def _is_known(worker: Worker, order_id: str) -> bool:
    """Whether it came as far as the table: what the ERP says of a shopper without an account is another matter."""
    try:
        return bool(call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"])
    except urllib.error.HTTPError:
        return False


def test_an_order_that_is_missing_is_named_and_asked_for_anew_exactly_once(make_every_target: MakeEveryTarget) -> None:
    system = make_every_target(overrides=SETTLE)
    worker = system.worker("a").wait_ready(120)
    there, deleted = system.shopped(("INVOICED", "REFUNDED")), system.shopped(("INVOICED", "REFUNDED"))
    never_said = system.at_the_shop_only()
    until(
        lambda: system.go_on() and {there, deleted} <= system.booked.keys() and system.order_lag() == 0,
        within=120,
        what=lambda: f"both are booked\n{worker.log[-3000:]}",
        step=0.5,
    )
    call(f"{system.erp.process.url}/_sim/forget", method="POST", body={"reference": deleted})

    def named() -> Run:
        return _compared(system, worker, code=1)

    missing = {("not-at-target", deleted), ("never-seen", never_said)}
    until(lambda: missing <= _kinds(named()), within=60, what=lambda: f"{missing} in {_kinds(named())}", step=1)
    assert there not in {order_id for _kind, order_id in _kinds(named())}

    requeued = _compared(system, worker, "--requeue", "*", "--reason", "it was deleted", code=1)["requeued"]
    assert {(one["order_id"], one["is_done"]) for one in requeued} >= {(deleted, True), (never_said, True)}
    until(
        lambda: {there, deleted} <= system.booked.keys() and _is_known(worker, never_said),
        within=120,
        what=lambda: f"both are booked, the third is known: {system.booked}\n{worker.log[-3000:]}",
        step=0.5,
    )
    until(
        lambda: not _kinds(_compared(system, worker, code=1)) & missing,
        within=60,
        what=lambda: f"nothing is missing: {_kinds(named())}",
        step=1,
    )
    assert set(system.booked.values()) == {1}
    assert "requeue-order" in system.command("trace", deleted)


def test_the_page_of_today_can_be_read_again_after_a_restart(make_every_target: MakeEveryTarget) -> None:
    system = make_every_target(overrides=SETTLE)
    first = system.worker("a").wait_ready(120)
    system.open_stock()
    until(lambda: system.lag() == 0, within=60, what="stock is taken", step=0.5)
    made = _asked(system, first, "completeness", "--now", code=0)
    assert {page["flow"] for page in made["pages"]} == {"orders", "stock"}
    first.kill()
    heir = system.worker("b").wait_ready(120)
    kept: Any = _asked(system, heir, "completeness", code=0)  # Any: a list of pages
    assert sorted(page["flow"] for page in kept) == ["orders", "stock"]
    assert {page["made_at"] for page in kept} == {page["made_at"] for page in made["pages"]}
    again = _asked(system, heir, "completeness", "--now", code=0)
    opened = {page["flow"]: page["opened_at"] for page in again["pages"]}
    assert opened == {page["flow"]: page["closed_at"] for page in made["pages"]}
