"""Sales orders of SAP S/4HANA, as the port `OrderTarget`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

from connectors.core.errors import ConnectorError, RejectedPayloadError, TargetUnavailableError, UnknownOutcomeError
from connectors.sap_s4hana import mapping, personal, wire
from connectors.sap_s4hana.client import SalesOrderClient, key_text
from connectors.sap_s4hana.reference import reference, request_id
from connectors.sap_s4hana.settings import Settings
from schemas.models.document import SalesOrder
from schemas.models.order import Order

T = TypeVar("T")

_LEFT = frozenset({"B", "C"})
"""Partly or completely delivered."""


class SalesOrders:
    """Made in one deep insert, found by our id in PurchaseOrderByCustomer, cancelled by rejecting their items."""

    upserts = False
    """SAP makes a new document for each create; the remedy (`repeatable_requests`) ages out, so it is no upsert."""

    def __init__(self, client: SalesOrderClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._settings = settings
        self._release = release

    @property
    def read_lag(self) -> timedelta:
        return timedelta(seconds=self._settings.read_lag_s)

    async def create_order(self, order_id: str, order: Order) -> SalesOrder:
        """One call for the whole order; NOT safe to repeat.

        Promise and work orders are read afterwards; where that fails they are left out, for the order is made.

        Raises:
            UnknownOutcomeError: a lost answer, any 5xx, a masked failure.
            RejectedPayloadError: a business reject; `fields` are SAP's messages (`V1/302`).
        """
        body = wire.encode(mapping.to_order_body(order_id, order, self._settings))
        row = await self._client.create_order(
            body, repeatable=self._repeatable(order_id, order, body), private=personal.texts_of(order)
        )
        if row is None:
            return await self._made_before(order_id, order)
        try:
            return await self._whole(order_id, order, row)
        except ConnectorError:
            return mapping.to_sales_order(order_id, order, row, (), self._settings)

    async def find_orders(self, order_id: str, order: Order) -> Sequence[SalesOrder]:
        """Every match, also what a person made by hand under our id."""
        wanted = reference(order_id)
        filter_ = f"PurchaseOrderByCustomer eq '{key_text(wanted)}'"
        if self._settings.match_account:
            filter_ += f" and SoldToParty eq '{key_text(mapping.account_of(order, self._settings))}'"
        rows = await every(lambda skip: self._client.orders(filter_, skip=skip))
        return [await self._whole(order_id, order, row) for row in rows if _carries(row, wanted)]

    async def cancel_order(self, order_id: str, internal_id: str) -> None:
        """Give every open item a reason for rejection; items that have one are left as they are.

        Raises:
            RejectedPayloadError: something of it is delivered, or the order is not the one with our id; nothing was
                changed then.
            ConflictError: somebody changed the order meanwhile; some items may be rejected, the rest follows on
                repetition.
        """
        row = await self._client.order(internal_id)
        if not _carries(row, reference(order_id)):
            raise RejectedPayloadError("the order carries another id", fields=("PurchaseOrderByCustomer",), status=None)
        items = await self._items(internal_id)
        still_open = [item for item in items if not item.rejection_reason]
        if any(item.delivery_status in _LEFT for item in still_open):
            raise RejectedPayloadError("something of the order is delivered", fields=("DeliveryStatus",), status=None)
        await self._reject(row, still_open)

    async def check(self) -> None:
        await self._client.check()

    async def close(self) -> None:
        await self._release()

    async def _reject(self, row: wire.OrderRow, items: Sequence[wire.ItemRow]) -> None:
        """Each change gives the order a new etag, which SAP may tell or not."""
        number, etag, reason = row.sales_order, row.metadata.etag, self._settings.rejection_reason
        for item in items:
            if etag is None:
                etag = (await self._client.order(number)).metadata.etag
            own = item.metadata.etag
            stated = etag if own in {None, row.metadata.etag} else own
            etag = await self._client.reject_item(number, item.sales_order_item, etag=stated, reason=reason)

    async def _made_before(self, order_id: str, order: Order) -> SalesOrder:
        found = await self.find_orders(order_id, order)
        if len(found) != 1:
            raise UnknownOutcomeError(f"SAP says that the order was made before, and shows {len(found)} of it")
        return found[0]

    async def _whole(self, order_id: str, order: Order, row: wire.OrderRow) -> SalesOrder:
        items = await self._items(row.sales_order)
        try:
            return mapping.to_sales_order(order_id, order, row, items, self._settings)
        except (ValueError, ArithmeticError) as exc:
            raise TargetUnavailableError("an order has dates or quantities that cannot be read") from exc

    async def _items(self, number: str) -> Sequence[wire.ItemRow]:
        return await every(lambda skip: self._client.items(number, skip=skip))

    def _repeatable(self, order_id: str, order: Order, body: bytes) -> Mapping[str, str]:
        if not self._settings.repeatable_requests:
            return {}
        placed = datetime.fromtimestamp(order.placed_at // 1_000_000, UTC)
        return {
            "RequestID": request_id(order_id, body),
            "RepeatabilityCreation": format_datetime(placed, usegmt=True),
        }


def _carries(row: wire.OrderRow, wanted: str) -> bool:
    """SAP may keep the field in capitals, and a filter that got lost on the way finds everybody's orders."""
    return (row.purchase_order_by_customer or "").casefold() == wanted.casefold()


async def every(page: Callable[[int], Awaitable[wire.Page[T]]]) -> list[T]:
    """All rows; the count ends it, because a server may send shorter pages than it was asked for."""
    rows: list[T] = []
    while True:
        read = await page(len(rows))
        rows += read.results
        if not read.results or len(rows) >= read.count:
            return rows
