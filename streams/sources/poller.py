"""A poller reads a source page by page; its findings go to their topic, and only then its cursor to `source.cursor.v1`.

A kill between the two has the page read again.  Findings are pure functions of what was read, so their event ids repeat
and whoever reads the topic ignores them; two processes side by side do no harm for the same reason.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from schemas.models.source_cursor import SourceCursor
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.lookback import Place
from streams.runtime.metrics import POLL_ERRORS, POLL_FOUND, POLL_LAG, POLL_SUCCESS, POLL_UNEXPLAINED
from streams.runtime.operating.posting import Outgoing

MICROS = 1_000_000
NAMED_AT_MOST = 20
"""Ids on the line of a round."""
_LOG = logger("streams.poll")


class Found(NamedTuple):
    """A record to be appended, and the ids under which it can be followed; `placed_at` (µs) of an order."""

    message: Outgoing
    entity: str
    event_id: str
    placed_at: int = 0


class Number(msgspec.Struct, frozen=True):
    """An order number that is not explained; `why` is the shop's refusal, "" where it does not know the order yet."""

    number: str
    since: int
    why: str


class Reading(NamedTuple):
    """What one page brought.  `cursor` holds once everything found is appended; `read_up_to` (µs) 0 at the end.

    `is_news` says whether the next process needs this cursor; where only the round went on, it does not.
    `is_of_all` says that all rows are being read: that may take hours, and each of its pages is a success.
    """

    found: tuple[Found, ...]
    cursor: SourceCursor
    is_end: bool
    is_news: bool = True
    is_of_all: bool = False
    read_up_to: int = 0
    unexplained: tuple[Number, ...] = ()
    never_placed: tuple[str, ...] = ()


class UnreadableCursorError(Exception):
    """What a poller wrote cannot be read here: to begin anew in silence could lose what changed meanwhile."""


class Poller(Protocol):
    """One source."""

    @property
    def name(self) -> str:
        """Key of its cursor."""
        ...

    def check(self, cursor: SourceCursor) -> None:
        """Raises UnreadableCursorError for what another release wrote."""
        ...

    async def read(self, cursor: SourceCursor | None) -> Reading:
        """The next page behind the cursor; None begins.  Raises ConnectorError, and nothing is lost then."""
        ...


class Log(Protocol):
    """Where records are appended."""

    async def append(self, message: Outgoing) -> Place:
        """Where the record lies, once it is acknowledged.  Raises NotAppendedError."""
        ...


class Cursors(Protocol):
    """Where cursors are kept."""

    async def keep(self, cursor: SourceCursor) -> None:
        """Returns once it is acknowledged.  Raises NotAppendedError."""
        ...


class Watch(Protocol):
    """Somebody who wants to know what was found, and when a round is over."""

    def found(self, one: Found) -> None:
        """It is appended."""
        ...

    def round_ended(self) -> None:
        """All of the source was read for now."""
        ...


class Round(msgspec.Struct, frozen=True):
    """What a round came to: what is printed by `poll --once`."""

    poller: str
    found: int
    pages: int
    position: str
    unexplained: tuple[Number, ...] = ()
    never_placed: tuple[str, ...] = ()


class Rounds:
    """One poller's rounds, one after the other."""

    def __init__(
        self,
        poller: Poller,
        log: Log,
        cursors: Cursors,
        clock: Clock,
        *,
        cursor: SourceCursor | None,
        watch: Watch | None = None,
    ) -> None:
        """Raises UnreadableCursorError."""
        if cursor is not None:
            poller.check(cursor)
        self.poller, self._log, self._cursors, self._clock = poller, log, cursors, clock
        self._cursor, self._watch = cursor, watch
        POLL_SUCCESS.labels(poller.name).set(clock.micros() / MICROS)

    async def round(self) -> Round:
        """Everything that is new, appended, with the cursor behind it.  Raises ConnectorError, NotAppendedError."""
        try:
            return await self._round()
        except Exception as error:
            POLL_ERRORS.labels(self.poller.name, type(error).__name__).inc()
            raise

    async def _round(self) -> Round:
        """Of a round only names are kept: one that reads all rows of a table can find very many."""
        named: list[str] = []
        found = pages = 0
        while True:
            reading = await self.poller.read(self._cursor)
            await self._append(reading.found)
            await self._keep(reading)
            if reading.is_end or reading.is_of_all:
                POLL_SUCCESS.labels(self.poller.name).set(self._clock.micros() / MICROS)
            named = [*named, *(one.entity for one in reading.found[:NAMED_AT_MOST])][:NAMED_AT_MOST]
            found, pages = found + len(reading.found), pages + 1
            if reading.is_end:
                return self._ended(named, found, pages, reading)

    async def _append(self, found: Sequence[Found]) -> None:
        """Returns once every record is acknowledged: none of them is given up while another failed."""
        ended = await asyncio.gather(*(self._log.append(one.message) for one in found), return_exceptions=True)
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure
        POLL_FOUND.labels(self.poller.name).inc(len(found))
        if self._watch is not None:
            for one in found:
                self._watch.found(one)

    async def _keep(self, reading: Reading) -> None:
        """A cursor that says nothing new is not written: a source that stands still costs no record a minute."""
        known, now = self._cursor, self._clock.micros()
        total = (known.found if known else 0) + len(reading.found)
        cursor = msgspec.structs.replace(reading.cursor, found=total, unexplained=len(reading.unexplained), at=now)
        if known is None or (reading.is_news and msgspec.structs.replace(cursor, at=known.at) != known):
            await self._cursors.keep(cursor)
        self._cursor = cursor
        age = (now - reading.read_up_to) / MICROS if reading.read_up_to else 0.0
        POLL_LAG.labels(self.poller.name).set(max(0.0, age))

    def _ended(self, named: Sequence[str], found: int, pages: int, last: Reading) -> Round:
        name = self.poller.name
        POLL_UNEXPLAINED.labels(name).set(len(last.unexplained))
        if self._watch is not None:
            self._watch.round_ended()
        _LOG.info(
            "poll-round",
            poller=name,
            found=found,
            pages=pages,
            ids=named,
            position=last.cursor.position,
            unexplained=[one.number for one in last.unexplained[:NAMED_AT_MOST]],
        )
        return Round(name, found, pages, last.cursor.position, last.unexplained, last.never_placed)
