"""Rates and labels of a carrier, as the port `CarrierTarget`."""

from collections.abc import Awaitable, Callable, Sequence

from connectors.core.errors import NotFoundError, RejectedPayloadError
from connectors.rest_carrier import mapping
from connectors.rest_carrier.answers import DifferentContentError
from connectors.rest_carrier.client import CarrierClient
from schemas.models.document import Label, Offer
from schemas.models.order import Order
from schemas.models.order_event import EventLine


class RestLabels:
    """Every write is keyed by our reference, so a repeat is the same label."""

    def __init__(self, client: CarrierClient, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._release = release

    async def rates(self, order: Order, *, source_code: str, lines: Sequence[EventLine]) -> Sequence[Offer]:
        """A read.

        Raises:
            RejectedPayloadError: the carrier does not deliver there.
        """
        found = await self._client.rates(mapping.to_inquiry(order, source_code=source_code, lines=lines))
        return [mapping.from_offer(one) for one in found.offers]

    async def book(
        self,
        reference: str,
        order_id: str,
        order: Order,
        *,
        service: str,
        shipment: str | None,
        source_code: str,
        lines: Sequence[EventLine],
    ) -> Label:
        """One PUT with everything.  Safe to repeat: create or the same, by our reference.

        Raises:
            RejectedPayloadError: refused content, or the label is void (then also where the content is another).
            ConflictError: the carrier holds other content under this reference, which `find` shows.
        """
        parcel = mapping.to_parcel(
            order_id, order, service=service, shipment=shipment, source_code=source_code, lines=lines
        )
        try:
            return mapping.from_state(await self._client.put_label(reference, parcel))
        except DifferentContentError as conflict:
            if await self.find(reference) is not None:
                raise
            raise RejectedPayloadError(
                f"{conflict.message}, but no label stands under the reference", status=conflict.status
            ) from conflict

    async def find(self, reference: str) -> Label | None:
        try:
            state = await self._client.label(reference)
        except NotFoundError:
            return None
        return None if state.status == mapping.VOID else mapping.from_state(state)

    async def cancel(self, reference: str) -> None:
        """Safe to repeat.

        Raises:
            NotFoundError: the carrier has no such label.
            RejectedPayloadError: the carrier has the parcel.
        """
        await self._client.void_label(reference)

    async def check(self) -> None:
        await self._client.health()

    async def close(self) -> None:
        await self._release()
