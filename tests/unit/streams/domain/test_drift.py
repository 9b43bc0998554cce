"""What a difference between a row and its shop is called, and that two sets are compared without keeping them."""

from datetime import UTC, datetime, time
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.cause import Cause
from schemas.models.source_item import SourceItem, StockPair
from streams.domain import lane_rows
from streams.domain.drift import KINDS, REPAIRABLE, Drift, Verdict, judge, shown_of
from streams.domain.lane_rows import Row, RowState, Shown, Unposted
from streams.domain.reconciliation import KEPT_DRIFT, Request, Run, RunState, Scope, next_daily
from streams.domain.reservation_candidates import Kind
from streams.domain.reservations import Certainty, Finding
from streams.domain.set_difference import SetDifference
from streams.domain.version import Version

NOW = 1_763_700_000_000_000
VALUES = st.builds(Shown, st.integers(0, 3).map(lambda units: units * 1_000_000), st.booleans())


def on(quantity: int) -> Shown:
    return Shown(quantity, in_stock=True)


def off(quantity: int) -> Shown:
    return Shown(quantity, in_stock=False)


def row(**changes: object) -> Row:
    """At rest, and acknowledged."""
    wanted = on(5)
    cause = Cause("t", 0, 0)
    made = Row("W1", wanted, Version(1, 1), 1, 0, cause, state=RowState.CLEAN, acked=wanted, acked_changes=1)
    return msgspec.structs.replace(made, **changes)


def judged(one: Row | None, shown: Shown | None, *, is_held: bool = False) -> Verdict:
    return judge(one, shown, is_held=is_held)


def test_the_same_value_agrees_and_another_one_is_somebody_elses() -> None:
    assert judged(row(), on(5)) is Verdict.AGREES
    assert judged(row(), on(6)) is Verdict.FOREIGN_EDIT
    assert judged(row(), off(5)) is Verdict.FOREIGN_EDIT


def test_what_is_not_there_is_missing_and_what_nobody_led_to_an_orphan() -> None:
    assert judged(row(), None) is Verdict.MISSING
    assert judged(None, on(1)) is Verdict.ORPHAN
    assert judged(None, None) is Verdict.AGREES


def test_the_value_before_the_last_one_is_stale() -> None:
    assert judged(row(acked_before=on(9)), on(9)) is Verdict.STALE


@pytest.mark.parametrize(
    "moving",
    [
        {"state": RowState.DIRTY},
        {"rest_until": NOW},
        {"unposted": (Unposted("c", "o", 1, NOW),)},
    ],
    ids=["dirty", "resting", "goods under way"],
)
@given(shown=st.none() | VALUES)
def test_a_row_that_is_not_at_rest_is_never_drift(moving: dict[str, object], shown: Shown | None) -> None:
    assert judged(row(**moving), shown) is Verdict.UNSETTLED
    assert judged(row(), shown, is_held=True) is Verdict.UNSETTLED


def test_goods_that_count_no_longer_do_not_keep_a_row_from_being_judged() -> None:
    expired = Unposted("c", "o", 1, NOW, is_expired=True)
    assert judged(row(unposted=(expired,)), on(6)) is Verdict.FOREIGN_EDIT


def test_what_a_letter_or_the_next_try_tells_of_is_not_told_again() -> None:
    assert judged(row(state=RowState.DEAD), on(1)) is Verdict.SET_ASIDE
    assert judged(row(state=RowState.PARKED), None) is Verdict.SET_ASIDE
    assert judged(row(acked=None), None) is Verdict.SET_ASIDE


@given(first=VALUES, second=VALUES, shown=st.none() | VALUES)
def test_a_shop_that_was_written_twice_differs_only_where_it_shows_something_else(
    first: Shown, second: Shown, shown: Shown | None
) -> None:
    """By the lane's own acknowledgements, whatever the values."""
    written = row(state=RowState.DIRTY, acked=None)
    for value in (first, second):
        due = msgspec.structs.replace(written, state=RowState.DIRTY, wanted=value)
        written = lane_rows.acknowledged(due, due, NOW).row

    verdict = judged(written, shown)

    assert (verdict is Verdict.AGREES) == (shown == second)
    assert (verdict is Verdict.STALE) == (shown == first != second)
    assert (verdict is Verdict.MISSING) == (shown is None)


