"""The port, call by call: what is sent, and what each answer makes of it."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    NotFoundError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from schemas.micros import MICROS
from schemas.models.order import Totals
from simulators.netsuite import Settings as AccountSettings
from tests.contract.order_target import line, order
from tests.contract.order_targets.netsuite import netsuite
from tests.unit.connectors.netsuite.accounts import ORDERS, Handler, orders, record, refused, saved
from tests.unit.simulators.core.support import eventually


class Requests:
    """Answers by method, and what was asked."""

    def __init__(self, **by_method: Handler | httpx.Response) -> None:
        self.seen: list[httpx.Request] = []
        self._answers = by_method

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self._answers[request.method]
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {str(one.url).removeprefix(ORDERS)}" for one in self.seen]


@pytest.mark.anyio
async def test_a_create_is_one_strict_upsert_that_replaces_the_lines_and_a_look_at_the_number() -> None:
    asked = Requests(PUT=saved(), GET=httpx.Response(200, json=record()))

    async with orders(asked) as target:
        made = await target.create_order("web-1", order())

    assert asked.lines == ["PUT /eid:web-1?replace=item", "GET /eid:web-1?expandSubResources=true"]
    assert asked.seen[0].headers["X-NetSuite-PropertyNameValidation"] == "Error"
    assert asked.seen[0].headers["X-NetSuite-PropertyValueValidation"] == "Error"
    assert (made.number, made.internal_id, made.status) == ("SO7", "7", "Pending Fulfillment")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(204),
        httpx.Response(204, headers={"Location": f"{ORDERS}/"}),
        httpx.Response(204, headers={"Location": ORDERS.replace("salesOrder", "customer/7")}),
        httpx.Response(200, headers={"Location": f"{ORDERS}/7"}),
        httpx.Response(202, headers={"Location": "/services/rest/async/v1/job/5"}),
    ],
)
async def test_a_save_without_the_records_address_is_of_unknown_outcome(answer: httpx.Response) -> None:
    async with orders(Requests(PUT=answer, GET=httpx.Response(200, json=record()))) as target:
        with pytest.raises(UnknownOutcomeError):
            await target.create_order("web-1", order())


@pytest.mark.anyio
async def test_a_save_whose_number_cannot_be_read_may_be_repeated() -> None:
    async with orders(Requests(PUT=saved(), GET=httpx.Response(503))) as target:
        with pytest.raises(TargetUnavailableError):
            await target.create_order("web-1", order())


@pytest.mark.anyio
async def test_another_order_under_our_id_is_a_conflict() -> None:
    async with orders(Requests(PUT=saved("8"), GET=httpx.Response(200, json=record()))) as target:
        with pytest.raises(ConflictError):
            await target.create_order("web-1", order())


REFUSED = refused(400, "USER_ERROR", "A line that was fulfilled cannot be removed", "item")


@pytest.mark.anyio
@pytest.mark.parametrize("status", ["D", "E", "F", "G", "H"])
async def test_a_create_that_comes_again_for_an_order_under_way_is_done_already(status: str) -> None:
    there = httpx.Response(200, json=record(status={"id": status}))

    async with orders(Requests(PUT=REFUSED, GET=there)) as target:
        made = await target.create_order("web-1", order())

    assert made.number == "SO7"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "look",
    [
        httpx.Response(200, json=record()),
        refused(404, "NONEXISTENT_ID"),
        httpx.Response(503),
        refused(403, "INSUFFICIENT_PERMISSION"),
    ],
)
async def test_a_refusal_stands_where_the_order_is_not_under_way(look: httpx.Response) -> None:
    async with orders(Requests(PUT=REFUSED, GET=look)) as target:
        with pytest.raises(RejectedPayloadError) as told:
            await target.create_order("web-1", order())

    assert told.value.fields == ("item",)


@pytest.mark.anyio
async def test_an_order_that_cannot_be_said_is_refused_before_anything_leaves() -> None:
    asked = Requests()

    async with orders(asked) as target:
        with pytest.raises(RejectedPayloadError):
            await target.create_order("web-1", order(line("1", "PUMP-200", discount=1), totals=Totals()))

    assert asked.seen == []


@pytest.mark.anyio
async def test_a_refusal_does_not_tell_who_ordered_and_where_it_goes() -> None:
    text = "Invalid Field Value buyer@example.com, Test Contact, 1 Example Street, Springfield, Deliver to dock 4"

    async with orders(Requests(PUT=refused(400, "USER_ERROR", text), GET=refused(404, "NONEXISTENT_ID"))) as target:
        with pytest.raises(RejectedPayloadError) as told:
            await target.create_order("web-1", order())

    assert str(told.value).endswith("Invalid Field Value …, …, …, …, …")


@pytest.mark.anyio
async def test_only_netsuites_own_word_for_no_such_record_is_none() -> None:
    async with orders(Requests(GET=refused(404, "NONEXISTENT_ID"))) as target:
        assert list(await target.find_orders("web-1", order())) == []

    async with orders(Requests(GET=httpx.Response(404, text="<html>"))) as target:
        with pytest.raises(ConnectorError):
            await target.find_orders("web-1", order())


@pytest.mark.anyio
async def test_a_cancellation_closes_the_open_lines_by_their_keys() -> None:
    asked = Requests(GET=httpx.Response(200, json=record()), PATCH=saved())

    async with orders(asked) as target:
        await target.cancel_order("web-1", "7")

    assert asked.lines == ["GET /7?expandSubResources=true", "PATCH /7"]
    assert json.loads(asked.seen[1].content) == {"item": {"items": [{"line": 1, "isClosed": True}]}}


@pytest.mark.anyio
async def test_a_cancelled_order_is_left_alone() -> None:
    asked = Requests(GET=httpx.Response(200, json=record(status={"id": "H"})))

    async with orders(asked) as target:
        await target.cancel_order("web-1", "7")

    assert len(asked.seen) == 1


@pytest.mark.anyio
async def test_the_order_of_somebody_else_is_not_cancelled() -> None:
    asked = Requests(GET=httpx.Response(200, json=record(externalId="web-2")))

    async with orders(asked) as target:
        with pytest.raises(ConflictError):
            await target.cancel_order("web-1", "7")

    assert len(asked.seen) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [httpx.Response(200, json={}), httpx.Response(202)])
async def test_a_closing_that_is_not_confirmed_is_of_unknown_outcome(answer: httpx.Response) -> None:
    async with orders(Requests(GET=httpx.Response(200, json=record()), PATCH=answer)) as target:
        with pytest.raises(UnknownOutcomeError):
            await target.cancel_order("web-1", "7")


@pytest.mark.anyio
async def test_what_is_not_there_cannot_be_cancelled() -> None:
    async with orders(Requests(GET=refused(404, "NONEXISTENT_ID"))) as target:
        with pytest.raises(NotFoundError):
            await target.cancel_order("web-1", "7")


# ── on the simulated account ─────────────────────────────────────────────────────────────────────


@pytest.mark.anyio
async def test_the_accounts_own_sum_is_the_orders_grand_total() -> None:
    """Lines, discount, shipping and tax arrive so that NetSuite's addition comes to what the shopper was told."""
    stated = Totals(
        subtotal=900 * MICROS,
        discount=90 * MICROS,
        shipping=25 * MICROS,
        tax=66_825_000,
        grand_total=901_825_000,
    )
    pump = line("1", "PUMP-200", "2", price=450 * MICROS, row_total=900 * MICROS, discount=90 * MICROS, tax=66_825_000)

    async with netsuite() as erp:
        await erp.target.create_order("web-1", order(pump, totals=stated))
        (made,) = await erp.orders("web-1")

    assert Decimal(made["total"]) == Decimal("901.825")
    assert made["lines"][0]["amount"] == "900"


