"""Parts, documents and returns that systems name, and what their words come to in the order."""

from typing import Any

import pytest

from schemas.models.fulfilment_event import FulfilmentLine
from schemas.models.order_event import EventLine, OrderEvent
from schemas.models.returned import ReturnState
from streams.domain import order_state
from streams.domain.order_facts import facts_of
from streams.domain.order_news import of_return
from streams.domain.order_words import RETURNS
from streams.domain.reasons import DeadReason
from tests.unit.streams.domain.order_histories import ORDER_ID, T0, UNIT, OneOrder, after, line, placed, with_rules
from tests.unit.streams.domain.systems_say import (
    ARRIVAL,
    CAUSE,
    RETURN_STATES,
    RULES,
    of_the_erp,
    of_wms,
    refused,
    returned,
)

# ── parts and documents ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"step": "SHIPPED", "shipment_id": "S1"}, "S1"),
        ({"step": "PICKED"}, None),
        ({"step": "CANCELLED"}, "T0000007"),
        ({"step": "CANCELLED", "extras": {"task_id": "A-east"}}, "A-east"),
        ({"step": "CANCELLED", "shipment_id": "S1", "extras": {"task_id": "A-east"}}, "S1"),
        ({"step": "RETURN_RECEIVED", "shipment_id": "S1", "extras": {"return_id": "R1"}}, "R1"),
        ({"step": "RETURN_REJECTED", "shipment_id": "S1"}, "S1"),
    ],
)
def test_a_warehouses_part_is_its_shipment_the_return_or_all_that_it_had(
    fields: dict[str, Any], part: str | None
) -> None:
    assert of_wms(**fields).part == part


@pytest.mark.parametrize(
    ("fields", "part", "document"),
    [
        ({"kind": "ACKNOWLEDGED", "document": "other"}, None, "SO-1"),
        ({"kind": "INVOICED", "document": "INV-1"}, None, "INV-1"),
        ({"status": "Billed"}, "SO-1", None),
        ({"status": "Billed", "document": "INV-1"}, "SO-1", "INV-1"),
        ({"kind": "SHIPPED", "part": "S1"}, "S1", None),
        ({"kind": "WORK_ORDER_OPENED", "document": "WO-1"}, None, "WO-1"),
        ({"kind": "RETURN_REQUESTED", "document": "RMA-1"}, "RMA-1", "RMA-1"),
        ({"kind": "RETURN_RECEIVED", "document": "RMA-1"}, "RMA-1", "RMA-1"),
        ({"status": "Cancelled"}, None, None),
    ],
)
def test_an_erps_documents_tell_its_steps_apart(fields: dict[str, Any], part: str | None, document: str | None) -> None:
    made = of_the_erp(**fields)

    assert (made.part, made.document) == (part, document)


def test_a_bill_that_is_stated_twice_by_the_status_is_one_invoice() -> None:
    facts = {one.key for n in (1, 2) for one in facts_of(of_the_erp(status="Billed", event_id=f"poll-{n}"))}

    assert facts == {("INVOICED", "SO-1")}


def test_what_a_work_order_made_is_allocated_under_its_number() -> None:
    made = of_the_erp(kind="WORK_ORDER_DONE", document="WO-1", lines=(EventLine(sku="A", quantity=UNIT),))

    assert (made.kind, made.part, made.reason) == ("ALLOCATED", "WO-1", "WORK_ORDER_DONE")


# ── returns ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", RETURN_STATES)
def test_every_state_of_a_return_has_a_decision(state: ReturnState) -> None:
    lines = (EventLine(line_id="1", sku="A", quantity=UNIT),)
    made = of_return(returned(state=state, number="R-17", lines=lines, reason="wrong-size"), ARRIVAL, RULES)

    assert isinstance(made, OrderEvent)
    assert (made.order_id, made.kind, made.part, made.document) == (ORDER_ID, RETURNS[state], "17", "R-17")
    assert (made.lines, made.reason, made.cause) == (lines, "wrong-size", CAUSE)
    assert made == of_return(returned(state=state, number="R-17", lines=lines, reason="wrong-size"), ARRIVAL, RULES)


def test_a_return_of_an_unknown_channel_or_of_the_future_is_set_aside() -> None:
    unknown = of_return(returned(channel="web"), ARRIVAL, RULES)
    future = of_return(returned(effective_at=T0 + 61 * UNIT), ARRIVAL, RULES)

    assert refused(unknown) == (
        DeadReason.UNKNOWN_ORDER,
        "return_id '17', order_number '000000123', channel 'web'",
    )
    assert refused(future)[0] is DeadReason.EFFECTIVE_IN_FUTURE


# ── in the order ─────────────────────────────────────────────────────────────────────────────────


def test_a_warehouse_that_gives_up_holds_the_order_and_an_erp_that_does_ends_it() -> None:
    one = after([placed(), of_the_erp(kind="ACKNOWLEDGED")])
    one.take(of_wms(step="CANCELLED"))
    assert [hold.reason for hold in one.entry.holds] == ["cancelled-by-warehouse"]

    one.take(of_the_erp(status="Cancelled", event_id="so-9"))
    assert one.state == "cancelled"


def test_the_number_that_the_erp_gave_and_the_one_it_says_later_are_one() -> None:
    one = after([placed(), of_the_erp(kind="ACKNOWLEDGED"), of_the_erp(kind="ACKNOWLEDGED", event_id="so-2")])

    assert (one.entry.erp_number, one.entry.holds) == ("SO-1", ())


def test_a_date_counts_only_of_those_who_may_name_one() -> None:
    rules = with_rules(speakers={"DATE_MOVED": frozenset({"netsuite"})})
    one = OneOrder(rules)
    one.take(placed(line(units=2)))
    one.take(of_the_erp(kind="ACKNOWLEDGED", expected_at=T0 + 9 * UNIT))
    one.take(of_wms(step="PICKED", lines=(FulfilmentLine(sku="A", quantity=UNIT),), expected_ship_at=T0 + 99 * UNIT))

    assert one.entry.promised_at == T0 + 9 * UNIT
    assert one.entry.lines[0].picked == UNIT
    told = order_state.apply(one.entry, of_wms(step="RELEASED", event_id="r", expected_ship_at=T0), T0, rules=rules)
    assert (told.verdict, told.reason) == ("ignored", "not-owner")
