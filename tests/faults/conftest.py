"""One registry for the session; a broker, a shop and a warehouse for every test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.local_stack.registry import Registry
from tests.faults.order_system import OrderSystem
from tests.faults.shop_orders import ShopOrders
from tests.faults.system import System

MakeSystem = Callable[..., System]
MakeOrderSystem = Callable[..., OrderSystem]
MakeShopOrders = Callable[..., ShopOrders]


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry.url


@pytest.fixture
def make_system(tmp_path: Path, registry_url: str) -> Iterator[MakeSystem]:
    """Started systems, ended after the test whatever happened."""
    made: list[System] = []

    def make(**options: Any) -> System:  # Any: System's own options
        system = System(tmp_path, registry_url, **options)
        made.append(system)
        return system.start()

    yield make
    for system in made:
        system.end()


@pytest.fixture
def make_order_system(tmp_path: Path, registry_url: str) -> Iterator[MakeOrderSystem]:
    """As above, with an ERP and channels that place orders."""
    made: list[OrderSystem] = []

    def make(**options: Any) -> OrderSystem:  # Any: as above
        system = OrderSystem(tmp_path, registry_url, **options)
        made.append(system)
        return system.start()

    yield make
    for system in made:
        system.end()


@pytest.fixture
def make_shop_orders(tmp_path: Path, registry_url: str) -> Iterator[MakeShopOrders]:
    """As above, with orders that the shop holds and is told of."""
    made: list[ShopOrders] = []

    def make(**options: Any) -> ShopOrders:  # Any: as above
        system = ShopOrders(tmp_path, registry_url, **options)
        made.append(system)
        return system.start()

    yield make
    for system in made:
        system.end()
