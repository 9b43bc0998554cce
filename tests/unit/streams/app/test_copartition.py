"""Shipments are posted by the worker that writes stock: Faust assigns topics with as many partitions together."""

from collections.abc import Mapping
from typing import Any

import faust
import pytest
from faust.assignor.client_assignment import ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor

from streams.tables import STOCK_WRITE, TABLES, changelog
from streams.topics import DESIRED, READ

APP_ID, PARTITIONS = "workers", 4
SHIPMENTS, SHIPMENT_WORK = "commerce.shipment.v1", "shipment-work"


class Cluster:
    """What the brokers say of every topic."""

    topics: Mapping[str, int] = {
        **{topic.name: topic.partitions or PARTITIONS for topic in READ},
        **{changelog(APP_ID, table): table.partitions or PARTITIONS for table in TABLES},
    }

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self.topics[topic]))


class Workers:
    """Members of the group; each keeps what it was assigned, as Faust's sticky assignment wants it."""

    def __init__(self) -> None:
        self.assignors: dict[str, Any] = {}  # Any: Faust's assignor is not typed

    def join(self, name: str) -> None:
        app = faust.App(APP_ID, broker="kafka://127.0.0.1:1", canonical_url=f"http://{name}:6066")
        self.assignors[name] = PartitionAssignor(app)

    def rebalance(self) -> dict[str, set[tuple[str, int]]]:
        """By any of them as the leader."""
        topics = set(Cluster.topics)
        members = {name: assignor.metadata(topics) for name, assignor in self.assignors.items()}
        for name, metadata in members.items():
            members[name] = _as_sent(metadata)
        [leader, *_] = self.assignors.values()
        found = leader._assign(Cluster(), members)
        for name, assignment in found.items():
            self.assignors[name].on_assignment(assignment)
        return {
            name: {(topic, number) for topic, numbers in one.assignment for number in numbers}
            for name, one in found.items()
        }


def _as_sent(metadata: Any) -> Any:  # noqa: ANN401  as above
    """The broker hands the bytes on; they are what the leader reads."""
    read = type(metadata).decode(metadata.encode())
    assert ClientMetadata.loads(read.user_data)
    return read


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_whoever_writes_stock_posts_shipments_however_many_come_and_go(number: int) -> None:
    workers = Workers()
    names = [f"w{one}" for one in range(number)]
    for name in names:
        workers.join(name)
        _check(workers.rebalance())
    for name in names[:-1]:
        del workers.assignors[name]
        _check(workers.rebalance())


def _check(assigned: Mapping[str, set[tuple[str, int]]]) -> None:
    for wanted in (
        (DESIRED.name, 0),
        (changelog(APP_ID, STOCK_WRITE), 0),
        (SHIPMENTS, 0),
        (f"{APP_ID}-{SHIPMENT_WORK}-changelog", 0),
    ):
        assert [name for name, partitions in assigned.items() if wanted in partitions] == _owner(assigned)


def _owner(assigned: Mapping[str, set[tuple[str, int]]]) -> list[str]:
    owners = [name for name, partitions in assigned.items() if (DESIRED.name, 0) in partitions]
    assert len(owners) == 1
    return owners
