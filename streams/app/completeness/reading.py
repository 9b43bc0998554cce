"""What both flows' evidence needs of the application: logs, tables' changelogs, decoded values."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from schemas.catalogue import Contract
from streams.app.completeness.around import Around
from streams.app.completeness.logs import Stretch, pieces
from streams.runtime.letter_headers import told
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.tables import TableSpec, changelog
from streams.topics import DEAD_LETTER

ModelT = TypeVar("ModelT", bound=msgspec.Struct)
LetterPlaces = dict[tuple[str, int, int], str]
"""Where the original of a letter lay → the reason."""


class Reading:
    """One look at the logs; each read has a client of its own."""

    def __init__(self, application: Around) -> None:
        self.app = application
        self.brokers = Brokers(application.settings.kafka)

    @property
    def group(self) -> str:
        return self.app.settings.app_id

    def reader(self) -> LogReader:
        return LogReader(self.app.settings.kafka, self.group)

    def pieces(self, spans: Mapping[Partition, Span]) -> AsyncIterator[list[LogRecord]]:
        return pieces(self.reader, spans)

    def changelog_span(self, table: TableSpec, partition: int, since: int) -> dict[Partition, Span]:
        """From the time on.  Blocking."""
        part = Partition(changelog(self.group, table), partition)
        log, first = self.brokers.spans([part])[part], self.brokers.at([part], since)[part]
        return {part: Span(log.end if first is None else max(first, log.first), log.end)}

    async def decoded(self, contract: Contract[ModelT], records: Sequence[LogRecord]) -> list[ModelT | None]:
        """None for what cannot be read: its flow has made a dead letter of it."""
        values = [record.value or b"" for record in records]
        found = await self.app.serde.decode(contract, values) if values else []
        return [one if isinstance(one, contract.model) else None for one in found]

    async def letters(self, stretches: Mapping[Partition, Stretch], take: Callable[[LogRecord], None]) -> LetterPlaces:
        """Every dead letter of the stretch."""
        found: LetterPlaces = {}
        async for piece in self.pieces(spans_of(stretches, (DEAD_LETTER.name,))):
            for record in piece:
                take(record)
                of = told(record.headers)
                if of.topic is not None and of.partition is not None and of.offset is not None:
                    found[of.topic, of.partition, of.offset] = of.reason or "?"
        return found


def spans_of(
    stretches: Mapping[Partition, Stretch], topics: Iterable[str], partition: int | None = None
) -> dict[Partition, Span]:
    """Those of some topics; of one partition where it is named."""
    wanted = frozenset(topics)
    return {
        part: one.span for part, one in stretches.items() if part.topic in wanted and partition in (None, part.number)
    }
