"""The pace of calls: what was learned from refusals, and never above what is configured."""

from itertools import pairwise

from streams.domain.governor_pace import FIRST_PAUSE_S, Pace, left, let_through, refused


def _calls(pace: Pace, now: float, until: float) -> tuple[Pace, float, list[float]]:
    """One after the other at the pace, each let through after 10 ms; also when each left."""
    times = []
    while now < until:
        now = max(now, pace.next_at)
        times.append(now)
        now += 0.01
        pace = let_through(left(pace, times[-1]), now)
    return pace, now, times


def test_a_pace_that_was_learned_climbs_back_to_what_is_configured_and_not_beyond_it() -> None:
    pace, now, _ = _calls(Pace(most=10.0), 0.0, 60.0)
    assert pace.bound == 10.0

    pace = refused(pace, now, None)
    assert 0 < pace.bound < 10.0
    pace, _, times = _calls(pace, now + FIRST_PAUSE_S, 3000.0)

    assert pace.per_s >= 10.0
    assert pace.bound == 10.0
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.1


def test_a_pace_climbs_also_where_a_command_is_several_calls_one_right_after_the_other() -> None:
    pace, now = Pace(), 0.0
    for _ in range(2):
        pace = refused(left(pace, now), now, 4.0)
        now += 4.0
    assert 0 < pace.bound < 1

    while now < 120.0:
        now = max(now, pace.next_at)
        for _ in range(3):
            pace = left(pace, now)
        pace = let_through(pace, now)

    assert pace.bound > 8


def test_what_a_burst_was_refused_at_is_a_guess_that_is_soon_left_behind() -> None:
    pace, now = Pace(), 0.0
    for _ in range(10):
        pace = left(pace, now)
    pace = refused(pace, now, 30.0)
    assert 0 < pace.bound < 0.4

    pace, _, _ = _calls(pace, 30.0, 60.0)

    assert pace.bound > 5


def test_a_target_that_refused_for_a_while_is_soon_asked_for_as_much_as_before() -> None:
    pace, now = Pace(), 0.0
    for _ in range(12):
        pace = left(pace, now)
    pace = refused(pace, now, None)
    pace, now, _ = _calls(pace, pace.paused_until, pace.paused_until + 4.0)
    for _ in range(3):
        pace = refused(left(pace, now), now, None)
        now = pace.paused_until
    assert 0 < pace.bound < 3

    pace, _, _ = _calls(pace, now, now + 150.0)

    assert pace.bound > 6


def test_a_refusal_right_after_another_one_does_not_make_a_pace_narrow() -> None:
    pace = Pace()
    for _ in range(12):
        pace = left(pace, 0.0)
    pace = refused(pace, 0.0, 5.0)
    pace = let_through(left(pace, 5.0), 5.1)
    for _ in range(12):
        pace = left(pace, 5.2)
    pace = refused(pace, 5.3, 5.0)
    assert 0 < pace.bound < 3

    pace, _, _ = _calls(pace, 10.3, 70.3)

    assert pace.bound > 6


def test_of_what_was_learned_and_what_is_configured_the_lower_one_counts() -> None:
    assert Pace(most=10.0, per_s=4.0).bound == 4.0
    assert Pace(most=3.0, per_s=4.0).bound == 3.0
    assert Pace(per_s=4.0).bound == 4.0
    assert Pace(most=10.0).bound == 10.0
    assert Pace().bound == 0.0
