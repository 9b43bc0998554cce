"""From a return or a billing document back to the sales order, by what each was made from."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from connectors.core.errors import PermanentError
from connectors.sap_s4hana import document_wire, event_mapping, wire
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.document_client import DocumentClient
from connectors.sap_s4hana.document_mapping import OurOrder, PlacedBilling, PlacedReturn, plain
from connectors.sap_s4hana.orders import every
from connectors.sap_s4hana.settings import Settings

ORDER, RETURN, REQUEST = "C", "H", "K"
_MOST_STEPS: Final = 5
"""Credit memo, its request, return, invoice, order."""
_MOST_KEPT: Final = 5_000

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Told = tuple[str, str]
"""Number of an order, and its time of change as the list says it: an order that changed is read anew."""


class Source(NamedTuple):
    """An item of a document that another one was made from."""

    category: str
    number: str
    item: str


class AtHand(NamedTuple):
    """What a reading has already, by number."""

    orders: Mapping[str, wire.OrderRow]
    returns: Mapping[str, document_wire.ReturnRow]
    billings: Mapping[str, document_wire.BillingRow]


@dataclass(frozen=True)
class Kept:
    """What was read by number, so that a reading that broke off goes on where it stopped; None for what is not ours."""

    orders: dict[Told, OurOrder | None] = field(default_factory=dict)
    items: dict[Told, Sequence[wire.ItemRow]] = field(default_factory=dict)
    returns: dict[str, document_wire.ReturnRow | None] = field(default_factory=dict)
    billings: dict[str, document_wire.BillingRow | None] = field(default_factory=dict)
    requests: dict[str, document_wire.RequestRow | None] = field(default_factory=dict)

    def bound(self, most: int = _MOST_KEPT) -> None:
        """Of each kind the first ones stay: a reading that begins again meets them first."""
        _bound(self.orders, most)
        _bound(self.items, most)
        _bound(self.returns, most)
        _bound(self.billings, most)
        _bound(self.requests, most)


class Origins:
    """Of one reading: each document in between, each order and its items are read once."""

    def __init__(
        self,
        orders: SalesOrderClient,
        documents: DocumentClient,
        settings: Settings,
        at_hand: AtHand,
        kept: Kept,
    ) -> None:
        self._client = orders
        self._documents = documents
        self._settings = settings
        self._at_hand = at_hand
        self._kept = kept

    async def of_return(self, made: document_wire.ReturnRow) -> Mapping[str, Sequence[PlacedReturn]]:
        """Its items by number of sales order; those of no order are left out."""
        found: dict[str, list[PlacedReturn]] = defaultdict(list)
        for one in made.items.results:
            origin = await self._order_item(_reference(one))
            if origin is not None:
                found[origin.number].append(PlacedReturn(one, plain(origin.item)))
        return found

    async def of_billing(self, made: document_wire.BillingRow) -> Mapping[str, Sequence[PlacedBilling]]:
        """Its items by number of sales order; those of no order are left out."""
        found: dict[str, list[PlacedBilling]] = defaultdict(list)
        for one in made.items.results:
            origin = await self._order_item(_sales(one))
            if origin is not None:
                found[origin.number].append(PlacedBilling(one, plain(origin.item)))
        return found

    async def order(self, number: str) -> OurOrder | None:
        """None for an order that is not ours."""
        name, orders = self._told(number), self._kept.orders
        if name not in orders:
            orders[name] = await self._read_order(number)
        return orders[name]

    async def items(self, number: str) -> Sequence[wire.ItemRow]:
        """Of a sales order, with schedule lines, process flow and texts."""
        name, items = self._told(number), self._kept.items
        if name not in items:
            items[name] = await every(lambda skip: self._client.changed_items(number, skip=skip))
        return items[name]

    def _told(self, number: str) -> Told:
        listed = self._at_hand.orders.get(number)
        return number, (listed.last_change_date_time or "") if listed else ""

    async def _read_order(self, number: str) -> OurOrder | None:
        row = self._at_hand.orders.get(number) or await _read_or_none(number, self._client.told_order)
        if row is None:
            return None
        order_id = event_mapping.order_id_of(row, self._settings)
        if order_id is None:
            return None
        items = await self.items(row.number)
        return OurOrder(order_id, row.number, {plain(one.sales_order_item): one for one in items})

    async def _order_item(self, source: Source) -> Source | None:
        """None for what comes from no sales order, or by documents that are not read."""
        for _ in range(_MOST_STEPS):
            if not source.number:
                return None  # of a credit memo request each item may have its own source, or none
            if source.category == ORDER:
                return source
            before = await self._before(source)
            if before is None:
                return None
            source = before
        return None

    async def _before(self, source: Source) -> Source | None:
        settings, documents, number = self._settings, self._documents, source.number
        at_hand, kept = self._at_hand, self._kept
        found: dict[str, Source] = {}
        if source.category == RETURN and settings.read_returns:
            back = at_hand.returns.get(number) or await _once(kept.returns, number, documents.customer_return)
            found = {plain(one.item): _reference(one) for one in (back.items.results if back else ())}
        elif source.category == REQUEST and settings.read_credit_requests:
            asked = await _once(kept.requests, number, documents.credit_request)
            found = {} if asked is None else _requested(asked)
        elif source.category == settings.invoice_category and settings.read_billing:
            billed = at_hand.billings.get(number) or await _once(kept.billings, number, documents.billing)
            found = {plain(one.item): _sales(one) for one in (billed.items.results if billed else ())}
        return found.get(plain(source.item))


async def _once(known: dict[str, T | None], number: str, read: Callable[[str], Awaitable[T]]) -> T | None:
    if number not in known:
        known[number] = await _read_or_none(number, read)
    return known[number]


async def _read_or_none(number: str, read: Callable[[str], Awaitable[T]]) -> T | None:
    """None for a document that is not there, or that SAP will never show: one of them must not end all news.

    A right that is missing, or a service that is off, is no PermanentError and is told.
    """
    try:
        return await read(number)
    except PermanentError:
        return None


def _bound(kept: dict[K, V], most: int) -> None:
    for name in list(kept)[most:]:
        del kept[name]


def _requested(asked: document_wire.RequestRow) -> dict[str, Source]:
    category = asked.reference_category or ""
    rows = asked.items.results
    return {plain(one.item): Source(category, one.reference or "", one.reference_item or "") for one in rows}


def _reference(one: document_wire.ReturnItemRow) -> Source:
    return Source(one.reference_category or "", one.reference or "", one.reference_item or "")


def _sales(one: document_wire.BillingItemRow) -> Source:
    return Source(one.sales_category or "", one.sales or "", one.sales_item or "")
