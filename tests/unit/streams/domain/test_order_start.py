"""From the order's placing to the ERP's number: checks, holds, corrections, rejections."""

from typing import Any

import msgspec
import pytest

from schemas.models.order import Address
from streams.domain import order_state
from streams.domain.order_rules import Given
from streams.domain.order_state import OrderEntry, OrderState
from tests.unit.streams.domain.order_histories import (
    T0,
    UNIT,
    OneOrder,
    acknowledged,
    event,
    line,
    order,
    outcome,
    placed,
    with_rules,
)

UNKNOWN_CUSTOMER = Given(failing=("customer-known",))
ERP_ONLY = with_rules(roles=frozenset({"erp"}))


def test_an_order_that_passes_its_checks_is_asked_of_the_erp_at_once_and_whole() -> None:
    one = OneOrder(ERP_ONLY)

    step = one.take(placed())

    assert one.state == "accepted"
    assert one.requests == [("erp", "CREATE_ORDER", None)]
    assert step.intentions[0].with_order
    assert one.entry.order == order()
    assert one.entry.order_id == "commerce-000000123"


def test_the_crm_is_told_of_the_order_without_waiting_for_the_erp() -> None:
    one = OneOrder()

    one.take(placed())

    told = next(each for each in one.asked if each.role == "crm")
    assert (told.kind, told.with_order, told.status) == ("RECORD_ORDER", True, "accepted")


def test_an_order_whose_checks_fail_is_held_with_every_reason_and_the_erp_is_not_asked() -> None:
    one = OneOrder()

    step = one.take(placed(), given=Given(failing=("customer-known", "sku-known: A")))

    assert (one.state, one.entry.stage) == ("held", OrderState.PLACED)
    assert [hold.detail for hold in one.entry.holds] == ["customer-known", "sku-known: A"]
    assert (step.verdict, step.reason) == ("held", "check-failed")
    assert one.kinds("erp") == []


def test_a_held_order_that_a_person_releases_goes_on() -> None:
    one = OneOrder(ERP_ONLY)
    one.take(placed(), given=UNKNOWN_CUSTOMER)

    one.take(event("RELEASED", 5))

    assert one.state == "accepted"
    assert one.kinds("erp") == ["CREATE_ORDER"]


def test_a_held_order_that_a_person_corrects_goes_on_as_corrected_whatever_the_channel_repeats() -> None:
    one = OneOrder(ERP_ONLY)
    one.take(placed(), given=UNKNOWN_CUSTOMER)
    corrected = order(billing=Address(country="AT", city="Wien"))

    one.take(event("CORRECTED", 5, order=corrected))
    one.take(placed(at=6, updated_at=T0 + 6 * UNIT), given=UNKNOWN_CUSTOMER)

    assert one.state == "accepted"
    assert one.entry.order == corrected
    assert one.kinds("erp") == ["CREATE_ORDER"]


def test_a_correction_that_fails_its_checks_is_held_too() -> None:
    one = OneOrder()
    one.take(placed(), given=UNKNOWN_CUSTOMER)

    one.take(event("CORRECTED", 5, order=order()), given=Given(failing=("address-valid: billing.city",)))

    assert [hold.detail for hold in one.entry.holds] == ["address-valid: billing.city"]


def test_a_held_order_that_a_person_refuses_is_over_and_cancelled_at_the_shop() -> None:
    one = OneOrder()
    one.take(placed(), given=UNKNOWN_CUSTOMER)

    one.take(event("REFUSED", 5))

    assert one.state == "rejected"
    assert one.kinds("erp") == []
    assert ("commerce", "CANCEL_ORDER", None) in one.requests


def test_an_order_that_was_not_checked_yet_waits_and_the_checks_may_come_later() -> None:
    one = OneOrder(ERP_ONLY)
    one.take(placed(), given=Given(failing=None))
    assert (one.state, one.asked) == ("placed", [])

    step = order_state.judged(one.entry, (), T0, rules=ERP_ONLY)

    assert step.entry.state is OrderState.ACCEPTED
    assert [each.kind for each in step.intentions] == ["CREATE_ORDER"]
    assert order_state.judged(step.entry, (), T0, rules=ERP_ONLY).verdict == "ignored"
    assert order_state.judged(step.entry, ("credit",), T0, rules=ERP_ONLY).verdict == "held"
    assert order_state.judged(OrderEntry(), (), T0).reason == "no-order"


def test_the_erps_answer_is_the_acknowledgement_with_its_number() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]

    one.answer(outcome(created, at=1, value="SO7", external_id="4711"))

    assert (one.state, one.entry.erp_number) == ("acknowledged", "SO7")
    number = next(each for each in one.asked if each.kind == "SET_ERP_NUMBER")
    assert (number.role, number.document) == ("commerce", "SO7")


def test_the_erps_own_event_of_the_same_number_adds_nothing_new() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]
    one.answer(outcome(created, at=1, external_id="SO1"))
    told = len(one.asked)

    step = one.take(acknowledged(2))

    assert (step.verdict, one.entry.erp_number, len(one.asked)) == ("applied", "SO1", told)


