"""`dead-letters list` and `show` over the topic itself: what was set aside, why, and what to do about it."""

import asyncio
import json
from pathlib import Path

import pytest

from schemas.catalogue import AUDIT
from streams.domain.reasons import DeadReason
from streams.runtime.dead_letters import DeadLetters, Letter
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.operating.posting import Outgoing
from streams.topics import DEAD_LETTER
from tests.fakes.broker import MemoryBroker
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import one_line
from tests.unit.streams.flows.partition import Raw

STOCK = "wms.stock-change.v1"


def set_aside(
    desk: Desk,
    offset: int,
    *,
    reason: DeadReason = DeadReason.UNKNOWN_LOCATION,
    detail: str = "location 'WMS-07' of 'wms'",
    key: str = "PUMP-1",
    value: bytes | None = b"\x00\x01 no record",
    headers: tuple[tuple[str, bytes | None], ...] = (("ce_id", b"4711"),),
    topic: str = STOCK,
    folder: Path = Path("letters"),
) -> str:
    """As a worker does it; the letter's id."""
    broker = MemoryBroker()
    letters = DeadLetters(broker.writer, desk.app_id, folder)
    record = Raw(topic, offset, key.encode(), value, headers=headers)
    asyncio.run(letters.send([Letter(record, reason, detail)], generation=1))
    [written] = broker.log[DEAD_LETTER.name]
    desk.post([Outgoing(DEAD_LETTER.name, written.key, written.value, tuple(written.headers))])
    return f"{topic}-{record.partition}-{offset}"


def discarded(desk: Desk, name: str) -> None:
    desk.run("dead-letters", "discard", name, "--reason", "typo", "--actor", "ann")


def test_without_letters_the_list_is_exit_code_0(desk: Desk) -> None:
    shown = desk.run("dead-letters", "list")

    assert (shown.stdout, shown.stderr.strip()) == ("", "No letter.")


def test_letters_of_one_cause_are_one_group_with_how_many_and_the_newest(desk: Desk) -> None:
    for offset in range(3):
        newest = set_aside(desk, offset)
    set_aside(desk, 9, reason=DeadReason.UNKNOWN_UNIT, detail="unit 'PAL' is in no table")

    shown = desk.run("dead-letters", "list", expect=1)
    groups = {one["reason"]: one for one in desk.json("dead-letters", "list", expect=1)}

    assert "4 letters in 2 groups" in shown.stderr
    assert shown.stdout.count("unknown-location") == 1
    located = groups["unknown-location"]
    assert (located["letters"], located["topic"], located["example_letter"]) == (3, STOCK, newest)
    assert located["first"] <= located["last"]


def test_the_list_is_narrowed_by_reason_topic_and_key(desk: Desk) -> None:
    first = set_aside(desk, 1, key="A")
    other = set_aside(desk, 2, key="B", reason=DeadReason.UNKNOWN_UNIT, detail="unit 'PAL' is in no table")
    third = set_aside(desk, 3, key="C", topic="inventory.hold.v1")

    def listed(*narrowed: str) -> set[str]:
        return {one["letter"] for one in desk.json("dead-letters", "list", "--letters", *narrowed, expect=None)}

    assert listed() == {first, other, third}
    assert listed("--reason", "unknown-unit") == {other}
    assert listed("--topic", "inventory.hold.v1") == {third}
    assert listed("--key", "A") == {first}
    assert len(listed("--limit", "2")) == 2


def test_what_a_person_closed_is_left_out_and_shown_with_all(desk: Desk) -> None:
    over, left = set_aside(desk, 1), set_aside(desk, 2)
    discarded(desk, over)

    assert [one["letter"] for one in desk.json("dead-letters", "list", "--letters", expect=1)] == [left]
    every = {one["letter"]: one for one in desk.json("dead-letters", "list", "--letters", "--all", expect=1)}
    assert (every[over]["state"], every[left]["state"]) == ("discarded", "open")
    assert (every[over]["closed"]["by"], every[over]["closed"]["why"]) == ("ann", "typo")
    assert every[left]["closed"] is None
    [audit] = [one for one in desk.models(AUDIT, over) if one.action == "discard-letter"]
    assert (audit.actor, audit.before, audit.after) == ("ann", "unknown-location", "discarded")


