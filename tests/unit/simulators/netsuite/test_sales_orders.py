"""Making, changing, delivering and billing an order."""

from typing import Any

import pytest

from simulators.netsuite import Settings
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.netsuite.support import QUICK, RECORDS, STRICT, account, codes, line, order

MOTOR = line("MOTOR-M2", createWo=True)


@in_loop
async def test_a_put_by_external_id_makes_an_order_once_and_then_changes_it() -> None:
    async with account() as netsuite:
        first = await netsuite.put("web-1", order(memo="first"))
        again = await netsuite.put("web-1", order(memo="second"))

        (kept,) = await netsuite.orders()
        assert (first[0], again[0]) == (204, 204)
        assert first[2] == again[2] == f"{netsuite.url}{RECORDS}/{kept['id']}"
        assert (kept["created"], kept["saved"], len(kept["lines"])) == (1, 2, 1)
        assert (await netsuite.shown("web-1"))["memo"] == "second"
        assert [one["detail"]["made"] for one in await netsuite.journal() if one["effect"]] == [True, False]


@in_loop
async def test_without_replace_a_repeat_doubles_the_lines() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order(), query="")
        await netsuite.put("web-1", order(), query="")

        (kept,) = await netsuite.orders()
        assert [one["sku"] for one in kept["lines"]] == ["PUMP-P100", "PUMP-P100"]


@in_loop
async def test_numbers_rise_and_statuses_have_names() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order())
        await netsuite.put("web-2", order())

        shown = [await netsuite.shown(one) for one in ("web-1", "web-2")]
        assert [one["tranId"] for one in shown] == ["SO1001", "SO1002"]
        assert shown[0]["status"] == {"id": "B", "refName": "Pending Fulfillment"}


@in_loop
async def test_an_account_that_approves_holds_orders_back_unless_they_are_approved() -> None:
    async with account(Settings(needs_approval=True, save_ms=0)) as netsuite:
        await netsuite.put("web-1", order())
        await netsuite.put("web-2", order(orderStatus={"id": "B"}))

        assert [one["status"] for one in await netsuite.orders()] == ["A", "B"]
        assert (await netsuite.post("/_sim/deliver", {"external_id": "web-1"}))[0] == 400


@in_loop
async def test_the_account_prices_a_line_unless_its_price_is_custom() -> None:
    custom: dict[str, Any] = {"price": {"id": "-1"}}
    async with account() as netsuite:
        await netsuite.put(
            "web-1",
            order(
                line(quantity=3),
                line(quantity=3, rate=1.5),
                line(quantity=3, rate=1.5, **custom),
                line(quantity=3, amount=4, **custom),
            ),
        )

        shown = (await netsuite.shown("web-1"))["item"]["items"]
        assert [(one["rate"], one["amount"]) for one in shown] == [(489, 1467), (489, 1467), (1.5, 4.5), (489, 4)]


@in_loop
async def test_the_account_adds_up_itself() -> None:
    async with account() as netsuite:
        stated = {"shippingCost": 5.25, "taxTotal": 2, "discountRate": -9, "discountItem": {"id": "41"}}
        await netsuite.put("web-1", order(line(quantity=2), total=1, subtotal=1, **stated))

        shown = await netsuite.shown("web-1")
        assert (shown["subtotal"], shown["total"]) == (978, 976.25)


@in_loop
async def test_a_made_line_opens_one_work_order_and_keeps_it_over_repeats() -> None:
    async with account() as netsuite:
        for _ in range(2):
            await netsuite.put("web-1", order(line(createWo=True), MOTOR, line("MOTOR-M2")))
        await netsuite.put("web-2", order(MOTOR))

        found = [one["work_order"] for order_ in await netsuite.orders() for one in order_["lines"]]
        assert found == [None, "WO1", None, "WO2"]


@in_loop
async def test_a_line_that_takes_the_place_of_another_item_has_a_work_order_of_its_own() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order(MOTOR))
        await netsuite.put("web-1", order(line()))

        assert [one["work_order"] for one in (await netsuite.orders())[0]["lines"]] == [None]


@in_loop
async def test_lines_are_shown_when_they_are_asked_for() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order(line(description="#1")))

        _, short, _ = await netsuite.call("GET", f"{RECORDS}/eid:web-1")
        whole = await netsuite.shown("web-1")
        assert "items" not in short["item"]
        assert [(one["line"], one["description"]) for one in whole["item"]["items"]] == [(1, "#1")]
        assert whole["item"]["items"][0]["expectedShipDate"] >= whole["tranDate"]


@in_loop
async def test_closing_every_line_closes_the_order() -> None:
    async with account() as netsuite:
        _, _, address = await netsuite.put("web-1", order(line(), line("SEAL-KIT-7")))
        path = address.removeprefix(netsuite.url)

        for key, status in ((1, "B"), (2, "H")):
            change = {"item": {"items": [{"line": key, "isClosed": True}]}}
            assert (await netsuite.call("PATCH", path, change, STRICT))[0] == 204
            assert (await netsuite.orders())[0]["status"] == status
        assert (await netsuite.post("/_sim/deliver", {"external_id": "web-1"}))[0] == 400


