"""Labels: asked for once per part that is ready, void where the goods stay, and in the shipment that the shop shows."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.order_event import OrderEvent, Track
from tests.unit.streams.domain.labelled_orders import (
    NUMBER,
    TRACK,
    asked,
    booked,
    delivered,
    packed,
    picked,
    ready,
    refused,
    shipments,
    shipped,
)
from tests.unit.streams.domain.order_histories import (
    T0,
    UNIT,
    acknowledged,
    after,
    event,
    line,
    order,
    outcome,
    placed,
    with_rules,
)

# ── booking ──────────────────────────────────────────────────────────────────────────────────────


def test_a_packed_part_gets_one_label_with_its_lines_and_the_whole_order() -> None:
    one = ready(with_rules(), shipping_method="ups_ground")
    one.take(event("DATE_MOVED", 4.5, expected_at=T0 + 9 * UNIT), packed(at=4.6))

    (label,) = asked(one)
    assert (label.part, label.document, label.source_code) == ("S1", "S1", "east")
    assert [(each.line_id, each.quantity) for each in label.lines] == [("1", 3 * UNIT)]
    assert (label.with_order, label.service) == (True, None)


def test_each_part_has_its_own_and_a_repeat_none() -> None:
    one = ready(with_rules(), packed("S1", units=1), packed("S2", at=4.5, units=2))
    one.take(packed("S1", at=4.8, units=1))

    assert [each.part for each in asked(one)] == ["S1", "S2"]


def test_the_service_is_that_of_the_shipping_method_where_the_settings_name_one() -> None:
    rules = with_rules(services={"ups_ground": "ground"})

    assert asked(ready(rules, shipping_method="ups_ground"))[0].service == "ground"
    assert asked(ready(rules, shipping_method="flat"))[0].service is None


def test_a_warehouse_that_tells_no_packing_is_ready_with_picking() -> None:
    rules = with_rules(label_at="PICKED")
    one = after([placed(), acknowledged(), picked(part=None)], rules)

    (label,) = asked(one)
    assert label.document is None
    booked(one).take(shipped())
    assert shipments(one) == [("S1", (TRACK,))]


@pytest.mark.parametrize(
    "more",
    [
        (packed(tracks=(TRACK,)),),
        (event("CREDIT_HELD", 3.5), packed()),
        (event("CANCEL_REQUESTED", 3.5), packed()),
        (shipped(at=4), packed(at=5)),
        (event("PACKED", 4, part="S1", skus={"STRANGER": 1}),),
    ],
    ids=["has a number", "is held", "is asked back", "has left", "nothing of the order"],
)
def test_no_label_is_asked_for_where_none_is_due(more: tuple[OrderEvent, ...]) -> None:
    assert asked(ready(with_rules(), *more)) == []


def test_nothing_is_booked_for_an_order_that_is_not_shipped_nor_without_a_carrier() -> None:
    assert asked(ready(with_rules(), shipping=None)) == []
    assert asked(ready(with_rules(roles=frozenset({"erp", "wms", "commerce"})))) == []


def test_what_left_in_part_is_followed_by_labels_of_the_rest_only() -> None:
    one = ready(with_rules(), shipped("S0", at=3.5, units=1), packed("S0", at=4, units=1), packed("S2", at=5, units=2))

    assert [each.part for each in asked(one)] == ["S2"]


# ── a refusal ────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_holds_nothing_and_is_not_asked_again_by_itself() -> None:
    one = refused(ready())
    one.take(packed(at=5.5), event("DATE_MOVED", 6, expected_at=T0 + 99 * UNIT))

    assert (one.reasons, len(asked(one))) == ([], 1)
    assert [(remark.reason, remark.detail) for remark in one.entry.remarks] == [
        ("refused-beside", "carrier/BOOK_LABEL/S1: rejected")
    ]
    one.take(shipped(at=7))
    assert shipments(one) == [("S1", ())]


def test_after_a_refusal_another_address_is_asked_anew_and_only_then() -> None:
    one = ready()
    elsewhere = msgspec.structs.replace(order().billing, postcode="10117")
    restated = event("PLACED", 4.5, order=order(shipping=elsewhere, updated_at=T0 + 4 * UNIT))
    one.take(restated)
    assert len(asked(one)) == 1

    refused(one)

    first, second = asked(one)
    assert first.attempt != second.attempt
    booked(one, at=8).take(event("PLACED", 9, order=order(updated_at=T0 + 9 * UNIT)))
    assert len(asked(one)) == 2


def test_a_person_who_releases_the_order_has_a_refused_label_asked_anew() -> None:
    one = refused(ready())
    one.take(event("RELEASED", 6))

    assert len(asked(one)) == 2
    assert asked(one)[0].attempt != asked(one)[1].attempt
    assert one.entry.remarks == ()
    booked(one, at=7).take(event("RELEASED", 8))
    assert len(asked(one)) == 2


# ── the shipment ─────────────────────────────────────────────────────────────────────────────────


def test_the_shop_shows_the_labels_number_where_the_warehouse_gave_none() -> None:
    one = booked(ready())
    one.take(shipped())

    assert shipments(one) == [("S1", (TRACK,))]
    assert one.entry.parts[0].tracks == (TRACK,)


def test_the_warehouses_own_numbers_go_before_the_labels() -> None:
    own = Track(carrier_code="ups", number="1Z9")
    one = booked(ready())
    one.take(shipped(tracks=(own,)))
    assert shipments(one) == [("S1", (own,))]

    at_packing = ready(with_rules(), packed(tracks=(own,)))
    at_packing.take(shipped())
    assert shipments(at_packing) == [("S1", (own,))]


def test_a_shipment_of_another_part_has_no_number_of_ours() -> None:
    one = booked(ready(with_rules(), packed("S1", units=1)))
    one.take(shipped("S2", units=2))

    assert shipments(one) == [("S2", ())]


def test_a_number_that_comes_after_the_shipment_was_asked_for_is_told_once_as_a_comment() -> None:
    one = ready()
    one.take(shipped())
    booked(one, at=8).take(packed(at=9))

    comments = [each.text for each in one.asked if (each.part or "").startswith("tracking/")]
    assert shipments(one) == [("S1", ())]
    assert comments == ["Tracking number: parcelex PX1."]


def test_a_number_that_the_shipment_has_is_not_told_again() -> None:
    one = booked(ready())
    one.take(shipped(), delivered())

    assert [each.part for each in one.asked if (each.part or "").startswith("tracking/")] == []


def test_service_and_price_stand_with_the_answer() -> None:
    one = booked(ready())

    (answer,) = [fact for fact in one.entry.facts if fact.kind == "ANSWERED" and fact.system == "carrier"]
    assert (answer.document, answer.tracks, answer.amount, answer.currency) == (NUMBER, (TRACK,), 8_250_000, "USD")


# ── void ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "end",
    [
        event("CANCELLED", 6, source_system="erp"),
        event("CANCELLED", 6, part="S1", source_system="wms"),
        event("CANCELLED", 6, part="T9", source_system="wms", lines={"1": 3}),
    ],
    ids=["the order", "the part", "its lines"],
)
def test_a_label_of_goods_that_stay_is_made_void_once(end: OrderEvent) -> None:
    one = booked(ready(with_rules(), placed(line("1"), line("2", "B")) if end.lines else packed(), packed()))
    one.take(end, end)

    assert [(each.part, each.source_code) for each in asked(one, "VOID_LABEL")] == [("S1", "east")]


def test_a_label_that_is_still_being_booked_is_made_void_as_well() -> None:
    one = ready()
    one.take(event("CANCELLED", 6, source_system="erp"))

    assert len(asked(one, "VOID_LABEL")) == 1


def test_a_label_that_was_refused_or_whose_goods_have_left_is_not_made_void() -> None:
    one = refused(ready())
    one.take(event("CANCELLED", 6, source_system="erp"))
    assert asked(one, "VOID_LABEL") == []

    left = booked(ready(with_rules(), packed(units=1)))
    left.take(shipped(units=1), event("CANCELLED", 7, source_system="erp"))
    assert asked(left, "VOID_LABEL") == []


def test_goods_that_left_after_the_order_had_ended_keep_their_label_though_their_packing_no_longer_counts() -> None:
    one = booked(ready())
    one.take(event("CANCELLED", 3.5, source_system="erp"))
    assert len(asked(one, "VOID_LABEL")) == 1

    other = booked(ready())
    other.take(shipped(), event("CANCELLED", 3.5, source_system="erp"))
    assert (other.reasons, asked(other, "VOID_LABEL")) == (["shipped-after-cancel"], [])


def test_while_a_cancellation_is_only_asked_for_the_label_stands() -> None:
    one = booked(ready())
    one.take(event("CANCEL_REQUESTED", 6))

    assert asked(one, "VOID_LABEL") == []


def test_a_part_of_the_lines_that_is_given_up_leaves_the_label_and_a_void_one_is_no_number() -> None:
    one = booked(ready())
    one.take(event("CANCELLED", 6, source_system="wms", part="T9", lines={"1": 1}))
    assert asked(one, "VOID_LABEL") == []

    one.take(event("CANCELLED", 7, part="S1", source_system="wms"))
    one.answer(outcome(asked(one, "VOID_LABEL")[0], at=8))
    one.take(event("RELEASED", 9), shipped(at=10, units=2))
    assert shipments(one) == [("S1", ())]


# ── whatever comes, in whatever order ────────────────────────────────────────────────────────────

SAID = (
    packed("S1", at=4, units=1),
    packed("S2", at=5, units=2),
    shipped("S1", at=6, units=1),
    shipped("S2", at=7, units=2),
    event("CANCELLED", 8, source_system="erp"),
    event("CANCELLED", 8, part="S2", source_system="wms"),
    event("RELEASED", 9),
    event("DELIVERED", 10, part="S1", source_system="parcelex"),
)


@given(
    st.lists(st.sampled_from(SAID), max_size=14), st.lists(st.sampled_from(("booked", "refused", "late")), max_size=14)
)
def test_a_part_has_one_label_at_most_and_only_what_was_booked_is_made_void_once(
    events: list[OrderEvent], answers: list[str]
) -> None:
    one = ready(None, event("CONFIRMED", 3.5))
    answered: dict[str | None, str] = {}
    left: set[str | None] = set()
    for number, told in enumerate(events):
        before = len(one.asked)
        one.take(told)
        left |= {told.part} if told.kind == "SHIPPED" else set()
        for label in [each for each in one.asked[before:] if each.kind == "BOOK_LABEL"]:
            assert answered.get(label.part, "refused") == "refused"
            assert label.part not in left
            answered[label.part] = answers[number] if number < len(answers) else "late"
            if answered[label.part] == "booked":
                one.answer(outcome(label, at=8.5, external_id=NUMBER, tracks=(TRACK,)))
            elif answered[label.part] == "refused":
                one.answer(outcome(label, "DEAD", at=8.5, reason="rejected"))
    voids = [each.part for each in asked(one, "VOID_LABEL")]
    assert len(voids) == len(set(voids))
    assert set(voids) <= answered.keys()


def test_a_label_of_goods_that_left_before_their_picking_was_told_is_not_made_void() -> None:
    taken = event("PICKED", 3, source_code="east", lines={"1": 2})
    one = booked(after([placed(), acknowledged(), taken, packed(units=2)]))
    one.take(shipped(units=3))
    assert one.verdicts[-1].startswith("parked"), "it waits for the picking of what it names"

    one.take(event("CANCELLED", 8, source_system="erp"))

    assert asked(one, "VOID_LABEL") == []


def test_no_label_is_asked_for_what_its_warehouse_gave_up_while_the_order_was_held() -> None:
    one = after([placed(), acknowledged(), event("CREDIT_HELD", 2, source_system="erp"), picked(), packed()])
    assert asked(one) == []
    one.take(event("CANCELLED", 5, part="S1", source_system="wms"), event("CREDIT_RELEASED", 6, source_system="erp"))
    one.take(event("RELEASED", 7))

    assert asked(one) == []


def test_an_address_that_is_stated_once_more_is_asked_for_once_more() -> None:
    one = refused(ready())
    there = order().shipping
    assert there is not None
    one.take(placed(at=7, event_id="p2", shipping=msgspec.structs.replace(there, city="Shelbyville")))
    refused(one, at=8)
    one.take(placed(at=9, event_id="p3", shipping=there))

    found = asked(one)
    assert len(found) == 3
    assert len({(each.attempt, each.turn) for each in found}) == 3
