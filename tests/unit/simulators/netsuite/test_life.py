"""What becomes of an order by itself: by plan and by command, and what the account shows of it."""

import json
from typing import Any

import pytest

from simulators.core.life import Step
from simulators.netsuite import Settings
from simulators.netsuite.life import PLAN, STEPS
from tests.unit.simulators.core.support import eventually, in_loop
from tests.unit.simulators.netsuite.support import QUICK, NetSuite, ShiftedClock, account, line, order
from tests.unit.simulators.netsuite.test_query import ask

LIVING = Settings(save_ms=0, life=True, needs_approval=True)
WHOLE = Settings(
    save_ms=0,
    life=True,
    needs_approval=True,
    life_plan=(Step("approve", 10), Step("fulfil", 20), Step("bill", 30), Step("bill", 40)),
)


async def one(netsuite: NetSuite, external_id: str = "web-1") -> dict[str, Any]:
    (found,) = [each for each in await netsuite.orders() if each["external_id"] == external_id]
    return found


async def do(netsuite: NetSuite, what: str, external_id: str = "web-1") -> int:
    status, _ = await netsuite.post("/_sim/life", {"external_id": external_id, "what": what})
    return status


def steps(journal: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    return [(one["detail"]["of"], one["detail"]["what"], one["effect"]) for one in journal if one["kind"] == "life"]


@in_loop
async def test_a_plan_happens_once_in_its_order_and_the_journal_says_what_was_no_longer_possible() -> None:
    clock = ShiftedClock()
    async with account(WHOLE, clock) as netsuite:
        await netsuite.put("web-1", order(line(quantity=2)))
        for second in (5, 15, 25, 35, 45, 100):
            clock.ahead_s = second
            netsuite.simulator.beat()

        found = await one(netsuite)
        assert (found["status"], found["deliveries"]) == ("G", ["itemFulfillment", "invoice"])
        assert [each["amount"] for each in found["documents"]] == ["0", "978"]
        assert steps(await netsuite.journal()) == [
            ("web-1", "approve", True),
            ("web-1", "fulfil", True),
            ("web-1", "bill", True),
            ("web-1", "bill", False),
        ]


@in_loop
async def test_orders_go_on_without_anybody_asking() -> None:
    quick = Settings(save_ms=0, life=True, needs_approval=True, life_rate=1000)
    async with account(quick) as netsuite:
        await netsuite.put("web-1", order())

        async def is_over() -> bool:
            return (await one(netsuite))["status"] in {"C", "G"}

        await eventually(is_over)


@in_loop
async def test_the_same_orders_meet_the_same_fate_in_every_run_and_another_seed_means_another() -> None:
    async def run(seed: int) -> list[tuple[str, str, bool]]:
        clock = ShiftedClock()
        async with account(Settings(save_ms=0, life=True, needs_approval=True, seed=seed), clock) as netsuite:
            for number in range(30):
                await netsuite.put(f"web-{number}", order())
            clock.ahead_s = 200
            netsuite.simulator.beat()
            return sorted(steps(await netsuite.journal()))

    first = await run(1)
    assert first == await run(1)
    assert first != await run(2)


@in_loop
async def test_the_plan_of_all_orders_has_every_kind_of_end() -> None:
    clock = ShiftedClock()
    async with account(LIVING, clock) as netsuite:
        for number in range(60):
            await netsuite.put(f"web-{number}", order(line("MOTOR-M2", 2, createWo=True), line(quantity=3)))
        for second in range(0, 140, 2):
            clock.ahead_s = second
            netsuite.simulator.beat()

        done = {what for _, what, effect in steps(await netsuite.journal()) if effect}
        statuses = {each["status"] for each in await netsuite.orders()}

        assert done == {one.what for one in PLAN} - {"open-work-order"}
        assert statuses == {"C", "G"}


@in_loop
async def test_no_life_without_the_setting_and_none_after_a_reset() -> None:
    clock = ShiftedClock()
    async with account(QUICK, clock) as netsuite:
        await netsuite.put("web-1", order())
        clock.ahead_s = 500
        assert netsuite.simulator.beat() == 0
    clock = ShiftedClock()
    async with account(WHOLE, clock) as netsuite:
        await netsuite.put("web-1", order())
        await netsuite.post("/_sim/reset")
        clock.ahead_s = 1000
        assert netsuite.simulator.beat() == 0


@in_loop
async def test_a_hold_makes_the_order_wait_and_the_customer_shows_it() -> None:
    query = (
        "SELECT t.status AS status, c.creditholdoverride AS hold FROM transaction t JOIN customer c ON c.id = t.entity"
    )
    async with account() as netsuite:
        await netsuite.put("web-1", order())
        await do(netsuite, "hold")
        held = (await ask(netsuite, query))["items"]
        await do(netsuite, "release")

        assert held == [{"status": "A", "hold": "ON"}]
        assert (await ask(netsuite, query))["items"] == [{"status": "B", "hold": "AUTO"}]


@in_loop
async def test_the_last_invoice_has_what_the_first_left_over() -> None:
    async with account() as netsuite:
        shipping = order(line(quantity=3, price={"id": "-1"}, rate=10), shippingCost=5)
        await netsuite.put("web-1", shipping)
        for what in ("fulfil-part", "bill", "fulfil", "bill"):
            assert await do(netsuite, what) == 200

        invoices = [each for each in (await one(netsuite))["documents"] if each["kind"] == "invoice"]

        assert [(each["amount"], each["lines"]) for each in invoices] == [("20", {"1": "2"}), ("15", {"1": "1"})]


@in_loop
async def test_a_return_comes_back_as_a_credit_memo_that_is_linked_to_the_return() -> None:
    links = "SELECT nexttype, previoustype FROM previoustransactionlink ORDER BY nextdoc"
    async with account() as netsuite:
        await netsuite.put("web-1", order(line(quantity=2)))
        for what in ("fulfil", "bill", "authorise-return", "credit"):
            assert await do(netsuite, what) == 200

        rows = (await ask(netsuite, links))["items"]

        assert [(row["nexttype"], row["previoustype"]) for row in rows] == [
            ("ItemShip", "SalesOrd"),
            ("CustInvc", "SalesOrd"),
            ("RtnAuth", "SalesOrd"),
            ("CustCred", "RtnAuth"),
        ]


@in_loop
async def test_a_work_order_is_opened_for_what_is_made_and_finished() -> None:
    query = "SELECT tranid, status, BUILTIN.DF(status) AS said FROM transaction WHERE type = 'WorkOrd'"
    async with account() as netsuite:
        await netsuite.put("web-1", order(line("MOTOR-M2"), line()))
        assert await do(netsuite, "open-work-order") == 200
        opened = (await ask(netsuite, query))["items"]
        assert await do(netsuite, "finish-work-order") == 200

        assert opened == [{"tranid": "WO1", "status": "B", "said": "Work Order : Released"}]
        assert (await ask(netsuite, query))["items"][0]["status"] == "G"


@pytest.mark.parametrize("what", sorted(STEPS))
def test_a_step_that_does_not_fit_is_refused_and_changes_nothing(what: str) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            await netsuite.put("web-1", order())
            await do(netsuite, "cancel")
            before = json.dumps(await one(netsuite))

            assert await do(netsuite, what) == 400
            assert json.dumps(await one(netsuite)) == before

    run()


@in_loop
async def test_a_rejection_says_why_in_the_memo() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order(memo="Deliver to dock 4"))
        await do(netsuite, "reject")

        shown = await netsuite.shown("web-1")

        assert shown["status"]["refName"] == "Cancelled"
        assert shown["memo"].split("\n") == ["Deliver to dock 4", "Rejected: beyond the credit limit"]


@in_loop
async def test_unknown_steps_are_refused_by_name() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order())
        assert await do(netsuite, "dance") == 400
        async with netsuite.session.put(
            f"{netsuite.url}/_sim/state", json={"settings": {"life_plan": [{"what": "dance", "after_s": 1}]}}
        ) as answer:
            assert answer.status == 400
            assert "dance" in await answer.text()


@in_loop
async def test_a_query_sees_a_change_as_late_as_the_account_shows_it() -> None:
    clock = ShiftedClock()
    async with account(Settings(save_ms=0, query_lag_s=30), clock) as netsuite:
        await netsuite.put("web-1", order())
        early = (await ask(netsuite, "SELECT id FROM transaction"))["items"]
        clock.ahead_s = 31

        assert early == []
        assert len((await ask(netsuite, "SELECT id FROM transaction"))["items"]) == 1
