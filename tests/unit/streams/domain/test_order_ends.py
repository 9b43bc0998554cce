"""How orders end: cancelled at each stage, refused, paid, returned; and what is illegal afterwards."""

import pytest

from schemas.models.order import Payment, Totals
from schemas.models.order_event import OrderEvent, OrderEventKind
from streams.domain.order_entry import PaymentState
from tests.unit.streams.domain.order_histories import (
    HELD,
    PART_SHIPPED,
    PICKED,
    SHIPPED,
    T0,
    UNIT,
    OneOrder,
    acknowledged,
    after,
    event,
    line,
    order,
    outcome,
    placed,
    with_rules,
)

DELIVERED = event("DELIVERED", 4, part="S1")
PAID = event("CAPTURED", 5, document="C1", amount=30 * UNIT)


# ── cancellation ─────────────────────────────────────────────────────────────────────────────────
# ── what is illegal ──────────────────────────────────────────────────────────────────────────────

UNTIL: dict[str, list[OrderEvent]] = {
    "accepted": [placed()],
    "acknowledged": [placed(), acknowledged()],
    "in-fulfilment": [placed(), acknowledged(), PICKED],
    "partially-shipped": [placed(), acknowledged(), PICKED, PART_SHIPPED],
    "shipped": [placed(), acknowledged(), PICKED, SHIPPED],
    "delivered": [placed(), acknowledged(), PICKED, SHIPPED, DELIVERED],
    "closed": [placed(), acknowledged(), PICKED, SHIPPED, DELIVERED, PAID],
    "cancelled": [placed(), acknowledged(), event("CANCELLED", 2)],
}


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("accepted", "CORRECTED"),
        ("accepted", "REFUSED"),
        ("acknowledged", "CORRECTED"),
        ("in-fulfilment", "REFUSED"),
        ("partially-shipped", "CORRECTED"),
        ("shipped", "CANCEL_REQUESTED"),
        ("shipped", "REJECTED"),
        ("delivered", "CANCELLED"),
        ("delivered", "PICKED"),
        ("delivered", "CONFIRMED"),
        ("closed", "CANCEL_REQUESTED"),
        ("closed", "REFUSED"),
        ("cancelled", "CANCEL_REQUESTED"),
        ("cancelled", "ALLOCATED"),
        ("cancelled", "RETURN_REQUESTED"),
    ],
)
def test_what_is_illegal_in_a_state_is_refused_and_changes_nothing_of_it(state: str, kind: OrderEventKind) -> None:
    one = after(UNTIL[state])
    assert one.state == state
    before = one.entry.lines

    step = one.take(event(kind, 99, order=order(line(units=1))))

    assert (step.verdict, step.reason) == ("refused", f"illegal-in-{state}")
    assert (one.state, one.entry.lines) == (state, before)
    assert step.intentions == ()


def test_an_order_that_a_person_refused_hears_no_more_of_warehouses() -> None:
    one = OneOrder()
    one.take(placed(), given=HELD)
    one.take(event("REFUSED", 1), acknowledged())

    assert one.take(event("PICKED", 5)).reason == "illegal-in-rejected"
    assert one.take(event("CORRECTED", 6, order=order(line(units=1)))).reason == "illegal-in-rejected"


def test_what_came_late_but_happened_before_is_legal() -> None:
    one = after(UNTIL["closed"])

    assert one.take(event("PACKED", 2.5, lines={"1": 3})).verdict == "applied"
    assert one.take(event("CANCEL_REQUESTED", 2.6)).verdict == "applied"
    assert one.state == "closed"


def test_what_was_refused_counts_once_an_earlier_event_makes_it_legal() -> None:
    one = after([placed(), event("CORRECTED", 5, order=order(line(units=1)))])
    assert one.verdicts[-1] == "refused:illegal-in-accepted"

    one.take(event("REJECTED", 4))

    assert one.entry.refused == ()
    assert one.entry.lines[0].ordered == UNIT


# ── money and returns ────────────────────────────────────────────────────────────────────────────


