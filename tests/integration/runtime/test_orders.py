"""Standing orders at a live worker: they hold across restarts, lose nothing, and are undone by a person."""

import json
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from schemas.models.operations import OperatorControl
from streams.runtime.kafka import confluent_options
from streams.runtime.operating.posting import Outgoing
from tests.integration.runtime.site import LONG_S, STOCK, Site
from tests.processes import Worker, until

pytestmark = pytest.mark.integration

INTAKE = f"intake/{STOCK}"
BAD_DEPLOY = """
import os
from streams.flows.stock_records import StockRecords
from streams.worker import run

def always_wrong(*_record):
    raise ZeroDivisionError

StockRecords._admitted = always_wrong
raise SystemExit(run(os.environ))
"""
"""A worker of a release whose rule fails on every record."""
MORE_THAN_THE_GUARD_ALLOWS = 150
PAUSED = OperatorControl(key=INTAKE, state="paused", actor="tester", reason="for a test", at=0)


@pytest.fixture(autouse=True)
def undone(site: Site) -> Iterator[None]:
    """Orders lie in a shared topic: the next test begins without any."""
    yield
    for worker in site.workers:
        worker.end()
    site.desk.run("resume", STOCK)
    site.desk.run("sinks", "run", "commerce")


def test_a_paused_intake_stays_paused_across_a_restart_until_it_is_resumed(site: Site) -> None:
    worker, sku = site.ready(), site.sku()
    site.count(sku, 10)
    site.wait_shown(sku, 10)
    site.wait_read()

    site.desk.say("operator.control.v1", INTAKE, PAUSED)
    until(lambda: f"resume {STOCK}" in worker.readiness(), within=LONG_S, what=lambda: f"it is paused\n{worker.log}")
    site.move(sku, 1)
    assert worker.stop() == 0
    worker = site.worker()
    until(lambda: f"resume {STOCK}" in worker.readiness(), within=LONG_S, what=lambda: f"still paused\n{worker.log}")
    site.move(sku, 1)
    _hold_reaches(site)

    assert site.unread(STOCK) == 2
    assert not worker.is_ready()
    assert site.shown(sku) == 10
    site.desk.run("resume", STOCK, "--actor", "tester")
    site.wait_shown(sku, 12)
    worker.wait_ready(LONG_S)
    site.wait_read()


def _hold_reaches(site: Site) -> None:
    """A record of another topic went all the way: what is not paused works."""
    place = site.hold(site.sku("other"), 1, kind="ALLOCATION")
    site.wait_read(place.topic)


def test_a_release_that_fails_on_every_record_pauses_itself_and_sets_nothing_aside(site: Site) -> None:
    sku = site.sku()
    deltas = [site.change(sku, "DELTA", 1) for _ in range(MORE_THAN_THE_GUARD_ALLOWS)]
    _in_one_batch(site, [site.change(sku, "ABSOLUTE", 0, effective_at=1), *deltas])
    bad = site.worker("bad", program=BAD_DEPLOY)
    until(lambda: f"resume {STOCK}" in bad.readiness(), within=LONG_S, what=lambda: f"it pauses\n{bad.log[-3000:]}")
    until(lambda: site.orders().get(INTAKE) == "paused", within=LONG_S, what="the order is durable")
    bad.kill()

    good = site.worker()
    until(lambda: f"resume {STOCK}" in good.readiness(), within=LONG_S, what=lambda: f"still paused\n{good.log}")
    assert site.unread(STOCK) == MORE_THAN_THE_GUARD_ALLOWS + 1
    assert site.letters() == []
    site.desk.run("resume", STOCK)

    site.wait_shown(sku, MORE_THAN_THE_GUARD_ALLOWS)
    site.wait_read()
    assert site.letters() == []


def _in_one_batch(site: Site, messages: list[Outgoing]) -> None:
    """So that they are delivered together: letters of earlier batches would be right."""
    options = {**confluent_options(site.desk.settings.kafka), "linger.ms": 1000, "batch.num.messages": 10_000}
    producer = Producer(options)
    for one in messages:
        producer.produce(one.topic, one.value, one.key, partition=site.partition((one.key or b"").decode()))
    assert producer.flush(LONG_S) == 0


def test_a_sink_reads_only_in_shadow_nothing_while_paused_and_catches_up_when_it_runs(site: Site) -> None:
    worker, sku = site.ready(), site.sku()
    site.count(sku, 10)
    site.wait_shown(sku, 10)

    site.desk.run("sinks", "shadow", "commerce")
    until(lambda: _mode(worker) == "shadow", within=LONG_S, what="the worker follows")
    site.count(sku, 20)
    until(lambda: worker.facts()["lane"]["differing"] == 1, within=LONG_S, what=lambda: f"compared\n{worker.log}")
    (difference,) = worker.facts()["lane"]["differences"]
    assert difference["sku"] == sku
    assert site.shown(sku) == 10
    assert "20" in json.dumps(difference)

    site.desk.run("sinks", "pause", "commerce")
    until(lambda: _mode(worker) == "paused", within=LONG_S, what="the worker follows")
    site.count(sku, 30)
    site.wait_read()
    calls = len(site.shop.journal())
    assert worker.stop() == 0
    worker = site.ready()
    assert _mode(worker) == "paused"
    assert site.shown(sku) == 10
    writes = [entry for entry in site.shop.journal()[calls:] if entry["method"] == "POST" and "items" in entry["path"]]
    assert writes == []

    site.desk.run("sinks", "run", "commerce")
    site.wait_shown(sku, 30)
    assert site.written(sku) == 2, "what was superseded while nothing was written was written"


def _mode(worker: Worker) -> str:
    return str(worker.facts()["lane"]["mode"])
