"""Rows of the stock lane: what Commerce should show, what it acknowledged, and where every record ends."""

import msgspec

from streams.domain import lane_rows
from streams.domain.lane_rows import CHANGES, HOLDS, RowState, Shown
from streams.domain.reasons import IgnoreReason
from tests.unit.streams.domain.lane_of_rows import NOW, Lane, snapshot, source

# ── snapshots in ─────────────────────────────────────────────────────────────────────────────────


def test_a_new_source_is_a_dirty_row() -> None:
    folded = Lane().fold(snapshot(1, source(7)))

    assert folded.ignored is None
    assert [(row.state, row.wanted, row.dirty_since) for row in folded.due] == [
        (RowState.DIRTY, Shown(7, in_stock=True), 5)
    ]


def test_an_older_snapshot_is_refused() -> None:
    lane = Lane(snapshot(2, source(7)))

    folded = lane.fold(snapshot(1, source(9)))

    assert (folded.ignored, lane.row.wanted.quantity) == (IgnoreReason.OLD_VERSION, 7)


def test_the_epoch_decides_before_the_counter() -> None:
    lane = Lane(snapshot(9, source(7), epoch=1))

    lane.fold(snapshot(1, source(3), epoch=2))

    assert lane.row.wanted.quantity == 3
    assert lane.fold(snapshot(10, source(7), epoch=1)).ignored is IgnoreReason.OLD_VERSION


def test_the_same_snapshot_again_is_a_duplicate_while_nothing_is_set_aside() -> None:
    lane = Lane(snapshot(1, source(7)))

    folded = lane.fold(snapshot(1, source(7)))

    assert (folded.ignored, folded.due, folded.counts) == (IgnoreReason.DUPLICATE, (), ())


def test_a_dirty_row_takes_the_newest_value_and_keeps_its_age() -> None:
    lane = Lane(snapshot(1, source(7), dirty_since=5), snapshot(2, source(3, 2), dirty_since=90))

    assert (lane.row.wanted.quantity, lane.row.changes, lane.row.dirty_since) == (3, 2, 5)
    assert lane.told() == {}


def test_sources_that_a_snapshot_does_not_name_stay_as_they_are() -> None:
    lane = Lane(snapshot(1, source(7)))

    lane.fold(snapshot(2, msgspec.structs.replace(source(3), source_code="A0")))

    assert [row.source_code for row in lane.entry.rows] == ["A0", "W1"]
    assert lane.row.wanted.quantity == 7
    assert lane.entry.row("other") is None


def test_a_value_that_the_shop_shows_already_needs_no_call() -> None:
    lane = Lane(snapshot(1, source(7)))
    lane.acknowledge()

    folded = lane.fold(snapshot(2, source(7, 3)))

    assert (folded.due, lane.row.state) == ((), RowState.CLEAN)
    assert lane.told() == {"applied": 2, "superseded": 1}


def test_status_is_part_of_the_value() -> None:
    lane = Lane(snapshot(1, source(0)))
    lane.acknowledge()

    folded = lane.fold(snapshot(2, msgspec.structs.replace(source(0, 2), status=1)))

    assert [row.wanted for row in folded.due] == [Shown(0, in_stock=True)]


def test_a_clean_row_that_gets_another_value_is_dirty_since_its_snapshot() -> None:
    lane = Lane(snapshot(1, source(7)))
    lane.acknowledge()

    lane.fold(snapshot(2, source(3, 2), dirty_since=77))

    assert (lane.row.state, lane.row.dirty_since, lane.row.acked) == (RowState.DIRTY, 77, Shown(7, in_stock=True))


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def test_of_the_records_that_a_written_value_contains_one_is_applied_and_the_others_superseded() -> None:
    lane = Lane(snapshot(1, source(7, 5, holds=2)))

    lane.acknowledge()

    assert lane.told(CHANGES) == {"applied": 1, "superseded": 4}
    assert lane.told(HOLDS) == {"superseded": 2}
    assert (lane.row.state, lane.row.acked_at, lane.row.acked_version) == (RowState.CLEAN, NOW, lane.row.version)
    assert (lane.row.open_changes, lane.row.open_holds) == (0, 0)


def test_the_record_that_is_applied_is_of_the_topic_of_the_cause() -> None:
    lane = Lane(snapshot(1, source(7, 5, holds=2, topic=HOLDS)))

    lane.acknowledge()

    assert lane.told(HOLDS) == {"applied": 1, "superseded": 1}
    assert lane.told(CHANGES) == {"superseded": 5}


def test_a_cause_that_is_not_counted_here_leaves_the_application_to_the_others() -> None:
    lane = Lane(snapshot(1, source(7, 2, topic="inventory.rebase.v1")))

    lane.acknowledge()

    assert lane.told() == {"applied": 1, "superseded": 1}


def test_an_answer_for_a_value_that_is_no_longer_wanted_leaves_the_row_dirty() -> None:
    lane = Lane(snapshot(1, source(7, 2)))
    written = lane.row
    lane.fold(snapshot(2, source(3, 6)))

    lane.acknowledge(written)

    assert (lane.row.state, lane.row.acked, lane.row.acked_version) == (
        RowState.DIRTY,
        Shown(7, in_stock=True),
        written.version,
    )
    assert lane.told() == {"applied": 1, "superseded": 1}
    assert lane.row.open_changes == 4


def test_what_changed_during_a_call_waits_since_the_call_began() -> None:
    lane = Lane(snapshot(1, source(7), dirty_since=5))
    written = lane.row
    lane.fold(snapshot(2, source(3, 2), dirty_since=90))

    settled = lane_rows.acknowledged(lane.row, written, NOW, 60)

    assert (settled.row.state, settled.row.dirty_since) == (RowState.DIRTY, 60)
    assert lane_rows.acknowledged(lane.row, written, NOW).row.dirty_since == 5


def test_an_answer_for_the_value_that_is_wanted_again_settles_everything() -> None:
    lane = Lane(snapshot(1, source(7, 2)))
    written = lane.row
    lane.fold(snapshot(2, source(3, 3)))
    lane.fold(snapshot(3, source(7, 6)))

    lane.acknowledge(written)

    assert lane.row.state is RowState.CLEAN
    assert lane.row.acked_version == lane.row.version
    assert lane.told() == {"applied": 1, "superseded": 5}


def test_an_answer_that_comes_twice_counts_once() -> None:
    lane = Lane(snapshot(1, source(7, 3)))
    written = lane.row

    lane.acknowledge(written)
    lane.acknowledge(written)

    assert lane.told() == {"applied": 1, "superseded": 2}


def test_an_answer_that_comes_after_a_newer_one_takes_no_record_back() -> None:
    lane = Lane(snapshot(1, source(7, 2)))
    older = lane.row
    lane.fold(snapshot(2, source(3, 6)))
    lane.acknowledge()

    lane.acknowledge(older)

    assert (lane.row.open_changes, lane.row.state) == (0, RowState.DIRTY)
    assert lane.told() == {"applied": 1, "superseded": 5}


def test_a_row_that_contains_no_record_of_its_own_counts_none() -> None:
    """A buffer was changed, or an operator restated a bucket."""
    lane = Lane(snapshot(1, source(7, 2)))
    lane.acknowledge()
    lane.fold(snapshot(2, source(5, 2, version=9)))

    lane.acknowledge()

    assert lane.told() == {"applied": 1, "superseded": 1}
