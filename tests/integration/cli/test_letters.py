"""Dead letters from the topic and back again, with a real worker that sets them aside and takes them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.catalogue import AUDIT, DESIRED_STOCK
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.operating.letters import letter_of
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.snapshots import Snapshots
from tests.integration.cli.desk import Desk
from tests.processes import Shop, Worker, until

pytestmark = pytest.mark.integration

STOCK, LETTERS, DESIRED = "wms.stock-change.v1", "dead-letter.v1", "inventory.desired.v1"
LOCATIONS = "STREAMS_INVENTORY__LOCATIONS"
CARRIED = (("ce_id", b"1"), ("odd", b"\x00\xff"), ("ce_id", b"2"), ("empty", b""))
StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(desk: Desk, tmp_path: Path) -> Iterator[StartWorker]:
    """By name; `changes` are its settings beside the desk's."""
    started: list[Worker] = []

    def start(name: str, **changes: str) -> Worker:
        started.append(Worker(name, tmp_path, {**desk.environ, **changes}))
        started[-1].start()
        return started[-1].wait_ready()

    yield start
    for one in started:
        one.end()


def letters_of(desk: Desk, key: str) -> list[dict[str, object]]:
    """Open letters of a key."""
    found: list[dict[str, object]] = desk.json("dead-letters", "list", "--letters", "--key", key, expect=None)
    return found


def the_letter(desk: Desk, key: str) -> dict[str, object]:
    """The only one, once it is there."""
    until(lambda: bool(letters_of(desk, key)), within=30, what=f"a letter of {key}", step=0.1)
    (letter,) = letters_of(desk, key)
    return letter


def test_a_letter_goes_back_byte_for_byte_and_twice_is_harmless(
    desk: Desk, start_worker: StartWorker, shop: Shop
) -> None:
    shop.seed(products=["TRIP-1"], sources=["default"])
    value = desk.stock_change("TRIP-1", "W2", 1)
    first = start_worker("first", **{LOCATIONS: '{"W1": "default"}'})
    (place,) = desk.post([Outgoing(STOCK, b"TRIP-1", value, CARRIED)])
    letter_id = f"{STOCK}-{place.partition}-{place.offset}"
    assert the_letter(desk, "TRIP-1")["letter"] == letter_id

    # listed, shown
    (group,) = desk.json("dead-letters", "list", "--key", "TRIP-1", expect=1)
    assert (group["reason"], group["topic"], group["letters"]) == ("unknown-location", STOCK, 1)
    out = desk.settings.data_dir / "letter.bin"
    out.parent.mkdir()
    shown = desk.run("dead-letters", "show", letter_id, "--out", str(out)).stdout
    assert out.read_bytes() == value
    assert "Add the location to STREAMS_INVENTORY__LOCATIONS, then retry the letters." in shown
    assert '"quantity": "12.5"' in shown

    # the cause is still there: the probe fails again
    failed = desk.run("dead-letters", "retry", "--group", group["group"], "--yes", expect=1).stdout
    assert "1 sent, 1 failed again" in failed
    (again,) = letters_of(desk, "TRIP-1")
    assert (again["retry_of"], again["state"]) == (letter_id, "open")
    assert first.stop() == 0

    # the cause is gone
    refused = desk.run("dead-letters", "retry", "--reason", "unknown-location", "--yes", expect=2).stderr
    assert "no worker runs that could read them" in refused
    start_worker("second", **{LOCATIONS: '{"W1": "default", "W2": "default"}'})
    taken = desk.run("dead-letters", "retry", "--reason", "unknown-location", "--yes").stdout
    assert "1 sent, 1 read without another letter." in taken
    assert "No letter." in desk.run("dead-letters", "list", "--key", "TRIP-1").stderr
    until(lambda: shop.source_items().get(("default", "TRIP-1")) is not None, within=20, what="the shop shows it")
    assert shop.source_items()["default", "TRIP-1"][0].startswith("12.5")

    # once more, by its id: known by identity, nothing changes
    desk.run("dead-letters", "retry", letter_id, "--yes")
    versions = {(one.epoch, one.counter) for one in desk.models(DESIRED_STOCK, "TRIP-1")}
    assert len(versions) == 1
    sent = [record for record in desk.records(STOCK) if record.key == b"TRIP-1"]
    assert [record.value for record in sent] == [value] * 4
    assert all(record.headers[: len(CARRIED)] == CARRIED for record in sent)
    assert [record.header(RETRY_OF) for record in sent] == [None, letter_id, again["letter"], letter_id]
    assert [one.action for one in desk.models(AUDIT, letter_id)] == ["retry-letter"] * 2

    story = desk.run("trace", "--record", letter_id).stdout
    assert "set aside: unknown-location" in story
    assert story.count("retry-letter") == 2


