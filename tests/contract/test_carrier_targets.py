"""The suite of `CarrierTarget` for each product that books labels, and for the fake that stands for one."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from connectors.core.errors import UnknownOutcomeError
from tests.contract.carrier_target import REFERENCE, CarrierTargetSuite, Opened
from tests.contract.rest_carrier_system import RestDepot, rest_carrier
from tests.fakes.carrier_target import FakeCarrier


class TestRestCarrierWithAToken(CarrierTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return rest_carrier("bearer")


class TestRestCarrierWithUserAndPassword(CarrierTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return rest_carrier("basic")


class TestFakeCarrier(CarrierTargetSuite):
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Opened]:
        fake = FakeCarrier()
        yield Opened(fake, fake)


@pytest.mark.anyio
async def test_a_booking_whose_answer_was_lost_is_found_and_booked_once() -> None:
    async with rest_carrier() as carrier:
        assert isinstance(carrier.depot, RestDepot)
        await carrier.depot.break_with(kind="drop-answer", times=1)

        with pytest.raises(UnknownOutcomeError):
            await carrier.book()
        found = await carrier.target.find(REFERENCE)

        assert found == await carrier.book()
        assert await carrier.depot.labels() == 1
