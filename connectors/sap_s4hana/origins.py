"""From a return or a billing document back to the sales order, by what each was made from."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from connectors.core.errors import NotFoundError
from connectors.sap_s4hana import document_wire, event_mapping, wire
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.document_client import DocumentClient
from connectors.sap_s4hana.document_mapping import OurOrder, PlacedBilling, PlacedReturn, plain
from connectors.sap_s4hana.orders import every
from connectors.sap_s4hana.settings import Settings

ORDER, RETURN, REQUEST = "C", "H", "K"
_MOST_STEPS: Final = 5
"""Credit memo, its request, return, invoice, order."""

T = TypeVar("T")


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


class Origins:
    """Of one reading: each document in between, each order and its items are read once."""

    def __init__(
        self,
        orders: SalesOrderClient,
        documents: DocumentClient,
        settings: Settings,
        at_hand: AtHand,
    ) -> None:
        self._client = orders
        self._documents = documents
        self._settings = settings
        self._rows = at_hand.orders
        self._returns: dict[str, document_wire.ReturnRow | None] = dict(at_hand.returns)
        self._billings: dict[str, document_wire.BillingRow | None] = dict(at_hand.billings)
        self._requests: dict[str, document_wire.RequestRow | None] = {}
        self._items: dict[str, Sequence[wire.ItemRow]] = {}
        self._orders: dict[str, OurOrder | None] = {}

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
        if number not in self._orders:
            self._orders[number] = await self._read_order(number)
        return self._orders[number]

    async def items(self, number: str) -> Sequence[wire.ItemRow]:
        """Of a sales order, with schedule lines, process flow and texts."""
        if number not in self._items:
            self._items[number] = await every(lambda skip: self._client.changed_items(number, skip=skip))
        return self._items[number]

    async def _read_order(self, number: str) -> OurOrder | None:
        try:
            row = self._rows.get(number) or await self._client.told_order(number)
        except NotFoundError:
            return None
        order_id = event_mapping.order_id_of(row, self._settings)
        if order_id is None:
            return None
        items = await self.items(row.number)
        return OurOrder(order_id, row.number, {plain(one.sales_order_item): one for one in items})

    async def _order_item(self, source: Source) -> Source | None:
        """None for what comes from no sales order, or by documents that are not read."""
        for _ in range(_MOST_STEPS):
            if source.category == ORDER:
                return source if source.number else None
            before = await self._before(source)
            if before is None:
                return None
            source = before
        return None

    async def _before(self, source: Source) -> Source | None:
        settings, documents, number = self._settings, self._documents, source.number
        found: dict[str, Source] = {}
        if source.category == RETURN and settings.read_returns:
            back = await _once(self._returns, number, documents.customer_return)
            found = {plain(one.item): _reference(one) for one in (back.items.results if back else ())}
        elif source.category == REQUEST and settings.read_credit_requests:
            asked = await _once(self._requests, number, documents.credit_request)
            found = {} if asked is None else _requested(asked)
        elif source.category == settings.invoice_category and settings.read_billing:
            billed = await _once(self._billings, number, documents.billing)
            found = {plain(one.item): _sales(one) for one in (billed.items.results if billed else ())}
        return found.get(plain(source.item))


async def _once(known: dict[str, T | None], number: str, read: Callable[[str], Awaitable[T]]) -> T | None:
    """None for a document that is not there."""
    if number not in known:
        try:
            known[number] = await read(number)
        except NotFoundError:
            known[number] = None
    return known[number]


def _requested(asked: document_wire.RequestRow) -> dict[str, Source]:
    category = asked.reference_category or ""
    rows = asked.items.results
    return {plain(one.item): Source(category, one.reference or "", one.reference_item or "") for one in rows}


def _reference(one: document_wire.ReturnItemRow) -> Source:
    return Source(one.reference_category or "", one.reference or "", one.reference_item or "")


def _sales(one: document_wire.BillingItemRow) -> Source:
    return Source(one.sales_category or "", one.sales or "", one.sales_item or "")
