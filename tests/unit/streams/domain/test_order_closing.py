"""Of one order's evidence anything may be deleted: it is named; and nothing is named while nothing is."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain import order_closing
from streams.domain.closing import ABOUT, Closed, Finding, Kind, State
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


def _state(one: OrderEvidence, **changes: object) -> OrderEvidence:
    """With other fields of its entry."""
    assert one.entry is not None
    return one._replace(entry=one.entry._replace(**changes))  # type: ignore[arg-type]  # any field by name


def test_an_order_of_before_the_stretch_lacks_nothing_of_what_its_sinks_kept_then() -> None:
    """Of it only what is new was read: that a sink does not have its command says nothing."""
    one = _lost_by_the_sink(_whole())
    assert [finding.kind for finding in order_closing.closed(one, NOW).findings] == [Kind.NOT_IN_STATE]

    assert order_closing.closed(one._replace(is_new=False), NOW).findings == ()


def test_a_changelog_that_is_behind_a_command_is_named_with_both_versions() -> None:
    [finding] = order_closing.closed(_whole()._replace(newest_counter=6), NOW).findings

    assert finding.key == (Kind.NOT_IN_STATE, "web-1", "changelog of orders")
    assert finding.detail == "it has version 4; a command was decided with 6"


def test_an_answer_to_a_command_that_is_gone_is_named_although_the_request_was_repeated() -> None:
    """The state counts requests; of two commands for one of them only the answers tell."""
    one = _whole()
    first = Answered("command-0", "wms", "CREATE_TASK", "north", "DEAD", "", "", _record("wms.outcome.v1", at=OLD - 1))
    answers = {("command-0", "DEAD"): first, **one.answers}

    [finding] = order_closing.closed(one._replace(answers=answers), NOW).findings

    assert finding.key == (Kind.COMMAND_GONE, "web-1", "wms.command.v1")
    assert (finding.detail, finding.since) == ("CREATE_TASK north: it was answered", OLD - 1)


def test_a_shipment_whose_command_is_gone_is_named_in_its_own_log() -> None:
    one = _state(_whole(), asked=(("commerce", "CREATE_SHIPMENT", "S1"),))

    [finding] = order_closing.closed(one, NOW).findings

    assert finding.key == (Kind.COMMAND_GONE, "web-1", "commerce.shipment.v1")
    assert finding.detail == "CREATE_SHIPMENT S1: it was not answered"


@pytest.mark.parametrize("state", ["expected", "placed", "accepted"])
def test_an_order_of_which_nothing_was_asked_yet_is_in_flight_since_it_was_placed(state: str) -> None:
    early = _state(_whole(), state=state, asked=(), seen=(PLACED,))._replace(commands={}, answers={}, works={})
    closed = order_closing.closed(early, NOW)

    assert (closed.states, closed.findings) == ({State.IN_FLIGHT: 1}, ())
    assert (closed.since, closed.why) == (OLD, "nothing was asked of anybody yet")


def _cancelled(one: OrderEvidence, *made: Answered) -> OrderEvidence:
    """With nothing but these answers."""
    never = _state(one, state="cancelled", asked=(), seen=(PLACED,))
    answers = {(answer.command_id, answer.state): answer for answer in made}
    commands = {answer.command_id: _asked(answer.command_id, answer.role, answer.kind) for answer in made}
    return never._replace(commands=commands, answers=answers, works={})


def test_a_cancelled_order_is_superseded_where_nobody_made_it_and_delivered_where_somebody_did() -> None:
    noted = _answer("command-3", "crm", "RECORD_ORDER")
    made = _answer(CREATE, "erp", "CREATE_ORDER")

    closed = order_closing.closed(_cancelled(_whole(), noted), NOW)

    assert (closed.states, closed.why) == ({State.SUPERSEDED: 1}, "cancelled before anybody made it")
    assert order_closing.closed(_cancelled(_whole()), NOW).states == {State.SUPERSEDED: 1}
    assert order_closing.closed(_cancelled(_whole(), noted, made), NOW).states == {State.DELIVERED: 1}


@pytest.mark.parametrize(("dead_at", "state"), [(OLD - 1, State.DELIVERED), (OLD + 1, State.DEAD)])
@pytest.mark.parametrize("comes_first", [True, False])
def test_of_a_request_that_was_repeated_the_newest_answer_counts_in_whatever_order_they_are_read(
    dead_at: int, state: State, *, comes_first: bool
) -> None:
    one = _whole()
    again = _asked("command-0", "wms", "CREATE_TASK", "north")
    dead = _answer("command-0", "wms", "CREATE_TASK", "north", "DEAD")
    dead = dead._replace(reason="no such item", record=_record("wms.outcome.v1", at=dead_at))
    answers = {("command-0", "DEAD"): dead}
    answers = {**answers, **one.answers} if comes_first else {**one.answers, **answers}

    closed = order_closing.closed(one._replace(commands={**one.commands, "command-0": again}, answers=answers), NOW)

    assert (closed.states, closed.findings) == ({state: 1}, ())
    assert closed.why == ("CREATE_TASK: no such item" if state is State.DEAD else "")


def test_what_a_target_lacks_makes_its_order_missing_and_one_of_another_stretch_stays_in_no_sum() -> None:
    found = Finding(Kind.EVENT_GONE, "web-1", "orders.event.v1")
    lacks = Finding(Kind.NOT_AT_TARGET, "web-1", "netsuite web-1")
    counted = order_closing.with_finding(Closed("web-1", {State.DELIVERED: 1}, (found,), since=7), lacks)

    assert counted == Closed("web-1", {State.MISSING: 1}, (found, lacks), since=7)
    assert order_closing.with_finding(Closed("web-1", {}), lacks) == Closed("web-1", {}, (lacks,))


@given(st.sets(st.sampled_from(sorted(DELETIONS))), st.integers(0, 2 * NOW))
def test_every_order_is_in_exactly_one_state_whatever_is_deleted(names: set[str], settled_at: int) -> None:
    one = _whole()
    for name in sorted(names):
        if one.entry is not None:
            one = DELETIONS[name][0](one)
    closed = order_closing.closed(one, settled_at)
    assert sum(closed.states.values()) == 1
    assert bool(closed.findings) is (State.MISSING in closed.states)
