"""NetSuite's sales orders as the port `OrderTarget`."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

from connectors.core.errors import ConflictError, ConnectorError, NotFoundError, RejectedPayloadError
from connectors.netsuite import mapping
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.mapping import Vocabulary
from schemas.models.document import SalesOrder
from schemas.models.order import Address, Order


class SalesOrders:
    """Orders are known by our id as their external id, so a repeated create is the same order."""

    upserts = True
    read_lag = timedelta()

    def __init__(self, client: NetSuiteClient, words: Vocabulary, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._words = words
        self._release = release

    async def create_order(self, order_id: str, order: Order) -> SalesOrder:
        """One call makes it whole; a second one reads its number, and where that fails all may be repeated.

        Once something is delivered NetSuite lets nobody replace lines: a create that comes again then is done already.

        Raises:
            RejectedPayloadError: NetSuite or the mapping names what is wrong.
            ConflictError: another call changes the same order just now.
        """
        body = mapping.to_sales_order(order, self._words)
        try:
            internal_id = await self._client.save_order(order_id, body, hidden=tuple(_personal(order)))
        except RejectedPayloadError:
            under_way = await self._under_way(order_id)
            if under_way is None:
                raise
            return under_way
        made = mapping.from_sales_order(await self._client.order_by_external_id(order_id), order_id)
        if made.internal_id != internal_id:
            raise ConflictError(f"order {order_id} was {internal_id} when saved and is {made.internal_id} when read")
        return made

    async def _under_way(self, order_id: str) -> SalesOrder | None:
        """The order, where something of it was delivered or billed; the refusal stands where that cannot be read."""
        try:
            record = await self._client.order_by_external_id(order_id)
        except ConnectorError:
            return None
        return None if record.status.id in mapping.UNTOUCHED else mapping.from_sales_order(record, order_id)

    async def find_orders(self, order_id: str, order: Order) -> Sequence[SalesOrder]:  # noqa: ARG002  # the id is enough
        """None or one: NetSuite lets no second record have the same external id."""
        try:
            record = await self._client.order_by_external_id(order_id)
        except NotFoundError:
            return ()
        return (mapping.from_sales_order(record, order_id),)

    async def cancel_order(self, order_id: str, internal_id: str) -> None:
        """Closes every line, which makes the order Closed: the API has no status to write for it.

        Raises:
            RejectedPayloadError: something of it was delivered or billed.
            NotFoundError: no such order.
            ConflictError: the id belongs to another order of ours.
        """
        record = await self._client.order(internal_id)
        if record.external_id not in {None, order_id}:
            raise ConflictError(f"NetSuite's order {internal_id} is not {order_id}")
        closing = mapping.to_closing(record)
        if closing is not None:
            await self._client.close_lines(internal_id, closing)

    async def check(self) -> None:
        await self._client.first_order()

    async def close(self) -> None:
        await self._release()


def _personal(order: Order) -> Iterator[str]:
    """What a refusal must not repeat: whole texts, and of names and addresses each word, since either may be quoted."""
    if order.instructions:
        yield order.instructions
    for text in filter(None, _names(order)):
        yield text
        yield from text.split()


def _names(order: Order) -> Iterator[str | None]:
    customer = order.customer
    yield from (customer.email, customer.first_name, customer.last_name, customer.tax_id)
    for contact in order.contacts:
        yield from (contact.name, contact.email, contact.telephone)
    for address in (order.billing, order.shipping):
        if address is not None:
            yield from _parts(address)


def _parts(address: Address) -> Iterator[str | None]:
    yield from (address.first_name, address.last_name, address.company, *address.street)
    yield from (address.city, address.postcode, address.telephone, address.vat_id)
