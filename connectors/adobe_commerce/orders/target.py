"""Commerce's side of an order, as the port `ShopOrderTarget`.

Documents carry our reference in a comment that shoppers do not see: Commerce has no key by which a create could be
repeated, and while something is left a second call makes a second document.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from connectors.adobe_commerce.criteria import Criteria, Filter
from connectors.adobe_commerce.orders import bodies, mapping, wire
from connectors.adobe_commerce.orders.client import OrderClient
from connectors.adobe_commerce.paging import every_row
from connectors.adobe_commerce.settings import Settings
from connectors.core.errors import NotFoundError, RejectedPayloadError
from schemas.models.document import LineQuantity, OrderChange, Shipment, ShopDocument, ShopOrder
from schemas.models.order import Order
from schemas.models.order_event import Track

CANCELED = "canceled"
LONGEST_EXTERNAL_ID = 32
"""The column of ext_order_id (magento/magento2 Sales/etc/db_schema.xml)."""
MOST_CHANGES = 50
"""On one page: the server loads each order whole, whatever it is asked to show."""
_SECOND = 1_000_000


class ShopOrders:
    """Orders are found by the number that people see, documents by the order's entity id."""

    def __init__(self, client: OrderClient, settings: Settings, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._settings = settings
        self._release = release

    async def read_order(self, number: str) -> Order:
        """Two reads: the list of orders lacks what single orders carry (company attributes, for one).

        Raises:
            NotFoundError: no such number.
            RejectedPayloadError: an order that cannot be mapped, or a number that two stores have given.
        """
        standing = await self._standing(number)
        return self._mapped(await self._client.order(str(standing.entity_id)))

    async def shop_order(self, number: str) -> ShopOrder:
        """Raises as `read_order`."""
        standing = await self._standing(number)
        with _usable(f"order {number}"):
            return mapping.from_standing(standing)

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        """Up to 50; see the port.  Behind an order two lists may be read: the rest of its second, then later ones."""
        with _usable("the time to begin with"):
            second, next_second = mapping.to_second(since), mapping.to_second(since + _SECOND)
            if not after:
                return await self._changes(Filter("updated_at", "gteq", second))
            behind = Filter("entity_id", "gt", str(mapping.to_number(after)))
        rest = await self._changes(Filter("updated_at", "eq", second), behind)
        return rest or await self._changes(Filter("updated_at", "gteq", next_second))

    async def _changes(self, *groups: Filter) -> Sequence[OrderChange]:
        size = min(self._settings.page_size, MOST_CHANGES)
        criteria = Criteria(groups=groups, sort=("updated_at", "entity_id"), page_size=size)
        found = await self._client.changes(criteria)
        with _usable("a change"):
            return tuple(mapping.from_change(row) for row in found.items)

    async def shipments(self, entity_id: str) -> Sequence[Shipment]:
        rows = await every_row(self._client.shipments, self._of_order(entity_id))
        with _usable("a shipment"):
            return tuple(mapping.from_shipment(row) for row in rows)

    async def invoices(self, entity_id: str) -> Sequence[ShopDocument]:
        rows = await every_row(self._client.invoices, self._of_order(entity_id))
        with _usable("an invoice"):
            return tuple(mapping.from_bill(row) for row in rows)

    async def credit_memos(self, entity_id: str) -> Sequence[ShopDocument]:
        rows = await every_row(self._client.credit_memos, self._of_order(entity_id))
        with _usable("a credit memo"):
            return tuple(mapping.from_bill(row) for row in rows)

    async def set_external_id(self, entity_id: str, external_id: str) -> None:
        """Raises RejectedPayloadError for more than 32 characters: the shop has no room for them."""
        if not 0 < len(external_id) <= LONGEST_EXTERNAL_ID:
            message = f"an external id has 1 to {LONGEST_EXTERNAL_ID} characters"
            raise RejectedPayloadError(message, fields=(external_id,), status=None)
        with _usable("the order's id"):
            body = bodies.SaveBody(bodies.Entity(mapping.to_number(entity_id), external_id))
        await self._client.save_order(body)

    async def add_comment(self, entity_id: str, *, reference: str, text: str, status: str | None, notify: bool) -> None:
        """What the customer is told by mail stands in the customer's account too.

        Raises:
            RejectedPayloadError: a status that does not belong to the order's present state.
        """
        with _usable("the comment"):
            history = bodies.StatusHistory(
                comment=mapping.marked(text, reference),
                is_customer_notified=int(notify),
                is_visible_on_front=int(notify),
                parent_id=mapping.to_number(entity_id),
                status=status,
            )
        await self._client.add_comment(entity_id, bodies.CommentBody(history))

    async def comments(self, entity_id: str) -> Sequence[str]:
        page = await self._client.comments(entity_id)
        return tuple(row.comment for row in page.items if row.comment)

    async def ship(
        self,
        entity_id: str,
        *,
        reference: str,
        lines: Sequence[LineQuantity],
        source_code: str,
        tracks: Sequence[Track],
        notify: bool,
    ) -> str:
        """A quantity beyond what is left is cut down by the shop without a word: see what `shipments` shows.

        With `single_stock` the shop knows no sources, and none is named.

        Raises:
            MaskedFailureError: the source holds too little, or anything else: look for the reference first.
            RejectedPayloadError: nothing left to ship, or no lines.
        """
        choice = bodies.ShipArguments(bodies.SourceChoice(source_code))
        with _usable("the shipment"):
            body = bodies.ShipBody(
                items=mapping.to_items(lines),
                notify=notify,
                comment=mapping.to_comment(reference),
                tracks=mapping.to_tracks(tracks),
                arguments=None if self._settings.single_stock else choice,
            )
        return str(await self._client.ship(entity_id, body))

    async def invoice(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity], capture: bool) -> str:
        """The whole shipping amount goes on the first invoice.  Without `capture` money is booked, not taken.

        Raises:
            RejectedPayloadError: nothing left to invoice, more than that, or no lines.
        """
        with _usable("the invoice"):
            body = bodies.InvoiceBody(mapping.to_items(lines), capture, mapping.to_comment(reference))
        return str(await self._client.invoice(entity_id, body))

    async def refund(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity]) -> str:
        """The lines and no shipping.

        Raises:
            RejectedPayloadError: nothing left to refund, more than that, or no lines.
        """
        with _usable("the credit memo"):
            body = bodies.RefundBody(mapping.to_items(lines), mapping.to_comment(reference))
        return str(await self._client.refund(entity_id, body))

    async def cancel(self, entity_id: str) -> bool:
        """The answer is not believed: it is `false` for what is cancelled already, and `true` for what was invoiced."""
        await self._client.cancel(entity_id)
        return (await self._client.standing(entity_id)).state == CANCELED

    async def check(self) -> None:
        await self._client.standings(Criteria(page_size=1))

    async def close(self) -> None:
        await self._release()

    async def _standing(self, number: str) -> wire.StandingRow:
        """The server compares without regard to case; a number is unique within its store only."""
        criteria = self._criteria(Filter("increment_id", "eq", number))
        rows = [row for row in await every_row(self._client.standings, criteria) if row.increment_id == number]
        if not rows:
            raise NotFoundError(f"there is no order {number!r}")
        if len(rows) > 1:
            raise RejectedPayloadError(f"{len(rows)} orders have the number {number!r}", fields=(number,), status=None)
        return rows[0]

    def _mapped(self, row: wire.OrderRow) -> Order:
        with _usable(f"order {row.increment_id}"):
            return mapping.from_order(row, source_system=self._settings.source_system, channel=self._settings.channel)

    def _of_order(self, entity_id: str) -> Criteria:
        return self._criteria(Filter("order_id", "eq", entity_id))

    def _criteria(self, group: Filter) -> Criteria:
        return Criteria(groups=(group,), sort=("entity_id",), page_size=self._settings.page_size)


@contextmanager
def _usable(what: str) -> Iterator[None]:
    """What can be mapped neither way never can: it is not tried again."""
    try:
        yield
    except ValueError as exc:
        raise RejectedPayloadError(f"{what} cannot be used: {exc}", status=None) from exc
