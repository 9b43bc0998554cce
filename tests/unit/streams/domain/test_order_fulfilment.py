"""From the ERP's number to the customer's door: parts, early events, contradictions, promised dates."""

from typing import Any

import msgspec
import pytest

from schemas.models.order import OrderLine
from schemas.models.order_event import EventLine, OrderEvent, Track
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_state import next_deadline
from tests.unit.streams.domain.order_histories import (
    T0,
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


def test_an_order_is_shipped_part_by_part_and_closed_when_it_arrived_and_is_paid() -> None:
    one = after(started())
    seen = []

    for told in (
        event("ALLOCATED", 2),
        picked(3, l1=3),
        event("PACKED", 4, part="S1", lines={"1": 2}),
        event("SHIPPED", 5, part="S1", lines={"1": 2}),
        event("SHIPPED", 6, part="S2", lines={"1": 1}),
        event("DELIVERED", 7, part="S1"),
        event("DELIVERED", 8, part="S2"),
        event("INVOICED", 9, document="I1", amount=30 * UNIT),
    ):
        one.take(told)
        seen.append(one.state)

    assert seen == [
        "in-fulfilment",
        "in-fulfilment",
        "in-fulfilment",
        "partially-shipped",
        "shipped",
        "shipped",
        "delivered",
        "closed",
    ]
    state = one.entry.lines[0]
    assert (state.allocated, state.picked, state.packed, state.shipped, state.delivered) == (3 * UNIT,) * 5
    assert state.open == 0
    assert [(part.part, part.is_done) for part in one.entry.parts] == [("S1", True), ("S2", True)]


def test_shipped_before_picked_is_parked_and_applied_when_picked_comes() -> None:
    one = after(started())

    early = one.take(event("SHIPPED", 5, part="S1", lines={"1": 3}))
    assert (early.verdict, early.reason, one.state) == ("parked", "waits-for-PICKED", "acknowledged")
    assert "CREATE_SHIPMENT" not in one.kinds("commerce")
    one.take(picked(4, l1=3))

    assert one.state == "shipped"
    assert one.entry.parked == ()
    assert one.kinds("commerce").count("CREATE_SHIPMENT") == 1


def test_a_part_waits_until_all_of_it_was_picked() -> None:
    one = after([*started(), picked(2, l1=1)])

    step = one.take(event("SHIPPED", 5, part="S1", lines={"1": 3}))
    assert step.verdict == "parked"
    one.take(event("PICKED", 6, part="T2", lines={"1": 2}))

    assert one.state == "shipped"


def test_what_waits_too_long_holds_the_order_and_goes_on_when_its_predecessor_comes_at_last() -> None:
    one = after([*started(), event("SHIPPED", 5, part="S1", lines={"1": 3})])
    deadline = next_deadline(one.entry)

    assert one.wait(3599).verdict == "ignored"
    step = one.wait(1)

    assert deadline == T0 + 3605 * UNIT
    assert (step.verdict, step.reason, one.state) == ("held", "predecessor-missing", "held")
    assert one.entry.holds[0].detail == "SHIPPED S1 waits for PICKED"
    assert next_deadline(one.entry) is None
    one.take(picked(4, l1=3))
    assert one.state == "shipped"


def test_a_person_may_let_count_what_waited_too_long() -> None:
    one = after([*started(), event("SHIPPED", 5, part="S1", lines={"1": 3})])
    one.wait(3600)

    one.take(event("RELEASED", 3700))
    assert one.state == "shipped"
    one.take(event("CONFIRMED", 3800))

    assert one.state == "shipped"
    assert one.entry.lines[0].picked == 3 * UNIT


def test_a_release_before_the_time_is_over_forces_nothing() -> None:
    one = after([*started(), event("SHIPPED", 5, part="S1", lines={"1": 3}), event("RELEASED", 6)])

    assert one.state == "acknowledged"


def test_an_event_of_an_order_that_never_came_is_held_after_the_time() -> None:
    one = OneOrder()

    step = one.take(acknowledged(1))
    assert (step.verdict, step.reason, one.state) == ("parked", "waits-for-PLACED", "expected")
    one.wait(3600)

    assert (one.state, one.reasons) == ("held", ["predecessor-missing"])
    one.take(placed(at=0))
    assert one.state == "acknowledged"


def test_of_a_system_that_states_the_furthest_step_shipped_implies_picked() -> None:
    one = after([*started(), event("SHIPPED", 5, part="S1", lines={"1": 3})], with_rules(furthest=frozenset({"wms"})))

    assert one.state == "shipped"
    assert one.entry.lines[0].picked == 3 * UNIT


def test_even_then_it_waits_for_the_erp() -> None:
    one = after([placed(), event("SHIPPED", 5, part="S1")], with_rules(furthest=frozenset({"wms"})))

    assert one.verdicts[-1] == "parked:waits-for-ACKNOWLEDGED"


def test_more_shipped_than_ordered_holds_the_order_with_both_values_and_posts_nothing() -> None:
    one = after([*started(), picked(2, l1=3)])

    step = one.take(event("SHIPPED", 5, part="S1", lines={"1": 5}))

    assert (step.verdict, step.reason) == ("held", "shipped-too-much")
    assert one.entry.holds[0].detail == "line 1: SHIPPED 5, ordered and not cancelled 3"
    assert one.entry.lines[0].shipped == 3 * UNIT
    assert "CREATE_SHIPMENT" not in one.kinds("commerce")
    one.take(event("RELEASED", 6))
    posted = next(each for each in one.asked if each.kind == "CREATE_SHIPMENT")
    assert (one.state, posted.lines) == ("shipped", (EventLine(line_id="1", sku="A", quantity=3 * UNIT),))


def test_a_second_shipment_beyond_the_order_is_a_contradiction_too() -> None:
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 2})])

    one.take(event("SHIPPED", 4, part="S2", lines={"1": 2}))

    assert one.entry.holds[0].detail == "line 1: SHIPPED 4, ordered and not cancelled 3"


