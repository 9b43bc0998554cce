"""What WMS and ERP say of an order, in one language: the same each time, of the right order, and nothing made up."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.cause import Cause
from schemas.models.erp_order_event import ErpOrderEventKind
from schemas.models.fulfilment_event import FulfilmentLine, FulfilmentStep, Package
from schemas.models.order_event import EventLine, OrderEvent, Track
from streams.domain.order_facts import facts_of
from streams.domain.order_id import unified_id
from streams.domain.order_news import Arrival, NewsRules, of_erp, of_fulfilment
from streams.domain.order_words import ERP, ERP_KINDS, SAID_BY_SYSTEMS, WMS, OrderWords, kind_said
from streams.domain.reasons import DeadReason
from tests.unit.streams.domain.order_histories import ORDER_ID, T0, UNIT
from tests.unit.streams.domain.systems_say import (
    ARRIVAL,
    CAUSE,
    KINDS,
    RULES,
    STEPS,
    of_the_erp,
    of_wms,
    refused,
    said,
    step,
)

# ── the same each time ───────────────────────────────────────────────────────────────────────────

_NAMES = st.text(max_size=12)
_LINES = st.lists(st.builds(FulfilmentLine, order_line=st.none() | _NAMES, sku=_NAMES, quantity=st.integers(0, 9)))


@given(st.sampled_from(STEPS), _NAMES, _NAMES, _LINES.map(tuple), st.none() | _NAMES, st.integers(0, 5))
def test_a_repeat_of_a_step_is_the_same_event_wherever_it_stands(  # noqa: PLR0917  one per field
    word: FulfilmentStep, event_id: str, system: str, lines: tuple[FulfilmentLine, ...], part: str | None, at: int
) -> None:
    one = step(step=word, event_id=event_id, source_system=system, lines=lines, shipment_id=part)
    first = of_fulfilment(one, ARRIVAL, RULES)
    again = of_fulfilment(one, Arrival(Cause("t", 1, 99), T0 + at), RULES)

    if first is None:
        assert again is None
    else:
        assert isinstance(first, OrderEvent)
        assert isinstance(again, OrderEvent)
        assert msgspec.structs.replace(again, cause=first.cause) == first
        assert facts_of(again) == facts_of(first)


@given(st.sampled_from(KINDS) | st.none(), st.none() | _NAMES, _NAMES, st.none() | _NAMES)
def test_a_repeat_of_what_an_erp_says_is_the_same_event(
    kind: ErpOrderEventKind | None, status: str | None, event_id: str, document: str | None
) -> None:
    one = said(kind=kind, status=status, event_id=event_id, document=document)

    assert of_erp(one, ARRIVAL, RULES) == of_erp(one, ARRIVAL, RULES)


def test_two_systems_that_number_alike_and_two_statements_of_one_are_told_apart() -> None:
    ids = {
        of_wms().event_id,
        of_wms(source_system="wms:other").event_id,
        of_wms(event_id="ff-2").event_id,
        of_the_erp(kind="CONFIRMED", event_id="ff-1", source_system="wms:main").event_id,
    }

    assert len(ids) == 4


# ── which kind ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", STEPS)
def test_every_step_of_a_warehouse_has_a_decision(word: FulfilmentStep) -> None:
    made = of_fulfilment(step(step=word, lines=(FulfilmentLine(sku="A", quantity=UNIT),)), ARRIVAL, RULES)

    assert (made.kind if isinstance(made, OrderEvent) else made) == WMS[word]
    assert isinstance(made, OrderEvent) or word in {"RELEASED", "PICKING", "LOADED", "ON_HOLD"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_an_erp_has_a_decision(kind: ErpOrderEventKind) -> None:
    made = of_the_erp(kind=kind, lines=(EventLine(sku="A", quantity=UNIT),), status="nonsense")

    assert made.kind == ERP_KINDS[kind]
    assert made.kind == ("ALLOCATED" if kind == "WORK_ORDER_DONE" else kind)


def test_no_systems_word_stands_for_what_a_channel_or_a_person_says() -> None:
    allowed = {*SAID_BY_SYSTEMS, "UNKNOWN", None}

    assert {*ERP.values(), *WMS.values(), *ERP_KINDS.values()} <= allowed
    assert set(ERP_KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        ("Pending Fulfillment", "CONFIRMED", "Pending Fulfillment"),
        ("CREDIT  HOLD", "CREDIT_HELD", "CREDIT  HOLD"),
        ("Nobody knows this" + "!" * 90, "UNKNOWN", ("Nobody knows this" + "!" * 90)[:64]),
    ],
)
def test_an_erps_own_word_is_looked_up_and_kept_as_the_reason(status: str, kind: str, reason: str) -> None:
    made = of_the_erp(status=status)

    assert (made.kind, made.reason) == (kind, reason)


def test_our_word_goes_before_the_erps_and_its_code_before_its_word() -> None:
    made = of_the_erp(kind="CREDIT_HELD", status="Pending Fulfillment", reason="LIMIT")

    assert (made.kind, made.reason) == ("CREDIT_HELD", "LIMIT")
    assert of_the_erp(status="Credit Hold", reason="LIMIT").reason == "LIMIT"
    assert of_the_erp(kind="INVOICED").reason is None


def test_a_word_that_says_nothing_makes_no_event_unless_it_names_a_date() -> None:
    date = T0 + 7 * UNIT

    assert of_erp(said(status="Closed"), ARRIVAL, RULES) is None
    assert of_erp(said(), ARRIVAL, RULES) is None
    assert of_fulfilment(step(step="RELEASED"), ARRIVAL, RULES) is None
    assert (of_the_erp(status="Closed", expected_at=date).kind, of_the_erp(expected_at=date).expected_at) == (
        "DATE_MOVED",
        date,
    )
    moved = of_wms(step="RELEASED", expected_ship_at=date)
    assert (moved.kind, moved.expected_at, moved.reason) == ("DATE_MOVED", date, "RELEASED")


def test_part_of_a_work_without_lines_is_not_taken_for_all_of_it() -> None:
    assert of_wms(step="SHORTED").kind == "UNKNOWN"
    assert of_wms(step="SHORTED", lines=(FulfilmentLine(sku="A", quantity=UNIT),)).reason == "SHORTED"
    assert of_the_erp(kind="WORK_ORDER_DONE").kind == "UNKNOWN"
    assert kind_said("SHIPPED", has_lines=False) == "SHIPPED"


def test_a_shops_own_words_decide() -> None:
    rules = with_tables(words=OrderWords(erp={"fertig": "SHIPPED"}, wms={"LOADED": "PACKED"}))

    loaded, done = of_fulfilment(step(step="LOADED"), ARRIVAL, rules), of_erp(said(status="Fertig"), ARRIVAL, rules)
    assert isinstance(loaded, OrderEvent)
    assert isinstance(done, OrderEvent)
    assert (loaded.kind, done.kind) == ("PACKED", "SHIPPED")


def with_tables(**fields: Any) -> NewsRules:  # noqa: ANN401  any field of the rules
    plain: dict[str, Any] = {"orders": RULES.orders, "stock": RULES.stock, **fields}
    return NewsRules(**plain)


# ── of which order ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("ids", "order_id"),
    [
        ({"order_id": ORDER_ID, "commerce_order": None}, ORDER_ID),
        ({"order_id": f"{ORDER_ID}-east", "commerce_order": None}, ORDER_ID),
        ({"order_id": f"{ORDER_ID}-east.2", "commerce_order": None}, ORDER_ID),
        ({"order_id": "SO-7", "commerce_order": f"{ORDER_ID}-east"}, ORDER_ID),
        ({"order_id": "SO-7", "commerce_order": "dealer-D-9"}, "dealer-D-9"),
        ({"order_id": "SO-7", "commerce_order": "000000123"}, ORDER_ID),
        ({"order_id": "SO-7", "commerce_order": "100001234-1"}, "commerce-100001234-1"),
    ],
)
def test_a_warehouse_names_the_order_by_our_id_our_task_or_the_shops_number(
    ids: dict[str, str | None], order_id: str
) -> None:
    assert of_wms(**ids).order_id == order_id


@pytest.mark.parametrize(
    ("ids", "order_id"),
    [
        ({"order_number": "other"}, ORDER_ID),
        ({"order_id": None, "order_number": "000000123"}, ORDER_ID),
        ({"order_id": "a reference", "order_number": "D-9", "channel": "dealer"}, unified_id("dealer", "D-9")),
    ],
)
def test_an_erp_names_the_order_by_our_id_or_the_channels_number(ids: dict[str, str | None], order_id: str) -> None:
    assert of_the_erp(kind="CONFIRMED", **ids).order_id == order_id


def test_an_order_that_nobody_knows_is_set_aside_with_the_ids_that_were_given() -> None:
    of_wms_ = of_fulfilment(step(order_id="SO-7", commerce_order=None), ARRIVAL, RULES)
    of_erp_ = of_erp(said(order_id="web-1", order_number="7", channel="web"), ARRIVAL, RULES)

    foreign = of_fulfilment(step(order_id="SO-7", commerce_order="web-000000123"), ARRIVAL, RULES)
    assert refused(of_wms_) == (DeadReason.UNKNOWN_ORDER, "order_id 'SO-7'")
    assert refused(foreign) == (DeadReason.UNKNOWN_ORDER, "order_id 'SO-7', commerce_order 'web-000000123'")
    assert refused(of_erp_) == (
        DeadReason.UNKNOWN_ORDER,
        "erp_number 'SO-1', order_id 'web-1', order_number '7', channel 'web'",
    )


# ── places, items, cartons, times ────────────────────────────────────────────────────────────────


def test_places_and_items_become_ours_and_a_systems_own_line_numbers_are_left_out() -> None:
    lines = (FulfilmentLine(order_line="1", sku="4711", quantity=2 * UNIT, lot="L", serials=("S1",)),)
    ours, foreign = (
        of_wms(location_code="WH-1", lines=lines),
        of_wms(source_system="wms:3pl", location_code="WH-1", lines=lines),
    )

    assert ours.source_code == "east"
    assert ours.lines == (EventLine(line_id="1", sku="PUMP", quantity=2 * UNIT, serials=("S1",)),)
    assert foreign.source_code == "west"
    assert foreign.lines == (EventLine(sku="PUMP", quantity=2 * UNIT, serials=("S1",)),)
    assert of_the_erp(kind="SHIPPED", location_code="WH-1").source_code == "east"
    assert of_wms(location_code=None).source_code is None


def test_a_place_that_no_table_knows_is_set_aside() -> None:
    detail = "location 'WH-9' of 'wms:main'"

    assert refused(of_fulfilment(step(location_code="WH-9"), ARRIVAL, RULES)) == (DeadReason.UNKNOWN_LOCATION, detail)
    assert refused(of_erp(said(location_code="WH-9"), ARRIVAL, RULES))[0] is DeadReason.UNKNOWN_LOCATION


def test_what_lies_in_the_future_is_set_aside() -> None:
    late = T0 + 61 * UNIT

    assert refused(of_fulfilment(step(effective_at=late), ARRIVAL, RULES))[0] is DeadReason.EFFECTIVE_IN_FUTURE
    assert refused(of_erp(said(effective_at=late), ARRIVAL, RULES))[0] is DeadReason.EFFECTIVE_IN_FUTURE
    assert of_wms(effective_at=T0 + 60 * UNIT).effective_at == T0 + 60 * UNIT


def test_cartons_that_can_be_followed_become_tracks() -> None:
    packages = (
        Package(carrier_code="ups", service="standard", tracking_number="1Z9"),
        Package(package_id="BOX-2"),
        Package(tracking_number="1Z8"),
    )

    tracks = of_wms(step="SHIPPED", shipment_id="S1", packages=packages).tracks

    assert tracks == (Track(carrier_code="ups", title="standard", number="1Z9"), Track(number="1Z8"))
    assert of_the_erp(kind="SHIPPED", tracks=tracks).tracks == tracks


def test_times_and_the_cause_are_carried() -> None:
    made = of_wms(effective_at=T0 - 5 * UNIT, recorded_at=T0 - 4 * UNIT)

    assert (made.effective_at, made.recorded_at, made.cause) == (T0 - 5 * UNIT, T0 - 4 * UNIT, CAUSE)
    assert of_the_erp(kind="CONFIRMED").cause == CAUSE
