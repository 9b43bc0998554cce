"""The port `CarrierTarget` in memory; it passes the suite of tests/contract/carrier_target.py."""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.core.errors import ConflictError, NotFoundError, RejectedPayloadError
from schemas.models.document import Label, Offer
from schemas.models.order import Order
from schemas.models.order_event import EventLine

OFFERS = (
    Offer(service="economy", price=4_900_000, currency="USD"),
    Offer(service="ground", price=7_500_000, currency="USD", days=4),
    Offer(service="express", price=19_000_000, currency="USD", days=1),
)
FAR = "AQ"
"""Country that it does not deliver to."""


class Booked(NamedTuple):
    label: Label
    content: tuple[object, ...]
    is_void: bool = False
    is_collected: bool = False


class FakeCarrier:
    """`booked` by reference; `calls` are the bookings that came, repeats too."""

    def __init__(self, offers: Sequence[Offer] = OFFERS) -> None:
        self.offers = tuple(offers)
        self.booked: dict[str, Booked] = {}
        self.calls: list[str] = []

    async def rates(self, order: Order, *, source_code: str, lines: Sequence[EventLine]) -> Sequence[Offer]:  # noqa: ARG002  one price list
        _check(order)
        return self.offers

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
        _check(order)
        self.calls.append(reference)
        offer = next((one for one in self.offers if one.service == service), None)
        if offer is None:
            raise RejectedPayloadError("unknown service", fields=("service",), status=None)
        content = (order_id, order.shipping, service, shipment, source_code, tuple(lines))
        held = self.booked.get(reference)
        if held is None:
            held = self.booked[reference] = Booked(self._label(reference, offer), content)
        if held.is_void:
            raise RejectedPayloadError("the label is void", status=None)
        if held.content != content:
            raise ConflictError("different content", status=None)
        return held.label

    def _label(self, reference: str, offer: Offer) -> Label:
        number = f"FK{len(self.booked) + 1:06d}"
        return Label(
            reference=reference,
            tracking_number=number,
            carrier_code="fake",
            service=offer.service,
            price=offer.price,
            currency=offer.currency,
            document=f"label-{number}",
        )

    async def find(self, reference: str) -> Label | None:
        held = self.booked.get(reference)
        return None if held is None or held.is_void else held.label

    async def cancel(self, reference: str) -> None:
        held = self.booked.get(reference)
        if held is None:
            raise NotFoundError("no such label")
        if held.is_collected:
            raise RejectedPayloadError("the carrier has it", status=None)
        self.booked[reference] = held._replace(is_void=True)

    async def collect(self, reference: str) -> None:
        """The carrier has the parcel from now on."""
        self.booked[reference] = self.booked[reference]._replace(is_collected=True)

    async def labels(self) -> int:
        return len(self.booked)

    async def check(self) -> None: ...

    async def close(self) -> None: ...


def _check(order: Order) -> None:
    if order.shipping is None or order.shipping.country == FAR:
        raise RejectedPayloadError("not delivered there", fields=("ship_to.country",), status=None)
