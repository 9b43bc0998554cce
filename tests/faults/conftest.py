"""One registry for the session; a broker, a shop and a warehouse for every test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.local_stack.registry import Registry
from tests.faults.every_target import EveryTarget
from tests.faults.order_system import OrderSystem
from tests.faults.system import System

MakeSystem = Callable[..., System]
MakeOrderSystem = Callable[..., OrderSystem]
MakeEveryTarget = Callable[..., EveryTarget]


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
def make_every_target(tmp_path: Path, registry_url: str) -> Iterator[MakeEveryTarget]:
    """As above, with a warehouse, a CRM, and orders that the shop holds."""
    made: list[EveryTarget] = []

    def make(**options: Any) -> EveryTarget:  # Any: as above
        system = EveryTarget(tmp_path, registry_url, **options)
        made.append(system)
        return system.start()

    yield make
    for system in made:
        system.end()
