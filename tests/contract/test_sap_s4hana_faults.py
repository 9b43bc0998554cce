"""SAP S/4HANA breaking on purpose: whatever happens, no order is made twice by somebody who keeps the port's rules."""

from datetime import timedelta

import pytest

from connectors.core.errors import (
    ConflictError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    TransientError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.document import SalesOrder
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract.order_target import line, order
from tests.contract.sap_s4hana_system import SapSystem, system
from tests.unit.simulators.core.support import eventually

WRITES = {"methods": ["POST", "PATCH"], "path": "A_SalesOrder", "times": 1}
QUICK = {"timeout_s": 1.5, "connect_timeout_s": 1.5}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def create_safely(sap: SapSystem, order_id: str) -> SalesOrder:
    """Look first, as the port asks for."""
    found = await sap.target.find_orders(order_id, order())
    assert len(found) < 2
    return found[0] if found else await sap.target.create_order(order_id, order())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("rule", "made"),
    [
        ({"kind": "drop-answer"}, True),
        ({"kind": "half-body"}, True),
        ({"kind": "effect-then-error", "status": 500}, True),
        ({"kind": "effect-then-error", "status": 503}, True),
        ({"kind": "status", "status": 500}, False),
        ({"kind": "status", "status": 502}, False),
        ({"kind": "status", "status": 503}, False),
        ({"kind": "reset"}, False),
        ({"kind": "hang", "delay_s": 5}, False),
        ({"kind": "masked"}, False),
    ],
)
async def test_a_create_of_unknown_outcome_that_is_looked_up_makes_one_order(
    rule: dict[str, object], *, made: bool
) -> None:
    async with system(SapSettings(), QUICK) as sap:
        await sap.break_with(**rule, **WRITES)

        with pytest.raises(UnknownOutcomeError):
            await sap.target.create_order("web-1", order())
        assert len(await sap.orders("web-1")) == int(made)
        await create_safely(sap, "web-1")

        assert len(await sap.orders("web-1")) == 1


@pytest.mark.anyio
async def test_a_repeat_without_a_look_up_makes_a_second_order_and_both_are_told() -> None:
    """What the rule is for: without it this would be the normal case."""
    async with system(SapSettings(), {}) as sap:
        await sap.target.create_order("web-1", order())
        await sap.target.create_order("web-1", order())

        assert len(await sap.target.find_orders("web-1", order())) == 2


async def _is_made(sap: SapSystem) -> bool:
    return bool(await sap.orders("web-1"))


@pytest.mark.anyio
async def test_a_late_effect_is_seen_after_its_time() -> None:
    async with system(SapSettings(), {}) as sap:
        await sap.break_with(kind="late-effect", delay_s=0.2, hang=True, **WRITES)

        with pytest.raises(UnknownOutcomeError):
            await sap.target.create_order("web-1", order())

        await eventually(lambda: _is_made(sap))
        assert len(await sap.target.find_orders("web-1", order())) == 1


@pytest.mark.anyio
async def test_an_idempotent_service_makes_no_second_order_even_without_a_look_up() -> None:
    async with system(SapSettings(idempotent=True, request_life_s=60), {"repeatable_requests": True}) as sap:
        await sap.break_with(kind="drop-answer", **WRITES)

        with pytest.raises(UnknownOutcomeError):
            await sap.target.create_order("web-1", order())
        again = await sap.target.create_order("web-1", order())
        sap.pass_time(61)
        outdated = await sap.target.create_order("web-1", order())

        assert again.number == outdated.number
        assert len(await sap.orders("web-1")) == 1


@pytest.mark.anyio
async def test_an_order_that_is_put_right_is_not_answered_with_the_old_refusal() -> None:
    async with system(SapSettings(idempotent=True), {"repeatable_requests": True}) as sap:
        with pytest.raises(RejectedPayloadError):
            await sap.target.create_order("web-1", order(line("1", "NOBODY-1")))

        await sap.target.create_order("web-1", order(line("1", "PUMP-200")))

        assert len(await sap.orders("web-1")) == 1


