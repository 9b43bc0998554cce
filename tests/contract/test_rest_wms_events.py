"""What the simulated warehouse says is what the application reads: two codecs, one schema."""

import json
from collections import Counter

from schemas import projection
from schemas.catalogue import FULFILMENT_EVENT
from schemas.models.fulfilment_event import FulfilmentEvent
from simulators.plain_rest import documents
from simulators.rest_wms import RestWmsSimulator, Settings
from simulators.rest_wms.documents import Task
from simulators.rest_wms.events import TOPIC, FulfilmentRecord
from simulators.wms.wire import RecordCodec, schema_of

LINES = [
    {"line_id": "501", "sku": "PUMP-200", "quantity": "3"},
    {"line_id": "502", "sku": "SEAL-7", "quantity": "0.25"},
]
TASK = {"source_code": "wh-east", "lines": LINES, "shipping_method": "ground"}
ASKED = {"501": 3_000_000, "502": 250_000}
NOW = 1_772_439_330.25


def said(tasks: int) -> list[FulfilmentRecord]:
    """By the plan, to its end."""
    wms = RestWmsSimulator(Settings(life=True)).wms
    for number in range(tasks):
        content = documents.read(json.dumps({"order_id": f"web-{number}", **TASK}).encode(), Task)
        wms.floor.put(f"t-{number}", content, wms.settings, now=NOW)
    for second in range(60):
        wms.live(NOW + second)
    return list(wms.said)


def read(records: list[FulfilmentRecord]) -> list[FulfilmentEvent]:
    codec, decode = (
        RecordCodec(schema_of(TOPIC)),
        projection.decoder(FULFILMENT_EVENT, FULFILMENT_EVENT.schema_text).decode,
    )
    return [decode(codec.encode(one), 0) for one in records]


def test_every_step_is_read_as_it_was_said() -> None:
    records = said(40)

    for record, event in zip(records, read(records), strict=True):
        assert (event.event_id, event.step, event.order_id) == (record["event_id"], record["step"], record["order_id"])
        assert event.effective_at == record["effective_at"]
        assert [(one.order_line, one.quantity) for one in event.lines] == [
            (one["order_line"], int(one["quantity"] * 1_000_000)) for one in record["lines"]
        ]
        assert [one.tracking_number for one in event.packages] == [one["tracking_number"] for one in record["packages"]]


def test_shipments_shortages_and_what_is_given_back_make_up_what_was_asked() -> None:
    gone: dict[str, Counter[str]] = {}
    for event in read(said(60)):
        if event.step in {"SHIPPED", "PARTIALLY_SHIPPED", "SHORTED", "CANCELLED"}:
            counted = gone.setdefault(event.order_id, Counter())
            counted.update({one.order_line or "": one.quantity for one in event.lines})

    assert gone == {f"web-{number}": Counter(ASKED) for number in range(60)}
