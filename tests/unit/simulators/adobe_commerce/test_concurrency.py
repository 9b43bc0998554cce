"""Writes take time, overlap, deadlock, and arrive late."""

import asyncio
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from simulators.adobe_commerce import Settings
from simulators.adobe_commerce.vendor import AdobeCommerce
from simulators.core import wire
from simulators.core.exchange import Call, Note
from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, StepClock, row_body, shop
from tests.unit.simulators.core.support import eventually, in_loop

MASKED = {"message": "Could not save Source Item"}
SLOW = replace(QUICK, call_base_ms=400)


def _call(*rows: tuple[str, str, int]) -> Call:
    return Call(
        "POST",
        "/rest/all/V1/inventory/source-items",
        headers={"content-type": "application/json"},
        body=wire.encode({"sourceItems": [row_body(row) for row in rows]}),
        admitted=True,
    )


async def _together(commerce: Commerce, *sources: str) -> list[tuple[int, Any]]:
    rows = [[(source, f"SKU-{number}", index) for number in range(4)] for index, source in enumerate(sources)]
    return list(await asyncio.gather(*(commerce.write(*each) for each in rows)))


@in_loop
async def test_a_call_of_fifty_milliseconds_applies_its_rows_across_that_time() -> None:
    seen: list[int] = []
    clock = StepClock(lambda: seen.append(sum(row.quantity == 1 for row in commerce.shop.state.inventory.items())))
    commerce = AdobeCommerce(Settings(call_base_ms=10, call_per_row_ms=1), clock=clock)

    answer = await commerce.answer(_call(*[("wh-east", f"SKU-{number}", 1) for number in range(40)]), Note())

    assert answer.status == 200
    assert sum(clock.slept) == pytest.approx(0.050)
    assert seen == sorted(set(seen))
    assert len(seen) >= 5


@in_loop
async def test_of_two_overlapping_writes_to_one_stock_one_is_masked_and_the_other_is_whole() -> None:
    async with shop(replace(SLOW, deadlock_chance=1)) as commerce:
        answers = await _together(commerce, "wh-east", "wh-west")

        assert sorted(status for status, _ in answers) == [200, 400]
        assert next(body for status, body in answers if status == 400) == MASKED
        victim, winner = sorted((await commerce.journal())[-2:], key=lambda entry: -entry["status"])
        assert victim["detail"]["deadlock"] is True
        assert all(row["applied"] for row in winner["detail"]["rows"])


@in_loop
async def test_writes_to_different_stocks_do_not_disturb_each_other() -> None:
    async with shop(replace(SLOW, deadlock_chance=1)) as commerce:
        assert [status for status, _ in await _together(commerce, "wh-east", "default")] == [200, 200]


@in_loop
async def test_deadlocks_can_be_switched_off() -> None:
    async with shop(SLOW) as commerce:
        assert [status for status, _ in await _together(commerce, "wh-east", "wh-west")] == [200, 200]


@in_loop
async def test_serial_writes_wait_for_each_other_and_never_deadlock() -> None:
    async with shop(replace(SLOW, deadlock_chance=1, writes="serial", call_base_ms=20)) as commerce:
        assert [status for status, _ in await _together(commerce, *["wh-east"] * 3)] == [200] * 3

        spans = sorted(
            (entry["detail"]["started_at"], entry["detail"]["finished_at"]) for entry in (await commerce.journal())[-3:]
        )
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_deadlocks_are_on_by_default() -> None:
    assert Settings().deadlock_chance > 0


@in_loop
async def test_a_late_effect_overwrites_newer_rows_and_is_journaled_row_by_row() -> None:
    async with shop() as commerce:
        await commerce.fault(kind="late-effect", methods=["POST"], path="source-items$", delay_s=0.4, times=1)
        with pytest.raises(aiohttp.ClientError):
            await commerce.write(("wh-east", "PUMP-P100", 1))
        await commerce.write(("wh-east", "PUMP-P100", 2))
        await commerce.fault(kind="expire-sessions")

        async def has_landed() -> bool:
            return bool((await commerce.journal())[-1]["kind"] == "late-effect")

        await eventually(has_landed)
        late = (await commerce.journal())[-1]
        assert late["effect"] is True
        assert [(row["quantity"], row["applied"]) for row in late["detail"]["rows"]] == [("1", True)]
        assert await commerce.quantity("wh-east", "PUMP-P100") == "1"
