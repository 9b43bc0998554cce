"""The broker dies, takes some writes and not others, or has lost what was not read yet."""

import threading
import urllib.error
from collections import Counter
from http import HTTPStatus

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from simulators.wms.poison import KINDS
from simulators.wms.traffic import WorldSettings
from streams.runtime.cluster import Cluster
from streams.settings import KafkaSettings
from streams.topics import RECORD_BYTES
from tests.corpus.hostile import HOSTILE, Hostile
from tests.faults import checks
from tests.faults.conftest import MakeSystem
from tests.faults.system import APP_ID, System
from tests.processes import call, until

pytestmark = pytest.mark.faults

DESIRED = "inventory.desired.v1"
STOCK = "wms.stock-change.v1"
OTHERWISE = {"not-owner": "ambiguous-location"}
"""With a table of plain location codes a second system that uses one is refused at an earlier door."""


def test_a_broker_that_is_killed_and_restarted_costs_time_and_nothing_else(make_system: MakeSystem) -> None:
    system = make_system()
    system.worker("a"), system.worker("b")
    system.open_stock()
    system.wait_equal()
    trade = threading.Thread(target=system.trade, args=(14, 150))
    trade.start()
    until(lambda: system.lag() > 0, within=10, what="there is work in the log")

    system.kafka.kill(1)
    system.kafka.restart_node(1)
    trade.join()

    system.wait_equal(within=120)
    checks.check_all(system)
    assert all(worker.running for worker in system.workers), "a worker ended because the broker was away"


def test_a_death_between_the_state_and_its_command_loses_no_command(make_system: MakeSystem) -> None:
    system = make_system()
    worker = system.worker("a")
    system.open_stock()
    system.wait_equal()
    cluster = Cluster(KafkaSettings(bootstrap_servers=system.kafka.bootstrap))
    before = _end(system, f"{APP_ID}-stock-ledger-changelog")
    cluster.set_config(DESIRED, {"max.message.bytes": "1"})  # from soon on no command is taken

    def died_trading() -> bool:
        system.trade(1, 100)
        return not worker.running

    until(died_trading, within=60, what="the worker ended where its command was refused")
    assert _end(system, f"{APP_ID}-stock-ledger-changelog") > before, "the state was not written"
    assert sum(end - done for done, end in system.committed(STOCK).values()) > 0, "committed without its commands"
    cluster.set_config(DESIRED, {"max.message.bytes": str(RECORD_BYTES)})
    system.worker("b")

    system.wait_equal(within=120)
    checks.check_all(system)


def _end(system: System, topic: str) -> int:
    with system.consumer() as consumer:
        numbers = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=10)[1] for n in numbers)


def test_poison_of_every_kind_is_set_aside_unchanged_and_stops_nothing(make_system: MakeSystem) -> None:
    system = make_system()
    system.worker("a"), system.worker("b")
    system.open_stock()
    system.wait_equal()

    poisoned = system.wms.poison(60, _kinds()).counts
    hostile = _send_hostile(system)
    system.trade(3, 150)

    system.wait_equal()
    checks.check_all(system)
    expected: Counter[str] = Counter(one.reason for one in hostile)
    for kind, records in poisoned.items():
        expected[OTHERWISE.get(kind, KINDS[kind].reason)] += records
    assert checks.check_dead_letters(system) == expected


def _kinds() -> list[str]:
    """All but an allocated total, which the settings of these tests allow, and schemas that come with the corpus."""
    left_out = ("ambiguous-allocation", "array-bomb", "foreign-schema-id")
    return [kind for kind in KINDS if kind not in left_out]


def _send_hostile(system: System) -> list[Hostile]:
    """The shared corpus, as it is; those that could be sent."""
    producer = Producer({"bootstrap.servers": system.kafka.bootstrap, "message.max.bytes": 2_000_000})
    ids = {schema: _registered(system, n, schema) for n, schema in enumerate({one.schema for one in HOSTILE})}
    sent = [(one, number) for one in HOSTILE if (number := ids[one.schema]) is not None]
    for one, number in sent:
        producer.produce(STOCK, key=b"SKU-00001", value=one.value(number))
    assert producer.flush(20) == 0
    assert len(sent) > 0.9 * len(HOSTILE)
    return [one for one, _ in sent]


def _registered(system: System, number: int, schema: str) -> int | None:
    """Under a subject of its own: what is hostile would not be compatible with the real one.

    None where the registry refuses the schema: no record can name it.
    """
    url = f"{system.registry_url}/subjects/hostile-{number}/versions"
    try:
        return int(call(url, method="POST", body={"schema": schema})["id"])
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return None


def test_records_that_left_the_log_unread_stop_their_partition_until_a_person_accepts(make_system: MakeSystem) -> None:
    system = make_system(world=WorldSettings(state_allocations=True))
    worker = system.worker("a")
    system.open_stock()
    system.wait_equal()
    assert worker.stop() == 0
    system.trade(2, 150)
    system.wms.drain()
    partition, (done, end) = max(system.committed(STOCK).items(), key=lambda one: one[1][1] - one[1][0])
    assert end - done > 3, "nothing was unread: the fault would hit no live work"
    _cut(system, partition, end - 1)

    worker = system.worker("b")

    until(lambda: f"gaps accept {STOCK} {partition}" in worker.readiness(), within=40, what=lambda: worker.log)
    assert system.committed(STOCK)[partition][0] == done, "the gap was skipped"
    system.command("gaps", "accept", STOCK, str(partition))
    until(lambda: system.lag() == 0, within=40, what=lambda: f"the partition goes on\n{worker.log[-2000:]}")
    worker.wait_ready()
    system.wms.snapshot()
    system.wait_equal()


def _cut(system: System, partition: int, offset: int) -> None:
    admin = AdminClient({"bootstrap.servers": system.kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(STOCK, partition, offset)]).values():
        future.result(10)
