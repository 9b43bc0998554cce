"""A range again, with other settings, and a table from nothing, beside a real worker on real Kafka."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.catalogue import AUDIT, DESIRED_STOCK
from streams.runtime.kafka import confluent_options, partition_of
from streams.runtime.lookback import Place
from streams.runtime.operating.places import Partition
from streams.runtime.operating.posting import Outgoing
from tests.integration.cli.conftest import COMMERCE
from tests.integration.cli.desk import Desk
from tests.processes import Shop, Worker, until

pytestmark = pytest.mark.integration

STOCK, LEDGER = "wms.stock-change.v1", "stock-ledger"
LOCATIONS = "STREAMS_INVENTORY__LOCATIONS"
MAPPED = '{"W1": "default", "W2": "default"}'
TODAY = {LOCATIONS: MAPPED}
StartWorker = Callable[..., Worker]


@pytest.fixture
def start_worker(desk: Desk, tmp_path: Path) -> Iterator[StartWorker]:
    started: list[Worker] = []

    def start(name: str) -> Worker:
        started.append(Worker(name, tmp_path, {**desk.environ, **TODAY}))
        started[-1].start()
        return started[-1].wait_ready(90)

    yield start
    for one in started:
        one.end()


def _counted(desk: Desk, sku: str) -> list[Place]:
    """12.5 at each of two locations."""
    changes = [desk.stock_change(sku, place, number) for number, place in enumerate(("W1", "W2"), 1)]
    return desk.post([Outgoing(STOCK, sku.encode(), change) for change in changes])


def _shown(shop: Shop, sku: str, quantity: str) -> None:
    until(
        lambda: shop.source_items().get(("default", sku), ("", 0))[0].startswith(quantity),
        within=30,
        what=lambda: f"the shop shows {quantity} of {sku}: {shop.source_items().get(('default', sku))}",
    )


def _epochs(desk: Desk, sku: str) -> list[int]:
    return [one.epoch for one in desk.models(DESIRED_STOCK, sku)]


def test_a_range_comes_again_and_a_table_is_rebuilt_and_promoted(
    desk: Desk, start_worker: StartWorker, shop: Shop
) -> None:
    shop.seed(products=["AGAIN-1"], sources=["default"])
    worker = start_worker("first")
    first, _second = _counted(desk, "AGAIN-1")
    _shown(shop, "AGAIN-1", "25")
    snapshots = desk.models(DESIRED_STOCK, "AGAIN-1")
    taken = shop.source_items()

    # reprocess: the snapshots come again as they were, and nothing changes
    again = ("replay", "reprocess", STOCK, "--from", str(first.offset), "--partition", str(first.partition))
    until(
        lambda: desk.run(*again, "--dry-run", expect=None).exit_code == 0, within=20, what="the offsets are committed"
    )
    said = desk.run(*again, "--yes", "--reason", "index lost", STREAMS_INVENTORY__LOCATIONS=MAPPED).stderr
    assert "done: 2 records were read again" in said
    sent = desk.models(DESIRED_STOCK, "AGAIN-1")
    assert len(sent) > len(snapshots)
    newest = (snapshots[-1].epoch, snapshots[-1].counter, snapshots[-1].sources)
    assert {(one.epoch, one.counter, one.sources) for one in sent[len(snapshots) :]} == {newest}
    assert shop.source_items() == taken
    (audit,) = [one for one in desk.models(AUDIT, f"{STOCK}/{first.partition}") if one.reason == "index lost"]
    assert audit.action == "reprocess"

    # rebuild: compared while the worker runs, promoted only once it does not
    desk.run("replay", "rebuild", LEDGER, STREAMS_INVENTORY__LOCATIONS=MAPPED)
    refused = desk.run("replay", "rebuild", LEDGER, "--promote", "--yes", expect=2, STREAMS_INVENTORY__LOCATIONS=MAPPED)
    assert f"1 worker of the group {desk.app_id} runs: stop them first" in refused.stderr
    unmapped = desk.json("replay", "rebuild", LEDGER, "--examples", "100", expect=1)["comparison"]
    assert unmapped["epoch"] == sent[-1].epoch
    assert ("AGAIN-1", "W1") in {
        (one["name"], one["place"]) for group in unmapped["groups"] for one in group["examples"]
    }
    assert worker.stop() == 0
    promoted = desk.run(
        "replay",
        "rebuild",
        LEDGER,
        "--promote",
        "--yes",
        "--reason",
        "wrong mapping",
        STREAMS_INVENTORY__LOCATIONS=MAPPED,
    )
    assert "no difference: the logs give the live table" in promoted.stdout
    assert [one.action for one in desk.models(AUDIT, LEDGER)] == ["promote-table"]

    # the new table has a higher epoch and the same content, and goes on
    start_worker("second")
    until(lambda: _epochs(desk, "AGAIN-1")[-1] > sent[-1].epoch, within=30, what="snapshots of the new table")
    assert desk.models(DESIRED_STOCK, "AGAIN-1")[-1].sources[0].quantity == sent[-1].sources[0].quantity
    desk.run("replay", "rebuild", LEDGER, STREAMS_INVENTORY__LOCATIONS=MAPPED)
    assert shop.source_items()["default", "AGAIN-1"] == taken["default", "AGAIN-1"]


# ── what-if ──────────────────────────────────────────────────────────────────────────────────────


def _watched(desk: Desk, folder: Path, *arguments: str, **changes: str) -> tuple[int, dict[str, Any], list[str]]:
    """A command in a process that notes its connections: exit code, document, addresses."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STREAMS_")}
    into = folder / "connections.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs.watched", str(into), *arguments, "--json"],
        env={**environ, **desk.environ, **changes},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, 1}, done.stderr.decode()
    return done.returncode, json.loads(done.stdout), json.loads(into.read_text())


