"""The same suite for the sources in memory and for every ERP and CRM in reference_sources/."""

import importlib
import pkgutil
from collections.abc import AsyncIterator

import pytest

from connectors.core import registry
from tests.contract import reference_sources
from tests.contract.reference_source import ReferenceCase, ReferenceSuite, Shelf


def cases() -> list[ReferenceCase]:
    """Every `CASES` of the modules in reference_sources/."""
    found: list[ReferenceCase] = []
    for module in sorted(one.name for one in pkgutil.iter_modules(reference_sources.__path__)):
        found += importlib.import_module(f"{reference_sources.__name__}.{module}").CASES
    return found


ALL = cases()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=ALL, ids=[one.name for one in ALL])
def case(request: pytest.FixtureRequest) -> ReferenceCase:
    assert isinstance(request.param, ReferenceCase)
    return request.param


@pytest.fixture
async def shelf(case: ReferenceCase) -> AsyncIterator[Shelf]:
    async with case.opened() as opened:
        yield opened


class TestReferenceSources(ReferenceSuite):
    """Everything is in the suite."""


def test_every_port_that_a_manifest_names_passes_the_suite() -> None:
    tested = {one.name for one in ALL}

    named = {
        f"{name}-{port}"
        for name in registry.names()
        for port in registry.load(name).manifest.ports
        if port in {"products", "prices", "accounts"}
    }

    assert len(tested) == len(ALL)
    assert named <= tested
    assert named
