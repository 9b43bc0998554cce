"""What is said about one order, in words: why it waits, what a hold means, what came too early."""

import msgspec
import pytest

from streams.domain.order_holds import HoldReason
from streams.web import order_facts as o
from streams.web.order_parts import OrderParts
from streams.web.order_words import hold_advice, hold_title, sentence, speaker, why_waiting
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web.order_worlds import MINUTE, NOW, SECOND


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held": "duplicate-suspected"}, "Held at the sink (duplicate-suspected): nothing more is sent"),
        ({"mode": "paused"}, "The sink is in mode paused: nothing goes out until somebody lets it run."),
        ({"state": "open", "why": "TimeoutError"}, "The target does not take our calls: TimeoutError. It waits safely"),
        ({"state": "needs-operator", "why": "401"}, "The target refuses us and a person must act: 401."),
        ({"intent_at": NOW - 9 * SECOND}, "A call left 9 s ago; without an answer it is looked up first."),
        ({"attempts": 2, "not_before": NOW + 90 * SECOND}, "2 attempts so far. Next try in 1 min."),
        ({"attempts": 1, "not_before": NOW - SECOND}, "1 attempt so far. It goes out by itself."),
        ({}, "It goes out by itself."),
    ],
)
def test_why_work_waits_is_said_with_whether_it_goes_out_by_itself(changes: dict[str, object], said: str) -> None:
    assert why_waiting(msgspec.structs.replace(w.work(), **changes), NOW).startswith(said)


@pytest.mark.parametrize("reason", HoldReason)
def test_every_reason_to_hold_has_a_meaning_and_something_to_do(reason: HoldReason) -> None:
    assert hold_title(reason) != reason
    assert hold_advice(reason).endswith((".", "changes nothing of it."))


def test_a_reason_of_another_release_is_still_readable() -> None:
    assert hold_title("margin-too-low") == "Margin too low"
    assert hold_advice("margin-too-low") == "Look at what the systems say of it; release it when that is settled."


def test_our_own_words_begin_a_sentence_and_a_systems_name_stays_as_it_is() -> None:
    assert (speaker("erp-sink"), speaker("commerce"), speaker("wms-north")) == ("The ERP", "The shop", "wms-north")


def test_an_order_of_which_only_a_later_step_came_says_how_long_that_waits() -> None:
    parked = (o.ParkedFact("SHIPPED", "P-1", ("PLACED",), NOW + 90 * MINUTE),)
    early = w.entry(state="expected", stage="expected", parked=parked, works=())
    late = w.entry(parked=(o.ParkedFact("DELIVERED", "", ("SHIPPED", "PICKED"), NOW - MINUTE),))

    state, headline, text = sentence(OrderParts("x", NOW, known=True, entry=early), 300)
    assert (state, headline) == ("attention", "The order itself has not come")
    assert text.endswith("SHIPPED P-1 waits for PLACED; in 1 h 30 min it goes to a person.")
    assert sentence(OrderParts("x", NOW, known=True, entry=late), 300)[2].endswith(
        "DELIVERED waits for SHIPPED or PICKED; its time is over, a person must look."
    )


def test_work_that_is_young_and_whose_target_answers_is_well() -> None:
    pending = (o.PendingFact("CREATE_TASK", "north", NOW - SECOND),)
    one = w.entry(works=(w.work(), w.work("wms", pending=pending)))

    assert sentence(OrderParts("x", NOW, known=True, entry=one), 300) == (
        "ok", "Waiting for the WMS", "The WMS is asked to open a pick task (north), for 1 s. It goes out by itself.",
    )  # fmt: skip


def test_what_was_refused_beside_the_order_needs_a_person_and_holds_nothing() -> None:
    detail = "finance/POST_INVOICE/I1: rejected-by-target"
    one = w.entry(state="shipped", holds=(o.HoldFact("refused-beside", detail, NOW - MINUTE),))

    state, headline, text = sentence(OrderParts("x", NOW, known=True, entry=one), 300)

    assert (state, headline) == ("attention", "Goes on, and needs a person")
    assert text.startswith("A system beside the order refused what it was asked. Set right there what it refuses")
