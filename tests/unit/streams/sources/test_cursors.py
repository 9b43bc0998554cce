"""Cursors in their topic: the newest of each is found, and what cannot be read is no reason to begin anew."""

import asyncio
from typing import cast

import pytest

from schemas.catalogue import SOURCE_CURSOR
from schemas.codec import Writer, frame
from schemas.models.source_cursor import SourceCursor
from streams.runtime.clock import SystemClock
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources.cursors import TOPIC, CursorTopic
from streams.sources.poller import UnreadableCursorError
from tests.fakes.append_log import AppendLog

TEXTS = {1: SOURCE_CURSOR.schema_text}


class OneSchema:
    """A registry with the cursor's schema under 1."""

    def text_of(self, schema_id: int) -> str | None:
        return TEXTS.get(schema_id)

    def id_of(self, _subject: str, _text: str) -> int | None:
        return 1


class Held(CursorTopic):
    """The topic in memory."""

    def __init__(self, *records: LogRecord) -> None:
        self.log = AppendLog()
        self.serde = Serde(OneSchema(), SystemClock())
        super().__init__(cast("Settings", None), self.log, self.serde)
        self._records = records

    def _read(self) -> list[LogRecord]:
        appended = [(one.key, one.value) for one in self.log.appended]
        later = [LogRecord(TOPIC, 0, 100 + n, 0, key, value, ()) for n, (key, value) in enumerate(appended)]
        return [*self._records, *later]


def record(value: bytes | None, name: str = "erp-orders", offset: int = 0) -> LogRecord:
    return LogRecord(TOPIC, 0, offset, 0, name.encode(), value, ())


def cursor(name: str, position: str) -> SourceCursor:
    return SourceCursor(name=name, position=position, at=5)


async def _kept(topic: Held, *written: SourceCursor) -> dict[str, SourceCursor]:
    await topic.serde.prepare([TOPIC])
    for one in written:
        await topic.keep(one)
    return await topic.kept()


def test_of_each_poller_the_newest_cursor_counts() -> None:
    topic = Held()

    found = asyncio.run(
        _kept(topic, cursor("erp-orders", "1"), cursor("commerce-orders", "9"), cursor("erp-orders", "2"))
    )

    assert {name: one.position for name, one in found.items()} == {"erp-orders": "2", "commerce-orders": "9"}
    assert {one.key for one in topic.log.appended} == {b"erp-orders", b"commerce-orders"}


def test_a_cursor_that_was_deleted_is_none() -> None:
    value = frame(
        1,
        Writer(SOURCE_CURSOR.schema).write(
            {"name": "a", "position": "1", "memory": "", "at": 0, "found": 0, "unexplained": 0}
        ),
    )

    assert asyncio.run(_kept(Held(record(value, "a"), record(None, "a", 1)))) == {}


@pytest.mark.parametrize("value", [b"", b"\x00\x00\x00\x00\x01", b"\x00\x00\x00\x00\x07rest"])
def test_a_cursor_that_cannot_be_read_is_named_with_its_place(value: bytes) -> None:
    with pytest.raises(UnreadableCursorError, match=r"the cursor of 'erp-orders' \(offset 3\) cannot be read"):
        asyncio.run(_kept(Held(record(value, offset=3))))
