"""The same suite for the source in memory and for every ERP in order_event_sources/."""

import importlib
import pkgutil
from collections.abc import AsyncIterator

import pytest

from tests.contract import order_event_sources
from tests.contract.order_event_source import Ledger, OrderEventSourceCase, OrderEventSourceSuite


def cases() -> list[OrderEventSourceCase]:
    """Every `CASES` of the modules in order_event_sources/."""
    found: list[OrderEventSourceCase] = []
    for module in sorted(one.name for one in pkgutil.iter_modules(order_event_sources.__path__)):
        found += importlib.import_module(f"{order_event_sources.__name__}.{module}").CASES
    return found


ALL = cases()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=ALL, ids=[one.name for one in ALL])
def case(request: pytest.FixtureRequest) -> OrderEventSourceCase:
    assert isinstance(request.param, OrderEventSourceCase)
    return request.param


@pytest.fixture
async def ledger(case: OrderEventSourceCase) -> AsyncIterator[Ledger]:
    async with case.opened() as opened:
        yield opened


class TestOrderEventSources(OrderEventSourceSuite):
    """Everything is in the suite."""


def test_names_of_cases_are_different() -> None:
    assert len({one.name for one in ALL}) == len(ALL) > 0