@given(shown=st.none() | VALUES)
def test_an_overwritten_row_is_due_counts_nothing_and_is_at_rest_once_it_is_written(shown: Shown | None) -> None:
    due = lane_rows.overwritten(row(), shown, NOW)
    assert (due.state, due.dirty_since, due.acked) == (RowState.DIRTY, NOW, shown)

    settled = lane_rows.acknowledged(due, due, NOW + 1)

    assert settled.counts == ()
    assert judged(settled.row, on(5)) is Verdict.AGREES


def test_what_a_shop_shows_is_compared_by_value_not_by_digits() -> None:
    assert shown_of(SourceItem("A", "W1", Decimal("5.5000"), in_stock=True)) == on(5_500_000)
    assert shown_of(SourceItem("A", "W1", Decimal(-3), in_stock=False)) == off(-3_000_000)
    assert shown_of(None) is None


# ── sets ─────────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sets(st.tuples(st.text(max_size=3), st.text(max_size=6)))


@given(both=NAMES, ours=NAMES, theirs=NAMES, bits=st.integers(0, 12))
def test_what_only_one_side_has_is_never_hidden(
    both: set[tuple[str, str]], ours: set[tuple[str, str]], theirs: set[tuple[str, str]], bits: int
) -> None:
    marks = SetDifference(bits)
    marks.mark([*(both | ours), *(both | theirs)])

    different = (both | ours) ^ (both | theirs)

    assert all(marks.may_differ(name) for name in different)
    if not different:
        assert not any(marks.may_differ(name) for name in both)


def test_most_names_that_both_sides_have_are_not_looked_at_again() -> None:
    marks, names = SetDifference(), [("W1", f"S{number}") for number in range(100_000)]
    marks.mark([*names, *names[1000:]])

    doubtful = [name for name in names if marks.may_differ(name)]

    assert set(names[:1000]) <= set(doubtful)
    assert len(doubtful) < 2000


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_counts_everything_and_keeps_a_bounded_list() -> None:
    run = Run(Request("r", Scope.FULL), NOW)
    one = Drift(Verdict.MISSING, StockPair("W1", "A"), on(1), None, NOW)
    run.looks[Verdict.AGREES] += 5
    run.looks[Verdict.UNSETTLED] += 2
    run.looks[Verdict.SET_ASIDE] += 3
    run.tell([one] * KEPT_DRIFT)
    run.tell([msgspec.structs.replace(one, is_repaired=True)])
    run.ended(RunState.DONE, NOW + 1)

    assert (run.compared, run.found, len(run.drift)) == (KEPT_DRIFT + 6, KEPT_DRIFT + 1, KEPT_DRIFT)
    assert (run.repaired[Verdict.MISSING], run.state, run.ended_at) == (1, RunState.DONE, NOW + 1)


def test_a_run_about_reservations_counts_its_findings_by_their_kind_and_keeps_a_bounded_list() -> None:
    run = Run(Request("r", Scope.RESERVATIONS), NOW)
    one = Finding(
        kind=Kind.NEGATIVE,
        stock_id=1,
        sku="A",
        salable=-1,
        available=0,
        threshold=0,
        reserved=-1,
        expected=-1,
        certainty=Certainty.CERTAIN,
    )
    run.looks[Verdict.AGREES] += 5
    run.looks[Verdict.SET_ASIDE] += 3
    run.tell_findings([one] * KEPT_DRIFT)
    run.tell_findings([last := msgspec.structs.replace(one, kind=Kind.NOT_RESERVED)])

    assert (run.compared, run.found, len(run.findings)) == (KEPT_DRIFT + 6, KEPT_DRIFT + 1, KEPT_DRIFT)
    assert run.inconsistent == {Kind.NEGATIVE: KEPT_DRIFT, Kind.NOT_RESERVED: 1}
    assert last not in run.findings


def test_the_daily_run_is_today_if_its_time_is_still_to_come() -> None:
    half_past_two = time(2, 30)
    assert next_daily(half_past_two, datetime(2026, 3, 1, 1, tzinfo=UTC)) == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert next_daily(half_past_two, datetime(2026, 3, 1, 2, 30, tzinfo=UTC)) == datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


def test_nothing_can_be_repaired_of_which_no_quantity_is_known() -> None:
    assert set(KINDS) - set(REPAIRABLE) == {Verdict.ORPHAN}
