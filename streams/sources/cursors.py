"""Where pollers keep how far they read: the compacted topic `source.cursor.v1`, one key each."""

import asyncio
from collections.abc import Sequence

from schemas.catalogue import SOURCE_CURSOR as CONTRACT
from schemas.errors import DecodeError
from schemas.models.source_cursor import SourceCursor
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.posting import Outgoing
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources.poller import Log, UnreadableCursorError
from streams.topics import SOURCE_CURSOR

TOPIC = SOURCE_CURSOR.name


class CursorTopic:
    """`kept` once at the start; then each poller knows its own."""

    def __init__(self, settings: Settings, log: Log, serde: Serde) -> None:
        self._settings, self._log, self._serde = settings, log, serde

    async def kept(self) -> dict[str, SourceCursor]:
        """The newest of each poller.

        Raises UnreadableCursorError, ClusterUnavailableError, KafkaException.
        """
        records = await asyncio.to_thread(self._read)
        newest = {record.key: record for record in records}
        standing = [record for record in newest.values() if record.value is not None]
        cursors = await self._serde.decode(CONTRACT, [record.value or b"" for record in standing])
        found: dict[str, SourceCursor] = {}
        for record, cursor in zip(standing, cursors, strict=True):
            if cursor is None or isinstance(cursor, DecodeError):
                raise UnreadableCursorError(_unreadable(record))
            found[cursor.name] = cursor
        return found

    async def keep(self, cursor: SourceCursor) -> None:
        """Raises NotAppendedError."""
        await self._log.append(Outgoing(TOPIC, cursor.name.encode(), self._serde.encode(TOPIC, cursor)))

    def _read(self) -> Sequence[LogRecord]:
        brokers = Brokers(self._settings.kafka)
        with LogReader(self._settings.kafka, self._settings.app_id) as reader:
            return list(reader.read(brokers.spans(brokers.partitions(TOPIC))))


def _unreadable(record: LogRecord) -> str:
    name = (record.key or b"").decode(errors="replace")
    return f"topic {TOPIC}: the cursor of {name!r} (offset {record.offset}) cannot be read; is another release running?"
