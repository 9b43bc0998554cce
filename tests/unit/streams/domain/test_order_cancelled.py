"""How an order is cancelled: at each stage, by whom, and what is seen where somebody no longer lets it go."""

import pytest

from schemas.models.order_event import OrderEvent
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_state import OrderState
from tests.unit.streams.domain.order_histories import (
    HELD,
    PART_SHIPPED,
    PICKED,
    SHIPPED,
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


def request(at: float = 20) -> OrderEvent:
    return event("CANCEL_REQUESTED", at)


def test_an_order_that_nobody_was_asked_for_is_cancelled_at_once() -> None:
    one = OneOrder()
    one.take(placed(), given=HELD)

    one.take(request())

    assert one.state == "cancelled"
    assert one.entry.lines[0].cancelled == 3 * UNIT
    assert one.kinds("erp") == []


def test_while_the_erp_is_asked_the_cancellation_waits_for_its_answer() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]

    one.take(request(1))
    assert (one.state, one.kinds("erp")) == ("cancelling", ["CREATE_ORDER"])
    cancel = one.answer(outcome(created, at=2, value="SO1")).intentions
    cancel_order = next(each for each in cancel if each.role == "erp")
    assert (cancel_order.kind, cancel_order.document) == ("CANCEL_ORDER", "SO1")
    one.answer(outcome(cancel_order, at=3))

    assert one.state == "cancelled"
    assert one.kinds("commerce")[-1] == "CANCEL_ORDER"


def test_an_erp_that_rejects_what_is_to_be_cancelled_ends_it() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]
    one.take(request(1))

    one.answer(outcome(created, "DEAD", at=2))

    assert (one.state, one.reasons) == ("cancelled", [])


def test_an_acknowledged_order_is_cancelled_at_the_warehouses_first_and_then_at_the_erp() -> None:
    one = after([placed(), acknowledged()], ONE_SOURCE)

    first = one.take(request(2)).intentions
    cancel_task = next(each for each in first if each.role == "wms")
    assert (cancel_task.kind, cancel_task.part, cancel_task.source_code) == ("CANCEL_TASK", "W1", "W1")
    assert "CANCEL_ORDER" not in one.kinds("erp")
    one.answer(outcome(cancel_task, at=3))
    assert one.kinds("erp")[-1] == "CANCEL_ORDER"
    one.answer(outcome(next(each for each in one.asked if each.kind == "CANCEL_ORDER"), at=4))

    assert one.state == "cancelled"


def test_a_warehouse_that_is_too_far_keeps_the_order_and_the_shop_hears_it() -> None:
    one = after([placed(), acknowledged()], ONE_SOURCE)
    cancel_task = next(each for each in one.take(request(2)).intentions if each.role == "wms")

    one.answer(outcome(cancel_task, "DEAD", at=3, reason="picking"))

    assert (one.state, one.reasons) == ("acknowledged", [])
    assert one.asked[-2].text == "The order can no longer be cancelled."
    assert "CANCEL_ORDER" not in one.kinds("erp")


def test_a_second_request_after_a_refusal_is_asked_anew() -> None:
    one = after([placed(), acknowledged()], ONE_SOURCE)
    first = next(each for each in one.take(request(2)).intentions if each.role == "wms")
    one.answer(outcome(first, "DEAD", at=3))

    second = next(each for each in one.take(request(4)).intentions if each.role == "wms")

    assert one.state == "cancelling"
    assert (second.kind, second.part) == (first.kind, first.part)
    assert second.attempt != first.attempt


def test_an_erp_that_keeps_what_a_warehouse_has_let_go_is_for_a_person() -> None:
    one = after([placed(), acknowledged()], ONE_SOURCE)
    one.answer(outcome(next(each for each in one.take(request(2)).intentions if each.role == "wms"), at=3))

    one.answer(outcome(next(each for each in one.asked if each.kind == "CANCEL_ORDER"), "DEAD", at=4, reason="billed"))

    assert (one.entry.stage, one.reasons) == (OrderState.ACKNOWLEDGED, ["cancel-refused"])
    assert one.entry.holds[0].detail == "erp/CANCEL_ORDER/: billed"