def test_a_letter_that_was_written_twice_is_one(desk: Desk) -> None:
    for _ in range(2):
        set_aside(desk, 7)

    assert "1 letter in 1 group" in desk.run("dead-letters", "list", expect=1).stderr


def test_records_that_are_no_letters_are_counted_and_left_out(desk: Desk) -> None:
    desk.post([Outgoing(DEAD_LETTER.name, b"k", b"v")])

    shown = desk.run("dead-letters", "list")

    assert "1 records of the topic are no letters of this application" in shown.stderr


def test_a_letter_is_shown_with_advice_headers_record_and_bytes(desk: Desk) -> None:
    value = desk.stock_change("PUMP-1", "WMS-07", 1)
    name = set_aside(desk, 5, value=value, headers=(("ce_id", b"4711"), (RETRY_OF, b"x-0-1")))

    shown = desk.run("dead-letters", "show", name).stdout
    told = desk.json("dead-letters", "show", name)

    assert "Add the location to STREAMS_INVENTORY__LOCATIONS, then retry the letters." in shown
    assert "  ce_id = 4711" in shown
    assert '"quantity": "12.5"' in shown
    assert f"000000  {value[:16].hex(' ')}" in shown
    assert (told["letter"], told["key"], told["retry_of"], told["bytes"]) == (name, "PUMP-1", "x-0-1", len(value))
    assert told["decoded"]["location_code"] == "WMS-07"
    assert told["told"]["topic"] == STOCK
    assert bytes.fromhex(told["hex"]) == value


def test_what_cannot_be_decoded_says_why_and_its_bytes_are_printable(desk: Desk) -> None:
    name = set_aside(desk, 5, reason=DeadReason.UNDECODABLE, detail="no frame", value=b"Hello \x1b[2J\xff")

    shown = desk.run("dead-letters", "show", name).stdout

    assert "cannot be decoded: " in shown
    assert "Hello .[2J." in shown
    assert "\x1b" not in shown


def test_large_bytes_are_cut_on_the_terminal_and_whole_in_a_file(desk: Desk, tmp_path: Path) -> None:
    value = bytes(range(256)) * 20
    name, out = set_aside(desk, 5, value=value), tmp_path / "letter.bin"

    shown = desk.run("dead-letters", "show", name, "--out", str(out))

    assert out.read_bytes() == value
    assert f"… {len(value) - 4096:,} more; --out writes them all" in shown.stdout
    assert f"{len(value)} bytes in {out}" in shown.stderr


def test_a_file_that_cannot_be_written_is_one_line(desk: Desk, tmp_path: Path) -> None:
    name = set_aside(desk, 5)

    line = one_line(desk.run("dead-letters", "show", name, "--out", str(tmp_path / "none" / "x"), expect=2))

    assert "No such file or directory" in line


def test_a_closed_letter_is_shown_with_who_closed_it_and_why(desk: Desk) -> None:
    name = set_aside(desk, 5)
    discarded(desk, name)

    shown = desk.run("dead-letters", "show", name).stdout

    assert "discarded" in shown
    assert " by ann: typo" in shown


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_a_letter_that_is_not_there_is_one_line_with_where_to_look(desk: Desk, json_too: tuple[str, ...]) -> None:
    line = one_line(desk.run("dead-letters", "show", f"{STOCK}-0-1", *json_too, expect=2))

    assert f"there is no dead letter {STOCK}-0-1; `commerce-streams dead-letters list --letters` names them" in line


def test_a_record_without_a_value_is_shown_as_none(desk: Desk) -> None:
    name = set_aside(desk, 5, value=None)

    told = json.loads(desk.run("dead-letters", "show", name, "--json").stdout)

    assert (told["hex"], told["decoded"], told["told"]["null_value"]) == ("", None, "true")


def test_nothing_is_discarded_without_a_reason_or_where_one_of_them_is_not_there(desk: Desk) -> None:
    name = set_aside(desk, 5)

    assert "--reason" in desk.run("dead-letters", "discard", name, expect=2).output
    strange = desk.run("dead-letters", "discard", name, f"{STOCK}-0-99", "--reason", "typo", expect=2)
    assert f"there is no dead letter {STOCK}-0-99" in strange.stderr
    would = desk.run("dead-letters", "discard", name, "--reason", "typo", "--dry-run")
    assert "would discard 1 letters" in would.stderr

    assert desk.records(AUDIT.topic) == []
