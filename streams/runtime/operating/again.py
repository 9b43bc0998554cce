"""What a range read again asks of each partition, and how far the workers are."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from schemas.catalogue import OPERATOR_CONTROL
from schemas.models.operations import OperatorControl
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.ranges import Range, RangeError
from streams.runtime.operating.wire import Wire
from streams.runtime.reprocess_order import DONE, OPEN, REFUSED, Again, again_of
from streams.topics import CONTROL

LOOK_S = 0.5


class Plan(NamedTuple):
    """`unread` records of the range come anyway: the group has not read them yet."""

    parts: tuple[Again, ...]
    unread: int

    @property
    def records(self) -> int:
        return sum(one.left for one in self.parts)


def plan_of(wanted: Range, committed: Mapping[Partition, int | None], orders: Mapping[str, OperatorControl]) -> Plan:
    """Only what the group has read.  Raises RangeError: nothing of it was, or a range is being read again already."""
    parts, unread = [], 0
    for part, span in sorted(wanted.wanted.items()):
        reached = committed.get(part) or 0
        end = min(span.end, reached)
        unread += max(0, span.end - max(end, span.first))
        if end > span.first:
            parts.append(Again(part.topic, part.number, span.first, end, span.first))
    if not parts:
        raise RangeError(f"the workers have not read this range of {wanted.topic} yet: it comes anyway")
    for one in parts:
        _refuse_second(one, orders)
    return Plan(tuple(parts), unread)


def _refuse_second(one: Again, orders: Mapping[str, OperatorControl]) -> None:
    standing = orders.get(one.key)
    under_way = None if standing is None or standing.state not in OPEN else again_of(standing)
    if standing is not None and under_way is not None:
        raise RangeError(
            f"{one.topic}[{one.partition}]: offsets {under_way.first} to {under_way.end - 1} are being read again, as "
            f"{standing.actor} wanted; {under_way.left} are left: wait until that is done"
        )


class Logs(Protocol):
    """What is asked of the brokers."""

    def partitions(self, topic: str) -> list[Partition]: ...

    def spans(self, partitions: Sequence[Partition]) -> Mapping[Partition, Span]: ...


class Following:
    """Hears the orders that are written from the moment on in which it is made."""

    def __init__(self, reader: LogReader, brokers: Logs, wire: Wire) -> None:
        self._reader, self._wire = reader, wire
        spans = brokers.spans(brokers.partitions(CONTROL.name))
        reader.follow({part: span.end for part, span in spans.items()})

    def until_done(self, plan: Plan, done: Callable[[int, int], None]) -> dict[Partition, OperatorControl]:
        """The last order of each partition: done, or refused.  Waits as long as it takes."""
        left = {one.key: one.left for one in plan.parts}
        ended: dict[Partition, OperatorControl] = {}
        while len(ended) < len(plan.parts):
            for record in self._reader.poll(LOOK_S):
                order = self._wire.decode(OPERATOR_CONTROL, record.value)
                again = again_of(order) if isinstance(order, OperatorControl) else None
                if not isinstance(order, OperatorControl) or again is None or again.key not in left:
                    continue
                left[again.key] = again.left
                if order.state in (DONE, REFUSED):
                    ended[Partition(again.topic, again.partition)] = order
            done(plan.records - sum(left.values()), plan.records)
        return ended
