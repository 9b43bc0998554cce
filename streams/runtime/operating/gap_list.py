"""Records that left a log before they were read: found from the group's offsets, and from what workers say."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.models.operations import OperatorControl
from streams.domain.start_offsets import start_of
from streams.runtime.control import GAP, key_of
from streams.runtime.operating.places import Partition, Span


class Gap(NamedTuple):
    """Offsets `first` to `last` of a partition were never read; `accepted` names who went on without them."""

    partition: Partition
    first: int
    last: int
    accepted: str = ""

    @property
    def records(self) -> int:
        return self.last - self.first + 1


ACCEPTED = "accepted"


def gap_key(partition: Partition) -> str:
    return key_of(GAP, partition.topic, partition.number)


def accepted_up_to(order: OperatorControl | None) -> int | None:
    """Offset up to which a person accepted the loss."""
    return int(order.value) if order is not None and order.value.isdigit() else None


def gaps_of(
    committed: Mapping[Partition, int | None], logs: Mapping[Partition, Span], orders: Mapping[str, OperatorControl]
) -> list[Gap]:
    """By the same rule as a worker's start, as far as the committed offset tells; in order.

    A table may know more than its group committed: a running worker is asked for that.
    """
    found = []
    for partition, span in sorted(logs.items()):
        reached = committed.get(partition)
        start = start_of(reached, span.first, None)
        if start.offset is None:
            order = orders.get(gap_key(partition))
            is_accepted = (accepted_up_to(order) or -1) >= span.first
            who = f"{order.actor}: {order.reason}" if order is not None and is_accepted else ""
            found.append(Gap(partition, start.lost_from, start.lost_to - 1, who))
    return found


def merged(ours: Iterable[Gap], told: Iterable[Gap]) -> list[Gap]:
    """What a worker says counts for its partitions: it knows its table."""
    by_partition = {gap.partition: gap for gap in ours}
    by_partition.update({gap.partition: gap for gap in told})
    return sorted(by_partition.values())
