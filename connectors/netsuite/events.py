"""NetSuite's sales orders as the port `OrderEventSource`: nothing is pushed, so changes are asked for."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.core.changes import HandedOut, read_cursor
from connectors.core.clock import Clock
from connectors.core.errors import TargetUnavailableError
from connectors.netsuite import event_mapping, queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.queries import Position
from connectors.netsuite.wire import ChangeRow, LineRow
from schemas.errors import EncodeError
from schemas.models.erp_order_event import ErpOrderEvent

_MICRO = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10
_DOCUMENTS_AT_ONCE = 200


@dataclass(frozen=True)
class Listing:
    """How the list of changes is read."""

    zone: ZoneInfo
    overlap: timedelta
    page_size: int


class OrderEvents:
    """Documents by time of change, with an overlap, in the account's zone; at most ten pages a call."""

    def __init__(
        self, client: NetSuiteClient, listing: Listing, clock: Clock, release: Callable[[], Awaitable[None]]
    ) -> None:
        self._client = client
        self._listing = listing
        self._clock = clock
        self._release = release
        self._handed = HandedOut()

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        """See the port.  One question per page of changes, and one or more for their lines.

        Raises:
            ConfigurationError: no cursor of ours, or changes in the future: the zone is set wrongly.
            TargetUnavailableError: rows that nobody can read.
        """
        while True:
            events, cursor, more = await self._some_events(cursor)
            if events or not more:
                return events, cursor

    async def _some_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str, bool]:
        now, zone = self._now(), self._listing.zone
        known = read_cursor(cursor, now=now)
        overlap = self._listing.overlap // _MICRO
        since = known.newest if known.behind else known.newest - overlap
        rows, behind = await self._changes(Position(queries.to_local(since, now, zone), int(known.behind or 0)))
        lines = await self._lines([one.id for one in rows])
        try:
            events = [made for row in rows for made in event_mapping.to_events(row, lines.get(row.id, ()), zone)]
            changed = [queries.from_local(one.modified, zone) for one in rows]
        except (ValueError, EncodeError) as exc:
            raise TargetUnavailableError(f"list-changes answered rows that cannot be used: {exc}") from exc
        newest = changed[-1] if behind else max([known.newest, *changed])
        queries.check_zone(newest, now, zone)
        return *self._handed.take(cursor, events, newest=newest, behind=behind, overlap=overlap), bool(behind)

    async def check(self) -> None:
        """One row, or none: proves the permission for queries."""
        now = self._now()
        await self._client.changes(queries.changes(Position(queries.to_local(now, now, self._listing.zone))), 1)

    async def close(self) -> None:
        await self._release()

    async def _changes(self, position: Position) -> tuple[list[ChangeRow], str]:
        """Rows in order of change, each document once; the id of the last one where there are more."""
        found: dict[str, ChangeRow] = {}
        for _ in range(_MOST_PAGES):
            page = await self._client.changes(queries.changes(position), self._listing.page_size)
            for row in page.items:
                found.setdefault(row.id, row)
            if not page.has_more or not page.items:
                return list(found.values()), ""
            last = page.items[-1]
            position = Position(last.modified, int(last.id))
        return list(found.values()), str(position.behind)

    async def _lines(self, documents: Sequence[str]) -> Mapping[str, Sequence[LineRow]]:
        found: dict[str, list[LineRow]] = defaultdict(list)
        for start in range(0, len(documents), _DOCUMENTS_AT_ONCE):
            behind, more = -1, True
            while more:
                query = queries.lines(documents[start : start + _DOCUMENTS_AT_ONCE], behind)
                page = await self._client.lines(query, self._listing.page_size)
                for row in page.items:
                    found[row.document].append(row)
                more = page.has_more and bool(page.items)
                behind = int(page.items[-1].key) if page.items else behind
        return found

    def _now(self) -> int:
        return (self._clock.now() - _EPOCH) // _MICRO
