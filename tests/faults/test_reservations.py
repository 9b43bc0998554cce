"""Reservations that somebody damaged at the shop of a trading system are found, explained and told how to set right."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from simulators.wms.model import WAREHOUSES
from tests.beside import beside
from tests.faults.conftest import MakeSystem
from tests.faults.system import System
from tests.processes import call, until

pytestmark = pytest.mark.faults
GOODS = ("LOCAL-A", "LOCAL-B", "LOCAL-C")
"""Of the shop alone: no warehouse trades them, so nothing of them moves while live trade goes on."""
WITHIN_S = 120
DOWN, FOUND = 2, 1


def reservations(system: System) -> tuple[int, dict[str, Any], str]:
    """Exit code, what the command printed as JSON, and its last words."""
    url = system.workers[0].url
    done = subprocess.run(
        [sys.executable, "-m", "streams", "reconcile", "reservations", "--json", "--url", url],
        env={**os.environ, **system.environ},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def told(found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return sorted((one["sku"], one["kind"], one["certainty"], one["compensation"]) for one in found["findings"])


class Hand:
    """Shoppers, and an administrator's hand in the shop's tables."""

    def __init__(self, url: str) -> None:
        self._url = url

    def order(self, sku: str, units: int) -> dict[str, Any]:
        body = {"items": [{"sku": sku, "qty": units}], "force": True}
        placed: dict[str, Any] = call(f"{self._url}/_sim/orders", method="POST", body=body)
        return placed

    def append(self, number: str, sku: str, units: float, event: str) -> None:
        body = {"do": "append", "order": number, "sku": sku, "quantity": units, "event": event}
        call(f"{self._url}/_sim/reservations", method="POST", body=body)


def test_damaged_reservations_are_found_under_trade_and_an_outage_is_a_refusal(make_system: MakeSystem) -> None:
    system = make_system()
    live = [f"SKU-{n:05d}" for n in range(1, system.items + 1)]
    sources = sorted({warehouse.source_code for warehouse in WAREHOUSES})
    stock = [["local", sku, "10"] for sku in GOODS]
    state = {"products": [*live, *GOODS], "sources": ["default", "local", *sources], "source_items": stock}
    call(f"{system.shop.url}/_sim/state", method="PUT", body=state)
    system.worker("a").wait_ready(WITHIN_S)
    system.open_stock()
    hand = Hand(system.shop.url)
    twice, short = hand.order("LOCAL-A", 3), hand.order("LOCAL-C", 12)
    hand.order("LOCAL-B", 2)
    hand.append(twice["increment_id"], "LOCAL-A", -3, "order_placed")

    with beside(lambda: system.trade(0.5, 60)):
        code, found, _ = reservations(system)

    plan = f"{twice['increment_id']}:LOCAL-A:+3.000000:1"
    assert told(found) == [("LOCAL-A", "deducted-twice", "certain", plan), ("LOCAL-C", "negative", "certain", "")]
    assert (code, found["state"]) == (FOUND, "done")
    assert found["findings"][1]["candidates"][0]["order_number"] == short["increment_id"]

    order, sku, quantity, _stock = plan.split(":")
    hand.append(order, sku, float(quantity), "manual_compensation")
    code, found, _ = reservations(system)
    assert (code, [one["sku"] for one in found["findings"]]) == (FOUND, ["LOCAL-C"])

    rule = system.shop.fault(kind="outage", seconds=60)
    page = f"{system.workers[0].url}/api/v1/reconciliation"
    with beside(lambda: system.trade(0.5, 60)):
        until(lambda: bool(call(page)["data"]["reservations_refusal"]), within=WITHIN_S, what="the outage is noticed")
    code, found, said = reservations(system)
    assert (code, found) == (DOWN, {})
    assert "cannot be asked now" in said
    assert system.shop.hits(rule)
    system.shop.heal()
    system.wait_equal()
