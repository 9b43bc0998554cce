"""What may be committed, and what a redelivery does: on a real broker, with the worker as a process."""

import pytest

from schemas.catalogue import DESIRED_STOCK
from streams.runtime.operating.posting import NotWrittenError, Outgoing
from tests.integration.runtime.site import LONG_S, STOCK, Site
from tests.processes import until

pytestmark = pytest.mark.integration

DESIRED = "inventory.desired.v1"
FAULT = 70
"""Exit code of a worker that ended itself because only Kafka's state is safe."""


def _refused_from_now_on(site: Site, topic: str) -> None:
    """Returns when the broker takes nothing for the topic any more: a setting takes effect some time later."""
    site.desk.brokers.set_config(topic, {"max.message.bytes": "1"})

    def is_refused() -> bool:
        try:
            site.post(Outgoing(topic, b"probe", None, partition=0))
        except NotWrittenError:
            return True
        return False

    until(is_refused, within=LONG_S, what=f"{topic} takes nothing")


@pytest.mark.parametrize("refusing", ["state", "command"])
def test_a_record_is_not_committed_before_its_state_and_its_command_are_acknowledged(site: Site, refusing: str) -> None:
    worker, sku = site.ready(), site.sku()
    site.count(sku, 10)
    site.wait_shown(sku, 10)
    site.wait_read()
    topic = site.ledger_log if refusing == "state" else DESIRED
    kept = site.desk.brokers.topics([topic])[topic].config["max.message.bytes"]
    _refused_from_now_on(site, topic)
    before, states = site.desk.models(DESIRED_STOCK, sku), len(site.desk.records(site.ledger_log))

    site.move(sku, 1)
    assert worker.wait(LONG_S) == FAULT

    assert site.unread(STOCK) == 1
    assert site.desk.models(DESIRED_STOCK, sku) == before, "a command left before its state was durable"
    assert (len(site.desk.records(site.ledger_log)) > states) == (refusing == "command")
    site.desk.brokers.set_config(topic, {"max.message.bytes": kept})
    again = site.ready()
    site.wait_shown(sku, 11)
    site.wait_read()
    assert site.accounted(again)["accepted"] == 2


def test_a_redelivery_changes_no_state_and_sends_the_same_commands_again(site: Site) -> None:
    sku, start = site.sku(), site.committed()
    first = site.ready()
    site.count(sku, 10)
    site.move(sku, 1)
    site.move(sku, -2)
    site.wait_shown(sku, 9)
    site.wait_read()
    totals, written = site.accounted(first), site.written(sku)
    snapshots = site.desk.models(DESIRED_STOCK, sku)
    assert first.stop() == 0
    site.desk.brokers.commit(site.app_id, {part: offset or 0 for part, offset in start.items()})

    again = site.ready()
    site.wait_read()

    sent_again = site.desk.models(DESIRED_STOCK, sku)[len(snapshots) :]
    assert {(one.epoch, one.counter) for one in sent_again} == {(snapshots[-1].epoch, snapshots[-1].counter)}
    assert {one.sources for one in sent_again} == {snapshots[-1].sources}
    assert site.accounted(again) == totals
    assert site.shown(sku) == 9
    assert site.written(sku) == written, "what the shop shows already was written again"


def test_a_commit_beyond_what_the_table_accounts_for_is_not_believed(site: Site) -> None:
    sku, worker = site.sku(), site.ready()
    site.count(sku, 10)
    site.wait_shown(sku, 10)
    site.wait_read()
    assert worker.stop() == 0
    for _ in range(3):
        site.move(sku, 1)
    site.desk.brokers.commit(site.app_id, site.ends())
    assert site.unread() == 0

    worker = site.ready()

    site.wait_shown(sku, 13)
    assert "passes records that are not accounted for" in worker.log


def test_a_snapshot_of_an_older_version_is_refused_and_counted(site: Site) -> None:
    sku, worker = site.sku(), site.ready()
    for quantity in (10, 11, 12):
        site.count(sku, quantity)
        site.wait_shown(sku, quantity)
    oldest = site.desk.models(DESIRED_STOCK, sku)[0]
    written = site.written(sku)

    site.desk.say(DESIRED, sku, oldest)
    site.wait_read(DESIRED)
    site.count(site.sku("B"), 1)
    site.wait_shown(site.sku("B"), 1)

    assert site.metric(worker, 'streams_refused_versions_total{sink="commerce"}') == 1
    assert site.shown(sku) == 12
    assert site.written(sku) == written
