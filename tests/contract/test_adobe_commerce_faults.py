"""What the connector makes of a shop that misbehaves, judged by the shop's own journal."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    MaskedFailureError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    TooManyItemsError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.source_item import SourceItem
from simulators.adobe_commerce import Settings as ShopSettings
from tests.contract.commerce_shop import Shop, credential, shop

pytestmark = pytest.mark.anyio

ROW = SourceItem("SKU-1", "central", Decimal("190.7"), in_stock=True)
WRITE = "inventory/source-items"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def opened() -> AsyncIterator[Shop]:
    plain = ShopSettings()
    async with shop(plain, {"auth": credential("token", plain), "timeout_s": 1.5, "connect_timeout_s": 1.5}) as opened:
        await opened.target.check()
        yield opened


@pytest.mark.parametrize(
    ("kind", "effect"), [("drop-answer", True), ("half-body", True), ("reset", False), ("hang", False)]
)
async def test_a_lost_answer_is_unknown_whatever_the_shop_did(opened: Shop, kind: str, effect: bool) -> None:  # noqa: FBT001
    await opened.break_with(kind=kind, methods=["POST"], path=WRITE, times=1, delay_s=3)

    with pytest.raises(UnknownOutcomeError):
        await opened.target.write_source_items([ROW])

    shown = await opened.target.read_source_items([ROW.pair])
    assert (ROW.pair in shown) is effect
    assert len(await opened.writes()) == 1


async def test_a_late_effect_is_unknown_and_a_repetition_is_harmless(opened: Shop) -> None:
    await opened.break_with(kind="late-effect", methods=["POST"], path=WRITE, times=1, delay_s=0.7)
    with pytest.raises(UnknownOutcomeError):
        await opened.target.write_source_items([ROW])

    await opened.target.write_source_items([ROW])
    async with asyncio.timeout(10):
        while len([entry for entry in await opened.writes() if entry.get("kind") == "late-effect"]) == 0:
            await opened.target.check()

    assert await opened.target.read_source_items([ROW.pair]) == {ROW.pair: ROW}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RejectedPayloadError),
        (403, UnauthorizedError),
        (429, RateLimitedError),
        (500, MaskedFailureError),
        (502, TargetUnavailableError),
        (503, TargetUnavailableError),
        (504, TargetUnavailableError),
    ],
)
async def test_a_refusal_has_its_class_and_no_effect(opened: Shop, status: int, expected: type[ConnectorError]) -> None:
    await opened.break_with(kind="status", status=status, retry_after="5", methods=["POST"], path=WRITE, times=1)

    with pytest.raises(expected) as told:
        await opened.target.write_source_items([ROW])

    if isinstance(told.value, RateLimitedError | TargetUnavailableError):
        assert told.value.retry_after is not None
        assert told.value.retry_after.total_seconds() == 5
    assert [entry["effect"] for entry in await opened.writes()] == [False]
    assert await opened.target.read_source_items([ROW.pair]) == {}


async def test_a_forgotten_session_is_renewed_within_the_call(opened: Shop) -> None:
    await opened.break_with(kind="expire-sessions", times=1)

    await opened.target.write_source_items([ROW])

    assert [entry["effect"] for entry in await opened.writes()] == [False, True]
    good = [details.operation for details in opened.seen if details.error is None]
    assert good[-2:] == ["sign-in", "save-source-items"]


async def test_a_withdrawn_credential_is_unauthorized_after_one_more_try(opened: Shop) -> None:
    await opened.break_with(kind="refuse-credential")

    with pytest.raises(UnauthorizedError):
        await opened.target.write_source_items([ROW])

    assert [entry["effect"] for entry in await opened.writes()] == [False]


async def test_a_repeated_write_leaves_the_same_rows_and_says_the_same(opened: Shop) -> None:
    await opened.target.write_source_items([ROW])
    await opened.target.write_source_items([ROW])

    first, second = await opened.writes()
    assert first["body"] == second["body"]
    assert await opened.target.read_source_items([ROW.pair]) == {ROW.pair: ROW}


async def test_the_shops_input_limit_is_told_with_its_number() -> None:
    limited = ShopSettings(input_limit=True)
    rows = [SourceItem(f"N{number:05d}", "central", Decimal(1), in_stock=True) for number in range(21)]

    async with shop(limited, {"auth": credential("token", limited)}) as opened:
        with pytest.raises(TooManyItemsError) as told:
            await opened.target.write_source_items(rows)
        await opened.target.write_source_items(rows[: told.value.maximum])

        assert told.value.maximum == 20
        assert len(await opened.target.read_source_items([row.pair for row in rows])) == 20


async def test_a_bad_row_is_refused_with_its_field(opened: Shop) -> None:
    with pytest.raises(RejectedPayloadError, match="sku"):
        await opened.target.write_source_items([ROW, SourceItem(" x", "central", Decimal(1), in_stock=True)])

    assert await opened.target.read_source_items([ROW.pair]) == {}


async def test_a_missing_permission_names_itself() -> None:
    denied = ShopSettings(denied_resources=("Magento_InventoryApi::stock_source_link",))

    async with shop(denied, {"auth": credential("oauth1", denied)}) as opened:
        with pytest.raises(UnauthorizedError, match="Magento_InventoryApi::stock_source_link"):
            await opened.target.stocks_of_sources()
        assert await opened.target.source_codes()


@pytest.mark.parametrize("field", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"])
@pytest.mark.parametrize("value", ["x" * 32, "short"])
async def test_any_wrong_part_of_an_integration_blames_the_credential_and_no_row(field: str, value: str) -> None:
    plain = ShopSettings()

    async with shop(plain, {"auth": credential("oauth1", plain) | {field: value}}) as opened:
        with pytest.raises(UnauthorizedError):
            await opened.target.write_source_items([ROW])


async def test_an_unknown_store_is_a_wrong_configuration() -> None:
    plain = ShopSettings()

    async with shop(plain, {"auth": credential("oauth1", plain), "store": "nowhere"}) as opened:
        with pytest.raises(ConfigurationError):
            await opened.target.write_source_items([ROW])
        with pytest.raises(ConfigurationError):
            await opened.target.check()


async def test_writers_of_one_stock_side_by_side_meet_masked_failures_only() -> None:
    busy = ShopSettings(call_base_ms=30, deadlock_chance=1)
    rows = [SourceItem("SKU-1", code, Decimal(1), in_stock=True) for code in ("central", "east")]

    async with shop(busy, {"auth": credential("token", busy)}) as opened:
        outcomes = await asyncio.gather(
            *(opened.target.write_source_items([row]) for row in rows), return_exceptions=True
        )

        failures = [told for told in outcomes if told is not None]
        assert failures
        assert all(isinstance(told, MaskedFailureError) for told in failures)
        for row in rows:
            await opened.target.write_source_items([row])
        assert await opened.target.read_source_items([row.pair for row in rows]) == {row.pair: row for row in rows}
