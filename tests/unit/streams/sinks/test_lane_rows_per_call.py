"""A target that writes row by row gets one row a call, so that a quota never voids what was written."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.adobe_commerce.opening import open_ports
from connectors.adobe_commerce.settings import Settings
from connectors.core.calls import Dependencies
from connectors.core.errors import RateLimitedError
from schemas.models.source_item import SourceItem
from streams.app.targets import MOST_ROWS, ShopTarget
from streams.domain.batch_size import BatchSize
from streams.domain.lane_rows import RowState
from streams.runtime.gate import Gate
from tests.fakes.still_clock import StillClock
from tests.unit.connectors.adobe_commerce.shops import settings
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio
QUOTA, MINUTE_S = 10, 60
SKUS = [f"S{number:02}" for number in range(30)]


def opened(**given: Any) -> ShopTarget:  # noqa: ANN401  any setting by name
    clock = StillClock()
    chosen: Settings = settings(**given)
    ports = open_ports(chosen, Dependencies(clock=clock))
    assert ports.stock is not None
    return ShopTarget(ports.stock, ports, Gate("shop", clock), chosen)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, BatchSize(100, MOST_ROWS)),
        ({"rows_per_call": 20}, BatchSize(20, MOST_ROWS)),
        ({"single_stock": True}, BatchSize(1, 1)),
        ({"single_stock": True, "rows_per_call": 20}, BatchSize(1, 1)),
    ],
    ids=["multi-source", "multi-source, fewer", "single stock", "single stock, whatever is set"],
)
def test_the_target_says_how_many_rows_go_into_one_call(given: dict[str, object], size: BatchSize) -> None:
    assert opened(**given).size == size


def quota(one: Lane) -> None:
    """So many rows a minute, each by a request of its own."""
    left, minute = QUOTA, 0
    take = one.shop._write

    def counted(items: Sequence[SourceItem]) -> None:
        nonlocal left, minute
        if one.clock.monotonic() // MINUTE_S != minute:
            left, minute = QUOTA, int(one.clock.monotonic() // MINUTE_S)
        for item in items:
            if not left:
                raise RateLimitedError("429", retry_after=timedelta(seconds=MINUTE_S))
            left -= 1
            take([item])

    one.shop._write = counted  # type: ignore[method-assign]  # it calls what it stands for


async def test_under_a_quota_every_row_that_was_written_is_acknowledged(tmp_path: Path) -> None:
    async with lane(tmp_path, size=opened(single_stock=True).size) as one:
        quota(one)
        await one.fold(*(desired(sku, 1, north=5) for sku in SKUS))
        for _ in range(len(SKUS) // QUOTA * MINUTE_S + MINUTE_S):
            one.after(1)
            await turns(8)

        assert {one.row(sku).state for sku in SKUS} == {RowState.CLEAN}
        assert one.counts == {"applied": len(SKUS)}