@pytest.mark.anyio
async def test_a_repeat_doubles_neither_order_nor_lines_nor_work_orders() -> None:
    motor = order(line("1", "MOTOR-M2", make_to_order=True))

    async with netsuite() as erp:
        made = [await erp.target.create_order("web-1", motor) for _ in range(3)]
        (kept,) = await erp.orders("web-1")

    assert len({(one.number, one.internal_id, one.work_orders["1"]) for one in made}) == 1
    assert (kept["created"], kept["saved"], len(kept["lines"])) == (1, 3, 1)


@pytest.mark.anyio
async def test_a_token_that_the_account_forgot_is_replaced_without_a_word() -> None:
    async with netsuite() as erp:
        await erp.target.check()
        await erp.break_with(kind="expire-sessions")
        await erp.target.create_order("web-1", order())

        assert await erp.documents("web-1") == 1
        assert [one.operation for one in erp.seen].count("sign-in") == 2


@pytest.mark.anyio
async def test_an_account_that_is_busy_takes_the_rest_later_and_every_order_once() -> None:
    busy = AccountSettings(concurrency=2, save_ms=150, retry_after_s=3)
    wanted = [f"web-{number}" for number in range(4)]

    async with netsuite(account=busy) as erp:
        await erp.target.check()
        first = await asyncio.gather(*(erp.target.create_order(one, order()) for one in wanted), return_exceptions=True)
        refused_ = [one for one in first if isinstance(one, RateLimitedError)]
        for one in wanted:
            await erp.target.create_order(one, order())
        made = Counter([await erp.documents(one) for one in wanted])

    assert refused_
    assert {one.retry_after for one in refused_} == {timedelta(seconds=3)}
    assert made == {1: 4}


@pytest.mark.anyio
async def test_a_role_that_may_not_is_told_which_permission_it_lacks() -> None:
    async with netsuite(account=AccountSettings(denied=("edit",))) as erp:
        await erp.target.check()
        with pytest.raises(ConfigurationError, match="Transactions -> Sales Order"):
            await erp.target.create_order("web-1", order())


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "hang", "delay_s": 1.5}, UnknownOutcomeError),
        ({"kind": "status", "status": 500}, UnknownOutcomeError),
        ({"kind": "status", "status": 503}, TargetUnavailableError),
        ({"kind": "reset"}, UnknownOutcomeError),
    ],
)
async def test_whatever_breaks_the_order_is_there_once_after_a_repeat(
    fault: dict[str, object], kind: type[ConnectorError]
) -> None:
    async with netsuite(settings={"timeout_s": 1, "connect_timeout_s": 1}) as erp:
        await erp.break_with(**fault, methods=["PUT"], times=1)
        with pytest.raises(ConnectorError) as broken:
            await erp.target.create_order("web-1", order())
        await erp.target.create_order("web-1", order())

        assert type(broken.value) is kind
        assert await erp.documents("web-1") == 1
        assert len(await erp.lines("web-1")) == 2


@pytest.mark.anyio
async def test_a_lost_call_that_is_carried_out_after_its_repeat_doubles_nothing() -> None:
    async with netsuite() as erp:
        await erp.break_with(kind="late-effect", delay_s=0.3, methods=["PUT"], times=1)
        with pytest.raises(UnknownOutcomeError):
            await erp.target.create_order("web-1", order())
        made = await erp.target.create_order("web-1", order())

        async def late_call_is_done() -> bool:
            (kept,) = await erp.orders("web-1")
            return bool(kept["saved"] == 2)

        await eventually(late_call_is_done)
        assert await erp.documents("web-1") == 1
        assert len(await erp.lines("web-1")) == 2
        assert [one.number for one in await erp.target.find_orders("web-1", order())] == [made.number]
