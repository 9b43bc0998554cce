"""What WMS and ERP say becomes an event of the one order it is about, once for each record, and counted once."""

from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from connectors.core.errors import LeaseLostError
from schemas.catalogue import CARRIER_EVENT, COMMERCE_RETURN, ERP_ORDER_EVENT, FULFILMENT_EVENT
from schemas.models.carrier_event import CarrierEvent
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent, FulfilmentLine
from schemas.models.order_event import EventLine, Track
from schemas.models.returned import Return
from streams.domain.unknown_words import Heard, UnknownWord
from streams.runtime.metrics import IGNORED, UNKNOWN_WORDS
from tests.contract.order_target import order
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.order_worker import (
    OrderWorker,
    applied,
    parcel_bytes,
    return_bytes,
    said_bytes,
    step_bytes,
)
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import change_bytes

pytestmark = pytest.mark.anyio
WMS, ERP, RETURNS = FULFILMENT_EVENT.topic, ERP_ORDER_EVENT.topic, COMMERCE_RETURN.topic
M, ID = 1_000_000, "web-000000123"
WEB = msgspec.structs.replace(order(), channel="web", number="000000123", event_id="e1")
STEP = FulfilmentEvent(
    event_id="f1", source_system="wms:main", order_id="T7", commerce_order=ID, step="PICKED", location_code="WH-EAST",
    effective_at=T0, recorded_at=T0,
)  # fmt: skip
SAID = ErpOrderEvent(
    event_id="s1", source_system="netsuite", erp_number="SO1", order_id=ID, kind="CONFIRMED", effective_at=T0,
    recorded_at=T0,
)  # fmt: skip
BACK = Return(
    event_id="r1", source_system="commerce", return_id="17", order_number="000000123", state="REQUESTED",
    effective_at=T0, recorded_at=T0,
)  # fmt: skip


PARCEL = CarrierEvent(
    event_id="p1", source_system="parcelex", tracking_number="PX1", order_reference=ID, what="DELIVERED",
    effective_at=T0, recorded_at=T0,
)  # fmt: skip


