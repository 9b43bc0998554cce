"""NetSuite's items, prices and customers as the reference ports: asked for by time of change, one page a call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from connectors.core.changes import Cursor, read_cursor
from connectors.core.clock import Clock
from connectors.core.errors import ConfigurationError, TargetUnavailableError
from connectors.core.reference_ports import ReferencePage
from connectors.netsuite import queries, reference_queries
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.events import Listing
from connectors.netsuite.queries import Position
from connectors.netsuite.reference_mapping import ReferenceWords, by_item, to_account, to_prices, to_product
from connectors.netsuite.wire import PriceRow
from schemas.models.reference import Account, Product, ProductPrices

_MICRO = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ITEMS_AT_ONCE = 100
_MOST_PRICES = 1000
"""Rows of one answer: NetSuite's most, because an answer that is cut short is asked for again by halves."""
_LOCAL, _STAMP = "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S"


class _Changed(Protocol):
    """A row of a list that is followed by (time, id)."""

    @property
    def id(self) -> str: ...

    @property
    def modified(self) -> str: ...


RowT = TypeVar("RowT", Product, ProductPrices, Account)
ChangedT = TypeVar("ChangedT", bound=_Changed)


class ReferenceRows:
    """Implements ProductSource, PriceSource and AccountSource.

    Between two pages a cursor holds the account's local time as NetSuite said it: taken back through UTC it could be
    an hour earlier, where clocks were set back since, and the same page would come for ever.
    """

    def __init__(
        self,
        client: NetSuiteClient,
        listing: Listing,
        words: ReferenceWords,
        clock: Clock,
        release: Callable[[], Awaitable[None]],
    ) -> None:
        self._client, self._listing, self._words = client, listing, words
        self._clock, self._release = clock, release

    async def products(self, cursor: str) -> ReferencePage[Product]:
        """See the port.

        Raises:
            ConfigurationError: no cursor of ours, or changes in the future: the zone is set wrongly.
            TargetUnavailableError: rows that nobody can read.
        """
        page = await self._client.items(reference_queries.items(self._position(cursor)), self._listing.page_size)
        words, zone = self._words, self._listing.zone
        return self._page(cursor, page.items, lambda row: to_product(row, words, zone), has_more=page.has_more)

    async def prices(self, cursor: str) -> ReferencePage[ProductPrices]:
        """See the port; raises as `products`.  One question for items, and one or more for their prices."""
        page = await self._client.items(reference_queries.items(self._position(cursor)), self._listing.page_size)
        found = await self._prices([row.id for row in page.items])
        words, zone = self._words, self._listing.zone
        return self._page(
            cursor, page.items, lambda row: to_prices(row, found.get(row.id, ()), words, zone), has_more=page.has_more
        )

    async def accounts(self, cursor: str) -> ReferencePage[Account]:
        """See the port; raises as `products`."""
        asked = reference_queries.customers(self._position(cursor))
        page = await self._client.customers(asked, self._listing.page_size)
        words, zone = self._words, self._listing.zone
        return self._page(cursor, page.items, lambda row: to_account(row, words, zone), has_more=page.has_more)

    async def check(self) -> None:
        """One item, or none: proves the permission for queries."""
        await self._client.items(reference_queries.items(Position(_EPOCH.strftime(_LOCAL))), 1)

    async def close(self) -> None:
        await self._release()

    # ── where a list was left ────────────────────────────────────────────────────────────────────

    def _position(self, cursor: str) -> Position:
        known = read_cursor(cursor, now=0)
        if not known.behind:
            since = known.newest - self._listing.overlap // _MICRO
            return Position(queries.to_local(since, self._now(), self._listing.zone))
        stamp, _, last = known.behind.partition("-")
        try:
            return Position(datetime.strptime(stamp, _STAMP).strftime(_LOCAL), int(last))  # noqa: DTZ007 - local
        except ValueError:
            raise ConfigurationError(f"{cursor[:40]!r} is no cursor of this connector") from None

    def _page(
        self, cursor: str, rows: Sequence[ChangedT], make: Callable[[ChangedT], RowT], *, has_more: bool
    ) -> ReferencePage[RowT]:
        zone = self._listing.zone
        try:
            made = [make(row) for row in rows]
            changed: list[int] = [queries.from_local(row.modified, zone) for row in rows]
        except ValueError as exc:
            raise TargetUnavailableError(f"a query answered rows that cannot be used: {exc}") from exc
        newest = max([read_cursor(cursor, now=0).newest, *changed])
        queries.check_zone(newest, self._now(), zone)
        is_end = not (has_more and rows)
        behind = "" if is_end else _behind(rows[-1])
        return ReferencePage(made, Cursor(newest=newest, behind=behind).text(), is_end)

    def _now(self) -> int:
        return (self._clock.now() - _EPOCH) // _MICRO

    # ── prices ───────────────────────────────────────────────────────────────────────────────────

    async def _prices(self, items: Sequence[str]) -> Mapping[str, Sequence[PriceRow]]:
        found: list[PriceRow] = []
        for start in range(0, len(items), _ITEMS_AT_ONCE):
            found += await self._whole(items[start : start + _ITEMS_AT_ONCE])
        return by_item(found)

    async def _whole(self, items: Sequence[str]) -> Sequence[PriceRow]:
        """Every price of these items: by halves where one answer does not hold them, so that no row can slip."""
        page = await self._client.prices(reference_queries.prices(items, self._words.groups), _MOST_PRICES)
        if not page.has_more or len(items) == 1:
            return page.items  # of one item the lowest quantities come first, and no more is needed
        middle = len(items) // 2
        return [*await self._whole(items[:middle]), *await self._whole(items[middle:])]


def _behind(row: _Changed) -> str:
    """Digits only, as a cursor can carry them.  The time was read before: it has the form."""
    stamp = "".join(sign for sign in row.modified if sign.isdigit())
    return f"{stamp}-{row.id}"
