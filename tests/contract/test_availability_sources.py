"""What a WMS tells of one SKU, by the connector on its simulator; and what the shop's open orders have, likewise."""

from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError, NotFoundError, TargetUnavailableError
from connectors.core.ports import AvailabilitySource
from connectors.core.reservation_ports import ReservedSource
from simulators.adobe_commerce import AdobeCommerceSimulator
from simulators.rest_wms import RestWmsSimulator
from simulators.rest_wms import Settings as FloorSettings
from streams.domain.quantities import MICROS
from tests.contract.rest_warehouse import credential
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _control(url: str, method: str, path: str, body: object) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        (await client.request(method, path, json=body)).raise_for_status()


# ── a WMS ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def floor() -> AsyncIterator[RestWmsSimulator]:
    async with RestWmsSimulator(FloorSettings(stock={"PUMP 200/A": "12.5"})) as simulator:
        yield simulator


def _wms(simulator: RestWmsSimulator, below: str = "") -> AvailabilitySource:
    connector = registry.load("rest_wms")
    given = {"auth": credential("bearer"), "base_url": f"{simulator.url}{below}"}
    ports = connector.open(connector.settings.model_validate(given), Dependencies(clock=FakeClock()))
    assert ports.availability is not None
    return ports.availability


async def test_a_wms_tells_what_it_has_of_a_sku_whatever_its_signs(floor: RestWmsSimulator) -> None:
    port = _wms(floor)

    assert await port.available("PUMP 200/A") == Decimal("12.5")
    await port.close()


async def test_a_sku_that_the_wms_does_not_know_is_told_apart_from_a_wrong_address(floor: RestWmsSimulator) -> None:
    port, astray = _wms(floor), _wms(floor, "/elsewhere")

    with pytest.raises(NotFoundError):
        await port.available("NO-SUCH")
    with pytest.raises(ConfigurationError):
        await astray.available("PUMP 200/A")
    await port.close()
    await astray.close()


@pytest.mark.parametrize("told", ["-1", "many", "NaN"])
async def test_a_quantity_that_no_warehouse_has_is_none(floor: RestWmsSimulator, told: str) -> None:
    await _control(floor.url, "PUT", "/_sim/state", {"settings": {"stock": {"A": told}}})
    port = _wms(floor)

    with pytest.raises(TargetUnavailableError):
        await port.available("A")
    await port.close()


# ── the shop ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def shop() -> AsyncIterator[AdobeCommerceSimulator]:
    async with AdobeCommerceSimulator() as simulator:
        await _control(
            simulator.url,
            "PUT",
            "/_sim/state",
            {
                "products": ["A", "a/b"],
                "sources": ["east", "west"],
                "source_items": [["east", "A", 5, 1], ["west", "A", 2, 1], ["east", "a/b", 0, 0]],
            },
        )
        yield simulator


def _reserved(simulator: AdobeCommerceSimulator) -> ReservedSource:
    connector = registry.load("adobe_commerce")
    auth = {"kind": "token", "username": "integration", "password": "simulated-password-1"}
    given = {"auth": auth, "base_url": simulator.url}
    ports = connector.open(connector.settings.model_validate(given), Dependencies(clock=FakeClock()))
    assert ports.reservations is not None
    return ports.reservations


async def test_what_open_orders_of_the_shop_have_is_the_difference(shop: AdobeCommerceSimulator) -> None:
    port = _reserved(shop)
    before = await port.reserved("A")
    await _control(shop.url, "POST", "/_sim/orders", {"items": [{"sku": "A", "qty": 3}]})

    assert (before, await port.reserved("A")) == (0, 3 * MICROS)
    await port.close()


async def test_what_lies_at_a_source_that_is_not_enabled_is_nobodys_reservation(shop: AdobeCommerceSimulator) -> None:
    await _control(shop.url, "POST", "/_sim/orders", {"items": [{"sku": "A", "qty": 3}]})
    shop.commerce.shop.state.inventory.sources["west"].enabled = False
    port = _reserved(shop)

    assert await port.reserved("A") == 3 * MICROS
    await port.close()


async def test_a_shop_that_shows_nothing_does_not_tell_and_one_that_sells_no_such_thing_says_so(
    shop: AdobeCommerceSimulator,
) -> None:
    port = _reserved(shop)

    assert await port.reserved("a/b") is None
    with pytest.raises(NotFoundError):
        await port.reserved("NO-SUCH")
    await port.close()
