"""May this worker still act?  Only for its generation, and only while the broker answered lately."""

from datetime import timedelta

import pytest

from connectors.core.errors import LeaseLostError
from streams.runtime.lease import Lease
from tests.fakes.still_clock import StillClock

SESSION = timedelta(seconds=10)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def lease(clock: StillClock) -> Lease:
    """Joined as generation 5, with a heartbeat answered right now."""
    made = Lease(clock, SESSION)
    made.joined(5)
    made.renewed(made.now())
    return made


def _may_act(lease: Lease, generation: int | None = None) -> bool:
    try:
        lease.check(generation)
    except LeaseLostError:
        return False
    return True


def test_a_worker_that_joined_and_was_answered_may_act(lease: Lease) -> None:
    assert _may_act(lease)
    assert _may_act(lease, 5)


def test_before_the_first_join_or_answer_nothing_leaves(clock: StillClock) -> None:
    lease = Lease(clock, SESSION)

    assert not _may_act(lease)
    lease.joined(5)
    assert not _may_act(lease)
    assert lease.heartbeat_age > timedelta(days=1)


@pytest.mark.parametrize("generation", [4, 6, -1, 0])
def test_work_of_another_generation_may_not_leave(lease: Lease, generation: int) -> None:
    with pytest.raises(LeaseLostError, match=f"generation {generation} is over; the group is at 5"):
        lease.check(generation)


def test_when_a_rebalance_begins_nothing_leaves_until_the_next_join(lease: Lease) -> None:
    lease.lost()

    assert not _may_act(lease)
    assert not _may_act(lease, -1)
    lease.joined(6)
    assert _may_act(lease, 6)
    assert not _may_act(lease, 5)


def test_two_seconds_before_the_session_ends_nothing_leaves(lease: Lease, clock: StillClock) -> None:
    clock.after(7.9)
    assert _may_act(lease)

    clock.after(0.2)
    with pytest.raises(LeaseLostError, match=r"no heartbeat was answered for 8\.1 s; limit 8\.0 s"):
        lease.check(5)


def test_the_age_counts_from_when_the_heartbeat_was_sent(lease: Lease, clock: StillClock) -> None:
    sent_at = lease.now()
    clock.after(6)
    lease.renewed(sent_at)
    clock.after(3)

    assert lease.heartbeat_age == timedelta(seconds=9)
    assert not _may_act(lease)


def test_an_answer_that_comes_late_does_not_shorten_the_lease(lease: Lease, clock: StillClock) -> None:
    earlier = lease.now() - 5
    clock.after(1)
    lease.renewed(lease.now())

    lease.renewed(earlier)

    assert lease.heartbeat_age == timedelta(0)


def test_a_correction_of_the_wall_clock_changes_nothing(lease: Lease, clock: StillClock) -> None:
    clock.jump(timedelta(days=365))

    assert _may_act(lease)


def test_at_the_limit_itself_nothing_leaves(lease: Lease, clock: StillClock) -> None:
    clock.after(8)

    assert not _may_act(lease)
