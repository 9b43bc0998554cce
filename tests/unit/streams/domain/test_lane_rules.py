"""When a changed row may go out, and which sources must not be written side by side."""

from collections.abc import Mapping
from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.cause import Cause
from streams.domain.lane_rows import Row, Shown
from streams.domain.lane_rules import LaneRules, Window, groups_of
from streams.domain.version import Version

SECOND = 1_000_000
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RULES = LaneRules(
    default=Window(SECOND),
    classes=(
        ("fast", ("HOT-*", "*-NOW"), Window(0)),
        ("nightly", ("HOT-9", "SLOW-*"), Window(at=time(2, 30))),
        ("exact", ("A[1]", "B?"), Window(7 * SECOND)),
    ),
    last_units=3 * SECOND,
)


def _row(wanted: Shown, acked: Shown | None = None) -> Row:
    return Row("W1", wanted, Version(1, 1), 1, 0, Cause("t", 0, 0), acked=acked)


def _shown(units: float, *, in_stock: bool = True) -> Shown:
    return Shown(round(units * SECOND), in_stock)


# ── windows ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sku", "window"),
    [
        ("OTHER", RULES.default),
        ("HOT-1", Window(0)),
        ("X-NOW", Window(0)),
        ("HOT-9", Window(0)),
        ("SLOW-1", Window(at=time(2, 30))),
        ("hot-1", RULES.default),
        ("A[1]", Window(7 * SECOND)),
        ("A1", RULES.default),
        ("B?", Window(7 * SECOND)),
        ("BX", RULES.default),
    ],
)
def test_the_first_class_whose_pattern_fits_decides(sku: str, window: Window) -> None:
    assert RULES.window_of(sku) == window


def test_a_row_waits_for_the_window_of_its_class() -> None:
    assert RULES.wait("OTHER", _row(_shown(5)), NOON) == SECOND
    assert RULES.wait("HOT-1", _row(_shown(5)), NOON) == 0


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (NOON, 14.5),
        (datetime(2026, 3, 1, 2, 29, 59, 999_999, tzinfo=UTC), 1e-6 / 3600),
        (datetime(2026, 3, 1, 2, 30, tzinfo=UTC), 24),
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), 2.5),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), 3),
    ],
)
def test_a_row_of_a_daily_class_waits_until_its_next_time(now: datetime, hours: float) -> None:
    assert RULES.wait("SLOW-1", _row(_shown(5)), now) == round(hours * 3600 * SECOND)


@pytest.mark.parametrize(("sku", "longest"), [("OTHER", 11), ("HOT-1", 10), ("SLOW-1", 24 * 3600 + 10), ("A[1]", 17)])
def test_a_change_is_fresh_within_its_window_and_the_target(sku: str, longest: int) -> None:
    assert RULES.is_fresh(sku, longest * SECOND)
    assert not RULES.is_fresh(sku, longest * SECOND + 1)


# ── what goes first ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wanted", "acked", "is_urgent"),
    [
        (_shown(0, in_stock=False), _shown(5), True),  # the shop sells what is gone
        (_shown(5), _shown(0, in_stock=False), True),  # the shop hides what is there
        (_shown(3), _shown(9), True),  # the last units
        (_shown(3.0001), _shown(9), False),
        (_shown(3), _shown(2), False),  # more than the shop shows
        (_shown(3), _shown(3), False),
        (_shown(0, in_stock=False), _shown(0, in_stock=False), False),
        (_shown(0, in_stock=True), _shown(0, in_stock=True), False),
        (_shown(0, in_stock=False), None, False),  # the shop shows nothing yet
    ],
)
def test_rows_at_their_last_units_and_across_zero_are_urgent(
    wanted: Shown,
    acked: Shown | None,
    is_urgent: bool,  # noqa: FBT001
) -> None:
    row = _row(wanted, acked)

    assert RULES.is_urgent(row) is is_urgent
    assert RULES.wait("SLOW-1", row, NOON) == (0 if is_urgent else round(14.5 * 3600 * SECOND))


# ── groups of sources ────────────────────────────────────────────────────────────────────────────


def test_sources_that_share_a_stock_directly_or_through_others_are_one_group() -> None:
    stocks = {"a": {1}, "b": {2}, "c": {1, 2}, "d": {3}, "e": {4, 3}, "f": set[int](), "g": set[int]()}

    groups = groups_of({source: frozenset(numbers) for source, numbers in stocks.items()})

    assert groups["a"] == groups["b"] == groups["c"]
    assert groups["d"] == groups["e"]
    assert len({groups[source] for source in "adfg"}) == 4


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.frozensets(st.integers(1, 6), max_size=3)))
def test_two_sources_are_in_one_group_exactly_where_a_chain_of_shared_stocks_joins_them(
    stocks: Mapping[str, frozenset[int]],
) -> None:
    groups = groups_of(stocks)

    assert groups.keys() == stocks.keys()
    for source in stocks:
        joined = _joined(source, stocks)
        assert {other for other in stocks if groups[other] == groups[source]} == joined


def _joined(source: str, stocks: Mapping[str, frozenset[int]]) -> set[str]:
    found, grown = {source}, True
    while grown:
        reach = frozenset[int]().union(*(stocks[one] for one in found))
        more = {one for one in stocks if stocks[one] & reach} - found
        found, grown = found | more, bool(more)
    return found


def test_rows_of_a_daily_class_never_leave_before_their_hour() -> None:
    assert RULES.may_fill("OTHER")
    assert not RULES.may_fill("SLOW-1")
