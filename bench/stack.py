"""Real Kafka and a real registry for one line, with what is asked of them while others are measured."""

import os
import subprocess
import sys
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.machine import wait
from schemas.catalogue import OPERATOR_CONTROL
from schemas.codec import frame
from schemas.models.operations import OperatorControl
from schemas.projection import encoder
from simulators.local_stack.stack import LocalStack
from simulators.wms.model import WAREHOUSES, locations_of
from simulators.wms.producer import producer_config
from simulators.wms.registry import Registered, Registry
from streams.topics import CONTROL, STOCK_CHANGE

PARTITIONS = 8
ANSWER_S = 15.0
COMMAND_S = 120.0
Offsets = Mapping[int, int]


class LineError(RuntimeError):
    """A line could not be measured; the message says why."""


def behind(ends: Offsets, committed: Offsets) -> int:
    """Records below `ends`; what was committed beyond them makes up for nothing, and an offset below 0 is none."""
    return sum(max(0, end - max(committed[number], 0)) for number, end in ends.items())


class Watch:
    """What a group has committed and where logs end: asked often, from the core of the broker."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 0}
        )

    def ends(self, topic: str) -> Offsets:
        """Partition → end of its log."""
        numbers = self._consumer.list_topics(topic, timeout=ANSWER_S).topics[topic].partitions
        return {
            one: self._consumer.get_watermark_offsets(TopicPartition(topic, one), timeout=ANSWER_S)[1]
            for one in sorted(numbers)
        }

    def lag(self, topic: str, ends: Offsets) -> int:
        """Records below `ends` that are not committed; all of them while the coordinator does not answer."""
        asked = [TopicPartition(topic, number) for number in ends]
        try:
            answered = self._consumer.committed(asked, timeout=ANSWER_S)
        except KafkaException:
            return sum(ends.values())
        return behind(ends, {one.partition: one.offset for one in answered})

    def read(self, topic: str, begin: Offsets) -> Iterable[Any]:  # Any: confluent-kafka's messages
        """Everything from `begin` to the end as it is now."""
        ends = self.ends(topic)
        todo = {number for number, end in ends.items() if end > begin.get(number, 0)}
        self._consumer.assign([TopicPartition(topic, number, begin.get(number, 0)) for number in todo])
        while todo:
            for message in self._consumer.consume(5000, timeout=1.0):
                if message.error() is not None:
                    raise LineError(f"{topic}: {message.error()}")
                yield message
            positions = self._consumer.position([TopicPartition(topic, number) for number in todo])
            todo -= {one.partition for one in positions if one.offset >= ends[one.partition]}
        self._consumer.unassign()

    def close(self) -> None:
        self._consumer.close()


@dataclass(eq=False)
class Stack:
    """Below `folder`; leaving the `with` block stops it and removes its data."""

    folder: Path

    def __enter__(self) -> Self:
        self._local = LocalStack(self.folder / "stack")
        self._local.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._local.stop(wipe=True)

    @property
    def bootstrap(self) -> str:
        return self._local.kafka.bootstrap

    @property
    def registry(self) -> str:
        return self._local.registry.url

    def environ(self, app_id: str, **more: str) -> dict[str, str]:
        """What a worker of the product is told; the shop is nowhere, and nothing is sent to it."""
        return {
            **self._local.environment(),
            "STREAMS_APP_ID": app_id,
            "STREAMS_KAFKA__PARTITIONS": str(PARTITIONS),
            "STREAMS_KAFKA__SESSION_TIMEOUT_S": "6",
            "STREAMS_INVENTORY__LOCATIONS": str(locations_of(WAREHOUSES)).replace("'", '"'),
            "STREAMS_SINKS__MODE": "paused",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL": "http://127.0.0.1:9",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__KIND": "token",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__USERNAME": "integration",
            "STREAMS_CONNECTORS__ADOBE_COMMERCE__AUTH__PASSWORD": "simulated-password-1",
            "STREAMS_LOGS__LEVEL": "WARNING",
            **more,
        }

    def command(self, app_id: str, *arguments: str, codes: Container[int] = (0,)) -> str:
        """One run of the command line; what it printed.  LineError where it ends with another exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "streams", *arguments],
            env={**os.environ, **self.environ(app_id)},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if done.returncode not in codes:
            raise LineError(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def apply(self, app_id: str) -> None:
        """Topics, changelogs of this application and schemas."""
        self.command(app_id, "topics", "apply")
        self.command(app_id, "schemas", "apply")

    def stock_schema(self) -> Registered:
        """Of the stock changes, as the registry has it."""
        return Registry(self.registry).latest(f"{STOCK_CHANGE.name}-value")

    def producer(self, **properties: object) -> Producer:
        """Idempotent, partitioned as every other producer here."""
        return Producer(producer_config(self.bootstrap, properties))

    def pause_intake(self, topic: str) -> None:
        """A standing order for every worker of this broker: the topic is not read."""
        order = OperatorControl(key=f"intake/{topic}", state="paused", actor="bench", reason="not measured", at=0)
        schema_id = Registry(self.registry).latest(f"{CONTROL.name}-value").schema_id
        producer = self.producer()
        producer.produce(CONTROL.name, frame(schema_id, encoder(OPERATOR_CONTROL)(order)), order.key.encode())
        producer.flush(ANSWER_S)

    def watch(self, group: str) -> Watch:
        return Watch(self.bootstrap, group)

    def delete(self, prefix: str) -> None:
        """Topics whose names begin so: what a round left, which would only fill the disk."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        names = [name for name in admin.list_topics(timeout=ANSWER_S).topics if name.startswith(prefix)]
        for future in admin.delete_topics(names).values() if names else ():
            future.result()
        wait(0.2)

    def members(self, group: str) -> int | None:
        """How many share its partitions; None while they are being shared out anew."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        found = admin.describe_consumer_groups([group], request_timeout=ANSWER_S)[group].result()
        return len(found.members) if found.state == ConsumerGroupState.STABLE else None

    def is_listed(self, topic: str) -> bool:
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        return topic in admin.list_topics(timeout=ANSWER_S).topics