def test_an_answer_without_any_number_acknowledges_too() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]

    one.answer(outcome(created, at=1))

    assert (one.state, one.entry.erp_number) == ("acknowledged", None)


def test_two_orders_at_the_erp_are_for_a_person_to_look_at() -> None:
    one = OneOrder()
    one.take(placed(), acknowledged(1, "SO1"))

    step = one.take(acknowledged(2, "SO2"))

    assert (step.verdict, step.reason) == ("held", "duplicate-suspected")
    assert one.entry.holds[0].detail == "the ERP has it as SO1 and as SO2"
    assert one.kinds("commerce").count("SET_ERP_NUMBER") == 1


def test_a_rejection_holds_the_order_and_each_release_asks_anew() -> None:
    one = OneOrder(ERP_ONLY)
    first = one.take(placed()).intentions[0]

    step = one.answer(outcome(first, "DEAD", at=1, reason="unknown-account"))
    assert (step.verdict, one.state, one.entry.holds[0].detail) == ("held", "held", "unknown-account")
    second = one.take(event("RELEASED", 2)).intentions[0]
    one.answer(outcome(second, "DEAD", at=3))
    third = one.take(event("CORRECTED", 4, order=order(line(units=2)))).intentions[0]
    one.answer(outcome(third, at=5, value="SO1"))

    assert one.entry.holds == ()
    assert one.state == "acknowledged"
    assert len({first.attempt, second.attempt, third.attempt}) == 3


def test_an_erp_that_rejects_in_an_event_holds_the_order_even_after_it_took_it() -> None:
    one = OneOrder()
    one.take(placed(), acknowledged(1))

    one.take(event("REJECTED", 2, reason="no-stock"))

    assert (one.state, one.entry.stage) == ("held", OrderState.ACKNOWLEDGED)
    one.take(event("RELEASED", 3))
    assert one.state == "acknowledged"


def test_two_hits_at_the_look_up_hold_the_order_and_a_release_asks_once_more() -> None:
    one = OneOrder(ERP_ONLY)
    created = one.take(placed()).intentions[0]

    one.answer(outcome(created, "HELD", at=1, reason="duplicate-suspected"))
    assert one.reasons == ["duplicate-suspected"]
    again = one.take(event("RELEASED", 2)).intentions

    assert [each.kind for each in again] == ["CREATE_ORDER"]
    assert again[0].attempt != created.attempt
    assert one.take(event("RELEASED", 3)).intentions == ()


def test_a_second_document_that_is_found_later_holds_the_order_with_both_numbers_until_a_person_releases_it() -> None:
    one = OneOrder(ERP_ONLY)
    created = one.take(placed()).intentions[0]
    one.answer(outcome(created, at=1, value="SO1"))
    assert one.state == "acknowledged"

    one.answer(outcome(created, "HELD", at=2, reason="duplicate-suspected", value="SO1, SO2"))

    [hold] = one.entry.holds
    assert (one.state, hold.reason) == ("held", "duplicate-suspected")
    assert hold.detail == "erp/CREATE_ORDER/: the target has SO1, SO2"
    assert one.take(event("RELEASED", 3)).intentions == ()
    assert (one.state, one.entry.erp_number) == ("acknowledged", "SO1")


def test_lines_that_change_after_the_erp_was_asked_hold_the_order() -> None:
    one = OneOrder()
    one.take(placed())

    one.take(placed(line(units=5), at=2, updated_at=T0 + UNIT))

    assert one.reasons == ["changed-after-sent"]
    one.take(event("RELEASED", 4))
    assert one.reasons == []


def test_the_channels_newest_statement_counts_whenever_it_comes() -> None:
    one = OneOrder()
    one.take(placed(at=5, updated_at=T0 + UNIT, status="processing"))

    step = one.take(placed(at=1, status="new"))

    assert one.entry.order is not None
    assert (step.verdict, one.entry.order.status) == ("applied", "processing")
    assert one.take(placed(at=3, status="new")).reason == "stale"


def test_credit_is_the_erps_to_give_back() -> None:
    one = OneOrder()
    one.take(placed(), acknowledged(1), event("CREDIT_HELD", 2, reason="over-limit"))
    assert (one.state, one.reasons) == ("held", ["credit"])

    one.take(event("RELEASED", 3))
    assert one.state == "held"
    one.take(event("CREDIT_RELEASED", 4))

    assert one.state == "acknowledged"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "UNKNOWN"}, "unknown-kind"),
        ({"order_id": "no|id"}, "bad-order-id"),
        ({"order": None}, "no-order"),
        ({"order": order(number="9")}, "wrong-order"),
        ({"order": order(channel="c" * 30)}, "wrong-order"),
        ({"kind": "DATE_MOVED"}, "no-date"),
        ({"part": "p" * 129}, "name-too-long"),
        ({"kind": "CAPTURED", "amount": -1}, "bad-quantity"),
        ({"kind": "PICKED", "lines": {"1": -1}}, "bad-quantity"),
        ({"order": msgspec.structs.replace(order(), lines=())}, "bad-lines"),
        ({"order": order(line(), line())}, "bad-lines"),
        ({"order": order(line(""))}, "bad-lines"),
        ({"order": order(line(units=0))}, "bad-lines"),
        ({"order": order(line(), line("2", units=-1))}, "bad-lines"),
    ],
)
def test_what_cannot_be_heard_is_refused_and_changes_nothing(fields: dict[str, Any], reason: str) -> None:
    plain: dict[str, Any] = {"kind": "PLACED", "order": order(), **fields}

    step = order_state.apply(OrderEntry(), event(plain.pop("kind"), **plain), T0)

    assert (step.verdict, step.reason) == ("refused", reason)
    assert step.entry == OrderEntry()


