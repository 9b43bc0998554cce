"""What every `CarrierTarget` promises, real or in memory; subclasses say how one is opened and how parcels go on."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec
import pytest

from connectors.core.errors import ConflictError, NotFoundError, RejectedPayloadError
from connectors.core.order_ports import CarrierTarget
from schemas.models.document import Label
from schemas.models.order import Order
from schemas.models.order_event import EventLine
from tests.contract.orders import ORDER, ORDER_ID, order

REFERENCE = f"{ORDER_ID}-SHP-1"
LINES = (EventLine(line_id="501", sku="PUMP-200", quantity=2_000_000),)


class Depot(Protocol):
    """What happens behind the port."""

    async def collect(self, reference: str) -> None:
        """The carrier has the parcel from now on."""
        ...

    async def labels(self) -> int:
        """How many labels there are, whatever their references, void ones too."""
        ...


def to_country(country: str) -> Order:
    assert ORDER.shipping is not None
    return order(shipping=msgspec.structs.replace(ORDER.shipping, country=country))


@dataclass
class Opened:
    target: CarrierTarget
    depot: Depot

    async def book(self, reference: str = REFERENCE, *, service: str = "ground", given: Order = ORDER) -> Label:
        return await self.target.book(
            reference, ORDER_ID, given, service=service, shipment="SHP-1", source_code="wh-east", lines=LINES
        )


class CarrierTargetSuite:
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def carrier(self) -> AsyncIterator[Opened]:
        async with self.opened() as carrier:
            yield carrier

    @pytest.mark.anyio
    async def test_a_label_that_was_booked_is_found_at_once_with_its_price(self, carrier: Opened) -> None:
        label = await carrier.book()

        assert await carrier.target.find(REFERENCE) == label
        assert (label.reference, label.service) == (REFERENCE, "ground")
        assert label.tracking_number
        assert label.carrier_code
        assert (label.price or 0) > 0
        assert label.currency == "USD"

    @pytest.mark.anyio
    async def test_a_repeated_booking_is_the_same_label(self, carrier: Opened) -> None:
        assert await carrier.book() == await carrier.book()
        assert await carrier.depot.labels() == 1

    @pytest.mark.anyio
    async def test_two_references_are_two_labels(self, carrier: Opened) -> None:
        one, other = await carrier.book(), await carrier.book(f"{ORDER_ID}-SHP-2")

        assert one.tracking_number != other.tracking_number

    @pytest.mark.anyio
    async def test_other_content_under_a_reference_is_a_conflict_and_the_label_stays(self, carrier: Opened) -> None:
        label = await carrier.book()

        with pytest.raises(ConflictError):
            await carrier.book(service="express")

        assert await carrier.target.find(REFERENCE) == label
        assert await carrier.depot.labels() == 1

    @pytest.mark.anyio
    async def test_what_was_never_booked_is_none_and_cannot_be_made_void(self, carrier: Opened) -> None:
        assert await carrier.target.find(REFERENCE) is None
        with pytest.raises(NotFoundError):
            await carrier.target.cancel(REFERENCE)

    @pytest.mark.anyio
    async def test_a_void_label_is_none_stays_void_and_is_never_booked_again(self, carrier: Opened) -> None:
        await carrier.book()
        for _ in range(2):
            await carrier.target.cancel(REFERENCE)

        assert await carrier.target.find(REFERENCE) is None
        with pytest.raises(RejectedPayloadError):
            await carrier.book()
        assert await carrier.depot.labels() == 1

    @pytest.mark.anyio
    async def test_a_label_whose_parcel_the_carrier_has_is_not_made_void(self, carrier: Opened) -> None:
        label = await carrier.book()
        await carrier.depot.collect(REFERENCE)

        with pytest.raises(RejectedPayloadError):
            await carrier.target.cancel(REFERENCE)

        assert await carrier.target.find(REFERENCE) == label

    @pytest.mark.anyio
    async def test_rates_name_services_that_can_be_booked_and_book_nothing(self, carrier: Opened) -> None:
        offers = await carrier.target.rates(ORDER, source_code="wh-east", lines=LINES)

        assert await carrier.depot.labels() == 0
        assert len({one.service for one in offers}) == len(offers) > 1
        for number, offer in enumerate(offers):
            label = await carrier.book(f"{ORDER_ID}-{number}", service=offer.service)
            assert (label.price, label.currency) == (offer.price, offer.currency)

    @pytest.mark.anyio
    async def test_an_address_that_is_not_delivered_to_is_refused_without_saying_whose(self, carrier: Opened) -> None:
        far = to_country("AQ")

        with pytest.raises(RejectedPayloadError) as asked:
            await carrier.target.rates(far, source_code="wh-east", lines=LINES)
        with pytest.raises(RejectedPayloadError) as booked:
            await carrier.book(given=far)

        for refused in (asked.value, booked.value):
            assert refused.fields == ("ship_to.country",)
            assert "Buyer" not in refused.message
            assert "Springfield" not in refused.message
        assert await carrier.depot.labels() == 0

    @pytest.mark.anyio
    async def test_an_order_that_goes_nowhere_and_an_unknown_service_are_refused(self, carrier: Opened) -> None:
        with pytest.raises(RejectedPayloadError):
            await carrier.book(given=order(shipping=None))
        with pytest.raises(RejectedPayloadError):
            await carrier.book(service="by-camel")

        assert await carrier.depot.labels() == 0

    @pytest.mark.anyio
    @pytest.mark.parametrize("reference", ["a/b", "a b", "a?b#c", "%2e%2e", "ünï-日本"])
    async def test_an_awkward_reference_is_kept_as_it_is(self, carrier: Opened, reference: str) -> None:
        await carrier.book(reference)

        found = await carrier.target.find(reference)

        assert found is not None
        assert found.reference == reference
