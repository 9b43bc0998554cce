"""The account's time in questions and rows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import ConfigurationError
from connectors.netsuite import queries
from connectors.netsuite.queries import Position

PACIFIC = ZoneInfo("America/Los_Angeles")
SET_BACK = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
"""At this moment 02:00 of summer becomes 01:00 of winter in Los Angeles."""
MINUTE = 60_000_000


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def local(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(PACIFIC).strftime("%Y-%m-%d %H:%M:%S")


def test_a_time_is_asked_for_as_the_account_says_it() -> None:
    at = micros(datetime(2026, 3, 2, 8, 15, 30, tzinfo=UTC))

    assert queries.to_local(at, at, PACIFIC) == "2026-03-02 00:15:30"
    assert queries.from_local("2026-03-02 00:15:30", PACIFIC) == at


@given(st.integers(-180, 180), st.integers(0, 180), st.integers(0, 180))
def test_nothing_between_then_and_now_is_missed_when_clocks_are_set_back(then: int, later: int, until: int) -> None:
    """Whatever was changed in between says a local time that the question covers."""
    start = micros(SET_BACK) + then * MINUTE
    changed, now = start + min(later, until) * MINUTE, start + until * MINUTE

    assert local(changed) >= queries.to_local(start, now, PACIFIC)


def test_a_time_that_ran_twice_is_the_first_one() -> None:
    assert queries.from_local("2026-11-01 01:30:00", PACIFIC) == micros(SET_BACK) - 30 * MINUTE


def test_changes_in_the_future_mean_a_wrong_zone_and_the_message_names_the_setting() -> None:
    queries.check_zone(59 * MINUTE, 0, PACIFIC)
    with pytest.raises(ConfigurationError, match="time_zone"):
        queries.check_zone(61 * MINUTE, 0, PACIFIC)


def test_a_page_goes_on_behind_the_last_row_and_not_by_an_offset() -> None:
    query = queries.changes(Position("2026-03-02 00:15:30", 1003))

    assert "t.lastmodifieddate = TO_DATE('2026-03-02 00:15:30', 'YYYY-MM-DD HH24:MI:SS') AND t.id > 1003" in query
    assert query.endswith("ORDER BY t.lastmodifieddate, t.id")


def test_only_numbers_get_into_a_question() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        queries.lines(["1) OR (1=1"], 0)