def test_an_event_of_another_order_is_refused() -> None:
    one = OneOrder()
    one.take(placed())

    assert one.take(event("CONFIRMED", 1, order_id="commerce-9")).reason == "wrong-order"
    assert one.answer(outcome(one.asked[0], entity="commerce-9")).reason == "wrong-order"


def test_a_repeat_is_ignored_and_decides_nothing() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]

    again = one.take(placed())
    one.answer(outcome(created, at=1, value="SO1"))
    answered = one.answer(outcome(created, at=1, value="SO1"))

    assert (again.verdict, again.reason, again.intentions) == ("ignored", "duplicate", ())
    assert (answered.verdict, answered.reason, answered.intentions) == ("ignored", "duplicate", ())


def test_an_outcome_that_is_no_answer_changes_nothing() -> None:
    one = OneOrder()
    created = one.take(placed()).intentions[0]

    step = one.answer(outcome(created, "PARKED"))

    assert (step.verdict, step.reason, step.entry) == ("ignored", "no-answer", one.entry)


def test_what_only_one_system_may_say_others_cannot() -> None:
    one = OneOrder(with_rules(speakers={"CONFIRMED": frozenset({"erp"})}))
    one.take(placed(), acknowledged())

    step = one.take(event("CONFIRMED", 2, source_system="wms"))

    assert (step.verdict, step.reason) == ("ignored", "not-owner")
    assert one.take(event("CONFIRMED", 3)).verdict == "applied"


def test_the_counter_rises_with_every_change() -> None:
    one = OneOrder()
    found = [one.take(each).entry.counter for each in (placed(), acknowledged(), event("CONFIRMED", 3))]

    assert found == [1, 2, 3]


def test_of_two_statements_the_one_changed_later_counts_whenever_it_was_sent() -> None:
    one = OneOrder()
    one.take(placed(at=1, updated_at=T0 + 9 * UNIT, status="newer"))

    one.take(placed(at=5, updated_at=T0 + 2 * UNIT, status="older"))

    assert one.entry.order is not None
    assert one.entry.order.status == "newer"


def test_an_erp_that_takes_the_order_after_all_answers_its_own_rejection() -> None:
    one = OneOrder()
    one.take(placed(), event("REJECTED", 1, reason="no-stock"))
    assert one.reasons == ["rejected-by-target"]

    one.take(acknowledged(2))

    assert (one.state, one.reasons) == ("acknowledged", [])


def test_what_happened_at_the_moment_of_placing_did_not_happen_after_it() -> None:
    one = OneOrder()
    one.take(placed())

    step = one.take(event("CORRECTED", 0, order=order(line(units=1))))

    assert step.verdict == "held"
    assert one.reasons == ["changed-after-sent"]


def test_an_order_that_the_crm_refused_is_told_anew_after_a_release_and_once_per_release() -> None:
    one = OneOrder()
    one.take(placed())
    told = [each for each in one.asked if each.kind == "RECORD_ORDER"]
    one.answer(outcome(told[0], "DEAD", at=1, reason="rejected-by-target"))
    assert [remark.reason for remark in one.entry.remarks] == ["refused-beside"]

    again = [each for each in one.take(event("RELEASED", 2)).intentions if each.role == "crm"]
    assert [each.kind for each in again] == ["RECORD_ORDER"]
    assert (again[0].attempt, again[0].turn) != (told[0].attempt, told[0].turn)
    assert one.answer(outcome(again[0], "DEAD", at=3, reason="rejected-by-target")).intentions == ()


def test_a_second_order_at_the_erp_is_told_of_one_that_is_cancelled_too() -> None:
    one = OneOrder(ERP_ONLY)
    created = one.take(placed()).intentions[0]
    one.answer(outcome(created, at=1, value="SO1"))
    cancel = one.take(event("CANCEL_REQUESTED", 2)).intentions[0]
    one.answer(outcome(cancel, at=3))
    assert one.state == "cancelled"

    one.answer(outcome(created, "HELD", at=4, reason="duplicate-suspected", value="SO1, SO2"))

    assert (one.state, one.entry.stage, one.reasons) == ("held", OrderState.CANCELLED, ["duplicate-suspected"])
    one.take(event("RELEASED", 5))
    assert (one.state, one.reasons) == ("cancelled", [])
