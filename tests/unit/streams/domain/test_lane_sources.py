"""A source is called missing only by an answer that is newer than the row, and not old."""

import pytest

from streams.domain.lane_sources import STALE_AFTER, KnownSources, Presence

ASKED = 1_000_000_000
FOUND = KnownSources(frozenset({"north"}), ASKED)


def test_where_the_shop_does_not_say_every_source_is_there() -> None:
    assert KnownSources().presence("west", 0, ASKED) is Presence.THERE


@pytest.mark.parametrize(("since", "now"), [(0, ASKED), (2 * ASKED, 9 * ASKED)])
def test_a_source_that_the_shop_named_is_there_however_old_the_answer(since: int, now: int) -> None:
    assert FOUND.presence("north", since, now) is Presence.THERE


@pytest.mark.parametrize(
    ("since", "passed", "presence"),
    [
        (ASKED - 1, 0, Presence.MISSING),
        (ASKED - 1, STALE_AFTER, Presence.MISSING),
        (ASKED - 1, STALE_AFTER + 1, Presence.UNSURE),
        (ASKED - 1, -STALE_AFTER - 1, Presence.UNSURE),
        (ASKED, 0, Presence.UNSURE),
        (ASKED + 1, 1, Presence.UNSURE),
    ],
    ids=["asked since", "just fresh", "old answer", "clock set back", "asked at once", "changed since"],
)
def test_a_source_is_missing_only_by_a_fresh_answer_that_is_newer_than_the_row(
    since: int, passed: int, presence: Presence
) -> None:
    assert FOUND.presence("west", since, ASKED + passed) is presence


def test_an_answer_is_asked_for_again_after_half_a_minute() -> None:
    assert not FOUND.is_stale(ASKED + STALE_AFTER)
    assert FOUND.is_stale(ASKED + STALE_AFTER + 1)
    assert KnownSources().is_stale(ASKED)