def test_a_what_if_connects_to_brokers_and_registry_only_and_reads_no_credential(desk: Desk, tmp_path: Path) -> None:
    first, second = _counted(desk, "IF-1")
    span = ("--from", str(first.offset), "--to", str(second.offset + 1), "--partition", str(first.partition))
    changed = ("--set", f'{LOCATIONS}={{"W1": "default", "W2": "other"}}')
    unreadable = {f"{COMMERCE}AUTH__PASSWORD_FILE": "/nowhere/password", f"{COMMERCE}AUTH__KIND": "no such kind"}
    before = desk.brokers.topic_names()

    code, found, connections = _watched(
        desk, tmp_path, "replay", "what-if", STOCK, *span, *changed, **TODAY, **unreadable
    )

    registry = urlsplit(desk.environ["STREAMS_SCHEMA_REGISTRY__URL"]).netloc
    assert set(connections) == {registry}
    assert code == 1
    groups = {(one["kind"], one["about"]): one["examples"] for one in found["groups"]}
    assert [one["after"] for one in groups["quantity", "default"]] == ["12.5 in stock, 1 write"]
    assert [one["after"] for one in groups["row-new", "other"]] == ["12.5 in stock, 1 write"]
    assert found["records"] == 2
    nowhere = ("--set", 'STREAMS_INVENTORY__BUFFERS={"nowhere|*": 1}')
    same = desk.run("replay", "what-if", STOCK, *span, *nowhere, STREAMS_INVENTORY__LOCATIONS=MAPPED)
    assert "no difference" in same.stdout
    assert desk.brokers.topic_names() == before
    assert desk.brokers.members(desk.app_id) == 0


def test_a_range_that_has_left_kafka_is_refused_with_the_oldest_there_is(desk: Desk) -> None:
    number = partition_of(b"CUT-1", 2)
    places = desk.post([Outgoing(STOCK, b"CUT-1", b"x")] * 4)
    asked = [TopicPartition(STOCK, number, places[2].offset)]
    admin = AdminClient({**confluent_options(desk.settings.kafka)})
    for future in admin.delete_records(asked).values():
        future.result(10)

    for command in (("what-if", "--set", "STREAMS_INVENTORY__BUFFER=1"), ("reprocess",)):
        name, *options = command
        refused = desk.run("replay", name, STOCK, "--from", "0", "--partition", str(number), *options, expect=2)
        assert f"offset 0 is no longer in Kafka; the oldest there is has offset {places[2].offset}" in refused.stderr
        late = desk.run("replay", name, STOCK, "--from", "2099-01-01", *options, expect=2)
        assert "the range holds no record: the newest of wms.stock-change.v1 is of " in late.stderr


def test_an_order_waits_for_a_worker_and_is_not_given_twice(desk: Desk) -> None:
    (place,) = desk.post([Outgoing(STOCK, b"WAITS-1", desk.stock_change("WAITS-1", "W1", 1))])
    part = Partition(place.topic, place.partition)
    again = ("replay", "reprocess", STOCK, "--from", str(place.offset), "--partition", str(place.partition))

    early = desk.run(*again, "--yes", expect=2).stderr
    desk.brokers.commit(desk.app_id, {part: place.offset + 1})
    first = desk.run(*again, "--yes", "--actor", "me").stderr
    second = desk.run(*again, "--yes", expect=2).stderr

    assert "the workers have not read this range of wms.stock-change.v1 yet: it comes anyway" in early
    assert "no worker runs: it begins when one does" in first
    span = f"offsets {place.offset} to {place.offset} are being read again, as me wanted; 1 are left"
    assert span in second
