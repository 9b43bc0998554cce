"""Of one order's evidence anything may be deleted: it is named; and nothing is named while nothing is."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain import order_closing
from streams.domain.closing import ABOUT, Kind, State
from streams.domain.order_closing import Answered, Asked, EntrySeen, OrderEvidence, Record, WorkSeen

NOW = 1_000_000
OLD = 10
PLACED, CREATE, TASK = "event-1", "command-1", "command-2"


def _record(topic: str, offset: int = 0, *, at: int = OLD, is_taken: bool = True) -> Record:
    return Record(topic, 0, offset, at, is_taken)


def _asked(command_id: str, role: str, kind: str, part: str = "") -> Asked:
    return Asked(command_id, role, kind, part, f"{role}-work", _record(f"{role}.command.v1"))


def _answer(command_id: str, role: str, kind: str, part: str = "", state: str = "APPLIED") -> Answered:
    return Answered(command_id, role, kind, part, state, "", "77", _record(f"{role}.outcome.v1"))


def _whole() -> OrderEvidence:
    return OrderEvidence(
        "web-1",
        "1",
        OLD,
        (_record("commerce.order.v1"),),
        events={PLACED: _record("orders.event.v1")},
        statements=(_record("orders.event.v1"),),
        entry=EntrySeen(
            "acknowledged",
            4,
            OLD,
            seen=(PLACED, f"{CREATE}:APPLIED", f"{TASK}:APPLIED"),
            asked=(("erp", "CREATE_ORDER", ""), ("wms", "CREATE_TASK", "north")),
        ),
        commands={
            CREATE: _asked(CREATE, "erp", "CREATE_ORDER"),
            TASK: _asked(TASK, "wms", "CREATE_TASK", "north"),
        },
        newest_counter=4,
        answers={
            (CREATE, "APPLIED"): _answer(CREATE, "erp", "CREATE_ORDER"),
            (TASK, "APPLIED"): _answer(TASK, "wms", "CREATE_TASK", "north"),
        },
        works={
            "erp-work": WorkSeen(ended={CREATE: "APPLIED"}),
            "wms-work": WorkSeen(ended={TASK: "APPLIED"}),
        },
    )


def test_an_order_of_which_nothing_is_missing_is_delivered() -> None:
    closed = order_closing.closed(_whole(), NOW)
    assert (closed.states, closed.findings) == ({State.DELIVERED: 1}, ())


def _without_command(one: OrderEvidence) -> OrderEvidence:
    return one._replace(commands={name: asked for name, asked in one.commands.items() if name != CREATE})


def _without_outcome(one: OrderEvidence) -> OrderEvidence:
    return one._replace(answers={key: answer for key, answer in one.answers.items() if key[0] != CREATE})


def _lost_by_the_sink(one: OrderEvidence) -> OrderEvidence:
    """The command is in its log, and its sink knows nothing of it."""
    entry = one.entry
    assert entry is not None
    seen = tuple(name for name in entry.seen if not name.startswith(CREATE))
    return _without_outcome(one)._replace(
        entry=entry._replace(seen=seen), works={name: work for name, work in one.works.items() if name != "erp-work"}
    )


def _never_asked(one: OrderEvidence) -> OrderEvidence:
    """Decided, and neither in the log nor answered."""
    entry = one.entry
    assert entry is not None
    seen = tuple(name for name in entry.seen if not name.startswith(CREATE))
    return _without_command(_without_outcome(one))._replace(entry=entry._replace(seen=seen), works={})


DELETIONS: dict[str, tuple[Callable[[OrderEvidence], OrderEvidence], Kind, str]] = {
    "event": (lambda one: one._replace(events={}), Kind.EVENT_GONE, "orders.event.v1"),
    "entry": (lambda one: one._replace(entry=None), Kind.NOT_IN_STATE, "changelog of orders"),
    "command": (_without_command, Kind.COMMAND_GONE, "erp.command.v1"),
    "command-not-answered": (_never_asked, Kind.COMMAND_GONE, "erp.command.v1"),
    "outcome": (_without_outcome, Kind.OUTCOME_GONE, "erp.outcome.v1"),
    "work": (_lost_by_the_sink, Kind.NOT_IN_STATE, "changelog of erp-work"),
    "everything but the shop": (
        lambda one: OrderEvidence(one.order_id, one.number, OLD),
        Kind.NEVER_SEEN,
        "commerce.order.v1",
    ),
    "everything but the input": (
        lambda one: OrderEvidence(one.order_id, one.number, OLD, one.inputs),
        Kind.NOT_TAKEN,
        "commerce.order.v1[0] offset 0",
    ),
}


@pytest.mark.parametrize("name", sorted(DELETIONS))
def test_whatever_is_deleted_is_named_with_its_place_and_what_to_do(name: str) -> None:
    delete, kind, where = DELETIONS[name]
    closed = order_closing.closed(delete(_whole()), NOW)
    assert (kind, "web-1", where) in {finding.key for finding in closed.findings}
    assert closed.states == {State.MISSING: 1}
    assert ABOUT[kind].advice


@pytest.mark.parametrize("name", sorted(DELETIONS))
def test_what_is_younger_than_the_settle_time_is_no_loss(name: str) -> None:
    """What follows a record is written soon after; only what the state itself counted must stand at once."""
    delete, kind, _where = DELETIONS[name]
    if kind in {Kind.EVENT_GONE, Kind.COMMAND_GONE, Kind.OUTCOME_GONE}:
        return
    assert order_closing.closed(delete(_whole()), OLD).findings == ()


def test_what_is_not_taken_yet_is_in_flight_since_it_came() -> None:
    waiting = OrderEvidence("web-1", "1", OLD, (_record("commerce.order.v1", is_taken=False),))
    closed = order_closing.closed(waiting, NOW)
    assert (closed.states, closed.since, closed.findings) == ({State.IN_FLIGHT: 1}, OLD, ())


def test_an_order_whose_command_waits_in_its_sink_is_in_flight_there() -> None:
    one = _lost_by_the_sink(_whole())
    waiting = one._replace(works={**one.works, "erp-work": WorkSeen(frozenset({CREATE}))})
    closed = order_closing.closed(waiting, NOW)
    assert (closed.states, closed.why) == ({State.IN_FLIGHT: 1}, "CREATE_ORDER in erp-work")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"holds": ("check-failed",)}, State.HELD),
        ({"parked": ("PICKED",)}, State.PARKED),
        ({"state": "rejected"}, State.REFUSED),
    ],
)
def test_what_the_state_says_decides_where_the_order_stands(changes: dict[str, object], state: State) -> None:
    one = _whole()
    assert one.entry is not None
    entry = one.entry._replace(**changes)  # type: ignore[arg-type]  # any field by name
    assert order_closing.closed(one._replace(entry=entry), NOW).states == {state: 1}


def test_an_input_that_was_set_aside_is_dead() -> None:
    closed = order_closing.closed(OrderEvidence("web-1", "1", letters=("wrong-key",)), NOW)
    assert (closed.states, closed.why) == ({State.DEAD: 1}, "wrong-key")


@given(st.sets(st.sampled_from(sorted(DELETIONS))), st.integers(0, 2 * NOW))
def test_every_order_is_in_exactly_one_state_whatever_is_deleted(names: set[str], settled_at: int) -> None:
    one = _whole()
    for name in sorted(names):
        if one.entry is not None:
            one = DELETIONS[name][0](one)
    closed = order_closing.closed(one, settled_at)
    assert sum(closed.states.values()) == 1
    assert bool(closed.findings) is (State.MISSING in closed.states)
