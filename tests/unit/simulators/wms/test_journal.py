"""The journal: every entry in the file, the newest in memory, all of them numbered."""

import json
from pathlib import Path

from simulators.wms.journal import Journal


def test_entries_are_numbered_and_written_as_json_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"key": "Größe"})
    journal.append({"key": None})
    journal.close()

    lines = (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"seq": 1, "key": "Größe"}, {"seq": 2, "key": None}]


def test_reading_goes_on_where_it_ended() -> None:
    journal = Journal()
    for number in range(5):
        journal.append({"n": number})

    first, following = journal.since(0, limit=2)
    second, end = journal.since(following)

    assert [entry["n"] for entry in first + second] == [0, 1, 2, 3, 4]
    assert journal.since(end) == ([], end)


def test_memory_is_bounded_and_the_numbers_go_on() -> None:
    journal = Journal(kept=3)
    for number in range(10):
        journal.append({"n": number})

    items, following = journal.since(0)

    assert [entry["seq"] for entry in items] == [8, 9, 10]
    assert following == 10
    assert len(journal) == 10
