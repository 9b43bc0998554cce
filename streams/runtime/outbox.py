"""Messages that were decided with a state but are not yet acknowledged: stored with it, sent as stored, then deleted.

On assignment and after a kill they are sent again; readers know a repeat by its derived id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from streams.domain.version import Version
from streams.runtime.logs import logger
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack, unpack
from streams.runtime.writer import Record, Writer

PREFIX = b"o"
_LOG = logger("streams.outbox")


class Message(msgspec.Struct, frozen=True, array_like=True):
    """One message of the outbox, complete."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def stored(name: bytes, version: Version, messages: Sequence[Message]) -> Write:
    """The write that keeps the messages; `name` tells outboxes of one partition apart."""
    return Write(PREFIX + name, pack(version, msgspec.msgpack.encode(messages)), version)


def waiting(store: PartitionStore) -> list[tuple[Write, list[Message]]]:
    """Every outbox of a partition: what deletes it, and its messages."""
    found = []
    for key, value in store.scan(PREFIX):
        version, payload = unpack(value)
        found.append((Write(key, None, version), msgspec.msgpack.decode(payload, type=list[Message])))
    return found


async def send(writer: Writer, messages: Sequence[Message], *, generation: int) -> None:
    """As stored, in order per topic and key, topics side by side; returns when the broker has them."""
    by_topic: dict[str, list[Record]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(Record(message.key, message.value, message.headers))
    await asyncio.gather(*(writer.send(topic, records, generation=generation) for topic, records in by_topic.items()))


async def resend(table: BulkTable, writer: Writer, partition: int, *, generation: int) -> int:
    """Send what was decided and may not be acknowledged; the caller holds the lock.  How many messages that were."""
    left = waiting(table.store(partition))
    for _delete, messages in left:
        await send(writer, messages, generation=generation)
    if left:
        await table.commit(partition, [Group([delete for delete, _ in left], {})], generation=generation)
    sent = sum(len(messages) for _, messages in left)
    if sent:
        _LOG.info("outbox-resent", table=table.name, partition=partition, messages=sent)
    return sent


class Outboxes:
    """Of one flow's table, by partition: what was stored and may not have left, and what left.

    The caller holds the partition's lock.
    """

    def __init__(self, table: BulkTable, writer: Writer) -> None:
        self._table, self._writer = table, writer
        self._untold: set[int] = set()
        self._gone: dict[int, list[Write]] = {}

    async def tell_left(self, partition: int, *, generation: int) -> None:
        """What a batch had decided that was left after its write: it comes again, and decides nothing anew."""
        if partition in self._untold:
            await resend(self._table, self._writer, partition, generation=generation)
            self._gone.pop(partition, None)
            self._untold.discard(partition)

    def gone(self, partition: int) -> Sequence[Write]:
        """What deletes those that left, for the partition's next write."""
        return self._gone.get(partition, ())

    def written(self, partition: int) -> None:
        """That write is durable; what it stored has to leave."""
        self._gone.pop(partition, None)
        self._untold.add(partition)

    async def tell(self, partition: int, outboxes: Mapping[bytes, Sequence[Message]], *, generation: int) -> None:
        """Sends those that were stored, by name."""
        await send(
            self._writer, [message for messages in outboxes.values() for message in messages], generation=generation
        )
        version = self._table.tally(partition).next_version
        self._gone[partition] = [Write(PREFIX + name, None, version) for name in outboxes]
        self._untold.discard(partition)

    def forget(self, partitions: AbstractSet[int]) -> None:
        """They are gone; the next owner sends what may not have left."""
        self._untold -= partitions
        for partition in partitions:
            self._gone.pop(partition, None)
