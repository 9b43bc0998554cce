"""SAP's orders, returns and billing documents as the port `OrderEventSource`, listed by their time of change."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from connectors.core.changes import HandedOut, read_cursor
from connectors.core.clock import Clock
from connectors.core.errors import ConnectorError, TargetUnavailableError
from connectors.sap_s4hana import document_mapping, document_wire, event_mapping, listing, wire
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.document_client import DocumentClient
from connectors.sap_s4hana.listing import Changes
from connectors.sap_s4hana.origins import AtHand, Kept, Origins
from connectors.sap_s4hana.settings import Settings
from schemas.errors import EncodeError
from schemas.models.erp_order_event import ErpOrderEvent

_MICRO = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Read(NamedTuple):
    """When the documents of the overlap had changed that were read for this cursor: the same is not read again."""

    cursor: str
    at: Mapping[str, int]


class _Begun(NamedTuple):
    """What a reading of this cursor found out before it broke off."""

    cursor: str
    kept: Kept


class _Found(NamedTuple):
    """What changed since, of all lists."""

    orders: Changes[wire.OrderRow]
    returns: Changes[document_wire.ReturnRow]
    billings: Changes[document_wire.BillingRow]

    def at(self) -> dict[str, int]:
        """When, by kind and number."""
        lists = {"order": self.orders.at(), "return": self.returns.at(), "billing": self.billings.at()}
        return {f"{kind} {number}": at for kind, one in lists.items() for number, at in one.items()}

    def cut(self) -> tuple[int, str] | None:
        """Up to where all lists are known, and the last number of one that is longer; None where all were read."""
        lists = (self.orders, self.returns, self.billings)
        ends = [(max(one.at().values()), one.last) for one in lists if one.last]
        return min(ends) if ends else None


class OrderEvents:
    """Changed documents in order of change, with an overlap; a list is read by ten pages or so (`listing.changes`)."""

    def __init__(
        self,
        client: SalesOrderClient,
        documents: DocumentClient,
        settings: Settings,
        clock: Clock,
        release: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._documents = documents
        self._settings = settings
        self._clock = clock
        self._release = release
        self._handed = HandedOut()
        self._read = _Read("", {})
        self._begun = _Begun("", Kept())

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        """See the port.  What breaks off behind the first pages is told by the next call: those are not read again.

        Raises:
            ConfigurationError: no cursor of ours.
            TargetUnavailableError: a document that nobody can read.
        """
        behind = cursor
        while True:
            try:
                events, behind, more = await self._some_events(behind)
            except ConnectorError:
                if behind == cursor:
                    raise
                return (), behind
            if events or not more:
                return events, behind

    async def check(self) -> None:
        """One number of each service that is read."""
        await self._client.check()
        if self._settings.read_returns:
            await self._documents.check_returns()
        if self._settings.read_billing:
            await self._documents.check_billing()
        if self._settings.read_credit_requests:
            await self._documents.check_credit_requests()

    async def close(self) -> None:
        await self._release()

    async def _some_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str, bool]:
        known = read_cursor(cursor, now=(self._clock.now() - _EPOCH) // _MICRO)
        overlap = self._settings.overlap_s * 1_000_000
        found = await self._changes(known.newest if known.behind else known.newest - overlap)
        before = self._read.at if cursor == self._read.cursor else {}
        changed = found.at()
        fresh = {name for name, at in changed.items() if before.get(name) != at}
        made = await self._made(found, fresh, self._kept_for(cursor))
        self._begun = _Begun("", Kept())
        until, behind = found.cut() or (max([known.newest, *changed.values()]), "")
        events, following = self._handed.take(cursor, made, newest=until, behind=behind, overlap=overlap)
        self._read = _Read(following, {n: at for n, at in {**before, **changed}.items() if at >= until - overlap})
        return events, following, bool(behind)

    def _kept_for(self, cursor: str) -> Kept:
        """What the last reading left, where it was of this cursor and did not come to its end."""
        if cursor != self._begun.cursor:
            self._begun = _Begun(cursor, Kept())
        self._begun.kept.bound()
        return self._begun.kept

    async def _changes(self, since: int) -> _Found:
        """All lists before any item, so that an order's items are as new as what is listed of it."""
        orders = await listing.changes(self._client.changed_orders, since)
        returns: Changes[document_wire.ReturnRow] = Changes()
        if self._settings.read_returns:
            returns = await listing.changes(self._documents.changed_returns, since)
        billings: Changes[document_wire.BillingRow] = Changes()
        if self._settings.read_billing:
            billings = await listing.changes(self._documents.changed_billings, since)
        return _Found(orders, returns, billings)

    async def _made(self, found: _Found, fresh: set[str], kept: Kept) -> list[ErpOrderEvent]:
        """Of what changed since it was read last."""
        orders, returns, billings = found.orders.rows, found.returns.rows, found.billings.rows
        origins = Origins(self._client, self._documents, self._settings, AtHand(orders, returns, billings), kept)
        made: list[ErpOrderEvent] = []
        for number, row in orders.items():
            if f"order {number}" in fresh:
                made += await self._of_order(row, origins)
        for number, back in returns.items():
            if f"return {number}" in fresh:
                made += await self._of_return(back, origins)
        for number, billed in billings.items():
            if f"billing {number}" in fresh:
                made += await self._of_billing(billed, origins)
        return made

    async def _of_order(self, row: wire.OrderRow, origins: Origins) -> Sequence[ErpOrderEvent]:
        """Another call where it is ours."""
        if event_mapping.order_id_of(row, self._settings) is None:
            return ()
        items = await origins.items(row.number)
        with _readable(f"order {row.number}"):
            return list(event_mapping.to_events(row, items, self._settings))

    async def _of_return(self, row: document_wire.ReturnRow, origins: Origins) -> Sequence[ErpOrderEvent]:
        made: list[ErpOrderEvent] = []
        for number, placed in (await origins.of_return(row)).items():
            order = await origins.order(number)
            if order is not None:
                with _readable(f"return {row.number}"):
                    made += document_mapping.return_events(row, placed, order, self._settings)
        return made

    async def _of_billing(self, row: document_wire.BillingRow, origins: Origins) -> Sequence[ErpOrderEvent]:
        if document_mapping.kind_of(row, self._settings) is None:
            return ()
        made: list[ErpOrderEvent] = []
        for number, placed in (await origins.of_billing(row)).items():
            order = await origins.order(number)
            if order is not None:
                with _readable(f"billing document {row.number}"):
                    made += document_mapping.billing_events(row, placed, order, self._settings)
        return made


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Raises TargetUnavailableError for a document whose dates or figures are none."""
    try:
        yield
    except (ValueError, ArithmeticError, EncodeError) as exc:
        raise TargetUnavailableError(f"{name} cannot be read: {exc}") from exc
