"""A batch of the ledger: the same state wherever batches end, deaf to redeliveries, every record counted."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.inventory import InventoryHold, StockRebase
from schemas.models.stock_change import StockChange
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version
from streams.flows import stock_keys
from streams.flows.stock_batch import snapshot_of
from streams.topics import HOLD, REBASE, STOCK_CHANGE
from tests.unit.streams.domain.histories import PLACES, Sketch, disordered, plain_values, records_of, sketches
from tests.unit.streams.domain.ledger import SKU, T0, UNIT, count, delta, hold_record
from tests.unit.streams.flows.partition import EPOCH, Partition, Value

HORIZON = 64
RULES = StockRules(allocations={"wms": "other"}, horizon=HORIZON)
SCOPES = [(SKU, place) for place in PLACES]

Open = Callable[..., Partition]


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    with Partition(tmp_path / "p") as opened:
        yield opened


def rebase_record(
    units: float, at: float, *, name: str = "r1", place: str = "W1", bucket: str = "ON_HAND"
) -> StockRebase:
    return StockRebase(
        rebase_id=name,
        sku=SKU,
        location_code=place,
        bucket=bucket,
        quantity=round(units * UNIT),
        effective_at=T0 + round(at * UNIT),
        actor="op",
        reason="miscounted",
    )


# ── table == replay ──────────────────────────────────────────────────────────────────────────────


@st.composite
def logs(draw: st.DrawFn) -> list[list[Value]]:
    """Runs of records of one input each, as they follow in time; few changes are later than the horizon."""
    history: list[Sketch] = draw(st.lists(sketches(1000), min_size=8, max_size=50))
    delays = draw(st.lists(st.integers(0, HORIZON + 8), min_size=len(history), max_size=len(history)))
    changes = disordered(records_of(history), delays)
    runs: list[list[Value]] = []
    while changes:
        length = draw(st.integers(1, 12))
        runs.append(list(changes[:length]))
        changes = changes[length:]
        runs += draw(st.lists(_others(), max_size=1))
    return runs


def _others() -> st.SearchStrategy[list[Value]]:
    names = st.sampled_from("abc")
    holds = st.builds(
        lambda name, revision, units: hold_record(units, hold_id=name, revision=revision),
        names,
        st.integers(1, 4),
        st.integers(0, 5),
    )
    rebases = st.builds(
        lambda name, units, at: rebase_record(units, at / UNIT, name=name),
        names,
        st.integers(0, 9),
        st.integers(0, 1000),
    )
    return st.one_of(st.lists(holds, min_size=1, max_size=3), st.lists(rebases, min_size=1, max_size=2))


def _played(folder: Path, runs: Sequence[Sequence[Value]], cut: Callable[[int], Sequence[int]]) -> Partition:
    """The log folded in batches; `cut` says where those of a run of some length end."""
    partition = Partition(folder, RULES)
    offsets = {StockChange: 0, InventoryHold: 0, StockRebase: 0}
    for run in runs:
        kind = type(run[0])
        start = 0
        for end in (*cut(len(run)), len(run)):
            partition.take(run[start:end], offsets[kind] + start)
            start = end
        offsets[kind] += len(run)
    return partition


def _each(length: int) -> range:
    return range(1, length)


def _none(_length: int) -> Sequence[int]:
    return ()


@settings(max_examples=40, deadline=None)
@given(logs(), st.data())
def test_where_batches_end_does_not_matter(runs: list[list[Value]], data: st.DataObject) -> None:
    def anywhere(length: int) -> list[int]:
        return sorted(data.draw(st.sets(st.integers(1, length - 1), max_size=4))) if length > 1 else []

    folder = Path(tempfile.mkdtemp())
    try:
        with (
            _played(folder / "whole", runs, _none) as whole,
            _played(folder / "single", runs, _each) as single,
            _played(folder / "cut", runs, anywhere) as cut,
        ):
            assert whole.state() == single.state() == cut.state()
            assert whole.counts == single.counts == cut.counts
            _is_consistent(single)
            _is_consistent(whole)
    finally:
        shutil.rmtree(folder)


def _is_consistent(partition: Partition) -> None:
    """What an entry says of its movements is so, and each has its index entry."""
    movements = partition.movements()
    for scope in partition.entry(SKU).scopes:
        mine = movements.pop(stock_keys.scope(SKU, scope.number), [])
        assert len(mine) == scope.remembered
        assert not mine or mine[0].at == scope.oldest_at
        assert sum(one.effect for one in mine if one.at > scope.base_at) == scope.after_base
    assert not movements
    indexed = {prefix + one.identity for prefix, found in partition.movements().items() for one in found}
    assert partition.index() == indexed


@settings(max_examples=30, deadline=None)
@given(st.lists(sketches(1000), min_size=8, max_size=50), st.data())
def test_the_ledger_on_disk_holds_what_the_rule_says(history: list[Sketch], data: st.DataObject) -> None:
    delays = data.draw(st.lists(st.integers(0, HORIZON - 1), min_size=len(history), max_size=len(history)))
    changes = disordered(records_of(history), delays)
    folder = Path(tempfile.mkdtemp())
    try:
        with Partition(folder / "p", RULES) as partition:
            start = 0
            while start < len(changes):
                length = data.draw(st.integers(1, 9))
                partition.take(changes[start : start + length], start)
                start += length

            found = {(one.location, one.bucket): one.value for one in partition.entry(SKU).scopes}
            assert found == plain_values(changes)
    finally:
        shutil.rmtree(folder)


# ── redeliveries ─────────────────────────────────────────────────────────────────────────────────


def test_a_redelivered_record_changes_nothing_and_has_its_snapshot_sent_again(partition: Partition) -> None:
    partition.take([count(10), delta(-1, 1)], 0)
    before, counts = partition.state(), dict(partition.counts)

    told = partition.take([count(10), delta(-1, 1)], 0)

    fold = told.folds[SKU]
    assert (fold.emit, fold.changed) == (True, False)
    assert partition.state() == before
    assert dict(partition.counts) == counts


def test_a_batch_that_is_redelivered_in_part_counts_only_what_is_new(partition: Partition) -> None:
    records = [count(10), delta(-1, 1), delta(-1, 2)]
    partition.take(records[:2], 0)

    partition.take(records, 0)

    assert partition.counts["wms.stock-change.v1/accepted"] == 3
    assert partition.counts["wms.stock-change.v1/ignored"] == 0


@settings(max_examples=25, deadline=None)
@given(logs(), st.data())
def test_no_redelivery_of_any_part_of_the_log_changes_the_state(runs: list[list[Value]], data: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with _played(folder / "p", runs, _none) as partition:
            before, counts = partition.state(), dict(partition.counts)
            offsets = {StockChange: 0, InventoryHold: 0, StockRebase: 0}
            for run in runs:
                kind = type(run[0])
                if data.draw(st.booleans()):
                    start = data.draw(st.integers(0, len(run) - 1))
                    told = partition.take(run[start:], offsets[kind] + start)
                    assert told.folds[SKU].emit
                offsets[kind] += len(run)

            assert partition.state() == before
            assert dict(partition.counts) == counts
    finally:
        shutil.rmtree(folder)


def test_a_redelivered_dead_letter_is_not_set_aside_twice(partition: Partition) -> None:
    stranger = delta(1, 1, source_system="stranger")
    first = partition.take([count(10), stranger], 0)
    again = partition.take([count(10), stranger], 0)

    assert [one is None for one in first.refused] == [True, False]
    assert again.refused == [None, None]
    assert partition.counts["wms.stock-change.v1/dead"] == 1


def test_a_record_that_was_overtaken_is_taken_for_a_redelivery_so_batches_must_come_in_order(
    partition: Partition,
) -> None:
    partition.take([count(10)], 0)
    partition.take([delta(-2, 2)], 2)

    partition.take([delta(-1, 1)], 1)

    assert partition.entry(SKU).source("W1").quantity == 8 * UNIT


def test_an_input_that_was_created_anew_begins_at_zero_and_identity_decides(partition: Partition) -> None:
    records = [count(10, source_sequence=1), delta(-1, 1, source_sequence=2)]
    partition.take(records, 500)
    partition.incarnation = 1

    partition.take([records[1], delta(-1, 2, source_sequence=3)], 0)

    assert partition.entry(SKU).source("W1").quantity == 8 * UNIT
    assert partition.counts["wms.stock-change.v1/ignored"] == 1
    assert partition.counts["wms.stock-change.v1/accepted"] == 3


def test_inputs_have_offsets_of_their_own(partition: Partition) -> None:
    partition.take([count(10)], 100)

    partition.take([hold_record(2)], 0)
    partition.take([rebase_record(5, at=1)], 0)

    assert partition.entry(SKU).source("W1").quantity == 7 * UNIT


# ── counts ───────────────────────────────────────────────────────────────────────────────────────


def test_every_record_of_a_batch_is_counted_once(partition: Partition) -> None:
    partition.take([delta(1, 1), delta(1, 1), delta(1, 0, source_system="stranger"), delta(2, 2)], 0)
    partition.take([count(10, 3), delta(1, 2.5)], 4)

    assert dict(partition.counts) == {
        "wms.stock-change.v1/accepted": 3,
        "wms.stock-change.v1/ignored": 2,
        "wms.stock-change.v1/dead": 1,
        "wms.stock-change.v1/parked": 0,
        "wms.stock-change.v1/handed": 3,
    }


def test_holds_and_rebases_are_counted_for_their_own_topics(partition: Partition) -> None:
    partition.take([count(10)], 0)
    partition.take([hold_record(2), hold_record(2), hold_record(1, revision=0)], 0)
    partition.take([rebase_record(5, at=1), rebase_record(5, at=1), rebase_record(5, at=1, bucket="ON_HOLD")], 0)

    counts = partition.counts
    assert [counts[f"{HOLD.name}/{one}"] for one in ("accepted", "ignored", "handed")] == [1, 2, 1]
    assert [counts[f"{REBASE.name}/{one}"] for one in ("accepted", "ignored", "dead")] == [1, 1, 1]
    assert counts[f"{STOCK_CHANGE.name}/handed"] == 1


@settings(max_examples=30, deadline=None)
@given(logs())
def test_accepted_is_handed_on_plus_parked_after_every_batch(runs: list[list[Value]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        for length in range(1, len(runs) + 1, 3):
            with _played(folder / f"{length}", runs[:length], _none) as partition:
                for topic in (STOCK_CHANGE.name, HOLD.name):
                    told = {one: partition.counts[f"{topic}/{one}"] for one in ("accepted", "handed", "parked")}
                    assert told["accepted"] == told["handed"] + told["parked"]
                    assert min(told.values()) >= 0
    finally:
        shutil.rmtree(folder)


# ── holds and rebases on disk ────────────────────────────────────────────────────────────────────


def test_several_revisions_of_a_hold_in_one_batch_are_folded_in_order(partition: Partition) -> None:
    partition.take([count(10)], 0)
    partition.take([hold_record(2), hold_record(5, revision=2), hold_record(1, hold_id="h2")], 0)

    partition.take([hold_record(3, revision=3), hold_record(9, revision=1)], 3)

    assert partition.entry(SKU).source("W1").quantity == 14 * UNIT
    assert sorted((one.hold_id, one.revision, one.quantity) for one in partition.holds(SKU)) == [
        ("h1", 3, 3 * UNIT),
        ("h2", 1, 1 * UNIT),
    ]


def test_a_repeat_of_a_rebase_is_known_from_the_disk(partition: Partition) -> None:
    partition.take([count(10)], 0)
    partition.take([rebase_record(5, at=1)], 0)
    partition.take([count(20, 2)], 1)

    partition.take([rebase_record(5, at=1)], 1)

    assert partition.entry(SKU).source("W1").quantity == 20 * UNIT
    assert partition.counts[f"{REBASE.name}/ignored"] == 1


# ── snapshots ────────────────────────────────────────────────────────────────────────────────────


def test_the_snapshot_names_every_source_with_quantity_status_version_and_cause(tmp_path: Path) -> None:
    rules = StockRules(locations={"W1": "main", "W2": "other", "W3": "third"}, items={SKU: "SHOP-A"})
    with Partition(tmp_path / "p", rules) as partition:
        told = partition.take([count(10), count(0, 1, location_code="W2"), delta(1, 2, location_code="W3")], 7)

    found = snapshot_of(told.folds[SKU], Version(EPOCH, 1), 3, 99, rules)

    assert found is not None
    assert (found.sku, found.epoch, found.counter, found.dirty_since) == ("SHOP-A", EPOCH, 1, T0)
    assert [(one.source_code, one.quantity, one.status, one.changes) for one in found.sources] == [
        ("main", 10 * UNIT, 1, 1),
        ("other", 0, 0, 1),
    ]
    assert [(one.cause.topic, one.cause.partition, one.cause.offset) for one in found.sources] == [
        (STOCK_CHANGE.name, 3, 7),
        (STOCK_CHANGE.name, 3, 8),
    ]


def test_there_is_no_snapshot_without_a_base(partition: Partition) -> None:
    told = partition.take([delta(1)], 0)

    assert snapshot_of(told.folds[SKU], Version(EPOCH, 1), 0, 99, partition.rules) is None


def test_a_snapshot_is_dirty_since_the_oldest_accepted_record_of_its_batch(partition: Partition) -> None:
    told = partition.take([count(10, 5), delta(1, 9), delta(1, 7), delta(1, 1)], 0)
    fold = told.folds[SKU]

    assert fold.oldest_at == T0 + 5 * UNIT
    again = partition.take([count(10, 5)], 0).folds[SKU]
    repeated = snapshot_of(again, Version(EPOCH, 1), 0, 99, partition.rules)
    assert repeated is not None
    assert repeated.dirty_since == 99


def test_a_batch_of_ignored_records_emits_nothing(partition: Partition) -> None:
    partition.take([count(10, 5)], 0)

    told = partition.take([delta(1, 1), count(1, 1)], 1)

    assert (told.folds[SKU].emit, told.folds[SKU].changed) == (False, True)
