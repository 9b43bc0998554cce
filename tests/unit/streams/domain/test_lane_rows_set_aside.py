"""Rows of the stock lane that the shop refuses, with or without a reason, and where their records end."""

import pytest

from streams.domain.lane_rows import CHANGES, HOLDS, RowState
from streams.domain.reasons import ParkReason
from tests.unit.streams.domain.lane_of_rows import NOW, REASON, Lane, snapshot, source

# ── refused ──────────────────────────────────────────────────────────────────────────────────────


def test_of_the_records_that_a_refused_value_contains_one_is_dead() -> None:
    lane = Lane(snapshot(1, source(7, 3)))

    lane.refuse()

    assert lane.told() == {"dead": 1, "superseded": 2}
    assert (lane.row.state, lane.row.reason) == (RowState.DEAD, REASON)
    assert lane.row.acked is None


def test_a_refusal_of_a_value_that_is_no_longer_wanted_leaves_the_row_dirty() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    written = lane.row
    lane.fold(snapshot(2, source(5, 5)))

    lane.refuse(written)

    assert (lane.row.state, lane.row.open_changes) == (RowState.DIRTY, 2)


def test_records_that_join_a_value_while_it_is_refused_are_contained_in_it() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    written = lane.row
    lane.fold(snapshot(2, source(7, 5, version=3)))

    lane.refuse(written)

    assert (lane.row.state, lane.row.open_changes) == (RowState.DEAD, 0)
    assert lane.told() == {"dead": 1, "superseded": 4}


def test_a_dead_row_lives_again_with_its_next_version_and_the_dead_record_stays_dead() -> None:
    lane = Lane(snapshot(1, source(7)))
    lane.refuse()

    folded = lane.fold(snapshot(2, source(5, 2), dirty_since=77))

    assert [(row.state, row.reason, row.dirty_since) for row in folded.due] == [(RowState.DIRTY, "", 77)]
    lane.acknowledge()
    assert lane.told() == {"dead": 1, "applied": 1}


def test_more_records_for_a_dead_value_are_contained_in_it() -> None:
    lane = Lane(snapshot(1, source(7)))
    lane.refuse()

    folded = lane.fold(snapshot(2, source(7, 4, version=1)))

    assert (folded.due, lane.row.state) == ((), RowState.DEAD)
    assert lane.told() == {"dead": 1, "superseded": 3}


def test_the_same_snapshot_again_revives_a_dead_row_and_its_dead_record() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    lane.refuse()

    folded = lane.fold(snapshot(1, source(7, 3)))

    assert [row.state for row in folded.due] == [RowState.DIRTY]
    assert folded.ignored is None
    lane.acknowledge()
    assert lane.told() == {"applied": 1, "superseded": 2}


def test_a_revived_hold_is_counted_as_a_hold() -> None:
    lane = Lane(snapshot(1, source(7, 1, holds=1, topic=HOLDS)))
    lane.refuse()
    assert lane.told(HOLDS) == {"dead": 1}

    lane.fold(snapshot(1, source(7, 1, holds=1, topic=HOLDS)))
    lane.acknowledge()

    assert lane.told(HOLDS) == {"applied": 1}
    assert lane.told(CHANGES) == {"superseded": 1}


def test_what_was_counted_dead_is_taken_back_even_where_the_cause_has_changed() -> None:
    lane = Lane(snapshot(1, source(7, 1)))
    lane.refuse()
    lane.fold(snapshot(2, source(7, 1, version=1, holds=1, topic=HOLDS)))

    lane.fold(snapshot(2, source(7, 1, version=1, holds=1, topic=HOLDS)))
    lane.acknowledge()

    assert lane.told(CHANGES) == {"applied": 1}
    assert lane.told(HOLDS) == {"superseded": 1}


def test_a_refused_value_without_records_of_its_own_leaves_none_dead_and_revives_none() -> None:
    lane = Lane(snapshot(1, source(7)))
    lane.acknowledge()
    lane.fold(snapshot(2, source(5, 1, version=9)))
    lane.refuse()

    lane.fold(snapshot(2, source(5, 1, version=9)))
    lane.acknowledge()

    assert lane.told() == {"applied": 1}


# ── parked ───────────────────────────────────────────────────────────────────────────────────────


def test_a_row_that_is_refused_alone_without_a_reason_is_parked_with_its_records() -> None:
    lane = Lane(snapshot(1, source(7, 3, holds=1)))

    lane.park()

    assert (lane.row.state, lane.row.reason) == (RowState.PARKED, ParkReason.REFUSED_ALONE)
    assert (lane.told(CHANGES), lane.told(HOLDS)) == ({"parked": 3}, {"parked": 1})


def test_a_parked_row_goes_on_with_its_next_version() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    lane.park()

    folded = lane.fold(snapshot(2, source(5, 4)))

    assert [row.state for row in folded.due] == [RowState.DIRTY]
    assert lane.told() == {}
    lane.acknowledge()
    assert lane.told() == {"applied": 1, "superseded": 3}


def test_more_records_for_a_parked_value_are_parked_with_it() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    lane.park()

    lane.fold(snapshot(2, source(7, 5, version=3)))
    assert lane.told() == {"parked": 5}

    lane.fold(snapshot(3, source(6, 6)))
    lane.acknowledge()
    assert lane.told() == {"applied": 1, "superseded": 5}


def test_the_same_snapshot_again_gives_a_parked_row_another_try() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    lane.park()

    folded = lane.fold(snapshot(1, source(7, 3)))

    assert [(row.state, row.dirty_since) for row in folded.due] == [(RowState.DIRTY, NOW)]
    assert lane.told() == {}


# ── a ledger that was rebuilt ────────────────────────────────────────────────────────────────────


def test_a_rebuilt_ledger_counts_from_the_beginning() -> None:
    lane = Lane(snapshot(1, source(7, 500)))
    lane.acknowledge()

    lane.fold(snapshot(1, source(7, 3), epoch=2))

    assert lane.told() == {"applied": 2, "superseded": 499 + 2}


@pytest.mark.parametrize("is_refused", [False, True])
def test_an_answer_for_a_value_of_the_former_ledger_settles_no_record_of_the_new_one(is_refused: bool) -> None:  # noqa: FBT001
    lane = Lane(snapshot(1, source(7, 500)))
    written = lane.row
    lane.fold(snapshot(1, source(3, 2), epoch=2))

    if is_refused:
        lane.refuse(written)
    else:
        lane.acknowledge(written)

    assert (lane.row.state, lane.row.open_changes) == (RowState.DIRTY, 2)
    lane.acknowledge()
    assert lane.told() == {"applied": 1, "superseded": 1}


def test_what_was_parked_is_taken_back_once_when_the_ledger_was_rebuilt() -> None:
    lane = Lane(snapshot(1, source(7, 5)))
    lane.acknowledge()
    lane.fold(snapshot(2, source(6, 7)))
    lane.park()
    assert lane.told()["parked"] == 2

    lane.fold(snapshot(1, source(3, 2), epoch=2))

    assert "parked" not in lane.told()
