"""The lines of an order's story: who said what, what was asked of whom, how it ended; nobody is named."""

import msgspec

from schemas.models.carrier_event import CarrierEvent
from schemas.models.cause import Cause
from schemas.models.command import Command
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent, FulfilmentLine
from schemas.models.operations import Outcome
from schemas.models.order_event import EventLine, OrderEvent, Track
from schemas.models.returned import Return
from streams.runtime.lookback import Place
from streams.runtime.operating.story import in_order
from tests.contract.order_target import order
from tests.unit.streams.runtime.operating.test_story import told

ID = "web-000000123"
M = 1_000_000
EVENTS, COMMANDS, OUTCOMES = "orders.event.v1", "erp.command.v1", "erp.outcome.v1"


def _event(**changes: object) -> OrderEvent:
    made = OrderEvent(
        event_id="e1", order_id=ID, kind="PLACED", source_system="commerce", effective_at=0, recorded_at=0,
        cause=Cause("commerce.order.v1", 0, 7),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def test_an_order_tells_its_number_lines_and_sum_and_nobodys_name() -> None:
    stated = msgspec.structs.replace(order(), channel="web", number="000000123")
    event = told("commerce.order.v1", stated)

    assert event.text.startswith("order 000000123 of web: ")
    assert (event.kind, event.state, event.system) == ("message", "ok", stated.source_system)
    text = f"{event.text} {event.detail}"
    people = (stated.customer.email, stated.customer.last_name, *stated.billing.street)
    assert not [name for name in people if name and name in text]


def test_a_step_tells_its_part_document_and_quantities_and_what_caused_it() -> None:
    lines = tuple(EventLine(line_id=str(n), sku=f"SKU-{n}", quantity=2 * M) for n in range(7))
    tracks = (Track(carrier_code="dhl", number="00340001"),)
    event = told(EVENTS, _event(kind="SHIPPED", part="P-1", lines=lines, tracks=tracks, text="left with a neighbour"))

    assert event.text == ("shipped P-1 2 × SKU-0, 2 × SKU-1, 2 × SKU-2, 2 × SKU-3, 2 × SKU-4 and 2 more lines")
    assert event.detail == "00340001; effective 1970-01-01T00:00:00Z"
    assert event.causes[0].place == Place("commerce.order.v1", 0, 7)


def test_what_a_person_decided_is_an_act_with_the_reason() -> None:
    event = told(EVENTS, _event(kind="REFUSED", source_system="operator", actor="operator-2", text="placed twice"))

    assert (event.kind, event.state, event.system, event.text) == ("act", "attention", "operator-2", "refused")
    assert event.detail.startswith("placed twice; ")


def test_a_command_and_its_outcome_say_who_is_asked_and_how_it_ended() -> None:
    command = Command(
        command_id="c1", role="erp", kind="CREATE_ORDER", entity=ID, epoch=5, counter=2, at=0, order=order(),
        cause=Cause(EVENTS, 0, 3),
    )  # fmt: skip
    outcome = Outcome(
        command_id="c1", role="erp", kind="CREATE_ORDER", entity=ID, epoch=5, counter=2, state="APPLIED", value="SO1",
        started_at=0, at=0, attempts=2, cause=Cause(COMMANDS, 0, 4),
    )  # fmt: skip
    asked, ended = told(COMMANDS, command), told(OUTCOMES, outcome)
    refused = told(OUTCOMES, msgspec.structs.replace(outcome, state="DEAD", value=None, reason="rejected-by-target"))

    assert (asked.kind, asked.text) == ("decision", "erp is asked: create order")
    assert (ended.kind, ended.state, ended.text) == ("outcome", "ok", "create order: applied SO1")
    assert ended.detail == "attempt 2; command c1"
    assert (refused.state, refused.text) == ("stopped", "create order: dead")
    assert ended.causes[0].place == Place(COMMANDS, 0, 4)


def test_of_one_moment_the_statement_stands_before_the_event_the_command_and_the_outcome() -> None:
    stated = told("commerce.order.v1", order())
    command = Command(command_id="c", role="erp", kind="CANCEL_ORDER", entity=ID, epoch=5, counter=2, at=0)
    lines = [told(COMMANDS, command), told(EVENTS, _event()), stated]

    assert [line.place.topic for line in in_order(lines)] == ["commerce.order.v1", EVENTS, COMMANDS]


def test_what_warehouse_erp_and_channel_say_stands_before_the_event_that_it_became() -> None:
    step = FulfilmentEvent(
        event_id="f1", source_system="wms:main", order_id="T7", shipment_id="S1", step="SHIPPED",
        location_code="WH-1", lines=(FulfilmentLine(sku="A", quantity=2 * M),), expected_ship_at=M,
        effective_at=0, recorded_at=0,
    )  # fmt: skip
    said = ErpOrderEvent(
        event_id="s1", source_system="netsuite", erp_number="SO1", status="Pending Fulfillment", reason="R1",
        effective_at=0, recorded_at=0,
    )  # fmt: skip
    back = Return(
        event_id="r1", source_system="commerce", return_id="17", order_number="9", state="REQUESTED", reason="broken",
        effective_at=0, recorded_at=0,
    )  # fmt: skip
    became = told(EVENTS, _event(kind="SHIPPED", cause=Cause("wms.fulfilment-event.v1", 0, 7)))
    lines = [
        became,
        told("commerce.return.v1", back),
        told("erp.order-event.v1", said),
        told("wms.fulfilment-event.v1", step),
    ]

    shipped, confirmed, asked, event = in_order(lines)
    assert (shipped.text, shipped.system) == ("shipped S1 2 × A", "wms:main")
    assert shipped.detail == "T7; at WH-1; expected 1970-01-01T00:00:01Z; effective 1970-01-01T00:00:00Z"
    assert (confirmed.text, confirmed.system) == ("Pending Fulfillment", "netsuite")
    assert confirmed.detail == "SO1; R1; effective 1970-01-01T00:00:00Z"
    assert (asked.text, asked.detail) == ("return 17 requested", "broken; effective 1970-01-01T00:00:00Z")
    assert event is became


def test_an_erp_that_only_names_a_date_and_one_that_speaks_our_word_are_told() -> None:
    plain = ErpOrderEvent(event_id="s", source_system="erp", erp_number="1", effective_at=0, recorded_at=0)

    assert told("erp.order-event.v1", plain).text == "a date"
    bill = msgspec.structs.replace(plain, kind="INVOICED", document="I1", expected_at=M)
    assert told("erp.order-event.v1", bill).text == "invoiced I1"
    assert "expected 1970-01-01T00:00:01Z" in told("erp.order-event.v1", bill).detail


def test_a_carrier_tells_of_a_parcel_and_one_that_comes_back_needs_a_person() -> None:
    said = CarrierEvent(
        event_id="p1", source_system="parcelex", tracking_number="PX1", carrier_code="px", order_reference=ID,
        what="SENT_BACK", code="R2", effective_at=0, recorded_at=0,
    )  # fmt: skip
    event = told("carrier.event.v1", said)

    assert (event.text, event.state, event.system) == ("parcel px PX1 sent back", "attention", "parcelex")
    assert event.detail.startswith(f"{ID}; R2; ")
    assert told("carrier.event.v1", msgspec.structs.replace(said, what="DELIVERED")).state == "ok"


def test_a_label_is_told_with_its_number_service_price_and_where_it_is() -> None:
    booked = Outcome(
        command_id="c1", role="carrier", kind="BOOK_LABEL", entity=ID, part="S1", epoch=1, counter=1, state="APPLIED",
        detail="service ground, cheapest in time", value="https://labels.example/1.pdf", external_id="PX1",
        tracks=(Track(number="PX1"),), amount=8_250_000, currency="USD", started_at=0, at=0,
    )  # fmt: skip
    event = told("carrier.outcome.v1", booked)

    assert event.text == "book label S1: applied PX1"
    assert event.detail.startswith("service ground, cheapest in time; 8.25 USD; https://labels.example/1.pdf; ")
