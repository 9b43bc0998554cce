"""Whatever order events come in, and however often: one history, one state."""

from collections import Counter
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.order_event import OrderEvent, OrderEventKind
from streams.domain.order_entry import OrderEntry
from streams.domain.order_rules import Given
from streams.domain.order_state import OrderState, decode, encode
from tests.unit.streams.domain.order_histories import OneOrder, event, outcome, placed
from tests.unit.streams.domain.order_stories import Story, stories


def told(story: Story, events: list[OrderEvent]) -> OneOrder:
    one = OneOrder()
    for each in events:
        one.take(each, given=Given(failing=story.failing.get(each.event_id, ())))
    return one


def essence(entry: OrderEntry) -> dict[str, Any]:
    """All but what tells of the way there."""
    names = ("state", "stage", "lines", "payment", "parts", "documents", "promised_at", "holds", "parked", "refused")
    return {name: getattr(entry, name) for name in (*names, "facts", "statements", "order")}


def disordered(data: st.DataObject, events: list[OrderEvent]) -> list[OrderEvent]:
    """A permutation with repeats."""
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=6))
    return list(data.draw(st.permutations([*events, *repeated])))


@settings(max_examples=250, deadline=None)
@given(stories(), st.data())
def test_any_permutation_with_repeats_of_a_legal_history_ends_in_the_same_state(
    story: Story, data: st.DataObject
) -> None:
    one = told(story, story.events)
    other = told(story, disordered(data, story.events))

    assert essence(other.entry) == essence(one.entry)


@settings(max_examples=200, deadline=None)
@given(stories())
def test_a_legal_history_in_its_own_order_is_applied_event_by_event(story: Story) -> None:
    one = told(story, story.events)

    assert one.entry.parked == ()
    assert one.entry.refused == ()
    assert {verdict.split(":")[0] for verdict in one.verdicts} <= {"applied", "held"}


@settings(max_examples=200, deadline=None)
@given(stories(), st.data())
def test_no_line_ever_counts_more_than_was_ordered(story: Story, data: st.DataObject) -> None:
    one = OneOrder()

    for each in disordered(data, story.events):
        one.take(each, given=Given(failing=story.failing.get(each.event_id, ())))

        for state in one.entry.lines:
            assert 0 <= state.shipped + state.cancelled <= state.ordered
            assert state.delivered <= state.shipped <= state.picked <= state.allocated <= state.ordered
            assert state.refunded <= state.ordered
            assert state.returned <= state.shipped


def parts(one: OneOrder, kind: str) -> set[str | None]:
    """Which were asked for so far."""
    return {each.part for each in one.asked if each.kind == kind}


@settings(max_examples=200, deadline=None)
@given(stories(), st.data())
def test_nothing_is_asked_twice_and_every_shipment_is_posted_once(story: Story, data: st.DataObject) -> None:
    one = told(story, story.events)
    other = told(story, disordered(data, story.events))

    for each in (one, other):
        counted = Counter((i.role, i.kind, i.part, i.attempt) for i in each.asked if i.kind != "RECORD_STATUS")
        assert set(counted.values()) <= {1}
    for kind in ("CREATE_SHIPMENT", "CREATE_INVOICE", "POST_INVOICE", "POST_PAYMENT"):
        assert parts(other, kind) == parts(one, kind)
    for each in (one, other):
        for asked in [i for i in each.asked if i.kind == "CREATE_SHIPMENT"]:
            each.answer(outcome(asked, at=10_000))
    assert parts(other, "CREATE_CREDIT_MEMO") == parts(one, "CREATE_CREDIT_MEMO"), "once all that left is posted"


@settings(max_examples=60, deadline=None)
@given(stories(), st.data())
def test_every_entry_on_the_way_survives_storage(story: Story, data: st.DataObject) -> None:
    one = OneOrder()

    for each in disordered(data, story.events):
        one.take(each, given=Given(failing=story.failing.get(each.event_id, ())))
        assert decode(encode(one.entry)) == one.entry


@settings(max_examples=100, deadline=None)
@given(stories(), st.data())
def test_an_order_that_was_refused_or_cancelled_stays_so(story: Story, data: st.DataObject) -> None:
    one = told(story, story.events)
    ended = one.entry.stage
    kinds: list[OrderEventKind] = ["RELEASED", "CORRECTED", "CONFIRMED", "PICKED", "ALLOCATED", "CANCEL_REQUESTED"]
    more = data.draw(st.sampled_from(kinds))
    one.take(event(more, 90_000, order=story.events[0].order))

    if ended in {OrderState.CANCELLED, OrderState.REJECTED}:
        assert one.entry.stage is ended


NOT_IN_SOUP = {"UNKNOWN", "PLACED", "CORRECTED", "CANCEL_REQUESTED"}
SOUP: list[OrderEventKind] = [kind for kind in get_args(OrderEventKind) if kind not in NOT_IN_SOUP]
"""Without what depends, by design, on whether the ERP had been asked by then."""

soups = st.lists(
    st.builds(
        lambda kind, at, part, quantity, sku, named: event(
            kind,
            at,
            part=part,
            event_id=f"{kind}-{at}-{part}-{quantity}-{sku}-{named}",
            document=named,
            expected_at=at,
            **({"lines": {"1": quantity}} if quantity else {"skus": {"A": 2}} if sku else {}),
        ),
        st.sampled_from(SOUP),
        st.integers(1, 6),
        st.sampled_from([None, "S1", "S2"]),
        st.integers(0, 4),
        st.booleans(),
        st.sampled_from([None, "D1", "D2"]),
    ),
    max_size=12,
)


@settings(max_examples=250, deadline=None)
@given(soups, st.data())
def test_even_of_what_contradicts_itself_the_order_of_arrival_does_not_matter(
    soup: list[OrderEvent], data: st.DataObject
) -> None:
    events = [placed(), *soup]
    one, other = OneOrder(), OneOrder()
    for each in events:
        one.take(each)
    for each in disordered(data, events):
        other.take(each)

    parked = [(each.kind, each.part, each.waits_for) for each in one.entry.parked]
    assert [(each.kind, each.part, each.waits_for) for each in other.entry.parked] == parked
    assert {**essence(other.entry), "parked": ()} == {**essence(one.entry), "parked": ()}
    assert all(line.shipped + line.cancelled <= line.ordered for line in other.entry.lines)