def test_money_is_summed_per_document_and_told_to_finance_and_to_the_shop() -> None:
    one = after(
        [
            placed(),
            acknowledged(),
            event("AUTHORISED", 2, document="A1", amount=30 * UNIT),
            event("CAPTURED", 3, document="C1", amount=10 * UNIT),
            event("CAPTURED", 4, document="C2", amount=20 * UNIT),
            event("INVOICED", 5, document="I1", amount=30 * UNIT),
            event("REFUNDED", 6, document="M1", amount=5 * UNIT, lines={"1": 1}),
        ]
    )

    assert one.entry.payment == PaymentState(30 * UNIT, 30 * UNIT, 30 * UNIT, 5 * UNIT)
    assert one.entry.lines[0].refunded == UNIT
    finance = [(each.kind, each.document, each.amount) for each in one.asked if each.role == "finance"]
    assert finance == [
        ("POST_PAYMENT", "C1", 10 * UNIT),
        ("POST_PAYMENT", "C2", 20 * UNIT),
        ("POST_INVOICE", "I1", 30 * UNIT),
        ("POST_CREDIT", "M1", 5 * UNIT),
    ]
    shop = [(each.kind, each.document) for each in one.asked if each.kind.startswith("CREATE_") and each.role != "erp"]
    assert shop == [("CREATE_INVOICE", "I1"), ("CREATE_CREDIT_MEMO", "M1")]
    assert [(each.kind, each.number) for each in one.entry.documents] == [
        ("ACKNOWLEDGED", "SO1"),
        ("INVOICED", "I1"),
        ("REFUNDED", "M1"),
    ]


def test_an_invoice_names_its_lines_to_the_shop_and_freight_of_its_own_holds_nothing() -> None:
    lines = {"1": 2, "FREIGHT": 1}
    one = after([placed(), acknowledged(), event("INVOICED", 4, document="I1", lines=lines, amount=20 * UNIT)])

    [asked] = [each for each in one.asked if each.kind == "CREATE_INVOICE"]
    assert [(each.line_id, each.quantity) for each in asked.lines] == [("1", 2 * UNIT)]
    assert one.entry.holds == ()


def test_the_same_money_told_by_two_systems_counts_once() -> None:
    one = after(
        [
            placed(),
            event("CAPTURED", 3, document="C1", amount=30 * UNIT),
            event("CAPTURED", 4, document="P1", amount=30 * UNIT, source_system="finance"),
        ]
    )

    assert one.entry.payment.captured == 30 * UNIT
    assert [each.part for each in one.asked if each.role == "finance"] == ["C1"]


def test_an_invoice_that_the_shop_made_itself_is_not_made_again() -> None:
    one = after([placed(), acknowledged(), event("INVOICED", 2, document="5", amount=UNIT, source_system="commerce")])

    assert [each.kind for each in one.asked if each.part == "5"] == ["POST_INVOICE"]


def test_what_the_channel_says_of_its_payment_stands_until_more_is_known() -> None:
    one = after([placed(payment=Payment(method="card", authorised=30 * UNIT))])

    assert one.entry.payment == PaymentState(authorised=30 * UNIT)


def test_a_refund_waits_for_the_money_to_have_come() -> None:
    one = after([placed(), acknowledged(), event("REFUNDED", 2, document="M1", amount=UNIT)])
    assert one.verdicts[-1] == "parked:waits-for-CAPTURED-or-INVOICED"

    one.take(PAID)

    assert one.entry.payment.refunded == UNIT


@pytest.mark.parametrize(
    ("paid", "total", "state"),
    [
        ([("INVOICED", 30)], 30, "closed"),
        ([("INVOICED", 10)], 30, "delivered"),
        ([("INVOICED", 10), ("CAPTURED", 30)], 30, "closed"),
        ([("INVOICED", 10)], None, "closed"),
        ([("INVOICED", None)], 30, "closed"),
        ([], None, "delivered"),
    ],
)
def test_an_order_is_closed_when_its_money_is_settled(
    paid: list[tuple[OrderEventKind, int | None]], total: int | None, state: str
) -> None:
    totals = Totals(grand_total=None if total is None else total * UNIT)
    one = after([placed(totals=totals), acknowledged(), PICKED, SHIPPED, DELIVERED])

    for kind, amount in paid:
        one.take(event(kind, 9, document="D", amount=None if amount is None else amount * UNIT))

    assert one.state == state


def test_where_part_was_cancelled_less_money_closes_the_order() -> None:
    told = [placed(), acknowledged(), PICKED, event("CANCELLED", 2.5, lines={"1": 1}), PART_SHIPPED, DELIVERED]

    assert after([*told, event("INVOICED", 9, amount=20 * UNIT)]).state == "closed"


