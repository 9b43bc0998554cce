"""An order's entry can be read again, is never guessed, and stays within its bounds whatever is sent."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain import order_state
from streams.domain.order_entry import (
    CORRECTIONS_KEPT,
    ENTRY_LIMIT,
    FACTS_AT_MOST,
    FORMAT,
    SEEN_AT_MOST,
    OrderEntry,
    decode,
    encode,
)
from streams.domain.order_facts import Fact, Moved, Stamp, merged, with_facts
from streams.domain.order_rules import Given
from tests.unit.streams.domain.order_histories import (
    T0,
    UNIT,
    OneOrder,
    acknowledged,
    after,
    event,
    line,
    order,
    placed,
)


def test_an_order_at_work_survives_storage() -> None:
    one = after(
        [
            placed(line(options={"colour": "red"}), line("2", "B", make_to_order=True)),
            acknowledged(expected_at=5),
            event("PICKED", 2, lines={"1": 1}),
            event("SHIPPED", 3, part="S1", skus={"A": 2}),
        ]
    )

    assert decode(encode(one.entry)) == one.entry
    assert decode(encode(OrderEntry())) == OrderEntry()


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\x93\x01", msgspec.msgpack.encode({"a": 1})])
def test_bytes_that_are_no_entry_are_refused(stored: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(stored)


def test_an_entry_of_another_format_is_refused_instead_of_guessed() -> None:
    with pytest.raises(msgspec.ValidationError, match=f"format {FORMAT + 1}"):
        decode(encode(OrderEntry(made=FORMAT + 1)))


def test_what_was_stored_before_fields_were_added_can_still_be_read() -> None:
    stored: list[Any] = [FORMAT, "commerce-1", 7]

    assert decode(msgspec.msgpack.encode(stored)) == OrderEntry(order_id="commerce-1", counter=7)


def test_remembered_ids_are_bounded_and_what_was_forgotten_still_changes_nothing() -> None:
    one = after([placed(), acknowledged()])
    first = event("CONFIRMED", 2, event_id="c0")
    one.take(first, *(event("CONFIRMED", 3, event_id=f"c{number}") for number in range(1, SEEN_AT_MOST + 2)))
    facts = one.entry.facts

    step = one.take(first)

    assert len(one.entry.seen) == SEEN_AT_MOST
    assert (step.verdict, step.reason, one.entry.facts) == ("ignored", "stale", facts)


def test_more_facts_than_an_order_can_have_are_refused() -> None:
    stamp = Stamp(T0, T0, "e")
    full = OrderEntry(facts=tuple(Fact("PICKED", str(number), T0, stamp, "wms") for number in range(FACTS_AT_MOST)))

    step = order_state.apply(full, event("PICKED", 2, part="one-more"), T0)

    assert (step.verdict, step.reason, len(step.entry.facts)) == ("refused", "too-many-facts", FACTS_AT_MOST)


def test_an_order_too_large_to_be_stored_is_refused() -> None:
    large = placed(line(note="n" * ENTRY_LIMIT))

    step = order_state.apply(OrderEntry(), large, T0)

    assert (step.verdict, step.reason) == ("refused", "too-large")
    assert step.entry.statements == ()


def test_of_corrections_the_newest_few_are_kept() -> None:
    one = OneOrder()
    one.take(placed(), given=Given(failing=("credit",)))

    for at in range(1, 8):
        one.take(event("CORRECTED", at, order=order(line(units=at))), given=Given(failing=("credit",)))

    assert len(one.entry.statements) == 1 + CORRECTIONS_KEPT
    assert one.entry.lines[0].ordered == 7 * UNIT


def test_a_correction_may_come_before_the_order_itself() -> None:
    one = OneOrder()
    one.take(event("CORRECTED", 2, order=order(line(units=1))))
    assert one.state == "expected"

    one.take(placed(), given=Given(failing=("credit",)))

    assert (one.state, one.entry.lines[0].ordered) == ("accepted", UNIT)


def test_nothing_personal_stands_outside_of_the_order_itself() -> None:
    one = after([placed(), acknowledged(), event("SHIPPED", 2, part="S1", text="Test Buyer called")])

    bare = msgspec.structs.replace(one.entry, statements=(), stated=-1)

    assert b"Buyer" not in encode(bare)


# ── facts ────────────────────────────────────────────────────────────────────────────────────────

moved = st.lists(
    st.builds(
        Moved,
        st.sampled_from(["", "1", "2"]),
        st.sampled_from(["A", "B"]),
        st.integers(0, 5),
        st.lists(st.sampled_from(["N1", "N2"]), max_size=2).map(tuple),
    ),
    max_size=3,
).map(tuple)
facts = st.builds(
    lambda at, name, lines, amount: Fact(
        "SHIPPED", "S1", at, Stamp(at, at, name), "wms", lines, reason=name, amount=amount, document=f"{at}{name}"
    ),
    st.integers(0, 3),
    st.sampled_from("abc"),
    moved,
    st.none() | st.integers(0, 9),
)


@settings(max_examples=300, deadline=None)
@given(facts, facts, facts)
def test_merging_statements_of_one_step_does_not_depend_on_which_came_first(a: Fact, b: Fact, c: Fact) -> None:
    assert with_facts((), (a, b)) == with_facts((), (b, a))
    assert merged(merged(a, b), c).lines == merged(a, merged(b, c)).lines
    assert merged(merged(a, b), c).amount == merged(c, merged(b, a)).amount
    assert with_facts((merged(a, b),), (a, b)) == (merged(a, b),)
