"""A cancellation that the shop refuses waits for a person, until the shop has it or somebody knows of it."""

import msgspec
import pytest

from schemas.models.order_event import OrderEvent
from streams.domain.order_case import Intention
from streams.domain.order_rules import Given
from tests.unit.streams.domain.order_histories import (
    T0,
    UNIT,
    OneOrder,
    acknowledged,
    after,
    event,
    order,
    outcome,
    placed,
)

STAYS = "stays-open-in-processing"


def _cancel(one: OneOrder) -> Intention:
    """The newest request to the shop."""
    return [each for each in one.asked if (each.role, each.kind) == ("commerce", "CANCEL_ORDER")][-1]


def _told(one: OneOrder) -> list[str]:
    return [remark.reason for remark in one.entry.remarks]


def _refused() -> OneOrder:
    """Cancelled by the ERP at 2, refused by the shop at 3."""
    one = after([placed(), acknowledged(), event("CANCELLED", 2)])
    one.answer(outcome(_cancel(one), "DEAD", at=3, reason=STAYS))
    return one


def test_it_stays_cancelled_and_a_person_sees_what_the_shop_said() -> None:
    one = _refused()

    assert (one.state, one.reasons, _told(one)) == ("cancelled", [], ["refused-at-shop"])
    assert one.entry.remarks[0].detail == f"commerce/CANCEL_ORDER/: {STAYS}"


def test_an_order_that_a_person_refused_is_among_them_and_can_be_released() -> None:
    one = OneOrder()
    one.take(placed(), given=Given(failing=("customer-known",)))
    one.take(event("REFUSED", 1))
    one.answer(outcome(_cancel(one), "DEAD", at=3, reason=STAYS))
    assert (one.state, _told(one)) == ("rejected", ["refused-at-shop"])

    step = one.take(event("RELEASED", 4))

    assert (step.verdict, one.state, _told(one)) == ("applied", "rejected", [])


def test_once_the_shop_says_that_it_cancelled_nobody_has_to_look() -> None:
    one = _refused()

    one.take(event("CANCELLED", 4, source_system="commerce"))

    assert (one.state, _told(one)) == ("cancelled", [])


def test_an_order_that_the_shop_states_anew_as_cancelled_waits_no_longer() -> None:
    one = _refused()
    stated = msgspec.structs.replace(order(), status="canceled", updated_at=T0 + 9 * UNIT)

    one.take(event("PLACED", 9, event_id="again", order=stated))

    assert (one.state, _told(one)) == ("cancelled", [])


def test_released_the_shop_is_asked_once_more_and_its_yes_is_an_end() -> None:
    one = _refused()
    first = _cancel(one)
    one.take(event("RELEASED", 4))

    assert _told(one) == []
    assert _cancel(one).attempt != first.attempt
    one.answer(outcome(_cancel(one), at=5, external_id="canceled"))
    assert (one.state, _told(one)) == ("cancelled", [])


def test_who_released_it_is_not_asked_again_when_the_shop_refuses_once_more() -> None:
    one = _refused()
    one.take(event("RELEASED", 4))
    one.answer(outcome(_cancel(one), "DEAD", at=5, reason=STAYS))

    assert (one.state, _told(one)) == ("cancelled", [])


@pytest.mark.parametrize("late", [event("RELEASED", 2.5), event("PACKED", 2.5)])
def test_what_happened_before_the_refusal_does_not_answer_it(late: OrderEvent) -> None:
    one = _refused()
    one.take(late)

    assert _told(one) == ["refused-at-shop"]


def test_nothing_more_is_asked_of_anybody_while_it_waits() -> None:
    one = after([placed(), acknowledged(), event("CANCELLED", 2)])
    before = [each for each in one.asked if each.role in {"erp", "wms", "commerce"}]

    one.answer(outcome(_cancel(one), "DEAD", at=3, reason=STAYS))

    assert [each for each in one.asked if each.role in {"erp", "wms", "commerce"}] == before