@in_loop
async def test_a_change_of_a_line_that_is_not_there_changes_nothing() -> None:
    async with account() as netsuite:
        _, _, address = await netsuite.put("web-1", order())
        change = {"memo": "changed", "item": {"items": [{"line": 9, "isClosed": True}]}}

        status, answer, _ = await netsuite.call("PATCH", address.removeprefix(netsuite.url), change, STRICT)

        assert (status, codes(answer)) == (400, [("INVALID_CONTENT", "item.items.line")])
        assert "memo" not in await netsuite.shown("web-1")


@in_loop
async def test_a_delivery_and_an_invoice_move_the_status_on() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order())
        status, _, address = await netsuite.call("POST", f"{RECORDS}/eid:web-1/!transform/itemFulfillment", {})
        assert (status, "/itemFulfillment/" in address) == (204, True)
        assert (await netsuite.orders())[0]["status"] == "F"

        await netsuite.call("POST", f"{RECORDS}/eid:web-1/!transform/invoice", {})
        (kept,) = await netsuite.orders()
        assert (kept["status"], kept["deliveries"]) == ("G", ["itemFulfillment", "invoice"])

        assert (await netsuite.call("POST", f"{RECORDS}/eid:web-1/!transform/invoice", {}))[0] == 400
        assert (await netsuite.call("POST", f"{RECORDS}/eid:web-1/!transform/cashSale", {}))[0] == 404


@in_loop
async def test_a_part_that_is_delivered_shows_and_what_is_delivered_cannot_be_replaced() -> None:
    async with account() as netsuite:
        await netsuite.put("web-1", order())
        assert (await netsuite.call("POST", f"{RECORDS}/eid:web-1/!transform/invoice", {}))[0] == 400
        await netsuite.post("/_sim/deliver", {"external_id": "web-1"})
        await netsuite.put("web-1", order(line("SEAL-KIT-7")), query="")
        assert (await netsuite.orders())[0]["status"] == "D"
        await netsuite.post("/_sim/deliver", {"external_id": "web-1", "kind": "invoice"})
        assert (await netsuite.orders())[0]["status"] == "E"

        status, answer, _ = await netsuite.put("web-1", order())
        assert (status, codes(answer)) == (400, [("USER_ERROR", "item")])
        assert [one["sku"] for one in (await netsuite.orders())[0]["lines"]] == ["PUMP-P100", "SEAL-KIT-7"]


@in_loop
async def test_a_post_makes_an_order_and_no_second_one_of_the_same_external_id() -> None:
    async with account() as netsuite:
        assert (await netsuite.call("POST", RECORDS, order(externalId="web-1")))[0] == 204
        status, answer, _ = await netsuite.call("POST", RECORDS, order(externalId="web-1"))
        await netsuite.call("POST", RECORDS, order())
        await netsuite.call("POST", RECORDS, order())

        assert (status, codes(answer)) == (400, [("USER_ERROR", "externalId")])
        assert [one["external_id"] for one in await netsuite.orders()] == ["web-1", None, None]
        assert (await netsuite.get("/_sim/orders"))["doubled"] == []


REFUSED = {
    "no customer": ({"item": {"items": [line()]}}, [("USER_ERROR", "entity")]),
    "unknown customer": (order(entity={"externalId": "NOBODY"}), [("INVALID_CONTENT", "entity")]),
    "unknown item": (order(line(), line("NOBODY")), [("INVALID_CONTENT", "item.items[1].item")]),
    "unknown terms": (order(terms={"externalId": "NEVER"}), [("INVALID_CONTENT", "terms")]),
    "no lines": ({**order(), "item": {"items": []}}, [("USER_ERROR", "item")]),
    "no quantity": (order({"item": {"id": "501"}}), [("USER_ERROR", "item.items[0].quantity")]),
    "nothing ordered": (order(line(quantity=0)), [("INVALID_CONTENT", "item.items[0].quantity")]),
    "a long memo": (order(memo="x" * 1000), [("USER_ERROR", "memo")]),
    "a long description": (order(line(description="x" * 4001)), [("USER_ERROR", "item.items[0].description")]),
    "a discount without its item": (order(discountRate=-5), [("USER_ERROR", "discountItem")]),
    "another external id": (order(externalId="web-2"), [("INVALID_CONTENT", "externalId")]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refused_order_is_not_there(kind: str) -> None:
    body, troubles = REFUSED[kind]

    @in_loop
    async def run() -> None:
        async with account(QUICK) as netsuite:
            status, answer, _ = await netsuite.put("web-1", body)

            assert (status, codes(answer)) == (400, troubles)
            assert await netsuite.orders() == []
            assert not any(one["effect"] for one in await netsuite.journal())

    run()
