"""Warehouses and their tasks, made-to-order lines, promised dates, targets that refuse."""

from typing import Any

from schemas.models.order import OrderLine
from schemas.models.order_event import EventLine, OrderEvent
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_state import OrderState
from tests.unit.streams.domain.order_histories import (
    UNIT,
    OneOrder,
    acknowledged,
    after,
    event,
    line,
    outcome,
    placed,
    with_rules,
)

ONE_SOURCE = with_rules(routing=RoutingRules((RoutingRule(("W1",)),)))


def started(*lines: OrderLine, **fields: Any) -> list[OrderEvent]:  # noqa: ANN401  any field of the order
    return [placed(*lines, **fields), acknowledged()]


def picked(at: float = 2, **lines: float) -> OrderEvent:
    return event("PICKED", at, part="T1", lines={key.removeprefix("l"): units for key, units in lines.items()})


def test_a_warehouse_gets_its_task_once_the_erp_has_the_order() -> None:
    one = OneOrder(ONE_SOURCE)
    one.take(placed())
    assert one.kinds("wms") == []

    one.take(acknowledged())

    task = next(each for each in one.asked if each.role == "wms")
    assert (task.kind, task.part, task.source_code, task.with_order) == ("CREATE_TASK", "W1", "W1", True)
    assert task.lines == (EventLine(line_id="1", sku="A", quantity=3 * UNIT),)


def test_a_line_made_to_order_goes_to_the_warehouse_when_it_is_made_and_the_rest_before() -> None:
    one = after(started(line(), line("2", "M", 1, make_to_order=True)), ONE_SOURCE)
    one.take(event("WORK_ORDER_OPENED", 2, document="WO1", lines={"2": 1}, expected_at=9))
    assert [(each.part, [told.line_id for told in each.lines]) for each in one.asked if each.role == "wms"] == [
        ("W1", ["1"])
    ]

    one.take(event("ALLOCATED", 3, part="WO1", lines={"2": 1}, source_system="erp"))

    tasks = [each for each in one.asked if each.role == "wms"]
    assert [(each.part, [told.line_id for told in each.lines]) for each in tasks] == [("W1", ["1"]), ("W1.2", ["2"])]
    made = one.entry.line("2")
    assert made is not None
    assert (made.make_to_order, made.work_order, made.promised_at) == (True, "WO1", 9)
    assert one.entry.line("9") is None


def test_a_line_that_no_rule_routes_holds_the_order_until_a_person_acted() -> None:
    rules = with_rules(routing=RoutingRules((RoutingRule(("W1",), countries=frozenset({"FR"})),)))

    one = after(started(), rules)

    assert (one.state, one.reasons, one.kinds("wms")) == ("held", ["unrouted"], [])
    one.take(event("RELEASED", 5))
    assert one.state == "acknowledged"


def test_a_warehouse_that_refuses_its_task_holds_the_order_and_is_asked_again_after_a_release() -> None:
    one = after(started(), ONE_SOURCE)
    task = next(each for each in one.asked if each.role == "wms")

    one.answer(outcome(task, "DEAD", at=2, reason="no-stock"))
    assert one.entry.holds[0].detail == "wms/CREATE_TASK/W1: no-stock"
    again = next(each for each in one.take(event("RELEASED", 3)).intentions if each.role == "wms")

    assert (again.part, again.lines) == (task.part, task.lines)
    assert again.attempt != task.attempt


def test_a_warehouse_that_gives_up_its_part_holds_the_order() -> None:
    one = after([*started(), event("CANCELLED", 2, part="W1", source_system="wms")], ONE_SOURCE)

    assert (one.reasons, one.entry.stage) == (["cancelled-by-warehouse"], OrderState.ACKNOWLEDGED)


def test_a_crm_that_refuses_holds_nothing() -> None:
    one = OneOrder()
    one.take(placed())
    told = next(each for each in one.asked if each.role == "crm")

    one.answer(outcome(told, "DEAD", at=1))

    assert one.state == "accepted"


def test_the_promised_date_and_every_change_of_it_reach_the_shop_and_the_crm() -> None:
    one = after([placed(), acknowledged(1, expected_at=86_400 * UNIT)])
    assert one.entry.promised_at == 86_400 * UNIT

    one.take(event("DATE_MOVED", 2, expected_at=3 * 86_400 * UNIT))
    one.take(event("DATE_MOVED", 1.5, expected_at=9 * 86_400 * UNIT))

    texts = [each.text for each in one.asked if each.kind == "ADD_COMMENT"]
    assert texts == [
        "The order is confirmed. Expected delivery: 1970-01-02.",
        "The order is confirmed. Expected delivery: 1970-01-04.",
    ]
    told = [each.expected_at for each in one.asked if each.kind == "RECORD_STATUS"]
    assert told[-1] == one.entry.promised_at == 3 * 86_400 * UNIT


def test_without_a_date_the_shop_hears_that_the_order_is_confirmed() -> None:
    one = after(started())

    assert [each.text for each in one.asked if each.kind == "ADD_COMMENT"] == ["The order is confirmed."]


def test_a_date_may_be_that_of_one_line_and_the_last_one_counts() -> None:
    one = after([*started(line(), line("2", "B")), event("DATE_MOVED", 2, expected_at=7)])

    one.take(event("DATE_MOVED", 3, expected_at=5, lines={"2": 1}))
    one.take(event("DATE_MOVED", 4, expected_at=9, skus={"A": 1}))

    assert [state.promised_at for state in one.entry.lines] == [9, 5]
    assert one.entry.promised_at == 9


def test_a_shop_that_cannot_take_a_shipment_holds_the_order_but_not_its_other_parts() -> None:
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 2})])
    posted = next(each for each in one.asked if each.kind == "CREATE_SHIPMENT")

    one.answer(outcome(posted, "DEAD", at=4, reason="rejected-by-target"))
    assert one.reasons == ["command-failed"]
    one.take(event("SHIPPED", 5, part="S2", lines={"1": 1}))

    assert [each.part for each in one.asked if each.kind == "CREATE_SHIPMENT"] == ["S1", "S2"]
    one.answer(outcome(posted, "APPLIED", at=6, external_id="5"))
    assert one.reasons == []
