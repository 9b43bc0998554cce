from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from schemas.models.inventory import InventoryHold
from streams.app.replay import offline_lane
from streams.app.replay.offline_flow import IntakeWouldPauseError
from streams.settings import InventorySettings
from streams.sinks.lane_index import LaneIndex
from streams.topics import HOLD
from tests.unit.streams.app.replay.logs import MemoryLogs, examples, kinds
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.wire import hold_bytes

TODAY = InventorySettings(locations={"W1": "east", "W2": "west"})
MOVED = InventorySettings(locations={"W1": "east", "W2": "east"})


def _counts() -> MemoryLogs:
    """A at both places, B at the first, C at the second."""
    logs = MemoryLogs()
    for sku, place, quantity in (("A", "W1", 10), ("A", "W2", 5), ("B", "W1", 7), ("C", "W2", 3)):
        logs.change(sku, location_code=place, kind="ABSOLUTE", quantity=Decimal(quantity))
    return logs


def test_a_moved_location_is_found_at_both_sources(tmp_path: Path) -> None:
    found = _counts().what_if(tmp_path, TODAY, MOVED)

    assert kinds(found) == {("quantity", "east"): 1, ("row-new", "east"): 1, ("row-gone", "west"): 2}
    assert [(one.name, one.before, one.after) for one in examples(found, "quantity")] == [
        ("A", "10 in stock, 1 write", "15 in stock, 1 write")
    ]
    assert [one.name for one in examples(found, "row-gone")] == ["A", "C"]
    assert (found.records, found.folded_first) == (4, 0)
    assert (found.before.rows, found.after.rows) == (4, 3)


def test_the_same_settings_send_the_same(tmp_path: Path) -> None:
    found = _counts().what_if(tmp_path, TODAY, TODAY)

    assert found.groups == ()
    assert found.before == found.after


def test_letters_that_come_and_go_are_told_by_their_reason(tmp_path: Path) -> None:
    logs = _counts()
    logs.change("D", location_code="W3", kind="ABSOLUTE", quantity=Decimal(1))
    logs.append(b"X", b"no avro")
    known = InventorySettings(locations={"W1": "east", "W3": "north"})

    found = logs.what_if(tmp_path, TODAY, known)

    assert kinds(found)["letter-gone", "unknown-location"] == 1
    assert kinds(found)["letter-new", "unknown-location"] == 2
    assert [one.name for one in examples(found, "letter-gone")] == ["D"]
    assert [one.place for one in examples(found, "letter-new")] == [
        "wms.stock-change.v1-0-1",
        "wms.stock-change.v1-0-3",
    ]
    assert (found.before.letters, found.after.letters) == (2, 3)
    assert kinds(found)["row-new", "north"] == 1


def test_two_runs_say_the_same_byte_for_byte(tmp_path: Path) -> None:
    logs = MemoryLogs(partitions=2)
    for number in range(400):
        fields = {"location_code": f"W{number % 2 + 1}", "kind": "DELTA" if number > 40 else "ABSOLUTE"}
        logs.change(f"S{number % 20}", ms=number * 40, partition=number % 2, quantity=Decimal(number % 7), **fields)

    first = logs.what_if(tmp_path / "first", TODAY, MOVED)
    second = logs.what_if(tmp_path / "second", TODAY, MOVED)

    assert msgspec.json.encode(first) == msgspec.json.encode(second)
    assert first.before.writes > first.before.rows


# ── the state at the start ───────────────────────────────────────────────────────────────────────


def test_what_lies_before_the_range_makes_the_state_and_is_not_told(tmp_path: Path) -> None:
    logs = _counts()
    logs.change("A", location_code="W2", kind="DELTA", quantity=Decimal(2), ms=60_000)
    logs.change("B", location_code="W1", kind="DELTA", quantity=Decimal(1), ms=61_000)

    found = logs.what_if(tmp_path, TODAY, MOVED, logs.range("4", partition=0))

    assert (found.folded_first, found.records) == (4, 2)
    assert kinds(found) == {("row-gone", "west"): 1, ("row-new", "east"): 1}
    assert [one.after for one in examples(found, "row-new")] == ["17 in stock, 1 write"]
    assert found.before.rows == 2


