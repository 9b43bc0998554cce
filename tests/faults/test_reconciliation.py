"""Drift of every kind behind the back of a trading system: all of it is found, none is invented, and it is repaired."""

import json
import os
import subprocess
import sys
from contextlib import AbstractContextManager
from typing import Any

import pytest

from simulators.wms.model import WAREHOUSES
from simulators.wms.recount import RecountBridge, consumer_config
from tests.beside import beside
from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.processes import call, until
from tests.proofs.drift import Catalogue, chosen, lay_out, plant

pytestmark = pytest.mark.faults
CATALOGUE = Catalogue(400, ("north", "south"))
DRIFTED = 0.02
WITHIN_S = 120
DOWN, FOUND = 2, 1


def trading(system: System) -> AbstractContextManager[None]:
    """Beside whatever happens in the block."""
    return beside(lambda: system.trade(0.5, 60))


def reconcile(system: System, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, what the command printed as JSON, and its last words."""
    done = subprocess.run(
        [sys.executable, "-m", "streams", "reconcile", "stock", *arguments, "--json", "--url", system.workers[0].url],
        env={**os.environ, **system.environ},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def told(found: dict[str, Any]) -> dict[tuple[str, str], str]:
    pairs = {(one["source_code"], one["sku"]): one["kind"] for one in found["drift"]}
    assert len(pairs) == len(found["drift"]) == sum(found["found"].values())
    return pairs


def _the_ledger_is_wrong_and_a_statement_says_so(system: System) -> None:
    """Somebody stated a wrong number; the warehouse's snapshot differs, a recount is asked and answered."""
    place = next(line for line in system.wms.state()["books"] if line.endswith("/ON_HAND"))
    location, sku, _bucket = place.split("/")
    wrong = ("stock", "rebase", sku, location, "4711", "--reason", "a slip", "--yes", "--url", system.workers[0].url)
    system.command(*wrong)
    until(lambda: bool(system.differences()), within=WITHIN_S, what="the slip reaches the shop")
    config = consumer_config(system.kafka.bootstrap, "recounts", {})
    bridge = RecountBridge(config, system.wms.registry, system.wms.answer_and_flush, journal=system.wms.journal)
    bridge.start()
    try:
        system.wms.statement()
        system.wait_equal()
    finally:
        bridge.stop()
    told = system.workers[0].facts()["statements"]
    assert told["differs"] == 1
    assert told["agrees"] > 10


def test_all_planted_drift_is_found_under_trade_and_repaired_and_an_outage_is_a_refusal(
    make_system: MakeSystem,
) -> None:
    system = make_system(overrides={"STREAMS_RECONCILE__SNAPSHOT_PATIENCE_S": "1"})
    live = [f"SKU-{n:05d}" for n in range(1, system.items + 1)]
    sources = sorted({"default", *(warehouse.source_code for warehouse in WAREHOUSES)})
    system.shop.seed(products=[*live, *CATALOGUE.names], sources=sources)
    system.worker("a").wait_ready(WITHIN_S)
    planted = chosen(CATALOGUE, DRIFTED, seed=3)
    lay_out(system, CATALOGUE, [pair for pair, kind in planted.items() if kind == "stale"], within=WITHIN_S)
    system.open_stock()
    plant(system, CATALOGUE, planted)

    with trading(system):
        code, found, _ = reconcile(system, "--full", "--repair")
    assert (code, told(found)) == (FOUND, planted)
    assert found["state"] == "done"
    assert sum(found["repaired"].values()) == sum(kind != "orphan" for kind in planted.values())

    system.wait_equal()
    code, found, _ = reconcile(system, "--full")
    assert told(found) == {pair: kind for pair, kind in planted.items() if kind == "orphan"}

    _the_ledger_is_wrong_and_a_statement_says_so(system)

    rule = system.shop.fault(kind="outage", seconds=60)
    page = f"{system.workers[0].url}/api/v1/reconciliation"
    with trading(system):  # the lane's own calls find out
        until(lambda: bool(call(page)["data"]["refusal"]), within=WITHIN_S, what="the outage is noticed")
    code, found, said = reconcile(system)
    assert (code, found) == (DOWN, {})
    assert "cannot be asked now" in said
    assert system.shop.hits(rule)
    system.shop.heal()
    system.wait_equal()
    checks.check_accounting(system)
    checks.check_dead_letters(system)
