"""Which stretch a page closes: none is left out between two pages, and none is closed twice."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.close_request import CloseRequest, CloseRun, is_due, midnight, stretch_of
from streams.domain.closing import Finding, Kind, Page
from streams.domain.reconciliation import RunState

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = 100 * DAY


def _page(closed_at: int, carried_from: int = 0) -> Page:
    return Page(flow="orders", opened_at=0, closed_at=closed_at, made_at=closed_at, carried_from=carried_from)


@given(st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=8))
def test_pages_follow_each_other_without_a_gap_and_without_overlap(waits: list[int]) -> None:
    """Of the logs; entities that were still open are looked at again."""
    last, now = _page(NOW), NOW
    for wait in waits:
        now += wait
        stretch = stretch_of(CloseRequest(run="now"), last, now)
        if stretch is None:
            assert now <= last.closed_at
            continue
        assert (stretch.opened_at, stretch.closed_at) == (last.closed_at, now)
        assert stretch.since <= stretch.opened_at
        last = _page(stretch.closed_at)


def test_what_was_still_open_is_looked_at_again_as_far_back_as_a_week() -> None:
    open_since = _page(NOW - HOUR, carried_from=NOW - 2 * DAY)
    stretch = stretch_of(CloseRequest(run="now"), open_since, NOW)
    assert stretch is not None
    assert stretch.since == NOW - 2 * DAY

    for_ever = _page(NOW - HOUR, carried_from=NOW - 50 * DAY)
    bounded = stretch_of(CloseRequest(run="now"), for_ever, NOW)
    assert bounded is not None
    assert bounded.since == NOW - 7 * DAY


def test_the_first_page_is_of_a_day() -> None:
    stretch = stretch_of(CloseRequest(run="now"), None, NOW)
    assert stretch is not None
    assert (stretch.opened_at, stretch.closed_at) == (NOW - DAY, NOW)


def test_a_look_at_a_time_takes_that_time_and_nothing_of_pages() -> None:
    stretch = stretch_of(CloseRequest(run="look", since=NOW - HOUR), _page(NOW - 60), NOW)
    assert stretch is not None
    assert (stretch.since, stretch.opened_at, stretch.closed_at) == (NOW - HOUR, NOW - HOUR, NOW)


def test_a_page_never_reaches_into_what_is_not_settled() -> None:
    stretch = stretch_of(CloseRequest(run="daily", until=NOW + DAY), None, NOW)
    assert stretch is not None
    assert stretch.closed_at == NOW


def test_the_daily_page_is_due_once_a_day_at_its_time() -> None:
    at, day = time(3, 30), datetime(2026, 3, 2, tzinfo=UTC)
    made = midnight(day) - HOUR
    assert not is_due(at, day + timedelta(hours=3, minutes=29), midnight(day) - 10 * HOUR)
    assert is_due(at, day + timedelta(hours=3, minutes=30), made)
    assert not is_due(at, day + timedelta(hours=9), midnight(day) + 4 * HOUR)


def test_a_day_on_which_nobody_worked_is_made_up_for() -> None:
    at, day = time(3, 30), datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert is_due(at, day, midnight(day) - 3 * DAY)


def test_a_run_goes_on_until_it_says_when_and_how_it_ended() -> None:
    run = CloseRun(CloseRequest(run="now"), NOW)
    assert (run.state, run.ended_at, run.why) == (RunState.RUNNING, 0, "")

    run.ended(RunState.FAILED, NOW + HOUR, "erp does not answer")

    assert (run.state, run.ended_at, run.why) == (RunState.FAILED, NOW + HOUR, "erp does not answer")


def test_a_run_tells_the_findings_of_all_its_pages() -> None:
    orders, stock = Finding(Kind.TWICE, "web-1", "netsuite web-1"), Finding(Kind.SNAPSHOT_GONE, "PUMP", "source W1")
    pages = [
        Page(flow=flow, opened_at=0, closed_at=NOW, made_at=NOW, findings=(finding,), found=1)
        for flow, finding in (("orders", orders), ("stock", stock))
    ]

    assert CloseRun(CloseRequest(run="now"), NOW, pages=pages).findings == [orders, stock]
