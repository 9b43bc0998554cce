"""SKUs whose stock the shop takes although its catalogue does not hold them are told of."""

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.core.errors import RateLimitedError, RejectedPayloadError, TargetUnavailableError
from streams.sinks.lane_catalogue import AT_ONCE, LISTED_AT_MOST
from tests.unit.streams.sinks.lane import Lane, desired, lane, turns

pytestmark = pytest.mark.anyio


async def passed(one: Lane, seconds: int) -> None:
    for _ in range(seconds):
        one.after(1)
        await turns()


async def test_an_unknown_sku_is_told_of_by_name_and_stays_listed(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="A") as one:
        await one.fold(desired("A", 1, north=1), desired("GHOST", 1, north=1))
        await one.at_rest()
        await one.until(lambda: one.alerts, passing=1)

        [alert] = one.alerts
        assert (alert.sku, alert.kind, alert.source_code) == ("GHOST", "UNKNOWN_SKU", None)
        assert "shop takes its stock" in alert.detail
        assert list(one.at.catalogue.unknown) == ["GHOST"]


async def test_a_sku_is_checked_after_its_first_write_only(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        for counter in range(1, 4):
            await one.fold(desired("A", counter, north=counter))
            await one.at_rest()
            await passed(one, 12)

        assert len(one.alerts) == 1


async def test_the_alert_of_a_sku_has_one_id_whoever_tells_it(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(desired("A", 1, north=1), desired("B", 1, north=1))
        await one.at_rest()
        await one.until(lambda: len(one.alerts) == 2, passing=1)
        one.at.catalogue.unknown.clear()  # as another worker begins
        one.at.catalogue.written(["A"])
        await one.until(lambda: len(one.alerts) == 3, passing=1)

        first, other, again = (alert.alert_id for alert in one.alerts)
        assert first == again != other


async def test_a_product_that_was_created_is_no_longer_listed(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()
        await one.until(lambda: one.alerts, passing=1)

        one.shop.catalogue.add("A")
        one.at.catalogue.written(["A"])
        await passed(one, 6)

        assert (list(one.at.catalogue.unknown), len(one.alerts)) == ([], 1)


async def test_a_catalogue_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()
        one.shop.read_failures.append(TargetUnavailableError("refused"))
        await passed(one, 6)
        assert one.alerts == []

        await passed(one, 6)

        assert [alert.sku for alert in one.alerts] == ["A"]


async def test_a_catalogue_that_may_not_be_read_is_let_be_and_stock_goes_on(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()
        one.shop.read_failures.append(RejectedPayloadError("not allowed", status=403))
        await passed(one, 20)

        await one.fold(desired("A", 2, north=2))
        await one.at_rest()

        assert (one.alerts, one.shown("A"), one.faults) == ([], 2, [])


async def test_skus_are_checked_some_at_a_time(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(*(desired(f"S{number}", 1, north=1) for number in range(AT_ONCE + 20)))
        await one.at_rest()

        await passed(one, 6)
        first = len(one.alerts)
        await passed(one, 6)

        assert (first, len(one.alerts)) == (AT_ONCE, AT_ONCE + 20)


def test_what_waits_to_be_checked_is_bounded(tmp_path: Path) -> None:
    catalogue = Lane(tmp_path).at.catalogue

    catalogue.written(map(str, range(LISTED_AT_MOST + 10)))

    assert len(catalogue._waiting) == LISTED_AT_MOST


async def test_while_the_gate_is_shut_the_catalogue_is_not_read(tmp_path: Path) -> None:
    async with lane(tmp_path, catalogue="") as one:
        await one.fold(desired("A", 1, north=1))
        await one.at_rest()
        for _ in range(3):
            one.gate.failed(TargetUnavailableError("refused", retry_after=None))
        one.gate.failed(RateLimitedError("slow down", retry_after=timedelta(seconds=100)))
        await passed(one, 90)

        assert one.alerts == []