def parcel(offset: int, key: bytes = b"PX1", **changes: object) -> Raw:
    value = parcel_bytes(msgspec.structs.replace(PARCEL, **changes))
    return Raw(CARRIER_EVENT.topic, offset, key, value, T0 // 1000)


def step(offset: int, key: bytes = b"T7", **changes: object) -> Raw:
    return Raw(WMS, offset, key, step_bytes(msgspec.structs.replace(STEP, **changes)), T0 // 1000)


def said(offset: int, key: bytes = b"SO1", **changes: object) -> Raw:
    return Raw(ERP, offset, key, said_bytes(msgspec.structs.replace(SAID, **changes)), T0 // 1000)


def back(offset: int, key: bytes = b"17", **changes: object) -> Raw:
    return Raw(RETURNS, offset, key, return_bytes(msgspec.structs.replace(BACK, **changes)), T0 // 1000)


async def test_each_topic_becomes_events_of_the_order_under_its_unified_id(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.hear(WMS, step(7))
    await worker.hear(ERP, said(3))
    await worker.hear(RETURNS, back(1))

    [picked, confirmed, asked] = worker.events
    assert (picked.order_id, picked.kind, picked.source_code) == (ID, "PICKED", "east")
    assert (confirmed.order_id, confirmed.kind, confirmed.source_system) == (ID, "CONFIRMED", "netsuite")
    assert (asked.order_id, asked.kind, asked.part) == (ID, "RETURN_REQUESTED", "17")
    causes = [(one.cause.topic, one.cause.offset) for one in worker.events if one.cause is not None]
    assert causes == [(WMS, 7), (ERP, 3), (RETURNS, 1)]
    assert [record.key for record in worker.broker.log["orders.event.v1"]] == [ID.encode()] * 3
    assert worker.counts == {f"{WMS}/applied": 1, f"{ERP}/applied": 1, f"{RETURNS}/applied": 1}
    worker.close()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (step(0, b"other"), "wrong-key"),
        (parcel(0, b"other"), "wrong-key"),
        (parcel(0, order_reference=None), "unknown-order"),
        (said(0, b"other"), "wrong-key"),
        (said(0, ID.encode()), "wrong-key"),
        (step(0, commerce_order=None), "unknown-order"),
        (step(0, commerce_order="elsewhere-9"), "unknown-order"),
        (said(0, order_id=None), "unknown-order"),
        (said(0, order_id="SO1-east"), "unknown-order"),
        (said(0, order_id=None, order_number="9", channel="elsewhere"), "unknown-order"),
        (back(0, b"000000123"), "wrong-key"),
        (back(0, channel="elsewhere"), "unknown-order"),
        (step(0, location_code="WH-9"), "unknown-location"),
        (said(0, location_code="WH-9"), "unknown-location"),
        (step(0, effective_at=T0 + 3600 * M), "effective-in-future"),
        (Raw(WMS, 0, b"T7", None), "null-value"),
        (Raw(ERP, 0, None, said_bytes(SAID)), "null-key"),
        (Raw(ERP, 0, b"SO1", b"{}"), "not-framed"),
        (Raw(WMS, 0, b"T7", change_bytes()), "wrong-record"),
        (Raw(WMS, 0, b"T7", step_bytes(STEP) + b"\x00"), "bytes-left-over"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_what_cannot_be_used_is_set_aside_and_the_next_one_goes_on(
    tmp_path: Path, record: Raw, reason: str
) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    after = {WMS: step, ERP: said, RETURNS: back, CARRIER_EVENT.topic: parcel}[record.topic](1)
    await worker.hear(record.topic, record, after)

    assert worker.dead == [(0, reason)]
    assert [event.order_id for event in worker.events] == [ID]
    assert worker.counts == {f"{record.topic}/applied": 1, f"{record.topic}/dead": 1}
    worker.close()


async def test_the_letter_of_an_unknown_order_names_the_ids_and_keeps_the_bytes(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.hear(WMS, step(0, commerce_order=None))

    [letter] = worker.broker.log["dead-letter.v1"]
    assert dict(letter.headers)["dl_detail"] == b"order_id 'T7'"
    assert letter.value == step_bytes(msgspec.structs.replace(STEP, commerce_order=None))
    worker.close()


async def test_what_says_nothing_to_us_is_counted_and_makes_no_event(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    before = IGNORED.labels(WMS, "says-nothing")._value.get()
    await worker.hear(WMS, step(0, step="RELEASED"), step(1, step="PICKING"), step(2))

    assert [event.kind for event in worker.events] == ["PICKED"]
    assert worker.counts == {f"{WMS}/applied": 1, f"{WMS}/ignored": 2}
    assert IGNORED.labels(WMS, "says-nothing")._value.get() == before + 2
    worker.close()


async def test_a_word_that_nobody_knows_is_told_once_and_reaches_the_order_as_unknown(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    words = [said(n, kind=None, status="Halb fertig", event_id=f"s{n}") for n in range(3)]
    with capture_logs() as lines:
        await worker.hear(ERP, *words)
    await worker.follow()

    assert {(event.kind, event.reason) for event in worker.events} == {("UNKNOWN", "Halb fertig")}
    [line] = [one for one in lines if one["event"] == "unknown-word"]
    assert (line["topic"], line["system"], line["word"]) == (ERP, "netsuite", "halb fertig")
    assert worker.news.unknown[ERP].words == {UnknownWord("netsuite", "halb fertig", "table"): Heard(T0, 3)}
    assert UNKNOWN_WORDS.labels(ERP)._value.get() == 1
    assert worker.counts == {f"{ERP}/applied": 3, "orders.event.v1/refused": 3}
    worker.close()


async def test_what_a_channel_writes_beside_an_unknown_state_is_neither_logged_nor_kept(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    with capture_logs() as lines:
        await worker.hear(RETURNS, back(0, state="UNKNOWN", reason="Jane Miller called"))

    assert list(worker.news.unknown[RETURNS].words) == [("commerce", "UNKNOWN", "release")]
    assert "Jane" not in str(lines)
    worker.close()


async def test_a_record_that_comes_again_is_no_further_unknown_word(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    word = said(0, kind=None, status="Halb fertig")
    await worker.hear(ERP, word)
    await worker.hear(ERP, word)

    assert [one.records for one in worker.news.unknown[ERP].words.values()] == [1]
    worker.close()


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_a_kill_at_any_write_loses_nothing_and_counts_each_record_once(tmp_path: Path, write: int) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    batch = [step(0, b"other"), step(1, step="RELEASED"), step(2)]
    worker.broker.fails_at = write
    with pytest.raises(Exception, match="the broker is away"):
        await worker.hear(WMS, *batch)
    await worker.killed()
    await worker.hear(WMS, *batch)

    assert worker.counts == {f"{WMS}/applied": 1, f"{WMS}/ignored": 1, f"{WMS}/dead": 1}
    assert len({event.event_id for event in worker.events}) == 1
    assert {reason for _, reason in worker.dead} == {"wrong-key"}
    worker.close()


async def test_without_a_lease_nothing_leaves(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    worker.broker.has_lease = False
    with pytest.raises(LeaseLostError):
        await worker.hear(WMS, step(0))

    assert worker.events == []
    worker.close()


async def test_what_the_systems_say_brings_the_order_on_and_a_repeat_changes_nothing(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.place(WEB)
    await worker.follow()
    [create] = worker.commands()
    await worker.answer(applied(create))
    line = next(one for one in WEB.lines if one.quantity)
    lines = (FulfilmentLine(order_line=line.line_id, sku=line.sku, quantity=line.quantity),)
    news = [
        step(0, event_id="f0", lines=lines),
        step(1, event_id="f1", lines=lines, step="SHIPPED", shipment_id="S1"),
    ]
    await worker.hear(WMS, *news)
    date = T0 + 86_400 * M
    bill = (EventLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity),)
    await worker.hear(
        ERP, said(0, expected_at=date), said(1, event_id="s2", kind="INVOICED", document="I1", lines=bill)
    )
    await worker.follow()
    entry = worker.entry(ID)
    await worker.hear(WMS, *(Raw(WMS, one.offset + 9, one.key, one.value, one.timestamp) for one in news))
    await worker.follow()

    shipped = entry.line(line.line_id)
    assert shipped is not None
    assert (shipped.picked, shipped.shipped) == (line.quantity, line.quantity)
    assert [part.part for part in entry.parts] == ["S1"]
    assert {(one.kind, one.number) for one in entry.documents} == {("ACKNOWLEDGED", "SO1"), ("INVOICED", "I1")}
    assert worker.entry(ID) == entry
    assert worker.counts["orders.event.v1/ignored"] == 2
    worker.close()


async def test_a_carriers_word_of_a_parcel_becomes_an_event_of_its_order(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path)
    await worker.open()
    await worker.hear(CARRIER_EVENT.topic, parcel(4), parcel(5))

    assert [(one.order_id, one.kind, one.part) for one in worker.events] == [(ID, "DELIVERED", "PX1")] * 2
    assert len({one.event_id for one in worker.events}) == 1
    assert worker.counts == {f"{CARRIER_EVENT.topic}/applied": 2}
    worker.close()


async def test_a_label_is_asked_for_with_the_order_and_its_number_goes_with_the_shipment(tmp_path: Path) -> None:
    worker = OrderWorker(tmp_path, ("erp", "carrier", "commerce"))
    await worker.open()
    await worker.place(WEB)
    await worker.follow()
    await worker.answer(applied(worker.commands()[0]))
    for offset, kind in enumerate(("PICKED", "PACKED")):
        await worker.hear(WMS, step(offset, event_id=kind, step=kind, shipment_id="S1"))
        await worker.follow()
    [label] = worker.commands("carrier")
    track = Track(carrier_code="px", title="ground", number="PX1")
    await worker.answer(applied(label, external_id="PX1", tracks=(track,), amount=8_250_000, currency="USD"))
    await worker.hear(WMS, step(3, event_id="SHIPPED", step="SHIPPED", shipment_id="S1"))
    await worker.follow()

    assert (label.kind, label.part, label.document, label.source_code) == ("BOOK_LABEL", "S1", "S1", "east")
    assert label.order is not None
    [shipment] = worker.commands_on("commerce.shipment.v1")
    assert shipment.tracks == (track,)
    worker.close()
