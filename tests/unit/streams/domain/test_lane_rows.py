"""Rows of the stock lane: what Commerce should show, what it acknowledged, and where every record ends."""

from collections.abc import Sequence

import msgspec
import pytest

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.domain import lane_rows
from streams.domain.lane_rows import CHANGES, HOLDS, Count, Folded, Row, RowState, Settled, Shown, SkuRows
from streams.domain.reasons import DeadReason, IgnoreReason, ParkReason

NOW = 1_763_700_000_000_000
REASON = DeadReason.REJECTED


def source(
    quantity: int, changes: int = 1, *, version: int | None = None, holds: int = 0, topic: str = CHANGES
) -> SourceQuantity:
    """The version of a source rises with its number of records unless told."""
    number = changes + holds if version is None else version
    return SourceQuantity("W1", quantity, int(quantity > 0), number, changes, holds, Cause(topic, 0, changes + holds))


def snapshot(counter: int, *sources: SourceQuantity, epoch: int = 1, dirty_since: int = 5) -> DesiredStock:
    return DesiredStock("A", epoch, counter, dirty_since, sources)


class Lane:
    """One SKU with its counts, as the lane keeps them."""

    def __init__(self, *snapshots: DesiredStock) -> None:
        self.entry = SkuRows()
        self.counts: dict[tuple[str, str], int] = {}
        for one in snapshots:
            self.fold(one)

    def fold(self, one: DesiredStock) -> Folded:
        folded = lane_rows.fold(self.entry, one, NOW)
        self.entry = folded.entry
        self._count(folded.counts)
        return folded

    def settle(self, settled: Settled) -> None:
        self.entry = self.entry.with_row(settled.row)
        self._count(settled.counts)

    def acknowledge(self, written: Row | None = None) -> None:
        self.settle(lane_rows.acknowledged(self.row, written or self.row, NOW))

    def refuse(self, written: Row | None = None) -> None:
        self.settle(lane_rows.refused(self.row, written or self.row, REASON))

    def park(self) -> None:
        self.settle(lane_rows.parked(self.row, self.row, ParkReason.REFUSED_ALONE, NOW))

    @property
    def row(self) -> Row:
        found = self.entry.row("W1")
        assert found is not None
        return found

    def _count(self, counts: Sequence[Count]) -> None:
        for topic, outcome, records in counts:
            self.counts[topic, outcome] = self.counts.get((topic, outcome), 0) + records

    def told(self, topic: str = CHANGES) -> dict[str, int]:
        """Counts of one topic that are not 0."""
        return {outcome: number for (of, outcome), number in self.counts.items() if of == topic and number}


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
