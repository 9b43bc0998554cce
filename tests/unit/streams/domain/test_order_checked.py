"""What checks do to an order: held with all reasons, let go by a person, decided once for what was said once."""

from typing import Any

from schemas.models.order import Customer
from schemas.models.order_event import OrderEvent
from streams.domain import order_state
from streams.domain.order_account import completed
from streams.domain.order_rules import Given
from streams.domain.order_state import OrderEntry, OrderState, Transition
from tests.unit.streams.domain.accounts import account
from tests.unit.streams.domain.order_histories import PLAIN, T0, UNIT, event, line, order, placed

BAD = Given(failing=("sku-not-discontinued: A", "price-current: A"))
GOOD = Given(failing=())


def said(entry: OrderEntry, one: OrderEvent, given: Given) -> Transition:
    return order_state.apply(entry, one, T0 + 60 * UNIT, rules=PLAIN, given=given)


def kinds(transition: Transition) -> list[str]:
    return [one.kind for one in transition.intentions if one.role == "erp"]


def details(entry: OrderEntry) -> set[str]:
    return {hold.detail for hold in entry.holds}


def again(event_id: str = "again", **fields: Any) -> OrderEvent:  # noqa: ANN401  any field of the order
    return event("PLACED", 5, event_id=event_id, order=order(event_id="o2", **fields))


def test_an_order_is_held_with_every_reason_and_the_erp_is_not_asked() -> None:
    held = said(OrderEntry(), placed(), BAD)

    assert held.entry.state is OrderState.HELD
    assert details(held.entry) == set(BAD.failing or ())
    assert kinds(held) == []


def test_a_person_who_releases_overrides_the_checks() -> None:
    held = said(OrderEntry(), placed(), BAD)
    released = said(held.entry, event("RELEASED", 10), GOOD)

    assert released.entry.holds == ()
    assert kinds(released) == ["CREATE_ORDER"]


def test_what_the_channel_says_once_more_was_decided_already() -> None:
    """The tables changed in between, either way."""
    for first, later in ((BAD, GOOD), (GOOD, BAD)):
        entry = said(OrderEntry(), placed(), first).entry
        told = said(entry, again(), later)

        assert told.entry.state is entry.state
        assert details(told.entry) == details(entry)
        assert "CREATE_ORDER" not in kinds(told)


def test_what_the_account_filled_in_does_not_make_a_repeat_a_new_order() -> None:
    stated = order(customer=Customer(customer_id="7"))
    made, filled = completed(stated, account())
    first = said(OrderEntry(), event("PLACED", order=made), Given(failing=("credit",), filled=filled))
    other, other_filled = completed(stated, account(account_code="C-2", terms=None))
    later = event("PLACED", 5, event_id="again", order=other)
    told = said(first.entry, later, Given(failing=(), filled=other_filled))

    assert details(told.entry) == {"credit"}
    assert told.entry.order is not None
    assert told.entry.order.customer.account_code == "C-1004"
    assert told.entry.statements[0].filled == filled


def test_an_order_that_the_channel_changed_is_checked_anew() -> None:
    entry = said(OrderEntry(), placed(), BAD).entry
    changed = said(entry, again(lines=(line("1", "B"),)), GOOD)

    assert changed.entry.holds == ()


def test_a_corrected_order_is_checked_anew_with_the_reasons_of_what_it_is_now() -> None:
    entry = said(OrderEntry(), placed(), BAD).entry
    corrected = event("CORRECTED", 20, order=order(line("1", "B")))

    assert said(entry, corrected, GOOD).entry.holds == ()
    assert details(said(entry, corrected, Given(failing=("sku-known: B",))).entry) == {"sku-known: B"}


def test_a_correction_of_the_same_words_is_checked_anew_too() -> None:
    """A person says it again because the tables have changed."""
    entry = said(OrderEntry(), placed(), BAD).entry
    once = said(entry, event("CORRECTED", 20, order=order()), BAD).entry
    twice = said(once, event("CORRECTED", 30, event_id="c2", order=order()), GOOD)

    assert details(once) == set(BAD.failing or ())
    assert twice.entry.holds == ()


def test_what_was_filled_in_is_kept_with_the_order_and_read_again() -> None:
    filled = ("customer.account_code",)
    entry = said(OrderEntry(), placed(), Given(filled=filled)).entry

    assert order_state.decode(order_state.encode(entry)).statements[0].filled == filled
