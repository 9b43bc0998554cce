"""What the books are told of an order, and what becomes of it when they refuse."""

import pytest

from streams.domain.order_books import books_of
from streams.domain.order_entry import Hold
from streams.domain.order_state import Intention, decode, encode
from tests.contract.orders import ORDER
from tests.unit.streams.domain.order_histories import T0, UNIT, OneOrder, acknowledged, after, event, outcome, placed

INVOICED = event("INVOICED", 5, document="I1", amount=30 * UNIT)


def booked(one: OneOrder) -> list[Intention]:
    return [each for each in one.asked if each.role == "finance"]


def refused() -> OneOrder:
    one = after([placed(), acknowledged(), INVOICED])
    one.answer(outcome(booked(one)[0], state="DEAD", at=6, reason="rejected-by-target"))
    return one


def test_a_document_goes_with_the_order_and_the_time_at_which_it_happened() -> None:
    [asked] = booked(after([placed(), acknowledged(), INVOICED]))

    assert (asked.with_order, asked.happened_at, asked.attempt) == (True, T0 + 5 * UNIT, str(30 * UNIT))


def test_an_amount_that_grew_is_asked_for_anew_and_a_smaller_one_is_not() -> None:
    one = after([placed(), acknowledged(), INVOICED])
    one.take(event("INVOICED", 6, document="I1", amount=20 * UNIT, event_id="less"))
    one.take(event("INVOICED", 7, document="I1", amount=40 * UNIT, event_id="more"))

    assert [(each.part, each.amount) for each in booked(one)] == [("I1", 30 * UNIT), ("I1", 40 * UNIT)]


def test_a_refusal_of_the_books_holds_nothing_and_is_a_remark() -> None:
    one = refused()

    assert (one.entry.holds, one.state) == ((), one.entry.stage.value)
    detail = "finance/POST_INVOICE/I1: rejected-by-target"
    assert one.entry.remarks == (Hold("refused-beside", detail, T0 + 6 * UNIT),)
    assert decode(encode(one.entry)) == one.entry


def test_two_documents_in_the_books_are_said_to_be_two() -> None:
    one = after([placed(), acknowledged(), INVOICED])
    one.answer(outcome(booked(one)[0], state="HELD", at=6, reason="duplicate-suspected", value="D1, D2"))

    assert one.entry.holds == ()
    detail = "finance/POST_INVOICE/I1: the target has D1, D2"
    assert one.entry.remarks == (Hold("duplicate-suspected", detail, T0 + 6 * UNIT),)


@pytest.mark.parametrize("role", ["erp", "wms", "commerce"])
def test_a_refusal_on_the_way_of_the_goods_is_no_remark(role: str) -> None:
    one = after([placed(), acknowledged(), INVOICED])
    one.answer(outcome(Intention(role=role, kind="CREATE_TASK", part="x"), state="DEAD", at=6, reason="no"))

    assert one.entry.remarks == ()
    assert one.entry.holds


def test_a_remark_is_kept_to_the_very_end_of_the_order() -> None:
    one = refused()
    one.take(event("CANCELLED", 20, source_system="erp"))

    assert one.state == "cancelled"
    assert [each.reason for each in one.entry.remarks] == ["refused-beside"]
    one.take(event("RELEASED", 21, source_system="operator"))
    assert [each.amount for each in booked(one)] == [30 * UNIT, 30 * UNIT]


def test_a_release_has_the_document_asked_for_once_more_and_a_success_ends_it() -> None:
    one = refused()
    one.take(event("RELEASED", 8, source_system="operator"))

    assert one.entry.remarks == ()
    [_first, again] = booked(one)
    assert (again.part, again.amount) == ("I1", 30 * UNIT)
    assert again.attempt != str(30 * UNIT)

    one.answer(outcome(again, at=9, value="INV-1"))
    one.take(event("DELIVERED", 10, part="S1"))
    assert len(booked(one)) == 2
    assert one.entry.remarks == ()


def test_a_second_refusal_after_a_release_is_a_remark_again() -> None:
    one = refused()
    one.take(event("RELEASED", 8, source_system="operator"))
    one.answer(outcome(booked(one)[1], state="DEAD", at=9, reason="rejected-by-target"))

    assert [each.at for each in one.entry.remarks] == [T0 + 9 * UNIT]


def test_a_correction_after_a_refusal_answers_it() -> None:
    one = refused()
    one.take(event("INVOICED", 7, document="I1", amount=40 * UNIT, event_id="more"))
    one.answer(outcome(booked(one)[1], at=8, value="INV-1"))

    assert one.entry.remarks == ()


def test_a_refusal_of_the_crm_is_a_remark_until_it_takes_the_next_record() -> None:
    one = after([placed()])
    [record] = [each for each in one.asked if each.kind == "RECORD_ORDER"]
    one.answer(outcome(record, state="DEAD", at=1, reason="rejected-by-target"))
    assert [each.detail for each in one.entry.remarks] == ["crm/RECORD_ORDER/: rejected-by-target"]

    one.answer(outcome(record, at=2, command_id="later"))
    assert one.entry.remarks == ()


def test_the_books_are_told_who_pays_and_nobodys_name() -> None:
    told = books_of(ORDER)

    assert (told.customer.account_code, told.currency, told.totals, told.payment) == (
        "C-1004", "USD", ORDER.totals, ORDER.payment,
    )  # fmt: skip
    for word in ("Buyer", "example.com", "Example Street", "Contact", "PUMP", "dock"):
        assert word in str(ORDER)
        assert word not in str(told)
