"""Outcome totals of one table partition, written in the same batch as the state they describe: they survive kills.

Counts are keyed `<input topic>/<outcome>`; `upto` says per input below which offset every record is accounted for.
A record whose entry changed is counted with its entry (the entry's own guard knows a redelivery); one that touched no
entry is counted with the last chunk of its batch (`upto` knows a redelivery).
"""

from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

from streams.domain.version import Version
from streams.runtime.partition_store import PartitionStore
from streams.runtime.versioned import pack, unpack

KEY = b"mtally"


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Counts of one partition."""

    number: int = 0
    counts: dict[str, int] = {}
    upto: dict[str, int] = {}
    topics: dict[str, tuple[str, int]] = {}
    """Input topic → (topic id, incarnation); a topic that was created anew is a new incarnation."""
    epoch: int = 0

    @classmethod
    def read(cls, store: PartitionStore) -> Self:
        stored = store.get(KEY)
        return cls() if stored is None else msgspec.msgpack.decode(unpack(stored)[1], type=cls)

    def plus(self, increments: Iterable[Mapping[str, int]], upto: Mapping[str, int] | None) -> "Tally":
        """The counts after one chunk; the number rises with every chunk, so that it can serve as a version."""
        counts = dict(self.counts)
        for increment in increments:
            for name, number in increment.items():
                counts[name] = counts.get(name, 0) + number
        reached = self.upto | {
            topic: offset for topic, offset in (upto or {}).items() if offset > self.upto.get(topic, 0)
        }
        return msgspec.structs.replace(self, number=self.number + 1, counts=counts, upto=reached)

    def begun(self, epoch: int, topics: Mapping[str, tuple[str, int]]) -> "Tally":
        """The counts with the epoch and the input topics of a fresh assignment."""
        changed = {topic for topic, known in topics.items() if self.topics.get(topic, known)[1] != known[1]}
        upto = {topic: offset for topic, offset in self.upto.items() if topic not in changed}
        return msgspec.structs.replace(self, number=self.number + 1, epoch=epoch, topics=dict(topics), upto=upto)

    def incarnation(self, topic: str) -> int:
        return self.topics.get(topic, ("", 0))[1]

    @property
    def next_version(self) -> Version:
        """Of the chunk that is about to be written."""
        return Version(self.epoch, self.number + 1)

    def stored(self) -> tuple[bytes, bytes, Version]:
        version = Version(self.epoch, self.number)
        return KEY, pack(version, msgspec.msgpack.encode(self)), version
