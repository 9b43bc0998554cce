"""Dead letters from the topic and back again, with a real worker that sets them aside and takes them."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import AUDIT, DESIRED_STOCK
from streams.runtime.clock import SystemClock
from streams.runtime.letter_headers import RETRY_OF
from streams.runtime.operating.letters import EDIT_OF, letter_of
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.posting import Outgoing
from streams.runtime.operating.snapshots import Snapshots
from tests.integration.cli.desk import Desk
from tests.processes import Shop, Worker, until

pytestmark = pytest.mark.integration

STOCK, LETTERS, DESIRED = "wms.stock-change.v1", "dead-letter.v1", "inventory.desired.v1"
TOKEN = "operate-token-1"
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


def test_a_letter_goes_back_byte_for_byte_and_never_twice(desk: Desk, start_worker: StartWorker, shop: Shop) -> None:
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

    # once more, by its id: refused, and nothing is done with the other one either
    for command in (("retry", "--yes"), ("edit", "--set", "uom=EA"), ("discard", "--reason", "again")):
        over = desk.run("dead-letters", *command, letter_id, expect=2).stderr
        assert f"{letter_id} was retried by operator " in over
        assert "`commerce-streams trace --record LETTER` shows what became of this one" in over
    versions = {(one.epoch, one.counter) for one in desk.models(DESIRED_STOCK, "TRIP-1")}
    assert len(versions) == 1
    sent = [record for record in desk.records(STOCK) if record.key == b"TRIP-1"]
    assert [record.value for record in sent] == [value] * 3
    assert all(record.headers[: len(CARRIED)] == CARRIED for record in sent)
    assert [record.header(RETRY_OF) for record in sent] == [None, letter_id, again["letter"]]
    assert [one.action for one in desk.models(AUDIT, letter_id)] == ["claim-letter", "retry-letter"]

    story = desk.run("trace", "--record", letter_id).stdout
    assert "set aside: unknown-location" in story
    assert story.count("retry-letter") == 1


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
    story = desk.json("trace", "LANE-1")
    assert [one["kind"] for one in story][:4] == ["message", "decision", "outcome", "outcome"]
    assert [one["text"].split(":")[0] for one in story if one["kind"] == "act"] == ["claim-letter", "retry-letter"]

    # of another one the shop has taken the row since
    desk.post([Outgoing(STOCK, b"LANE-2", desk.stock_change("LANE-2", "default", 1))])
    letter = the_letter(desk, "LANE-2")
    shop.seed(products=["LANE-2"], sources=["default"])
    desk.post([Outgoing(STOCK, b"LANE-2", desk.stock_change("LANE-2", "default", 2, quantity=7_000_000))])
    until(lambda: ("default", "LANE-2") in shop.source_items(), within=20, what="the newer count is shown")
    moved = desk.run("dead-letters", "retry", str(letter["letter"]), "--yes").stderr
    assert "1 superseded: the shop has taken their rows since" in moved
    (over,) = desk.json("dead-letters", "list", "--all", "--letters", "--key", "LANE-2", expect=1)
    assert (over["state"], shop.source_items()["default", "LANE-2"][0][:1]) == ("superseded", "7")


def test_a_correction_is_sent_once_and_never_over_newer_state(
    desk: Desk, start_worker: StartWorker, shop: Shop, tmp_path: Path
) -> None:
    """At the shop's own journal: what a letter says of a key that has moved on is never written."""
    skus = ["EDIT-1", "EDIT-2", "EDIT-3", "EDIT-4"]
    shop.seed(products=skus, sources=["default"])
    worker = start_worker("only", **{LOCATIONS: '{"W1": "default"}', "STREAMS_WEB__TOKEN": TOKEN})
    old = SystemClock().micros() - 60_000_000
    wrong = [desk.stock_change(sku, "W9", 1, effective_at=old, recorded_at=old) for sku in skus]
    places = desk.post([Outgoing(STOCK, sku.encode(), value) for sku, value in zip(skus, wrong, strict=True)])
    first, second, third, fourth = (f"{STOCK}-{place.partition}-{place.offset}" for place in places)
    for sku in skus:
        the_letter(desk, sku)
    newer = [(sku, desk.stock_change(sku, "W1", 2, quantity=7_000_000)) for sku in ("EDIT-2", "EDIT-4")]
    desk.post([Outgoing(STOCK, sku.encode(), value) for sku, value in newer])
    shown = {("default", sku) for sku, _value in newer}
    until(lambda: shown <= set(shop.source_items()), within=20, what="the newer counts are shown")

    # what must not change, or would fail again, is refused before anything is sent
    for field, said in (("sku=OTHER", "stays as the sender wrote it"), ("bucket=SHELF", "not what the schema allows")):
        assert said in desk.run("dead-letters", "edit", first, "--set", field, expect=None).stderr
    settings = {LOCATIONS: '{"W1": "default"}'}
    again = desk.run("dead-letters", "edit", first, "--set", "location_code=W8", expect=1, **settings).stderr
    assert "corrected so it would be set aside again: unknown-location" in again

    # an edited file of the decoded record
    record = tmp_path / "record.json"
    shown = desk.json("dead-letters", "show", first)
    record.write_text(json.dumps({**shown, "decoded": {**shown["decoded"], "location_code": "W1"}}))
    taken = desk.run("dead-letters", "edit", first, "--file", str(record), "--why", "typo of the sender").stdout
    assert taken == "1 sent, 1 read without another letter.\n"
    until(lambda: ("default", "EDIT-1") in shop.source_items(), within=20, what="the corrected count is shown")
    audit = desk.models(AUDIT, first)[-1]
    assert (audit.action, audit.before, audit.reason) == (
        "edit-letter",
        "unknown-location; location_code='W9'",
        "typo of the sender",
    )
    assert str(audit.after).endswith("; location_code='W1'")
    sent = [one for one in desk.records(STOCK) if one.header(EDIT_OF) == first]
    assert [(one.header(RETRY_OF), one.header("streams-edited")) for one in sent] == [(first, "location_code")]

    # the key has moved on: superseded, and said so
    ended = desk.run("dead-letters", "edit", second, "--set", "location_code=W1", "--yes").stdout
    assert ended == "1 sent, 1 superseded: newer state is there.\n"
    states = {one["letter"]: one["state"] for one in desk.json("dead-letters", "list", "--all", "--letters", expect=1)}
    assert (states[first], states[second], states[third]) == ("edited", "superseded", "open")
    assert "Newer state is there" in desk.run("dead-letters", "retry", second, expect=2).stderr

    _two_at_once(desk, worker, third)
    _on_the_page(desk, worker, third, fourth)
    written = [row for call in shop.journal() for row in rows_of(call) if row["sku"] in ("EDIT-2", "EDIT-4")]
    assert {(row["sku"], float(row["quantity"])) for row in written} == {("EDIT-2", 7.0), ("EDIT-4", 7.0)}


