"""Messages that were decided with a state but are not yet acknowledged: stored with it, sent as stored, then deleted.

On assignment and after a kill they are sent again; readers know a repeat by its derived id.
"""

from collections.abc import Mapping, Sequence

import msgspec

from streams.domain.version import Version
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack, unpack
from streams.runtime.writer import Record, Writer

PREFIX = b"o"


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
    """As stored, in order per topic and key; returns when the broker has them."""
    by_topic: dict[str, list[Record]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(Record(message.key, message.value, message.headers))
    for topic, records in by_topic.items():
        await writer.send(topic, records, generation=generation)


async def tell(
    table: BulkTable, writer: Writer, partition: int, outboxes: Mapping[bytes, Sequence[Message]], *, generation: int
) -> list[Write]:
    """Sends outboxes that were stored by name; what deletes them, for the partition's next write."""
    if not outboxes:
        return []
    everything = [message for messages in outboxes.values() for message in messages]
    await send(writer, everything, generation=generation)
    version = table.tally(partition).next_version
    return [Write(PREFIX + name, None, version) for name in outboxes]


async def resend(table: BulkTable, writer: Writer, partition: int, *, generation: int) -> int:
    """After an assignment: send what was decided and not acknowledged.  How many messages that were."""
    left = waiting(table.store(partition))
    for _delete, messages in left:
        await send(writer, messages, generation=generation)
    if left:
        await table.commit(partition, [Group([delete for delete, _ in left], {})], generation=generation)
    return sum(len(messages) for _, messages in left)
