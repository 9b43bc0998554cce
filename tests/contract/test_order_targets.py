"""The same suite for the ERP in memory and for every ERP in order_targets/, each in all of its forms."""

import importlib
import pkgutil
from collections.abc import AsyncIterator

import pytest

from tests.contract import order_targets
from tests.contract.order_target import Erp, OrderTargetCase, OrderTargetSuite


def cases() -> list[OrderTargetCase]:
    """Every `CASES` of the modules in order_targets/."""
    found: list[OrderTargetCase] = []
    for module in sorted(one.name for one in pkgutil.iter_modules(order_targets.__path__)):
        found += importlib.import_module(f"{order_targets.__name__}.{module}").CASES
    return found


ALL = cases()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=ALL, ids=[one.name for one in ALL])
def case(request: pytest.FixtureRequest) -> OrderTargetCase:
    assert isinstance(request.param, OrderTargetCase)
    return request.param


@pytest.fixture
async def erp(case: OrderTargetCase) -> AsyncIterator[Erp]:
    async with case.opened() as opened:
        yield opened


class TestOrderTargets(OrderTargetSuite):
    """Everything is in the suite."""


def test_names_of_cases_are_different() -> None:
    assert len({one.name for one in ALL}) == len(ALL) > 0
