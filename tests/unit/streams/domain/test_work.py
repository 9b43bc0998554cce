"""What a sink may do next for one entity: one call at a time, and never a second one unlooked."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain import work
from streams.domain.work import Manner, Next, Pending, Step, Work

SETTLE = 60_000_000
UPSERTS, CREATES = Manner(upserts=True, settle=SETTLE), Manner(upserts=False, settle=SETTLE)
PLACE = ("erp.command.v1", 3, 7)
NOW = 1_772_400_000_000_000


def command(name: str = "a") -> Pending:
    return Pending(name, b"value", PLACE)


def queued(*names: str) -> Work:
    one = Work()
    for name in names:
        one, _ = work.received(one, command(name))
    return one


def test_a_command_that_is_known_is_not_queued_twice_neither_before_nor_after_it_ended() -> None:
    one = queued("a", "b")

    again, verdict = work.received(one, command("b"))
    done = work.ended(one, "APPLIED", "17")
    after, verdict_after = work.received(done, command("a"))

    assert (again, verdict, after, verdict_after) == (one, "duplicate", done, "duplicate")
    assert [left.command_id for left in done.pending] == ["b"]


def test_ended_commands_are_remembered_within_a_bound() -> None:
    one = Work()
    for name in map(str, range(work.REMEMBERED + 5)):
        one = work.ended(work.received(one, command(name))[0], "APPLIED")

    assert len(one.ended) == work.REMEMBERED
    assert one.ended[-1].command_id == str(work.REMEMBERED + 4)


def test_refusals_without_a_reason_are_counted_for_the_head_alone() -> None:
    one = queued("a", "b")
    for number in range(work.MASKED_AT_MOST):
        assert not work.is_given_up(one), number
        one = work.unknown(work.unknown(work.calling(one, NOW), NOW, NOW), NOW, NOW, is_masked=True)

    assert work.is_given_up(one)
    assert work.is_given_up(work.decode(work.encode(one)))
    assert not work.is_given_up(work.ended(one, "DEAD"))


def test_what_earlier_commands_came_to_is_known_by_the_targets_ids() -> None:
    one = work.ended(work.ended(queued("a", "b", "c"), "APPLIED", "17"), "DEAD")

    assert work.taken(one) == {"17"}


def test_nothing_is_done_where_nothing_is_left_or_a_person_must_look() -> None:
    assert work.next_step(Work(), NOW, UPSERTS).step is Step.NOTHING
    assert work.next_step(work.held(queued("a"), "duplicate-suspected"), NOW, UPSERTS).step is Step.NOTHING


@pytest.mark.parametrize(("manner", "step"), [(UPSERTS, Step.CALL), (CREATES, Step.LOOK)])
def test_a_target_that_does_not_upsert_is_asked_before_the_first_call(manner: Manner, step: Step) -> None:
    assert work.next_step(queued("a"), NOW, manner).step is step


def test_where_each_call_makes_a_document_an_intent_is_not_looked_up_before_its_call_can_no_longer_run() -> None:
    under_way = work.calling(queued("a"), NOW)

    assert work.next_step(under_way, NOW + SETTLE - 1, CREATES) == Next(Step.WAIT, NOW + SETTLE)
    assert work.next_step(under_way, NOW + SETTLE, CREATES).step is Step.LOOK
    again = work.calling(work.looked_up(under_way, CREATES), NOW + SETTLE)
    assert work.next_step(again, NOW + SETTLE, CREATES) == Next(Step.WAIT, NOW + 2 * SETTLE)


def test_where_a_second_call_is_the_same_effect_it_is_made_at_once_but_nothing_else_before_the_first_is_over() -> None:
    under_way = work.calling(queued("a", "b"), NOW)

    assert work.next_step(under_way, NOW + 1, UPSERTS).step is Step.LOOK
    found_none = work.looked_up(under_way, UPSERTS)
    assert work.next_step(found_none, NOW + 1, UPSERTS).step is Step.CALL
    done = work.ended(work.calling(found_none, NOW + 1), "APPLIED")
    assert work.next_step(done, NOW + 2, UPSERTS) == Next(Step.WAIT, NOW + SETTLE)
    assert work.next_step(done, NOW + SETTLE, UPSERTS).step is Step.CALL


def test_a_look_without_an_intent_changes_nothing() -> None:
    assert work.looked_up(queued("a"), CREATES) == queued("a")


def test_an_unknown_outcome_is_counted_from_when_it_was_given_up() -> None:
    one = work.unknown(work.calling(queued("a"), NOW), NOW + 5_000_000, NOW + 6_000_000)

    assert work.next_step(one, NOW + 5_500_000, CREATES) == Next(Step.WAIT, NOW + 6_000_000)
    assert work.next_step(one, NOW + SETTLE, CREATES) == Next(Step.WAIT, NOW + 5_000_000 + SETTLE)


def test_a_call_that_had_no_effect_is_put_off_without_a_look_at_an_upserting_target() -> None:
    one = work.put_off(work.calling(queued("a"), NOW), NOW + 100)

    assert work.next_step(one, NOW + 99, UPSERTS) == Next(Step.WAIT, NOW + 100)
    assert work.next_step(one, NOW + 100, UPSERTS).step is Step.CALL
    assert one.attempts == 1


def repeated(*names: str, manner: Manner = CREATES) -> Work:
    """The head's call was looked for after its settle time, not found, and made again."""
    one = work.looked_up(work.calling(queued(*names), NOW), manner)
    return work.ended(work.calling(one, NOW + SETTLE), "APPLIED", "17", check_at=NOW + 2 * SETTLE)


