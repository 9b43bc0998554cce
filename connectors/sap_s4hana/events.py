"""SAP's sales orders as the port `OrderEventSource`: changed orders are listed by their time of change."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connectors.core.changes import HandedOut, read_cursor
from connectors.core.clock import Clock
from connectors.core.errors import TargetUnavailableError
from connectors.sap_s4hana import event_mapping, wire
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.orders import every
from connectors.sap_s4hana.settings import Settings
from schemas.errors import EncodeError
from schemas.models.erp_order_event import ErpOrderEvent

_MICRO = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PAGES = 10


class _Read(NamedTuple):
    """When the orders of the overlap had changed that were read for this cursor: the same is not read again."""

    cursor: str
    orders: Mapping[str, int]


class OrderEvents:
    """Changed orders in order of change, with an overlap; at most ten pages a call, and a call for each order."""

    def __init__(
        self, client: SalesOrderClient, settings: Settings, clock: Clock, release: Callable[[], Awaitable[None]]
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._release = release
        self._handed = HandedOut()
        self._read = _Read("", {})

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        """See the port.

        Raises:
            ConfigurationError: no cursor of ours.
            TargetUnavailableError: an order that nobody can read.
        """
        while True:
            events, cursor, more = await self._some_events(cursor)
            if events or not more:
                return events, cursor

    async def check(self) -> None:
        await self._client.check()

    async def close(self) -> None:
        await self._release()

    async def _some_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str, bool]:
        known = read_cursor(cursor, now=(self._clock.now() - _EPOCH) // _MICRO)
        overlap = self._settings.overlap_s * 1_000_000
        rows, last = await self._changes(known.newest if known.behind else known.newest - overlap)
        before = self._read.orders if cursor == self._read.cursor else {}
        changed = {number: _changed_at(row) for number, row in rows.items()}
        made = [
            one for number, row in rows.items() if before.get(number) != changed[number] for one in await self._of(row)
        ]
        until = max(changed.values()) if last else max([known.newest, *changed.values()])
        events, following = self._handed.take(cursor, made, newest=until, behind=last, overlap=overlap)
        self._read = _Read(following, {n: at for n, at in {**before, **changed}.items() if at >= until - overlap})
        return events, following, bool(last)

    async def _of(self, row: wire.OrderRow) -> Sequence[ErpOrderEvent]:
        """Of one order; another call where it is ours."""
        if event_mapping.order_id_of(row, self._settings) is None:
            return ()
        items = await self._items(row.sales_order)
        try:
            return list(event_mapping.to_events(row, items, self._settings))
        except (ValueError, ArithmeticError, EncodeError) as exc:
            raise TargetUnavailableError(f"order {row.sales_order} cannot be read: {exc}") from exc

    async def _changes(self, since: int) -> tuple[Mapping[str, wire.OrderRow], str]:
        """Orders by number, and the last one's number where there are more.

        An order that changes while the list is read moves to its end and pulls others over the border of two pages; so
        each page begins at the last time of the one before.
        """
        found: dict[str, wire.OrderRow] = {}
        skip, last = 0, ""
        for _ in range(_MOST_PAGES):
            page = await self._client.changed_orders(_moment(since), skip=skip)
            found |= {one.sales_order: one for one in page.results}
            if not page.results or skip + len(page.results) >= page.count:
                return found, ""
            last = page.results[-1].sales_order
            until = _changed_at(page.results[-1])
            since, skip = (until, 0) if until > since else (since, skip + len(page.results))
        return found, last

    async def _items(self, number: str) -> Sequence[wire.ItemRow]:
        return await every(lambda skip: self._client.changed_items(number, skip=skip))


def _moment(micros: int) -> str:
    """Milliseconds, as V2 shows them; cut, so that nothing is passed over."""
    return (_EPOCH + timedelta(microseconds=micros - micros % 1000)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _changed_at(row: wire.OrderRow) -> int:
    try:
        return event_mapping.changed_at(row)
    except ValueError as exc:
        raise TargetUnavailableError("a changed order has no time of change") from exc
