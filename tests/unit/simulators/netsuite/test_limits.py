"""Calls at once, faults in NetSuite's words, state and reset."""

import asyncio
import contextlib

import aiohttp

from simulators.netsuite import Settings
from tests.unit.simulators.core.support import eventually, in_loop
from tests.unit.simulators.netsuite.support import RECORDS, NetSuite, account, codes, order


@in_loop
async def test_more_calls_at_once_than_the_account_takes_are_refused_and_do_nothing() -> None:
    async with account(Settings(concurrency=2, save_ms=200, retry_after_s=3)) as netsuite:
        answers = await asyncio.gather(*(netsuite.put(f"web-{number}", order()) for number in range(5)))

        statuses = sorted(status for status, _, _ in answers)
        assert statuses == [204, 204, 429, 429, 429]
        assert {codes(answer)[0][0] for status, answer, _ in answers if status == 429} == {"CONCURRENCY_LIMIT_EXCEEDED"}
        assert len(await netsuite.orders()) == 2
        assert (await netsuite.put("web-9", order()))[0] == 204


@in_loop
async def test_the_hint_to_wait_is_there_where_it_is_set() -> None:
    for wait, shown in ((7, "7"), (None, None)):
        async with account(Settings(retry_after_s=wait, save_ms=0)) as netsuite:
            await netsuite.fault(kind="status", status=429)
            url = f"{netsuite.url}{RECORDS}"
            async with netsuite.session.get(url, headers=netsuite.headers) as response:
                assert (response.status, response.headers.get("Retry-After")) == (429, shown)


@in_loop
async def test_a_fault_speaks_netsuites_form() -> None:
    async with account() as netsuite:
        await netsuite.fault(kind="status", status=500, times=1)

        assert codes((await netsuite.call("GET", RECORDS))[1]) == [("UNEXPECTED_ERROR", "")]


@in_loop
async def test_a_late_effect_is_admitted_on_arrival_only() -> None:
    async with account() as netsuite:
        await netsuite.fault(kind="late-effect", delay_s=0.05, hang=True, methods=["PUT"], times=1)
        await _broken_put(netsuite)
        assert len(await netsuite.orders()) == 1

        netsuite.headers["Authorization"] = "Bearer nobody"
        await netsuite.fault(kind="late-effect", delay_s=0, methods=["PUT"], times=1)
        assert (await netsuite.put("web-2", order()))[0] == 401


async def _broken_put(netsuite: NetSuite) -> None:
    with contextlib.suppress(aiohttp.ClientError):
        await netsuite.put("web-1", order())
    await eventually(netsuite.has_orders)


@in_loop
async def test_state_is_replaced_in_parts_and_a_reset_returns_to_it() -> None:
    async with account() as netsuite:
        await netsuite.replace_state(customers=["C-9"], items=["A-1", {"id": "9", "external_id": "A-2", "made": True}])
        await netsuite.replace_state(terms=["NET60"], currencies=["EUR"], settings={"number_prefix": "X"})
        body = {
            "entity": {"externalId": "C-9"},
            "currency": {"externalId": "EUR"},
            "terms": {"externalId": "NET60"},
            "item": {"items": [{"item": {"externalId": "A-2"}, "quantity": 1, "createWo": True}]},
        }
        assert (await netsuite.put("web-1", body))[0] == 204

        state = await netsuite.get("/_sim/state")
        assert (state["customers"], state["items"], state["doubled"]) == (["C-9"], ["A-1", "A-2"], [])
        assert [(one["tran_id"], one["lines"][0]["work_order"]) for one in state["orders"]] == [("X1001", "WO1")]
        await netsuite.post("/_sim/reset")
        assert (await netsuite.get("/_sim/state"))["orders"] == []
        assert (await netsuite.get("/_sim/state"))["items"] == ["A-1", "A-2"]
        assert (await netsuite.call("GET", RECORDS))[0] == 401


@in_loop
async def test_a_wrong_state_is_refused() -> None:
    async with account() as netsuite:
        wrong: list[dict[str, object]] = [
            {"colours": []},
            {"settings": {"concurrency": 0}},
            {"settings": {"colour": 1}},
        ]
        for document in wrong:
            async with netsuite.session.put(f"{netsuite.url}/_sim/state", json=document) as response:
                assert response.status == 400
