"""Orders are checked before the ERP hears of them: on live workers, against topics that the poll fills from the ERP."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulators.channels.orders import Record, catalogue
from streams.domain.order_id import unified_id
from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_system import ITEMS, OrderSystem
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults
OVER, SOLD, GONE, UNSOLD = catalogue(ITEMS)[:4]
CHECKED = {
    "STREAMS_ORDERS__CHECKS": '["sku-not-discontinued", "price-current"]',
    "STREAMS_POLL__REREAD_S": "1",
}
"""Each run of the poll reads all rows."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _run(system: OrderSystem, worker: Worker, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streams", *arguments, "--url", worker.url],
        capture_output=True, text=True, check=False, env={**system.environ}, timeout=60,
    )  # fmt: skip


def _view(system: OrderSystem, worker: Worker, *arguments: str) -> Any:  # noqa: ANN401  whatever a worker answers
    return json.loads(_run(system, worker, "orders", *arguments, "--json").stdout)["data"]


def _change_item(system: OrderSystem, sku: str, **parts: object) -> None:
    """By hand at the ERP."""
    body = {"kind": "item", "external_id": sku, **parts}
    call(f"{system.erp.process.url}/_sim/records", method="POST", body=body)


def _polled(system: OrderSystem) -> list[int]:
    """How many products and prices a round put on their topics."""
    told = json.loads(system.command("poll", "erp-products", "erp-prices", "--once", "--json"))
    return [one["round"]["found"] for one in told]


def _rows(system: OrderSystem, worker: Worker) -> str:
    """Of the worker's table of products."""
    told = _run(system, worker, "status").stdout
    (found,) = [line.split() for line in told.splitlines() if line.split()[:1] == ["erp.product.v1"]]
    return next(word for word in found if word.isdigit())


def _with_line(order: Record, sku: str, price: Decimal) -> Record:
    """The order with one line, of this item at this price."""
    line = {**order["lines"][0], "sku": sku, "price": price, "quantity": Decimal(1), "row_total": price}
    line |= {"tax": Decimal(0), "tax_percent": Decimal(0), "make_to_order": False, "configuration": {}}
    totals = {**order["totals"], "subtotal": price, "tax": Decimal(0), "grand_total": price + Decimal(25)}
    return {**order, "lines": [line], "totals": totals}


def _as_file(record: object, name: str = "") -> object:
    """As people write examples: decimals and times as text."""
    if isinstance(record, Mapping):
        return {key: _as_file(value, key) for key, value in record.items()}
    if isinstance(record, list):
        return [_as_file(value) for value in record]
    if name.endswith("_at") and isinstance(record, int):
        return (EPOCH + timedelta(microseconds=record)).isoformat()
    return str(record) if isinstance(record, Decimal) else record


def test_what_fails_a_check_waits_for_a_person_and_is_then_booked_once(
    make_order_system: MakeOrderSystem, tmp_path: Path
) -> None:
    system = make_order_system(overrides=CHECKED)
    _change_item(system, OVER.sku, fields={"inactive": True})
    _change_item(system, GONE.sku, deleted=True)
    assert _polled(system) == [ITEMS - 1, ITEMS - 1]
    worker = system.worker("a").wait_ready()
    good, corrected, released = system.orders(3)
    wrong = OVER.price + Decimal(1)
    system.send(
        [
            _with_line(good, SOLD.sku, SOLD.price),
            _with_line(corrected, GONE.sku, GONE.price),
            _with_line(released, OVER.sku, wrong),
        ]
    )
    ids = [unified_id(one["channel"], one["number"]) for one in (good, corrected, released)]

    until(lambda: _view(system, worker, "held")["total"] == 2, within=90, what=lambda: worker.log[-3000:])
    until(lambda: system.booked == {ids[0]: 1}, within=60, what="the good one is booked, and no other")
    why_held = (
        (f"price-current: no price: {GONE.sku}", f"sku-not-discontinued: not known: {GONE.sku}"),
        (f"price-current: {OVER.sku}", f"sku-not-discontinued: {OVER.sku}"),
    )
    for held, details in zip(ids[1:], why_held, strict=True):
        holds = _view(system, worker, "show", held)["holds"]
        assert [(one["reason"], one["detail"]) for one in holds] == [("check-failed", one) for one in details]
    assert _rows(system, worker) == str(ITEMS - 1)
    _change_item(system, UNSOLD.sku, deleted=True)
    assert _polled(system) == [1, 1], "one row is taken away, and what stands there already is not written again"
    until(lambda: _rows(system, worker) == str(ITEMS - 2), within=30, what="the worker knows one product less")

    still_wrong, right = tmp_path / "still-wrong.json", tmp_path / "right.json"
    still_wrong.write_text(json.dumps(_as_file(_with_line(corrected, SOLD.sku, wrong + SOLD.price))))
    right.write_text(json.dumps(_as_file(_with_line(corrected, SOLD.sku, SOLD.price))))
    why = ("--reason", "agreed with the customer", "--yes")
    done = _run(system, worker, "orders", "correct", ids[1], "--file", str(still_wrong), *why)
    assert done.returncode == 0, done.stderr
    until(
        lambda: (
            [one["detail"] for one in _view(system, worker, "show", ids[1])["holds"]] == [f"price-current: {SOLD.sku}"]
        ),
        within=30,
        what="it is checked anew",
    )
    for arguments in (("correct", ids[1], "--file", str(right)), ("release", ids[2])):
        done = _run(system, worker, "orders", *arguments, *why)
        assert done.returncode == 0, done.stderr

    system.wait_booked()
    assert dict(system.booked) == dict.fromkeys(ids, 1)
    assert _view(system, worker, "held")["total"] == 0