def test_what_the_shop_has_cancelled_must_be_cancelled_everywhere_or_be_seen() -> None:
    one = after([placed(), acknowledged(), event("CANCELLED", 2, source_system="commerce")])
    assert one.state == "cancelling"

    one.answer(outcome(next(each for each in one.asked if each.kind == "CANCEL_ORDER"), "DEAD", at=4))

    assert one.reasons == ["cancel-refused"]
    assert one.kinds("commerce").count("CANCEL_ORDER") == 0


def test_what_the_erp_cancels_is_cancelled_at_the_shop_and_in_the_warehouse() -> None:
    one = after([placed(), acknowledged(), event("CANCELLED", 2)], ONE_SOURCE)

    assert one.state == "cancelled"
    assert one.kinds("wms")[-1] == "CANCEL_TASK"
    assert one.kinds("commerce")[-1] == "CANCEL_ORDER"


def test_after_a_part_has_left_the_rest_is_cancelled_and_the_shop_hears_of_it_after_the_shipment() -> None:
    one = after([placed(), acknowledged(), PICKED, PART_SHIPPED, request(4)])
    assert one.state == "cancelling"
    one.take(event("CANCELLED", 5))

    assert (one.state, one.entry.lines[0].cancelled) == ("shipped", UNIT)
    assert "CANCEL_ORDER" not in one.kinds("commerce")
    one.answer(outcome(next(each for each in one.asked if each.kind == "CREATE_SHIPMENT"), at=6, external_id="5"))
    assert one.kinds("commerce")[-1] == "CANCEL_ORDER"


def test_goods_that_left_while_a_cancellation_was_asked_overtake_it() -> None:
    one = after([placed(), acknowledged(), PICKED, request(2.5)])

    one.take(SHIPPED)

    assert one.state == "shipped"
    assert "The order can no longer be cancelled." in [each.text for each in one.asked]


def test_lines_cancelled_by_name_are_told_by_several_systems_and_count_once() -> None:
    one = after([placed(line(), line("2", "B"))])
    one.take(acknowledged(), event("CANCELLED", 2, lines={"1": 1}))

    one.take(event("CANCELLED", 3, lines={"1": 1}, source_system="commerce"))

    assert [state.cancelled for state in one.entry.lines] == [UNIT, 0]
    one.take(event("CANCELLED", 4, lines={"1": 2, "2": 3}))
    assert one.state == "cancelled"


def test_what_was_cancelled_by_name_cannot_be_shipped() -> None:
    one = after([placed(), acknowledged(), PICKED, event("CANCELLED", 2.5, lines={"1": 1})])

    one.take(SHIPPED)

    assert one.entry.holds[0].detail == "line 1: SHIPPED 3, ordered and not cancelled 2"


def test_a_cancelled_line_that_the_order_does_not_have_holds_it() -> None:
    one = after([placed(), acknowledged(), event("CANCELLED", 2, lines={"9": 1})])

    assert one.reasons == ["unknown-line"]


@pytest.mark.parametrize("end", [event("CANCELLED", 2.5), event("REFUSED", 0.5)])
def test_what_is_shipped_after_the_end_holds_the_order_with_both_values(end: OrderEvent) -> None:
    one = OneOrder()
    one.take(placed(), given=HELD)
    one.take(end, acknowledged(), event("PICKED", 0.4, source_system="erp"))

    step = one.take(SHIPPED)

    assert (step.verdict, step.reason, one.state) == ("held", "shipped-after-cancel", "held")
    assert one.entry.holds[0].detail == f"{end.kind} by {end.source_system}, then SHIPPED by wms: line 1: 3"
    assert "CREATE_SHIPMENT" not in one.kinds("commerce")


def test_a_shipment_that_is_stated_again_after_the_end_left_before_it() -> None:
    one = after([placed(), acknowledged(), PICKED, PART_SHIPPED, event("CANCELLED", 5)])

    one.take(event("SHIPPED", 6, part="S1", lines={"1": 2}, source_code="W1"))

    assert (one.state, one.reasons) == ("shipped", [])