@pytest.mark.anyio
async def test_an_expired_session_costs_one_more_request_and_no_order() -> None:
    async with system(SapSettings(), {}) as sap:
        await sap.target.create_order("web-1", order())
        await sap.expire_guards()

        await sap.target.create_order("web-2", order())

        assert [one["status"] for one in await sap.posts()] == [201, 403, 201]
        assert [len(await sap.orders(order_id)) for order_id in ("web-1", "web-2")] == [1, 1]


@pytest.mark.anyio
async def test_expired_token_and_session_are_both_replaced() -> None:
    async with system(SapSettings(), {}) as sap:
        await sap.target.create_order("web-1", order())
        await sap.break_with(kind="expire-sessions")

        await sap.target.create_order("web-2", order())

        assert len(await sap.orders("web-2")) == 1


@pytest.mark.anyio
async def test_a_refused_credential_is_told_as_such() -> None:
    async with system(SapSettings(), {}, kind="basic") as sap:
        await sap.break_with(kind="refuse-credential")

        with pytest.raises(UnauthorizedError):
            await sap.target.check()


@pytest.mark.anyio
async def test_a_lock_passes_and_the_same_call_succeeds_then() -> None:
    async with system(SapSettings(), {}) as sap:
        await sap.break_with(kind="lock", **WRITES)
        with pytest.raises(TransientError) as locked:
            await sap.target.create_order("web-1", order())
        made = await sap.target.create_order("web-1", order())
        await sap.happens(made.number, lock_s=30)
        with pytest.raises(TransientError):
            await sap.target.cancel_order("web-1", made.internal_id)
        sap.pass_time(31)
        await sap.target.cancel_order("web-1", made.internal_id)

        assert "TESTUSER" not in str(locked.value)
        assert all(item["rejected"] == "50" for one in await sap.orders("web-1") for item in one["items"])


@pytest.mark.anyio
async def test_a_change_by_somebody_else_between_reading_and_writing_is_a_conflict() -> None:
    async with system(SapSettings(), {}) as sap:
        made = await sap.target.create_order("web-1", order())
        await sap.break_with(kind="status", status=412, **WRITES)

        with pytest.raises(ConflictError):
            await sap.target.cancel_order("web-1", made.internal_id)


@pytest.mark.anyio
async def test_a_cancellation_that_breaks_off_half_way_is_finished_by_repetition() -> None:
    async with system(SapSettings(), {}) as sap:
        made = await sap.target.create_order("web-1", order())
        await sap.break_with(kind="status", status=500, methods=["PATCH"], path="SalesOrderItem='20'", times=1)

        with pytest.raises(UnknownOutcomeError):
            await sap.target.cancel_order("web-1", made.internal_id)
        (half,) = await sap.orders("web-1")
        await sap.target.cancel_order("web-1", made.internal_id)
        (whole,) = await sap.orders("web-1")

        assert [bool(item["rejected"]) for item in half["items"]] == [True, False]
        assert whole["rejection"] == "C"


@pytest.mark.anyio
async def test_a_limit_is_told_with_its_waiting_time() -> None:
    async with system(SapSettings(rate_limit_calls=1, rate_limit_window_s=30), {}, kind="basic") as sap:
        await sap.target.check()

        with pytest.raises(RateLimitedError) as limited:
            await sap.target.check()

        assert limited.value.retry_after is not None
        assert timedelta(seconds=1) <= limited.value.retry_after <= timedelta(seconds=30)


@pytest.mark.anyio
async def test_an_outage_is_a_target_that_did_nothing_for_reads() -> None:
    async with system(SapSettings(), {}) as sap:
        await sap.target.check()
        await sap.break_with(kind="status", status=503, retry_after="7")

        with pytest.raises(TargetUnavailableError) as down:
            await sap.target.find_orders("web-1", order())

        assert down.value.retry_after == timedelta(seconds=7)


@pytest.mark.anyio
async def test_what_people_do_at_sap_shows_in_status_and_promise() -> None:
    async with system(SapSettings(credit_held=("C-1004",), confirm="half"), {}) as sap:
        made = await sap.target.create_order("web-1", order())
        await sap.happens(made.number, credit="D", confirm_ms=1_774_310_400_000)

        (shown,) = await sap.target.find_orders("web-1", order())

        assert (made.status, made.expected_at) == ("credit-held", None)
        assert (shown.status, shown.expected_at) == ("open", 1_774_310_400_000_000)
