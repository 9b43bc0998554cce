"""Bytes at the door of a flow: read or refused, each record on its own."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from schemas.catalogue import Contract
from schemas.errors import DecodeError
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.runtime.dead_letters import Letter, SourceRecord
from streams.runtime.guard import Guard
from streams.runtime.serde import Serde

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
ReadT = TypeVar("ReadT")


class Bad(NamedTuple):
    """A record that could not be read, or was refused."""

    record: SourceRecord
    refused: Refused

    @property
    def letter(self) -> Letter:
        return Letter(self.record, self.refused.reason, self.refused.detail)


class RecordReader:
    """`guards` by topic."""

    def __init__(self, serde: Serde, guards: Mapping[str, Guard], max_bytes: int) -> None:
        self._serde, self._guards, self._max = serde, guards, max_bytes

    async def read(
        self,
        contract: Contract[ModelT],
        records: Sequence[SourceRecord],
        admit: Callable[[SourceRecord, ModelT], ReadT | Refused],
    ) -> tuple[list[ReadT], list[Bad]]:
        """In log order, each record in one of the two lists; `admit` is asked of those that can be read."""
        refusals = [self._unreadable(record) for record in records]
        readable = [record for record, refused in zip(records, refusals, strict=True) if refused is None]
        answers = await self._serde.decode(contract, [record.value or b"" for record in readable])
        asked = zip(readable, answers, itertools.repeat(admit))
        found = iter(self._guards[contract.topic].each(_admitted, asked))
        read: list[ReadT] = []
        bad: list[Bad] = []
        for record, refused in zip(records, refusals, strict=True):
            one = refused or next(found)
            if isinstance(one, Refused):
                bad.append(Bad(record, one))
            else:
                read.append(one)
        return read, bad

    def _unreadable(self, record: SourceRecord) -> Refused | None:
        if record.value is None:
            return Refused(DeadReason.NULL_VALUE, "the record has no value")
        size = len(record.value)
        if size > self._max:
            return Refused(DeadReason.TOO_LARGE, f"{size} bytes, at most {self._max}")
        return Refused(DeadReason.NULL_KEY, "the record has no key") if record.key is None else None


def _admitted(
    record: SourceRecord,
    value: ModelT | DecodeError | None,
    admit: Callable[[SourceRecord, ModelT], ReadT | Refused],
) -> ReadT | Refused:
    if value is None:
        return Refused(DeadReason.UNKNOWN_SCHEMA, f"schema id {int.from_bytes((record.value or b'')[1:5], 'big')}")
    if isinstance(value, DecodeError):
        return Refused(DeadReason(value.reason), value.detail)
    return admit(record, value)
