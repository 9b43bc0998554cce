"""What WMS and ERP say of an order, on real Kafka with a worker that dies: the order stands where they say, once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from simulators.channels.producer import RecordProducer
from streams.domain.order_id import unified_id
from tests.faults.conftest import MakeOrderSystem
from tests.faults.order_system import OrderSystem
from tests.processes import Worker, call, until

pytestmark = pytest.mark.faults
WMS, ERP = "wms.fulfilment-event.v1", "erp.order-event.v1"
CHANNELS = {"STREAMS_ORDERS__CHANNELS": '["dealer"]'}
PROMISED = "2026-03-16"
Record = dict[str, Any]  # Any: a record of an .avsc


class Systems:
    """A warehouse and an ERP that speak of orders, and say everything twice."""

    def __init__(self, system: OrderSystem) -> None:
        at = (system.kafka.bootstrap, system.registry_url)
        self._wms = RecordProducer(*at, WMS, "order_id", repeats=1.0)
        self._erp = RecordProducer(*at, ERP, "erp_number", repeats=1.0)
        self._told = 0

    def step(self, step: str, order: Record, lines: Sequence[tuple[Record, Decimal]], **fields: object) -> None:
        """By a bare number where the order is the shop's, by our id else."""
        is_web = order["channel"] == "web"
        known = order["number"] if is_web else unified_id(order["channel"], order["number"])
        told = [{"order_line": one["line_id"], "sku": one["sku"], "quantity": quantity} for one, quantity in lines]
        common = {"order_id": f"T-{order['number']}", "commerce_order": known, "location_code": "WH-NORTH"}
        self._wms.send([{**self._stamp("wms:main", order), **common, "step": step, "lines": told, **fields}])

    def promise(self, order: Record, erp_number: str, at: int) -> None:
        order_id = unified_id(order["channel"], order["number"])
        said = {"erp_number": erp_number, "order_id": order_id, "status": "Pending Fulfillment", "expected_at": at}
        self._erp.send([{**self._stamp("netsuite", order), **said}])

    def lose_track(self) -> None:
        """One record that names no order of ours."""
        order = {"updated_at": 1, "number": "9", "channel": "elsewhere"}
        self.step("PICKED", order, ())

    def _stamp(self, system: str, order: Record) -> Record:
        self._told += 1
        at = order["updated_at"] + self._told * 1_000_000
        return {"event_id": f"{system}-{self._told}", "source_system": system, "effective_at": at, "recorded_at": at}

    def close(self) -> None:
        self._wms.close()
        self._erp.close()


def _view(worker: Worker, order_id: str) -> dict[str, Any]:  # Any: JSON of the page
    found: dict[str, Any] = call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"]
    return found


def _shipped(view: dict[str, Any]) -> dict[str, str]:  # Any: as above
    place = view["steps"].index("shipped")
    return {line["line_id"]: line["steps"][place] for line in view["lines"]}


def test_an_order_is_shipped_in_two_parts_with_a_date_whatever_is_repeated_or_killed(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(overrides=CHANNELS)
    first = system.worker("a").wait_ready()
    system.place(6)
    system.wait_booked()
    systems = Systems(system)
    order = max(system.placed, key=lambda one: sum(line["quantity"] for line in one["lines"]))
    order_id, lines = unified_id(order["channel"], order["number"]), order["lines"]
    ordered = {line["line_id"]: line["quantity"] for line in lines}
    until(lambda: bool(_view(first, order_id)["erp_number"]), within=30, what="the ERP's number is known")
    number = _view(first, order_id)["erp_number"]

    systems.promise(order, number, 1_773_619_200_000_000)
    systems.step("PICKED", order, [(line, line["quantity"]) for line in lines])
    part = [(lines[0], Decimal(1))]
    rest = [(line, line["quantity"] - (1 if line is lines[0] else 0)) for line in lines]
    cartons = [{"carrier_code": "ups", "tracking_number": "1Z0001"}]
    systems.step("SHIPPED", order, part, shipment_id="S-1", packages=cartons)
    systems.lose_track()
    until(
        lambda: _view(first, order_id)["order_state"] == "partially-shipped",
        within=60,
        what=lambda: f"the first part left\n{_view(first, order_id)}\n{first.log[-3000:]}",
    )
    half = _view(first, order_id)
    first.kill()
    systems.step("SHIPPED", order, [one for one in rest if one[1]], shipment_id="S-2")
    systems.close()
    heir = system.worker("b").wait_ready(60)

    until(
        lambda: _view(heir, order_id)["order_state"] == "shipped",
        within=60,
        what=lambda: f"all of it left\n{_view(heir, order_id)}\n{heir.log[-3000:]}",
    )
    whole = _view(heir, order_id)
    assert _shipped(half)[lines[0]["line_id"]] == "1"
    assert {line_id: Decimal(units) for line_id, units in _shipped(whole).items()} == ordered
    shipments = {one["part"]: (one["source_code"], one["tracks"]) for one in whole["parts"]}
    assert shipments == {"S-1": ("north", ["ups 1Z0001"]), "S-2": ("north", [])}
    assert {line["promised_at"][:10] for line in whole["lines"]} == {PROMISED}
    assert whole["holds"] == []
    [letter, *_] = system.read("dead-letter.v1")
    told = dict(letter.headers())
    assert (told["dl_topic"], told["dl_reason"]) == (WMS.encode(), b"unknown-order")
    assert b"'T-9'" in told["dl_detail"]
    story = system.command("trace", order_id)
    for said in ("Pending Fulfillment", "shipped S-1 1 ×", "1Z0001", "shipped S-2"):
        assert said in story, story
