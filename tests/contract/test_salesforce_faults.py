"""What the connector makes of an org that misbehaves or disagrees, judged by the org's own journal."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    LockedError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from simulators.salesforce import Settings as OrgSettings
from tests.contract.crm_target import OpenedCrm
from tests.contract.orders import ORDER, ORDER_ID, order
from tests.contract.salesforce_org import Org, pem_of, salesforce

pytestmark = pytest.mark.anyio

IMPATIENT = {"timeout_s": 1, "connect_timeout_s": 1}
ACCOUNT = "web-company-4"
PLACES = ("sobjects/Account", "sobjects/Order/", "composite/sobjects/OrderItem")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def opened(
    org_settings: OrgSettings | None = None,
    settings: Mapping[str, object] | None = None,
    kind: str = "client_credentials",
) -> AsyncIterator[tuple[OpenedCrm, Org]]:
    async with salesforce(kind, settings, org_settings) as crm:
        assert isinstance(crm.desk, Org)
        await crm.target.check()
        yield crm, crm.desk


async def record(crm: OpenedCrm, status: str = "PLACED", **changes: object) -> None:
    await crm.target.record_order(ORDER_ID, order(**changes), status=status)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["drop-answer", "half-body", "reset", "hang"])
async def test_a_lost_answer_is_unknown_and_the_same_record_settles_it(place: str, kind: str) -> None:
    async with opened(settings=IMPATIENT if kind == "hang" else None) as (crm, org):
        await org.break_with(kind=kind, methods=["PATCH"], path=place, times=1, delay_s=60)
        with pytest.raises(UnknownOutcomeError):
            await record(crm)

        await record(crm)

        assert len(await org.accounts()) == len(await org.orders()) == 1
        assert len((await crm.shown()).lines) == 2


async def test_lines_that_take_effect_late_are_still_the_same_lines() -> None:
    async with opened() as (crm, org):
        await org.break_with(kind="late-effect", methods=["PATCH"], path=PLACES[2], times=1, delay_s=0.7)
        with pytest.raises(UnknownOutcomeError):
            await record(crm)

        await record(crm)
        async with asyncio.timeout(10):
            while "late-effect" not in [entry["kind"] for entry in await org.journal()]:
                await crm.target.check()
        await record(crm)

        assert len(await org.rows("OrderItem")) == 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RejectedPayloadError),
        (403, RateLimitedError),
        (404, ConfigurationError),
        (409, ConflictError),
        (429, RateLimitedError),
        (500, UnknownOutcomeError),
        (502, TargetUnavailableError),
        (503, TargetUnavailableError),
        (504, TargetUnavailableError),
    ],
)
async def test_a_refusal_has_its_class_and_no_effect(status: int, expected: type[ConnectorError]) -> None:
    async with opened() as (crm, org):
        await org.break_with(kind="status", status=status, methods=["PATCH"], path=PLACES[1], times=1)

        with pytest.raises(ConnectorError) as told:
            await record(crm)

        assert type(told.value) is expected
        assert await org.orders() == {}


async def test_a_row_that_is_locked_is_tried_again_later() -> None:
    async with opened() as (crm, org):
        await org.break_with(kind="row-lock", methods=["PATCH"], times=1)

        with pytest.raises(LockedError) as told:
            await record(crm)

        assert type(told.value) is LockedError
        assert "UNABLE_TO_LOCK_ROW" in str(told.value)
        await record(crm)


async def test_two_orders_of_one_account_at_once_may_meet_at_its_row_and_nothing_else() -> None:
    async with opened(OrgSettings(write_ms=50)) as (crm, org):
        await record(crm)
        numbers = [f"web-{number}" for number in range(4)]

        told = await asyncio.gather(
            *(crm.target.record_order(number, ORDER, status="PLACED") for number in numbers), return_exceptions=True
        )

        refused = [one for one in told if isinstance(one, BaseException)]
        assert refused
        assert {type(one) for one in refused} == {LockedError}
        for number in numbers:
            await crm.target.record_order(number, ORDER, status="PLACED")
        assert len(await org.orders()) == 5


async def test_an_allotment_that_is_used_up_is_rate_limited_without_a_time() -> None:
    async with opened(OrgSettings(daily_calls=3)) as (crm, org):
        with pytest.raises(RateLimitedError) as told:
            await record(crm)

        assert told.value.retry_after is None
        assert await org.writes() == []


async def test_an_external_id_that_is_not_unique_writes_nothing_and_is_for_a_person() -> None:
    async with opened() as (crm, org):
        for _ in range(2):
            await org.enter("Order", Commerce_Id__c=ORDER_ID, Status="Draft", Commerce_Status__c="")

        with pytest.raises(RejectedPayloadError, match="300") as told:
            await crm.target.record_status(ORDER_ID, status="SHIPPED", expected_at=None)

        assert told.value.fields == ("Commerce_Id__c",)
        assert await org.writes() == []


async def test_a_refused_line_rolls_back_all_lines_and_names_itself() -> None:
    async with opened() as (crm, org):
        unpriced = msgspec.structs.replace(ORDER.lines[1], price=None)

        with pytest.raises(RejectedPayloadError, match=f"row {ORDER_ID}:502 .*REQUIRED_FIELD_MISSING") as told:
            await record(crm, lines=(ORDER.lines[0], unpriced))

        assert told.value.fields == ("UnitPrice",)
        assert await org.rows("OrderItem") == []


@pytest.mark.parametrize("sku", ["NOBODY", "pump-200", "it's", "100% \\ 'x' OR Name != ''"])
async def test_a_sku_without_a_price_book_entry_refuses_the_order_before_any_write(sku: str) -> None:
    async with opened() as (crm, org):
        stray = msgspec.structs.replace(ORDER.lines[0], sku=sku)

        with pytest.raises(RejectedPayloadError) as told:
            await record(crm, lines=(*ORDER.lines[1:], stray))

        assert told.value.fields == (sku,)
        assert await org.writes() == []


async def test_a_sku_of_two_products_is_not_guessed() -> None:
    async with opened() as (crm, org):
        twin = await org.enter("Product2", Name="Twin", ProductCode="PUMP-200")
        book = (await org.rows("PricebookEntry"))[0]["Pricebook2Id"]
        await org.enter("PricebookEntry", Pricebook2Id=book, Product2Id=twin, UnitPrice=1, IsActive=True)

        with pytest.raises(RejectedPayloadError) as told:
            await record(crm)

        assert told.value.fields == ("PUMP-200",)


async def test_an_account_that_is_there_keeps_what_the_crm_wrote() -> None:
    async with opened() as (crm, org):
        account = await org.enter("Account", Commerce_Id__c=ACCOUNT, Name="Example Works, by sales")

        await record(crm, extras={"lifetime_value": "77.7"})

        assert await org.accounts() == {account: "Example Works, by sales"}
        assert (await crm.shown()).account == account
        assert str(await org.lifetime_value(account)) == "77.7"


async def test_an_activated_order_keeps_status_and_lines_and_takes_our_fields() -> None:
    async with opened() as (crm, org):
        await record(crm)
        await org.activate(ORDER_ID)

        longer = msgspec.structs.replace(ORDER.lines[1], quantity=7_000_000)
        await record(crm, "SHIPPED", lines=(ORDER.lines[0], longer))
        await crm.target.record_status(ORDER_ID, status="DELIVERED", expected_at=None)

        (after,) = await org.rows("Order")
        assert (after["Status"], after["Commerce_Status__c"]) == ("Activated", "DELIVERED")
        assert str((await crm.shown()).lines["502"][0]) == "190.7"


async def test_a_rule_of_the_org_is_told_by_code_and_field() -> None:
    async with opened(OrgSettings(demanded_order_field="PoNumber")) as (crm, _):
        no_number = msgspec.structs.replace(ORDER.payment, purchase_order=None)

        with pytest.raises(RejectedPayloadError, match="FIELD_CUSTOM_VALIDATION_EXCEPTION") as told:
            await record(crm, payment=no_number)

        assert told.value.fields == ("PoNumber",)
        await record(crm)


async def test_a_value_that_is_too_long_is_refused_by_name_and_not_repeated() -> None:
    async with opened() as (crm, _):
        far = msgspec.structs.replace(ORDER.billing, city="canary" * 10)

        with pytest.raises(RejectedPayloadError, match="STRING_TOO_LONG") as told:
            await record(crm, billing=far)

        assert told.value.fields == ("BillingCity",)
        assert "canary" not in str(told.value)


async def test_a_record_that_our_user_may_not_touch_stops_nobody_else() -> None:
    async with opened(OrgSettings(read_only_objects=("Order",))) as (crm, _):
        with pytest.raises(RejectedPayloadError, match="INSUFFICIENT_ACCESS_OR_READONLY"):
            await record(crm)


async def test_an_unknown_version_of_the_api_is_a_wrong_configuration() -> None:
    async with salesforce(settings={"api_version": "99.0"}) as crm:
        with pytest.raises(ConfigurationError):
            await crm.target.check()


# ── signing in ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["jwt", "client_credentials"])
async def test_a_forgotten_session_is_renewed_within_the_call(kind: str) -> None:
    async with opened(kind=kind) as (crm, org):
        await org.break_with(kind="expire-sessions", times=1)

        await record(crm)

        assert len(await org.orders()) == 1
        assert [entry["status"] for entry in await org.journal() if entry["path"].endswith("/token")] == [200, 200]


async def test_a_token_is_replaced_before_the_session_ends() -> None:
    async with opened(settings={"session_s": 600}) as (crm, org):
        org.clock.advance(timedelta(seconds=600))

        await crm.target.check()

        assert [entry["status"] for entry in await org.journal() if entry["path"].endswith("/token")] == [200, 200]
        assert 401 not in [entry["status"] for entry in await org.journal()]


async def test_a_withdrawn_credential_is_unauthorized() -> None:
    async with opened() as (crm, org):
        await org.break_with(kind="refuse-credential")

        with pytest.raises(UnauthorizedError):
            await record(crm)


@pytest.mark.parametrize(
    ("kind", "auth"),
    [
        ("jwt", {"consumer_key": "other"}),
        ("jwt", {"username": "other@example.com"}),
        ("jwt", {"audience": "https://elsewhere.example.com"}),
        ("client_credentials", {"consumer_key": "other"}),
        ("client_credentials", {"consumer_secret": "other"}),
    ],
)
async def test_any_wrong_part_of_a_credential_is_unauthorized(kind: str, auth: dict[str, str]) -> None:
    async with salesforce(kind, auth=auth) as crm:
        with pytest.raises(UnauthorizedError):
            await crm.target.check()


async def test_an_assertion_with_another_key_is_unauthorized() -> None:
    other = pem_of(generate_private_key(public_exponent=65537, key_size=2048))

    async with salesforce("jwt", auth={"private_key": other}) as crm:
        with pytest.raises(UnauthorizedError, match="invalid assertion"):
            await crm.target.check()


@pytest.mark.parametrize("shift", [timedelta(minutes=-3), timedelta(minutes=3)])
async def test_a_clock_that_is_wrong_blames_the_credential_and_no_order(shift: timedelta) -> None:
    async with salesforce("jwt") as crm:
        assert isinstance(crm.desk, Org)
        crm.desk.clock.jump(shift)
        with pytest.raises(UnauthorizedError):
            await record(crm)


async def test_neither_assertions_nor_secrets_reach_the_journal() -> None:
    for kind in ("jwt", "client_credentials"):
        async with opened(kind=kind) as (_, org):
            text = str(await org.journal())
            assert "holds a credential" in text
            assert "eyJ" not in text
            assert "simulated-consumer-secret" not in text
