"""The sums of a page: every entity once, what is missing by its name, and bounded whatever there is."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.closing import (
    FINDINGS_KEPT,
    OPEN_KEPT,
    STILL_OPEN,
    AtTarget,
    Closed,
    Finding,
    Kind,
    Open,
    Page,
    State,
    Sums,
)

GONE = Finding(Kind.EVENT_GONE, "web-1", "orders.event.v1", "event 1", 5)
TWICE = Finding(Kind.TWICE, "web-1", "netsuite web-1")


def _waits(number: int, state: State = State.IN_FLIGHT) -> Closed:
    return Closed(f"web-{number}", {state: 1}, since=number, why="price")


@given(st.lists(st.dictionaries(st.sampled_from(list(State)), st.integers(0, 3)), max_size=20))
def test_every_entity_is_counted_and_only_what_has_not_ended_is_named_as_open(given: list[dict[State, int]]) -> None:
    sums = Sums()
    for number, states in enumerate(given):
        sums.add(Closed(f"web-{number}", states, since=number))

    assert {state: sums.states[state] for state in State} == {
        state: sum(states.get(state, 0) for states in given) for state in State
    }
    assert {(one.entity, one.state) for one in sums.open} == {
        (f"web-{number}", state)
        for number, states in enumerate(given)
        for state, there in states.items()
        if there and state in STILL_OPEN
    }


def test_what_is_open_says_since_when_and_why() -> None:
    sums = Sums()
    sums.add(_waits(7, State.HELD))

    assert sums.open == [Open(7, "web-7", State.HELD, "price")]


def test_of_what_is_open_the_oldest_are_kept_however_many_there_are() -> None:
    sums = Sums()
    for number in reversed(range(1, 1001)):
        sums.add(_waits(number))
        assert len(sums.open) <= 2 * OPEN_KEPT

    assert [one.since for one in sorted(sums.open)[:OPEN_KEPT]] == list(range(1, OPEN_KEPT + 1))
    assert sums.states[State.IN_FLIGHT] == 1000


def test_findings_beyond_what_is_kept_are_counted() -> None:
    sums = Sums()
    sums.tell(Finding(Kind.RECORD_GONE, "", f"offset {number}") for number in range(FINDINGS_KEPT + 3))

    assert (sums.found, len(sums.findings)) == (FINDINGS_KEPT + 3, FINDINGS_KEPT)
    assert sums.findings[-1].where == f"offset {FINDINGS_KEPT - 1}"


def test_what_was_told_already_is_not_told_twice() -> None:
    """Also where its detail is another one by now."""
    sums = Sums()
    sums.tell([GONE])
    sums.tell_new([Finding(GONE.kind, GONE.entity, GONE.where, "event 1, event 2"), TWICE])

    assert (sums.findings, sums.found) == ([GONE, TWICE], 2)


def test_at_a_second_look_only_what_was_found_at_the_first_one_counts() -> None:
    sums = Sums()
    sums.add(Closed("web-1", {State.MISSING: 1}, (GONE, TWICE)), only={GONE.key})

    assert (sums.findings, sums.states) == ([GONE], {State.MISSING: 1})


def test_an_entity_whose_findings_are_all_new_at_the_second_look_was_under_way() -> None:
    sums = Sums()
    sums.add(Closed("web-1", {State.MISSING: 1, State.SUPERSEDED: 2}, (TWICE,), since=9), only={GONE.key})

    assert (sums.findings, sums.found) == ([], 0)
    assert sums.states == {State.IN_FLIGHT: 1, State.SUPERSEDED: 2}
    assert sums.open == [Open(9, "web-1", State.IN_FLIGHT)]


def test_an_entity_without_findings_is_the_same_at_the_second_look() -> None:
    sums = Sums()
    sums.add(Closed("web-1", {State.DELIVERED: 1}), only=set())

    assert (sums.states, sums.open) == ({State.DELIVERED: 1}, [])


def test_the_next_page_looks_back_to_the_oldest_that_is_in_flight_and_not_to_what_a_person_holds() -> None:
    sums = Sums()
    assert sums.oldest == 0
    sums.add(_waits(3, State.HELD))
    sums.add(_waits(4, State.PARKED))
    sums.add(_waits(0))
    assert sums.oldest == 0

    sums.add(_waits(8))
    sums.add(_waits(6))
    assert sums.oldest == 6


def test_a_page_closes_where_nothing_was_found_and_every_target_could_be_asked() -> None:
    page = Page(flow="orders", opened_at=0, closed_at=1, made_at=1, targets=(AtTarget("erp", "netsuite"),))
    silent = AtTarget("erp", "netsuite", why="it does not answer")

    assert page.closes
    assert not Page(flow="orders", opened_at=0, closed_at=1, made_at=1, found=1).closes
    assert not Page(flow="orders", opened_at=0, closed_at=1, made_at=1, targets=(silent,)).closes