BODY = {"reason": "typo of the sender", "act": "0123456789abcdef", "fields": {"location_code": "W1"}}


def _two_at_once(desk: Desk, worker: Worker, letter: str) -> None:
    """One on the command line and one on the page: one effect."""
    page = f"{worker.url}/api/v1/dead-letters"
    until(lambda: asked(f"{page}?topic={STOCK}")["data"]["open"] >= 2, within=20, what="the page has the letters")
    group = next(one["group"] for one in letters_of(desk, "EDIT-3"))
    path = f"{page}/{group}/{letter}/edit"
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(asked, path, BODY)
        here = desk.run("dead-letters", "edit", letter, "--set", "location_code=W1", "--yes", expect=None)
        there.result()
    act = f"{worker.url}/api/v1/acts/{BODY['act']}"
    until(lambda: asked(act).get("data", {}).get("state") != "running", within=30, what="the page's act ends")
    sent = [one for one in desk.records(STOCK) if one.header(EDIT_OF) == letter]
    assert len(sent) == 1, here.output


def _on_the_page(desk: Desk, worker: Worker, over: str, moved_on: str) -> None:
    """What is over is refused; what newer state has overtaken is marked."""
    page = f"{worker.url}/api/v1/dead-letters"
    group = next(one["group"] for one in letters_of(desk, "EDIT-4"))
    refused = asked(f"{page}/{group}/{over}/edit", {**BODY, "act": "fedcba9876543210"})
    assert refused["status"] == 409
    assert f"{over} was edited" in refused["error"]

    asked(f"{page}/{group}/{moved_on}/edit", {**BODY, "act": "aaaaaaaaaaaaaaaa"})
    until(
        lambda: asked(f"{page}/{group}/{moved_on}")["data"]["state"] == "superseded", within=30, what="it is superseded"
    )


def asked(url: str, body: object = None) -> dict[str, Any]:
    """JSON of the page, with the status where it is a refusal."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers), timeout=20) as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return {"status": error.code, **json.loads(error.read())}
    return found


def rows_of(call: dict[str, Any]) -> list[dict[str, Any]]:
    """Source items that a call wrote, as the shop's journal has it."""
    rows: list[dict[str, Any]] = (call.get("detail") or {}).get("rows") or []
    return rows


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
    claimed, audit = desk.models(AUDIT, "inventory.hold.v1-0-900099")
    assert claimed.action == "claim-letter"
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