def test_a_shipment_stated_again_is_the_same_shipment_and_grows_at_most() -> None:
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 2})])

    one.take(event("SHIPPED", 4, part="S1", lines={"1": 2}, source_system="erp", event_id="erp-1"))
    assert one.entry.lines[0].shipped == 2 * UNIT
    one.take(event("SHIPPED", 5, part="S1", lines={"1": 3}, event_id="wms-2"))

    assert one.entry.lines[0].shipped == 3 * UNIT
    assert one.kinds("commerce").count("CREATE_SHIPMENT") == 1


def test_a_shipment_that_the_shop_has_twice_holds_the_order_and_is_not_asked_for_again_after_a_release() -> None:
    """Nobody takes a shipment back there; a credit memo may follow all the same."""
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 3})])
    posted = next(each for each in one.asked if each.kind == "CREATE_SHIPMENT")
    one.answer(outcome(posted, at=4, external_id="5"))

    one.answer(outcome(posted, "HELD", at=5, reason="duplicate-suspected", value="5, 6"))
    assert one.reasons == ["duplicate-suspected"]
    one.take(event("RELEASED", 6))
    one.take(event("INVOICED", 7, document="I1", amount=UNIT, lines={"1": 1}))
    one.take(event("REFUNDED", 8, document="C1", amount=UNIT, lines={"1": 1}))

    assert one.reasons == []
    assert one.kinds("commerce").count("CREATE_SHIPMENT") == 1
    assert one.kinds("commerce").count("CREATE_CREDIT_MEMO") == 1


def test_picking_more_than_was_ordered_is_work_done_twice_and_no_contradiction() -> None:
    one = after([*started(), picked(2, l1=3), event("PICKED", 3, part="T2", lines={"1": 2})])

    assert one.entry.holds == ()
    assert one.entry.lines[0].picked == 3 * UNIT


@pytest.mark.parametrize("told", [{"lines": {"9": 1}}, {"skus": {"Z": 1}}])
def test_a_line_that_the_order_does_not_have_holds_it(told: dict[str, Any]) -> None:
    one = after([*started(), picked(2, l1=3)])

    step = one.take(event("SHIPPED", 3, part="S1", **told))

    assert (step.verdict, step.reason) == ("held", "unknown-line")
    assert one.entry.lines[0].shipped == 0


def test_steps_without_lines_speak_of_the_rest() -> None:
    one = after(
        [
            *started(line(), line("2", "B", 2)),
            event("PICKED", 2),
            event("SHIPPED", 3, part="S1", lines={"1": 1}),
            event("SHIPPED", 4, part="S2"),
            event("DELIVERED", 5),
        ]
    )

    assert one.state == "delivered"
    assert [sum(told.quantity for told in part.lines) for part in one.entry.parts] == [UNIT, 4 * UNIT]


def test_a_shipment_without_lines_is_what_was_packed_under_its_name() -> None:
    one = after(
        [
            *started(),
            picked(2, l1=3),
            event("PACKED", 3, part="S1", lines={"1": 2}),
            event("SHIPPED", 4, part="S1"),
        ]
    )

    assert one.entry.lines[0].shipped == 2 * UNIT


def test_delivered_waits_for_its_own_shipment() -> None:
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 2})])

    assert one.take(event("DELIVERED", 9, part="S2")).verdict == "parked"
    one.take(event("SHIPPED", 4, part="S2", lines={"1": 1}))

    assert one.entry.lines[0].delivered == UNIT


