"""Dead letters: key, value and headers unchanged; what happened stands in `dl_…` headers as text."""

import hashlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from aiokafka.errors import MessageSizeTooLargeError

from streams.domain.reasons import DeadReason
from streams.runtime.metrics import DEAD_LETTERS
from streams.runtime.writer import BatchTooLargeError, Record, Writer, weight
from streams.topics import DEAD_LETTER

PREFIX = "dl_"
ORDINARY_BYTES = 64 << 10
"""Up to here a letter fits any topic, and a batch beside others."""
BESIDE_AT_MOST = 64 << 10
"""Bytes of key and headers that stay in a letter whose value was too large."""


class SourceRecord(Protocol):
    """The record as it was read: an aiokafka or confluent record has all of this."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Letter(NamedTuple):
    """A record with the reason why it is set aside."""

    record: SourceRecord
    reason: DeadReason
    detail: str
    attempts: int = 1
    value_gone: bool = False
    """The record has left the log: what is known of it stands in its place."""


class DeadLetters:
    """Writes letters; returns when the broker has them, so the original may be committed."""

    def __init__(self, writer: Writer, app_id: str, folder: Path) -> None:
        self._writer, self._app_id, self._folder = writer, app_id, folder

    async def send(self, letters: Sequence[Letter], *, generation: int) -> None:
        """Safe to repeat: a letter is known by topic, partition and offset of its original.

        Those of ordinary size go together, in order: a wait for the broker per letter would make a flood of them slow.
        """
        made = [(letter, self._record(letter)) for letter in letters]
        for is_ordinary, run in groupby(made, lambda one: weight(one[1]) <= ORDINARY_BYTES):
            if is_ordinary:
                await self._send_together(list(run), generation)
            else:
                for letter, record in run:
                    await self._send_alone(letter, record, generation)

    async def _send_together(self, run: Sequence[tuple[Letter, Record]], generation: int) -> None:
        await self._writer.send(DEAD_LETTER.name, [record for _, record in run], generation=generation)
        for letter, _ in run:
            DEAD_LETTERS.labels(letter.record.topic, letter.reason.value).inc()

    async def _send_alone(self, letter: Letter, record: Record, generation: int) -> None:
        try:
            await self._writer.send(DEAD_LETTER.name, [record], generation=generation)
        except (BatchTooLargeError, MessageSizeTooLargeError):
            await self._writer.send(DEAD_LETTER.name, [self._kept_as_file(letter, record)], generation=generation)
        DEAD_LETTERS.labels(letter.record.topic, letter.reason.value).inc()

    def _record(self, letter: Letter) -> Record:
        source = letter.record
        told = {
            "reason": letter.reason.value,
            "detail": letter.detail[:500],
            "topic": source.topic,
            "partition": str(source.partition),
            "offset": str(source.offset),
            "timestamp": str(source.timestamp),
            "attempts": str(letter.attempts),
            "app": self._app_id,
        }
        if letter.value_gone:
            told["value_gone"] = "true"
        elif source.value is None:
            told["null_value"] = "true"
        own = tuple((PREFIX + name, text.encode("utf-8", "replace")) for name, text in told.items())
        kept = tuple(header for header in source.headers if not header[0].startswith(PREFIX))
        return Record(source.key, source.value, (*kept, *own))

    def _kept_as_file(self, letter: Letter, record: Record) -> Record:
        """The broker takes no record of this size: the bytes stay on this worker's disk, the letter says where.

        Key and headers stay in the letter, unless they themselves are too large: then they lie beside the value.
        """
        value, source = record.value or b"", letter.record
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{source.topic}-{source.partition}-{source.offset}.bin"
        path.write_bytes(value)
        told = {"file": str(path), "size": str(len(value)), "sha256": hashlib.sha256(value).hexdigest()}
        own = tuple(header for header in record.headers if header[0].startswith(PREFIX))
        kept = tuple(header for header in record.headers if not header[0].startswith(PREFIX))
        key = record.key
        if len(key or b"") + sum(len(name) + len(text or b"") for name, text in kept) > BESIDE_AT_MOST:
            beside = path.with_suffix(".msgpack")
            beside.write_bytes(msgspec.msgpack.encode({"key": key, "headers": kept}))
            told["beside"] = str(beside)
            key, kept = (key or b"")[:1024], ()
        return Record(key, None, (*kept, *own, *((PREFIX + name, text.encode()) for name, text in told.items())))
