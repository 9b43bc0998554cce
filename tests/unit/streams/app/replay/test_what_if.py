from decimal import Decimal
from pathlib import Path

from streams.settings import InventorySettings
from tests.unit.streams.app.replay.logs import MemoryLogs, examples, kinds

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
