"""Where pages are kept: `completeness.page.v1`, so that yesterday's can be read again and a restart loses none."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from schemas.catalogue import COMPLETENESS as CONTRACT
from schemas.models.completeness_page import CompletenessPage
from streams.app.completeness.around import Around
from streams.app.completeness.reading import Reading
from streams.domain.closing import Page
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.writer import Record
from streams.topics import COMPLETENESS

NEWEST = 20
"""Records behind which the newest of each flow is found: flows are closed together."""
LATE = timedelta(days=1) // timedelta(microseconds=1)
"""A page of a day is written on the next one."""
_PART = Partition(COMPLETENESS.name, 0)


class PageTopic:
    """Reads are of a client of their own, in a thread."""

    def __init__(self, application: Around) -> None:
        self._app = application

    async def keep(self, page: Page) -> None:
        """Acknowledged when this returns.  Raises LeaseLostError, KafkaError."""
        kept = CompletenessPage(
            flow=page.flow,
            opened_at=page.opened_at,
            closed_at=page.closed_at,
            made_at=page.made_at,
            by=page.by,
            closes=page.closes,
            entities=page.entities,
            found=page.found,
            page=msgspec.json.encode(page).decode(),
        )
        record = Record(page.flow.encode(), self._app.serde.encode(COMPLETENESS.name, kept))
        await self._app.writer.send(COMPLETENESS.name, [record], generation=self._app.lease.generation)

    async def newest(self) -> dict[str, Page]:
        """Of each flow.  Raises ClusterUnavailableError, KafkaException."""
        found: dict[str, Page] = {}
        for page in await self._decoded(await asyncio.to_thread(self._read, 0, 0)):
            if page.flow not in found or page.closed_at >= found[page.flow].closed_at:
                found[page.flow] = page
        return found

    async def of(self, since: int, before: int) -> list[Page]:
        """Pages that end in that time (µs), or at its end.  Raises as `newest`."""
        pages = await self._decoded(await asyncio.to_thread(self._read, since, before + LATE))
        return [page for page in pages if since < page.closed_at <= before]

    def _read(self, since: int, before: int) -> Sequence[LogRecord]:
        reading = Reading(self._app)
        log = reading.brokers.spans([_PART])[_PART]
        first, end = max(log.first, log.end - NEWEST), log.end
        if before:
            at = [reading.brokers.at([_PART], moment)[_PART] for moment in (since, before)]
            first, end = (log.end if one is None else one for one in at)
        with reading.reader() as reader:
            return list(reader.read({_PART: Span(first, end)}))

    async def _decoded(self, records: Sequence[LogRecord]) -> list[Page]:
        """What another release wrote in another form is left out."""
        values = [record.value or b"" for record in records]
        found = await self._app.serde.decode(CONTRACT, values) if values else []
        pages = []
        for one in found:
            if isinstance(one, CompletenessPage):
                try:
                    pages.append(msgspec.json.decode(one.page, type=Page))
                except msgspec.MsgspecError:
                    continue
        return pages
