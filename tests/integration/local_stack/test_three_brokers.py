from pathlib import Path

import pytest

from simulators.local_stack import clock
from simulators.local_stack.kafka import Kafka
from tests.integration.local_stack.records import Sender, create_topic, read_all

pytestmark = pytest.mark.integration

QUICK = {"broker.session.timeout.ms": "6000", "broker.heartbeat.interval.ms": "1000"}
BEFORE, DURING, AFTER = 2000, 500, 1000


def numbered(first: int, count: int) -> list[str]:
    return [f"record {number}" for number in range(first, first + count)]


def test_no_acknowledged_record_is_lost_when_the_controller_is_killed(tmp_path: Path) -> None:
    with Kafka(tmp_path / "kafka", nodes=3, extra=QUICK) as kafka:
        config = kafka.client_config()
        create_topic(config, "orders", partitions=6)
        sender = Sender(config)
        killed = kafka.controller

        sender.send("orders", numbered(0, BEFORE))
        kafka.kill(killed)
        sender.send("orders", numbered(BEFORE, DURING))
        sender.flush()
        elected = clock.wait_until(lambda: kafka.controller != killed, within=60)
        sender.send("orders", numbered(BEFORE + DURING, AFTER))
        sender.flush()
        kafka.restart_node(killed)

        assert elected
        assert sender.refused == []
        assert len(sender.acknowledged) == BEFORE + DURING + AFTER
        assert sorted(read_all(config, "orders")) == sorted(sender.acknowledged)
        assert all(node.alive for node in kafka.brokers)
