"""What the connector makes of a warehouse that misbehaves, judged by the warehouse's own journal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.order_event import EventLine
from simulators.rest_wms import Settings as FloorSettings
from tests.contract.rest_warehouse import RestWarehouse, credential, rest_wms
from tests.contract.task_target import LINES, TASK_ID, Opened

pytestmark = pytest.mark.anyio

TASKS = "/v1/tasks/"
IMPATIENT = {"timeout_s": 1, "connect_timeout_s": 1}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def broken(**rule: object) -> AsyncIterator[tuple[Opened, RestWarehouse]]:
    async with rest_wms(settings=IMPATIENT if rule["kind"] == "hang" else None) as wms:
        assert isinstance(wms.warehouse, RestWarehouse)
        await wms.warehouse.break_with(**rule)
        yield wms, wms.warehouse


@pytest.mark.parametrize(
    ("kind", "effect"), [("drop-answer", True), ("half-body", True), ("reset", False), ("hang", False)]
)
async def test_a_lost_answer_is_unknown_and_the_same_put_settles_it(kind: str, effect: bool) -> None:  # noqa: FBT001
    async with broken(kind=kind, methods=["PUT"], times=1, delay_s=60) as (wms, warehouse):
        with pytest.raises(UnknownOutcomeError):
            await wms.create()
        assert (await wms.target.find_task(TASK_ID) is not None) is effect

        await wms.create()

        assert await warehouse.tasks() == 1


async def test_a_put_that_takes_effect_after_its_repetition_makes_no_second_task() -> None:
    async with broken(kind="late-effect", methods=["PUT"], times=1, delay_s=0.7) as (wms, warehouse):
        with pytest.raises(UnknownOutcomeError):
            await wms.create()

        number = await wms.create()
        async with asyncio.timeout(10):
            while "late-effect" not in [entry["kind"] for entry in await warehouse.journal()]:
                await wms.target.check()

        assert await wms.create() == number
        assert await warehouse.tasks() == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RejectedPayloadError),
        (403, UnauthorizedError),
        (404, ConfigurationError),
        (409, RejectedPayloadError),
        (422, RejectedPayloadError),
        (429, RateLimitedError),
        (500, UnknownOutcomeError),
        (502, UnknownOutcomeError),
        (503, TargetUnavailableError),
        (504, UnknownOutcomeError),
    ],
)
async def test_a_refusal_has_its_class_and_made_no_task(status: int, expected: type[ConnectorError]) -> None:
    rule = {"kind": "status", "status": status, "retry_after": "5", "methods": ["PUT"], "path": TASKS, "times": 1}
    async with broken(**rule) as (wms, warehouse):
        with pytest.raises(ConnectorError) as told:
            await wms.create()

        assert type(told.value) is expected
        if isinstance(told.value, RateLimitedError | TargetUnavailableError):
            assert told.value.retry_after is not None
            assert told.value.retry_after.total_seconds() == 5
        assert await warehouse.tasks() == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_that_fails_is_never_of_unknown_outcome(status: int) -> None:
    async with broken(kind="status", status=status, methods=["GET"], path=TASKS) as (wms, _):
        with pytest.raises(TargetUnavailableError):
            await wms.target.find_task(TASK_ID)


async def test_a_withdrawn_credential_is_unauthorized_after_one_more_try() -> None:
    async with broken(kind="refuse-credential") as (wms, warehouse):
        with pytest.raises(UnauthorizedError):
            await wms.create()

        assert [entry["status"] for entry in await warehouse.journal()] == [401, 401]


@pytest.mark.parametrize("kind", ["bearer", "basic"])
async def test_a_wrong_secret_opens_nothing(kind: str) -> None:
    secret = {"bearer": "token", "basic": "password"}[kind]

    async with rest_wms(settings={"auth": credential(kind) | {secret: "wrong"}}) as wms:
        with pytest.raises(UnauthorizedError):
            await wms.target.check()


async def test_a_credential_that_may_only_read_is_unauthorized_to_write() -> None:
    async with rest_wms(floor=FloorSettings(read_only=True)) as wms:
        await wms.target.check()
        with pytest.raises(UnauthorizedError):
            await wms.create()


async def test_an_unknown_warehouse_and_unknown_skus_are_refused_by_name() -> None:
    async with rest_wms(floor=FloorSettings(source_codes=("wh-west",))) as wms:
        with pytest.raises(RejectedPayloadError) as told:
            await wms.create()
        assert told.value.fields == ("source_code",)
    async with rest_wms(floor=FloorSettings(skus=("PUMP-200",))) as wms:
        with pytest.raises(RejectedPayloadError) as told:
            await wms.create()
        assert told.value.fields == ("lines[1].sku",)


async def test_a_quantity_of_nothing_is_refused_with_its_place() -> None:
    async with rest_wms() as wms:
        with pytest.raises(RejectedPayloadError) as told:
            await wms.create(lines=(*LINES[:1], EventLine(line_id="502", sku="CABLE-3X15", quantity=0)))

        assert told.value.fields == ("lines[1].quantity",)


async def test_the_words_of_a_refusal_are_not_repeated() -> None:
    body = {"code": "bad-address", "message": "no lorry to 2 Example Street", "fields": ["ship_to", "2 Example Street"]}
    async with broken(kind="status", status=422, body=body, methods=["PUT"]) as (wms, _):
        with pytest.raises(RejectedPayloadError) as told:
            await wms.create()

        assert "Street" not in f"{told.value} {told.value.fields}"
        assert told.value.fields == ("ship_to",)
        assert "bad-address" in str(told.value)


async def test_a_wrong_address_is_not_a_missing_task() -> None:
    async with rest_wms(below="/elsewhere") as wms:
        with pytest.raises(ConfigurationError):
            await wms.target.find_task("nobody")