def test_what_the_shop_refused_is_written_after_its_cause_is_gone(
    desk: Desk, start_worker: StartWorker, shop: Shop
) -> None:
    shop.seed(products=["OTHER"], sources=["default"])
    start_worker("only", STREAMS_INVENTORY__WINDOW_MS="0")
    desk.post([Outgoing(STOCK, b"LANE-1", desk.stock_change("LANE-1", "default", 1))])
    letter = the_letter(desk, "LANE-1")
    assert letter["reason"] == "rejected-by-target"
    assert ("default", "LANE-1") not in shop.source_items()

    shop.seed(products=["LANE-1"], sources=["default"])
    ended = desk.json("dead-letters", "retry", str(letter["letter"]), "--yes")

    assert (ended["sent"], ended["applied"], ended["failed"]) == (1, 1, [])
    assert shop.source_items()["default", "LANE-1"][0].startswith("12.5")
    assert letters_of(desk, "LANE-1") == []
    moved = desk.run("dead-letters", "retry", str(letter["letter"]), "--yes").stderr
    assert "1 superseded: the shop has taken their rows since" in moved
    story = desk.json("trace", "LANE-1")
    assert [one["kind"] for one in story][:4] == ["message", "decision", "outcome", "outcome"]
    assert story[-1]["text"].startswith("retry-letter")


def _set_aside(desk: Desk, number: int, reason: str = "bad-sku") -> None:
    told = {
        "dl_reason": reason,
        "dl_detail": f"SKU of {number} characters",
        "dl_topic": "inventory.hold.v1",
        "dl_partition": "0",
        "dl_offset": str(900_000 + number),
        "dl_app": desk.app_id,
    }
    headers = tuple((name, text.encode()) for name, text in told.items())
    desk.post([Outgoing(LETTERS, f"KEY-{number}".encode(), b"\x00bytes", headers)])


def test_discarded_letters_are_closed_with_a_reason_and_the_log_keeps_them(desk: Desk) -> None:
    for number in range(25):
        _set_aside(desk, number)
    _set_aside(desk, 99, "null-value")
    groups = {one["reason"]: one for one in desk.json("dead-letters", "list", expect=1)}

    desk.run("dead-letters", "discard", "--group", groups["bad-sku"]["group"], "--reason", "test data", "--limit", "20")
    left = {one["reason"]: one["letters"] for one in desk.json("dead-letters", "list", expect=1)}
    desk.run("dead-letters", "discard", "inventory.hold.v1-0-900099", "--reason", "test data", "--actor", "me")

    assert groups["bad-sku"]["letters"] == 25
    assert left == {"bad-sku": 5, "null-value": 1}
    every = desk.json("dead-letters", "list", "--all", "--letters", "--limit", "100", expect=1)
    assert [one["state"] for one in every].count("discarded") == 21
    (audit,) = desk.models(AUDIT, "inventory.hold.v1-0-900099")
    assert (audit.action, audit.actor, audit.reason) == ("discard-letter", "me", "test data")
    of_us = [letter for record in desk.records(LETTERS) if (letter := letter_of(record)) and letter.app == desk.app_id]
    assert len(of_us) == 26


def test_a_letter_that_is_not_there_and_one_of_another_application_are_unknown(desk: Desk) -> None:
    _set_aside(desk, 1)
    letter = "inventory.hold.v1-0-900001"

    assert desk.run("dead-letters", "show", letter).exit_code == 0
    for command in (("show",), ("retry", "--no-wait"), ("discard", "--reason", "abc")):
        unknown = desk.run("dead-letters", *command, "inventory.hold.v1-0-7", expect=2)
        assert "there is no dead letter inventory.hold.v1-0-7" in unknown.stderr
        foreign = desk.run("dead-letters", *command, letter, expect=2, STREAMS_APP_ID="somebody-else")
        assert f"there is no dead letter {letter}" in foreign.stderr


def test_a_snapshot_that_came_while_an_older_one_was_sent_again_is_sent_once_more(desk: Desk) -> None:
    with LogReader(desk.settings.kafka, desk.app_id) as reader:
        snapshots = Snapshots(desk.brokers, reader, [b"RACE-1", b"RACE-2"])
        desk.post([Outgoing(DESIRED, b"RACE-1", b"old"), Outgoing(DESIRED, b"RACE-2", b"same")])
        newest = snapshots.refresh()
        overtaker, *ours = desk.post(
            [
                Outgoing(DESIRED, key, value)
                for key, value in ((b"RACE-1", b"new"), (b"RACE-1", b"old"), (b"RACE-2", b"same"))
            ]
        )

        found = snapshots.overtaken({b"RACE-1": ours[0].offset, b"RACE-2": ours[1].offset})

    assert newest[b"RACE-1"].value == b"new" or overtaker.offset < ours[0].offset
    assert {key: record.value for key, record in found.items()} == {b"RACE-1": b"new"}
