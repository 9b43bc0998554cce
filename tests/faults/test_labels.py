"""Labels on real Kafka: booked once though the answer is lost, delivered by the carrier's own word."""

from decimal import Decimal
from typing import Any

import pytest

from simulators.channels.producer import RecordProducer
from simulators.rest_carrier import Settings
from streams.domain.order_id import unified_id
from tests.faults.conftest import MakeOrderSystem
from tests.processes import Simulated, Worker, call, until

pytestmark = pytest.mark.faults
WMS = "wms.fulfilment-event.v1"
Record = dict[str, Any]  # Any: a record of an .avsc


def _view(worker: Worker, order_id: str) -> dict[str, Any]:  # Any: JSON of the page
    found: dict[str, Any] = call(f"{worker.url}/api/v1/orders/{order_id}", timeout=10)["data"]
    return found


def _step(order: Record, step: str, number: int) -> Record:
    at = order["updated_at"] + number * 1_000_000
    lines = [{"order_line": one["line_id"], "sku": one["sku"], "quantity": Decimal(one["quantity"])}
             for one in order["lines"]]  # fmt: skip
    return {
        "event_id": f"wms-{number}",
        "source_system": "wms:main",
        "order_id": f"T-{order['number']}",
        "commerce_order": unified_id(order["channel"], order["number"]),
        "location_code": "WH-NORTH",
        "shipment_id": "S-1",
        "step": step,
        "lines": lines,
        "effective_at": at,
        "recorded_at": at,
    }


def test_a_label_is_booked_once_though_its_answer_is_lost_and_its_parcel_is_delivered_by_its_number(
    make_order_system: MakeOrderSystem,
) -> None:
    system = make_order_system(overrides={"STREAMS_ORDERS__CHANNELS": '["dealer"]'})
    speaks = ("--events", "--bootstrap", system.kafka.bootstrap, "--registry", system.registry_url)
    carrier = Simulated("rest_carrier", system.folder, *speaks)
    carrier.start()
    try:
        carrier.wait_ready()
        more = {
            "STREAMS_ORDERS__CARRIER": "rest_carrier",
            "STREAMS_CONNECTORS__REST_CARRIER__BASE_URL": carrier.url,
            "STREAMS_CONNECTORS__REST_CARRIER__AUTH__KIND": "bearer",
            "STREAMS_CONNECTORS__REST_CARRIER__AUTH__TOKEN": Settings().token,
            "STREAMS_CONNECTORS__REST_CARRIER__SETTLE_S": "1",
        }
        system.overrides = {**system.overrides, **more}
        lost = carrier.fault(kind="drop-answer", path="/v1/labels/", methods=["PUT"], times=1)
        worker = system.worker("a").wait_ready()
        system.place(1)
        system.wait_booked()
        order = system.placed[0]
        order_id = unified_id(order["channel"], order["number"])
        wms = RecordProducer(system.kafka.bootstrap, system.registry_url, WMS, "order_id", repeats=1.0)
        wms.send([_step(order, "PICKED", 1), _step(order, "PACKED", 2)])
        until(lambda: _booked(worker, order_id), within=40, what=lambda: f"a label\n{worker.log[-3000:]}")
        wms.send([_step(order, "SHIPPED", 3)])
        wms.close()
        reference = f"{order_id}-S-1"
        for what in ("collect", "deliver"):
            call(f"{carrier.url}/_sim/life", method="POST", body={"reference": reference, "what": what})
        until(
            lambda: _view(worker, order_id)["order_state"] in {"delivered", "closed"},
            within=40,
            what=lambda: f"it arrived\n{_view(worker, order_id)}\n{worker.log[-3000:]}",
        )

        [parcel] = call(f"{carrier.url}/_sim/state")["parcels"]
        [shipment] = _view(worker, order_id)["parts"]
        assert carrier.hits(lost) == 1
        assert (parcel["reference"], parcel["status"]) == (reference, "DELIVERED")
        assert shipment["tracks"] == [f"parcelex {parcel['tracking_number']}"]
        assert f"book label S-1: applied {parcel['tracking_number']}" in system.command("trace", order_id)
    finally:
        carrier.end()


def _booked(worker: Worker, order_id: str) -> bool:
    return any(one["text"].startswith("The carrier: book a label") for one in _view(worker, order_id)["events"])
