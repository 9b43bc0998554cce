"""What every target tells of our documents when it is asked by our references."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from connectors.core import registry
from streams.domain.order_holdings import CENT
from tests.contract.holdings import ALL, LINES, ORDER_TOTAL, Opened

REFERENCES = [f"web-{number:09d}" for number in range(1, 131)]
"""More than any product takes in one call."""
STATES_TOTAL = {"netsuite", "rest_finance", "adobe_commerce"}
STATES_LINES = {"netsuite", "sap_s4hana", "salesforce", "adobe_commerce"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=sorted(ALL))
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def opened(product: str) -> AsyncIterator[Opened]:
    make: Callable[[], AbstractAsyncContextManager[Opened]] = ALL[product]
    async with make() as found:
        yield found


pytestmark = pytest.mark.anyio


async def _asked(opened: Opened, references: list[str]) -> list[str]:
    """In portions, as the caller does."""
    at_once = opened.holdings.at_once
    found: list[str] = []
    for start in range(0, len(references), at_once):
        found += [one.reference for one in await opened.holdings.held(references[start : start + at_once])]
    return found


async def test_only_what_is_there_is_told_by_the_reference_that_was_asked_for(opened: Opened) -> None:
    there = [REFERENCES[0], REFERENCES[64], REFERENCES[129]]
    for reference in there:
        await opened.make(reference)
    assert sorted(await _asked(opened, REFERENCES)) == there


async def test_nobody_is_asked_for_nothing(opened: Opened) -> None:
    assert list(await opened.holdings.held([])) == []


async def test_what_somebody_deleted_is_no_longer_told(opened: Opened, product: str) -> None:
    if product in {"salesforce", "adobe_commerce"}:
        pytest.skip(
            "2026-11-22: the simulators of these two delete by their own routes; tests/proofs/completeness.py does"
        )
    await opened.make(REFERENCES[0])
    await opened.make(REFERENCES[1])
    await opened.forget(REFERENCES[0])
    assert await _asked(opened, REFERENCES[:2]) == [REFERENCES[1]]


async def test_totals_and_lines_are_those_of_the_order(opened: Opened, product: str) -> None:
    await opened.make(REFERENCES[0])
    [held] = await opened.holdings.held([REFERENCES[0]])
    assert held.internal_id
    assert (held.total is not None) is (product in STATES_TOTAL)
    assert (held.lines is not None) is (product in STATES_LINES)
    if product == "netsuite":
        assert held.total is not None and ORDER_TOTAL is not None  # noqa: PT018  for types
        assert abs(held.total - ORDER_TOTAL) <= CENT  # it rounds each line
        assert (held.currency, held.lines) == ("USD", LINES)
    if product in {"sap_s4hana", "salesforce"}:
        assert held.lines == LINES
    if product == "adobe_commerce":
        assert (held.total, held.currency, held.lines) == (20_000_000, "USD", 1)


@pytest.mark.parametrize("product", ["sap_s4hana"])
async def test_a_second_document_of_one_reference_is_told_as_well(opened: Opened) -> None:
    await opened.make(REFERENCES[0])
    await opened.make(REFERENCES[0])
    assert await _asked(opened, REFERENCES[:1]) == [REFERENCES[0]] * 2


def test_every_connector_that_orders_are_written_to_is_in_the_suite() -> None:
    """A carrier's labels are booked once and thrown away: they are not compared."""
    assert set(ALL) == set(registry.names()) - {"rest_carrier"}