def test_the_shops_word_on_a_shipment_that_we_posted_is_no_second_one() -> None:
    one = after([*started(), picked(2, l1=3)])
    posted = next(
        each
        for each in one.take(event("SHIPPED", 3, part="S1", lines={"1": 3})).intentions
        if each.kind == "CREATE_SHIPMENT"
    )

    one.answer(outcome(posted, at=4, external_id="77"))
    one.take(event("SHIPPED", 5, part="77", lines={"1": 3}, source_system="commerce"))

    assert one.entry.holds == ()
    assert [(part.part, part.posted) for part in one.entry.parts] == [("S1", "77")]


def test_a_shipment_that_the_shop_made_itself_is_not_posted_again() -> None:
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="9", lines={"1": 3}, source_system="commerce")])

    assert one.state == "shipped"
    assert "CREATE_SHIPMENT" not in one.kinds("commerce")


def test_a_shipment_carries_its_source_its_tracks_and_its_serial_numbers() -> None:
    one = after([*started(), event("PICKED", 2)])
    told = (
        EventLine(line_id="1", sku="A", quantity=UNIT, serials=("N2",)),
        EventLine(line_id="1", sku="A", quantity=2 * UNIT, serials=("N1", "N2")),
    )
    tracks = (Track(number="T2"), Track(number="T1"))

    one.take(msgspec.structs.replace(event("SHIPPED", 3, part="S1", source_code="W1"), lines=told, tracks=tracks))

    posted = next(each for each in one.asked if each.kind == "CREATE_SHIPMENT")
    assert posted.source_code == "W1"
    assert posted.lines == (EventLine(line_id="1", sku="A", quantity=3 * UNIT, serials=("N1", "N2")),)
    assert posted.tracks == (Track(number="T1"), Track(number="T2"))


def test_backordered_lines_are_told_to_nobody_but_do_not_move_the_order() -> None:
    one = after([*started(), event("BACKORDERED", 2, lines={"1": 1})])

    assert one.state == "acknowledged"


def test_parcels_of_one_shipment_and_systems_that_tell_of_the_same_one_count_its_goods_once() -> None:
    """Else the rest of the order would count as delivered, and what is picked of it would be refused."""
    tracks = tuple(Track(carrier_code="ups", title="", number=number) for number in ("T1", "T2"))
    one = after([*started(), picked(2, l1=1), event("SHIPPED", 3, part="S1", lines={"1": 1}, tracks=tracks)])

    one.take(event("DELIVERED", 4, event_id="d1", tracks=tracks[:1], source_system="carrier"))
    one.take(event("DELIVERED", 5, event_id="d2", tracks=tracks[1:], source_system="carrier"))
    one.take(event("DELIVERED", 6, part="S1", event_id="d3"))

    assert (one.entry.lines[0].shipped, one.entry.lines[0].delivered) == (UNIT, UNIT)
    one.take(event("PICKED", 7, part="T9", lines={"1": 2}), event("SHIPPED", 8, part="S2", lines={"1": 2}))
    assert one.kinds("commerce").count("CREATE_SHIPMENT") == 2


def test_a_number_that_its_warehouse_tells_after_the_shipment_was_asked_for_is_a_comment() -> None:
    track = Track(carrier_code="ups", title="", number="1Z")
    one = after([*started(), picked(2, l1=3), event("SHIPPED", 3, part="S1", lines={"1": 3})])

    one.take(event("SHIPPED", 4, part="S1", lines={"1": 3}, tracks=(track,), event_id="again"))

    assert one.kinds("commerce").count("CREATE_SHIPMENT") == 1
    assert [each.text for each in one.asked if (each.part or "").startswith("tracking/")] == [
        "Tracking number: ups 1Z."
    ]


# ── bundles ──────────────────────────────────────────────────────────────────────────────────────


BUNDLE = (
    line("1", "SET", 2),
    line("2", "A", 4, parent_line_id="1"),
    line("3", "B", 2, parent_line_id="1"),
)


@pytest.mark.parametrize("told", [{"lines": {"1": 1}}, {"skus": {"SET": 1}}])
def test_what_is_said_of_a_bundle_is_said_of_its_parts(told: dict[str, Any]) -> None:
    one = after([*started(*BUNDLE), event("PICKED", 2), event("SHIPPED", 3, part="S1", **told)])

    assert [(state.line_id, state.shipped) for state in one.entry.lines] == [("2", 2 * UNIT), ("3", UNIT)]


def test_a_sku_on_two_lines_fills_them_in_turn() -> None:
    lines = (line("1", "A", 2), line("2", "A", 3))
    one = after([*started(*lines), event("PICKED", 2), event("SHIPPED", 3, part="S1", skus={"A": 4})])

    assert [state.shipped for state in one.entry.lines] == [2 * UNIT, 2 * UNIT]


def test_lines_that_are_each_others_parent_do_not_stop_the_order() -> None:
    ring = (line("1", "A", parent_line_id="2"), line("2", "B", parent_line_id="1"), line("3", "C"))
    one = after([*started(*ring), event("PICKED", 2), event("SHIPPED", 3, part="S1")])

    assert one.state == "shipped"