def test_an_order_of_which_nothing_is_shipped_is_closed_when_it_is_paid() -> None:
    one = after([placed(shipping=None)])
    assert one.state == "accepted"

    one.take(acknowledged())
    assert one.state == "acknowledged"
    one.take(PAID)

    assert one.state == "closed"


def test_a_return_opens_the_order_again_until_it_is_answered_and_its_number_reaches_the_shop() -> None:
    one = after(UNTIL["closed"])

    one.take(event("RETURN_REQUESTED", 10, part="R1", lines={"1": 1}))
    assert one.state == "delivered"
    one.take(event("RETURN_REQUESTED", 11, part="R1", document="RMA9", source_system="erp"))
    number = next(each for each in one.asked if each.kind == "SET_RETURN_NUMBER")
    assert (number.part, number.document) == ("R1", "RMA9")
    one.take(event("RETURN_RECEIVED", 12, part="R1"))

    assert (one.state, one.entry.lines[0].returned) == ("closed", UNIT)
    assert [(part.kind, part.is_done) for part in one.entry.parts] == [("SHIPMENT", True), ("RETURN", True)]


def test_a_return_that_is_rejected_ends_too_and_moves_nothing() -> None:
    one = after([*UNTIL["closed"], event("RETURN_REQUESTED", 10, part="R1", lines={"1": 1})])

    one.take(event("RETURN_REJECTED", 11, part="R1"))

    assert (one.state, one.entry.lines[0].returned) == ("closed", 0)


def test_more_cannot_come_back_than_has_left() -> None:
    one = after(
        [placed(), acknowledged(), PICKED, PART_SHIPPED, event("RETURN_RECEIVED", 9, part="R1", lines={"1": 3})]
    )

    assert one.verdicts[-1] == "parked:waits-for-SHIPPED"


def test_money_goes_back_at_the_shop_only_after_what_left_is_posted_there() -> None:
    one = after([placed(), acknowledged(), PICKED, SHIPPED, event("INVOICED", 5, document="I1", amount=30 * UNIT)])
    one.take(event("REFUNDED", 6, document="M1", lines={"1": 1}, amount=10 * UNIT))
    before = one.kinds("commerce").count("CREATE_CREDIT_MEMO")

    one.answer(outcome(next(each for each in one.asked if each.kind == "CREATE_SHIPMENT"), at=7, external_id="5"))

    assert (before, one.kinds("commerce").count("CREATE_CREDIT_MEMO")) == (0, 1)


# ── who is told ──────────────────────────────────────────────────────────────────────────────────


def test_the_shop_hears_nothing_of_another_channels_order() -> None:
    dealer = order(channel="dealer", source_system="dealers", number="7")
    one = OneOrder()

    one.take(event("PLACED", order=dealer, order_id="dealer-7", source_system="dealers"))
    one.take(event("ACKNOWLEDGED", 1, document="SO1", order_id="dealer-7"))

    assert one.kinds("commerce") == []
    assert one.kinds("crm") == ["RECORD_ORDER", "RECORD_STATUS"]


def test_packing_and_delivery_are_told_to_the_shop_unless_it_said_so_itself() -> None:
    one = after(
        [
            placed(),
            acknowledged(),
            PICKED,
            event("PACKED", 2.5, part="S1", lines={"1": 3}),
            SHIPPED,
            event("DELIVERED", 5, lines={"1": 1}),
            event("DELIVERED", 6, part="S1", lines={"1": 2}, source_system="commerce"),
        ]
    )

    texts = [each.text for each in one.asked if each.kind == "ADD_COMMENT"]
    assert texts == ["The order is confirmed.", "Packed: S1.", "Delivered."]


def test_the_crm_gets_the_order_again_when_it_was_stated_with_other_content() -> None:
    one = after([placed(), placed(at=1, updated_at=T0 + 1, instructions="Deliver to dock 4")])

    assert one.kinds("crm") == ["RECORD_ORDER", "RECORD_ORDER"]


def test_the_crm_does_not_get_the_order_again_because_a_document_was_written_to_the_shop() -> None:
    one = after([placed(), placed(at=1, updated_at=T0 + 1, status="processing")])

    assert one.kinds("crm") == ["RECORD_ORDER"]


def test_a_target_that_is_not_connected_is_asked_for_nothing() -> None:
    one = after(UNTIL["closed"], with_rules(roles=frozenset({"crm"})))

    assert {each.role for each in one.asked} == {"crm"}
