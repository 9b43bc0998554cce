"""What a worker trusts when it comes back: the changelog and its versions, never files or offsets alone."""

import shutil

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.catalogue import RECOUNT_REQUEST
from streams.runtime.kafka import confluent_options
from streams.runtime.operating.posting import Outgoing
from tests.integration.runtime.site import INPUTS, LONG_S, STOCK, Site
from tests.processes import Worker, until

pytestmark = pytest.mark.integration

TABLES = ("stock-ledger", "stock-write")


def _worked(site: Site, *quantities: int) -> Worker:
    """A worker that has shown these counts of one SKU, one after the other."""
    worker = site.ready()
    for quantity in quantities:
        site.count(site.sku(), quantity)
        site.wait_shown(site.sku(), quantity)
    site.wait_read()
    return worker


def test_a_damaged_directory_is_rebuilt_from_the_changelog_with_the_right_numbers(site: Site) -> None:
    worker = _worked(site, 10, 20)
    totals = site.accounted(worker)
    assert worker.stop() == 0
    for file in worker.data.rglob("*.rocksdb/*"):
        if file.name.startswith("MANIFEST") or file.suffix in (".sst", ".log"):
            file.write_bytes(b"\xff" * 4096)

    worker = site.ready()

    rebuilt = [site.metric(worker, f'streams_store_rebuilds_total{{table="{table}"}}') for table in TABLES]
    assert all(rebuilt), worker.log
    assert site.accounted(worker) == totals
    site.move(site.sku(), -3)
    site.wait_shown(site.sku(), 17)


def test_a_stale_record_at_the_end_of_a_changelog_loses_when_the_table_is_rebuilt(site: Site) -> None:
    worker = _worked(site, 10, 20, 30)
    totals = site.accounted(worker)
    worker.kill()
    for topic in (site.ledger_log, site.lane_log):
        records = site.desk.records(topic)
        keys = {record.key for record in records}
        oldest = [next(record for record in records if record.key == key and record.value) for key in keys]
        site.desk.post([Outgoing(topic, one.key, one.value, one.headers, one.partition) for one in oldest])
    shutil.rmtree(worker.data)
    written = site.written(site.sku())

    worker = site.ready()

    assert site.accounted(worker) == totals
    site.move(site.sku(), 5)
    site.wait_shown(site.sku(), 35)
    assert site.written(site.sku()) == written + 1


def _cut(site: Site, topic: str, partition: int) -> None:
    """Its records are gone; brokers do that only to topics that may be cut."""
    admin = AdminClient({**confluent_options(site.desk.settings.kafka)})
    site.desk.brokers.set_config(topic, {"cleanup.policy": "delete"})

    def is_cut() -> bool:
        (future,) = admin.delete_records([TopicPartition(topic, partition, -1)]).values()
        return future.exception(30) is None

    until(is_cut, within=LONG_S, what=f"{topic} is cut")
    site.desk.brokers.set_config(topic, {"cleanup.policy": "compact"})


def test_a_cut_changelog_is_refused_until_a_person_accepts_the_loss(site: Site) -> None:
    worker, partition = _worked(site, 10), site.partition(site.sku())
    assert worker.stop() == 0
    _cut(site, site.ledger_log, partition)
    shutil.rmtree(worker.data)

    line = site.refusal()
    assert f"commerce-streams gaps accept {site.ledger_log} {partition}" in line
    assert "state was lost" in line
    said = site.desk.run("gaps", "accept", site.ledger_log, str(partition), "--recount", "--yes", "--actor", "me")

    site.ready()
    asked = site.desk.models(RECOUNT_REQUEST, site.sku())
    assert [one.reason for one in asked] == ["GAP"], said.stderr
    site.count(site.sku(), 44)
    site.wait_shown(site.sku(), 44)


def test_a_topic_that_was_created_anew_is_read_from_its_beginning_and_identity_decides(site: Site) -> None:
    worker, sku = _worked(site, 10), site.sku()
    moved = site.change(sku, "DELTA", 1)
    site.post(moved)
    site.wait_shown(sku, 11)
    site.wait_read()
    ignored = site.accounted(worker).get("ignored", 0)
    assert worker.stop() == 0
    site.desk.brokers.delete_topic(STOCK)
    site.desk.run("topics", "apply")

    site.post(moved)
    site.move(sku, 5)
    worker = site.ready()

    site.wait_shown(sku, 16)
    site.wait_read(*INPUTS)
    assert site.accounted(worker)["ignored"] == ignored + 1
    lines = [line for line in worker.log.splitlines() if "topic-created-anew" in line]
    assert len(lines) == 2, "one line for each of the two partitions"