def test_a_command_that_was_called_twice_is_looked_at_again_when_both_calls_had_their_time() -> None:
    one = repeated("a", "b")
    assert work.next_step(one, NOW + 2 * SETTLE - 1, CREATES).step is Step.LOOK, "others do not wait for it"
    assert work.next_step(one, NOW + 2 * SETTLE, CREATES) == Next(Step.CHECK)

    one = work.ended(one, "APPLIED", "18")
    assert work.next_step(one, NOW + SETTLE, CREATES) == Next(Step.WAIT, NOW + 2 * SETTLE)
    assert one.is_unfinished
    assert work.taken(one) == {"17", "18"}
    assert work.taken(one, but="a") == {"18"}
    assert work.decode(work.encode(one)) == one

    after = work.checked(one)
    assert work.next_step(after, NOW + 3 * SETTLE, CREATES) == Next(Step.NOTHING)
    assert not after.is_unfinished


def test_where_the_next_command_waits_the_check_may_come_first() -> None:
    one = msgspec.structs.replace(repeated("a", "b"), not_before=NOW + 3 * SETTLE)

    assert work.next_step(one, NOW + SETTLE, CREATES) == Next(Step.WAIT, NOW + 2 * SETTLE)
    assert work.next_step(one, NOW + 2 * SETTLE, CREATES) == Next(Step.CHECK)


def test_what_was_called_once_or_cannot_be_doubled_is_not_looked_at_again() -> None:
    at = NOW + 2 * SETTLE
    called_once = work.ended(work.calling(queued("a"), NOW), "APPLIED", "17", check_at=at)
    found_by_the_look = work.ended(work.looked_up(work.calling(queued("a"), NOW), CREATES), "APPLIED", check_at=at)
    refused_first = work.calling(work.put_off(work.calling(queued("a"), NOW), NOW), NOW)
    not_done = work.ended(work.calling(work.looked_up(work.calling(queued("a"), NOW), CREATES), NOW), "DEAD")

    assert called_once.checks == found_by_the_look.checks == not_done.checks == ()
    assert work.ended(refused_first, "APPLIED", check_at=at).checks == ()
    assert repeated("a", manner=UPSERTS).checks == ()


def test_a_head_fails_from_its_first_call_in_vain_until_it_ends_and_its_follower_does_not() -> None:
    fresh = queued("a", "b")
    called = work.calling(fresh, 10)
    put_off = work.put_off(called, 20)
    again = work.calling(put_off, 20)

    assert [work.is_failing(one) for one in (fresh, called, put_off, again)] == [False, False, True, True]
    assert work.is_failing(work.unknown(called, 10, 20))
    assert not work.is_failing(work.held(put_off, "duplicate-suspected"))
    assert not work.is_failing(work.ended(again, "APPLIED"))


def test_stored_work_comes_back() -> None:
    one = work.calling(work.ended(queued("a", "b"), "DEAD"), NOW)

    assert work.decode(work.encode(one)) == one


STEPS = st.lists(st.sampled_from(["answer", "lose", "refuse", "kill", "again"]), max_size=30)


@given(STEPS, st.booleans(), st.sampled_from([UPSERTS, CREATES]))
def test_whatever_becomes_of_the_calls_a_target_gets_each_effect_once(
    story: list[str],
    late: bool,  # noqa: FBT001  drawn
    manner: Manner,
) -> None:
    """The effect lands with an answer, and may land although the answer is lost; a kill forgets all but the work.

    A lost call that lands does so before the settle time is over: that is what the setting means.
    """
    effects = 0
    one, now = queued("a"), NOW
    for event in itertools.islice(itertools.chain(story, itertools.repeat("answer")), 200):
        next_ = work.next_step(one, now, manner)
        if next_.step is Step.NOTHING:
            break
        if next_.step is Step.WAIT:
            now = next_.at
            continue
        if next_.step is Step.LOOK:
            if effects:
                one = work.ended(one, "APPLIED")
                continue
            one = work.looked_up(one, manner)
        one = work.calling(one, now)
        if event == "refuse":
            one = work.put_off(one, now + 1000)
        elif event in {"lose", "kill"}:
            effects = 1 if manner.upserts and late else effects + late
            one = work.unknown(one, now, now) if event == "lose" else work.decode(work.encode(one))
        else:
            effects = 1 if manner.upserts else effects + 1
            one = work.ended(one, "APPLIED")

    assert effects == 1
    assert [done.state for done in one.ended] == ["APPLIED"]