def test_a_range_by_times_takes_the_other_inputs_by_their_times(tmp_path: Path) -> None:
    logs = _counts()
    for number, ms in enumerate((1000, 61_000, 121_000)):
        hold = InventoryHold(
            hold_id=f"h{number}",
            revision=1,
            sku="B",
            source_code="east",
            kind="ALLOCATION",
            quantity=1_000_000,
            effective_at=T0,
        )
        logs.append(b"B", hold_bytes(hold), topic=HOLD.name, ms=ms)
    logs.change("C", location_code="W2", ms=62_000)
    wanted = logs.range("2025-11-21T04:41:00Z", "2025-11-21T04:42:00Z")

    found = logs.what_if(tmp_path, TODAY, InventorySettings(locations=TODAY.locations, buffer=Decimal(1)), wanted)

    assert (found.folded_first, found.records) == (5, 2)
    assert [(one.name, one.before, one.after) for one in examples(found, "quantity")] == [
        ("B", "5 in stock, 1 write", "4 in stock, 1 write"),
        ("C", "4 in stock, 1 write", "3 in stock, 1 write"),
    ]


# ── what settings of the lane change ─────────────────────────────────────────────────────────────


def _burst() -> MemoryLogs:
    """A count, and then a change each second."""
    logs = MemoryLogs()
    logs.change("A", location_code="W1", kind="ABSOLUTE", quantity=Decimal(100))
    for second in range(1, 21):
        logs.change("A", location_code="W1", ms=second * 1000, quantity=Decimal(-1))
    return logs


def test_a_longer_window_writes_less_often_and_ends_the_same(tmp_path: Path) -> None:
    slow = InventorySettings(locations=TODAY.locations, window_ms=10_000)

    found = _burst().what_if(tmp_path, TODAY, slow)

    assert kinds(found) == {("on-the-way", "east"): 1}
    assert found.before.writes > 3 * found.after.writes
    (example,) = examples(found, "on-the-way")
    assert (example.before or "").startswith("80 in stock")


def test_a_row_that_waits_for_the_night_is_written_once_at_the_end(tmp_path: Path) -> None:
    nightly = {"nightly": {"at": "02:00", "skus": ["*"]}}
    found = _burst().what_if(tmp_path, TODAY, InventorySettings(locations=TODAY.locations, classes=nightly))

    assert found.after.writes == 1


def test_alerts_are_told_by_their_kind(tmp_path: Path) -> None:
    low = InventorySettings(locations=TODAY.locations, low_stock=Decimal(90))

    found = _burst().what_if(tmp_path, TODAY, low)

    assert kinds(found) == {("told-new", "alert LOW"): 1}
    assert [(one.name, one.place, one.after) for one in examples(found, "told-new")] == [("A", "east", "90 × 1")]


def test_rows_that_do_not_fit_into_memory_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = MemoryLogs()
    for number in range(60):
        logs.change(f"S{number}", location_code="W1", kind="ABSOLUTE", quantity=Decimal(number))
    buffered = InventorySettings(locations=TODAY.locations, buffer=Decimal(1))
    roomy = logs.what_if(tmp_path / "roomy", TODAY, buffered)
    monkeypatch.setattr(offline_lane, "LaneIndex", partial(LaneIndex, most=4))

    tight = logs.what_if(tmp_path / "tight", TODAY, buffered)

    assert tight == roomy
    assert tight.before.rows == 60


# ── what stops it ────────────────────────────────────────────────────────────────────────────────


def test_rules_that_fail_again_and_again_end_it_as_they_would_end_an_intake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.domain.stock_rules.StockRules.source_of", _broken)

    with capture_logs(), pytest.raises(IntakeWouldPauseError, match=r"wms.stock-change.v1: 100 unexpected errors"):
        _many().what_if(tmp_path, TODAY, MOVED)


def _broken(*_: object) -> None:
    raise ZeroDivisionError


def _many() -> MemoryLogs:
    logs = MemoryLogs()
    for number in range(150):
        logs.change(f"S{number}", location_code="W1")
    return logs
