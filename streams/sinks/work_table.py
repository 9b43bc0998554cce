"""A command sink's memory: per entity what still has to be done, and what is to be told of what ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.domain import work
from streams.domain.version import Version
from streams.domain.work import Work
from streams.runtime.outbox import PREFIX, Message, stored
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack, unpack

ENTRY = b"e"


class Told(NamedTuple):
    """A message that goes out with a change, and the name that its outbox is kept under."""

    name: bytes
    message: Message


class WorkTable:
    """The caller holds the partition's lock across read and write."""

    def __init__(self, table: BulkTable) -> None:
        self.table = table

    def entries(self, partition: int, entities: Sequence[str]) -> dict[str, Work]:
        """Of every entity asked for; empty work where there is none."""
        found = self.table.store(partition).get_many([_key(entity) for entity in entities])
        return {name: Work() if value is None else _work(value) for name, value in zip(entities, found, strict=True)}

    def unfinished(self, partition: int) -> Iterator[str]:
        """Entities with a command or a check left, in order of their ids."""
        for key, value in self.table.store(partition).scan(ENTRY):
            if _work(value).is_unfinished:
                yield key[1:].decode()

    async def keep(
        self,
        partition: int,
        entries: Mapping[str, Work],
        counts: Mapping[str, int],
        *,
        generation: int,
        told: Told | None = None,
        sent: Sequence[bytes] = (),
        upto: Mapping[str, int] | None = None,
    ) -> None:
        """Work, counts and what is told, in one atomic group; `sent` outboxes are deleted.  Safe to repeat."""
        version = self._next(partition)
        writes = [Write(_key(entity), pack(version, work.encode(one)), version) for entity, one in entries.items()]
        writes += [Write(PREFIX + name, None, version) for name in sent]
        if told is not None:
            writes.append(stored(told.name, version, [told.message]))
        await self.table.commit(partition, [Group(writes, dict(counts))], generation=generation, upto=upto)

    def _next(self, partition: int) -> Version:
        return self.table.tally(partition).next_version


def _key(entity: str) -> bytes:
    return ENTRY + entity.encode()


def _work(value: bytes) -> Work:
    return work.decode(unpack(value)[1])
