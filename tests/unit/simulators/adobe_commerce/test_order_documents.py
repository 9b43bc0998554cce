"""Invoices, credit memos, comments and the state that follows from them."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, ShiftedClock, criteria, shop
from tests.unit.simulators.core.support import in_loop

REMARK = {"comment": "C-1", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": 1}
TOO_MUCH = 'The quantity to invoice must not be greater than the uninvoiced quantity for product SKU "PUMP-P100".'
NO_SHIPPING = {"shipping_amount": 0}


async def _ordered(commerce: Commerce, quantity: int = 10, **more: object) -> dict[str, Any]:
    status, order = await commerce.place_order(("PUMP-P100", quantity), website="b2b", **more)
    assert status == 201, order
    found: dict[str, Any] = order
    return found


async def _call(commerce: Commerce, order: dict[str, Any], what: str, quantity: object = None, **more: object) -> Any:
    body: dict[str, object] = dict(more)
    if quantity is not None:
        body["items"] = [{"order_item_id": order["items"][0]["item_id"], "qty": quantity}]
    if what == "ship":
        body["arguments"] = {"extension_attributes": {"source_code": "wh-east"}}
    return await commerce.call("POST", f"/V1/order/{order['entity_id']}/{what}", body)


async def _shown(commerce: Commerce, order: dict[str, Any]) -> dict[str, Any]:
    status, found = await commerce.call("GET", f"/V1/orders/{order['entity_id']}")
    assert status == 200
    shown: dict[str, Any] = found
    return shown


async def _state(commerce: Commerce, order: dict[str, Any]) -> str:
    return str((await _shown(commerce, order))["state"])


@in_loop
async def test_the_state_follows_the_documents() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        assert await _state(commerce, order) == "new"

        assert await _call(commerce, order, "invoice", 4) == (200, 1)
        assert await _state(commerce, order) == "processing"
        assert await _call(commerce, order, "ship") == (200, 1)
        assert await _state(commerce, order) == "processing"
        assert await _call(commerce, order, "invoice") == (200, 2)
        assert await _state(commerce, order) == "complete"
        assert await _call(commerce, order, "refund", 4) == (200, 1)
        assert await _state(commerce, order) == "complete"
        assert await _call(commerce, order, "refund") == (200, 2)
        assert await _state(commerce, order) == "closed"


@in_loop
async def test_while_something_is_left_a_repeat_makes_a_second_invoice_and_then_it_is_refused() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)

        assert await _call(commerce, order, "invoice", 4) == (200, 1)
        assert await _call(commerce, order, "invoice", 4) == (200, 2)
        status, refused = await _call(commerce, order, "invoice", 4)
        assert (status, refused["message"]) == (
            400,
            f"Invoice Document Validation Error(s):\n{TOO_MUCH}",
        )
        assert await _call(commerce, order, "invoice") == (200, 3)
        status, refused = await _call(commerce, order, "invoice")
        assert status == 400
        assert "An invoice cannot be created when an order has a status of processing." in refused["message"]


@in_loop
async def test_an_invoice_of_nothing_is_refused() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        status, refused = await _call(commerce, order, "invoice", 0)

        assert status == 400
        assert "without products" in refused["message"]


@in_loop
async def test_the_whole_shipping_amount_goes_on_the_first_invoice() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 2, shipping_amount=25, shipping_tax=2)
        await _call(commerce, order, "invoice", 1)
        await _call(commerce, order, "invoice", 1)
        _, body = await commerce.call("GET", f"/V1/invoices?{criteria(('order_id', '1'))}")

        assert [(row["shipping_amount"], row["grand_total"]) for row in body["items"]] == [(25, 516), (0, 489)]
        shown = await _shown(commerce, order)
        assert (shown["grand_total"], shown["total_paid"], shown["total_due"]) == (1005, 1005, 0)
        assert shown["payment"]["amount_paid"] == 1005


@in_loop
async def test_a_credit_memo_that_states_no_shipping_refunds_all_of_it() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 2, shipping_amount=25)
        await _call(commerce, order, "invoice")
        assert await _call(commerce, order, "refund", 1) == (200, 1)
        assert await _call(commerce, order, "refund", 1, arguments=NO_SHIPPING) == (200, 2)
        _, body = await commerce.call("GET", f"/V1/creditmemos?{criteria(('order_id', '1'))}")

        assert [row["grand_total"] for row in body["items"]] == [514, 489]
        assert (await _shown(commerce, order))["total_refunded"] == 1003


@pytest.mark.parametrize(
    ("quantity", "more", "told"),
    [
        (3, {}, "must not be greater than the unrefunded quantity"),
        (0, {"arguments": NO_SHIPPING}, "The credit memo's total must be positive."),
        (1, {"arguments": {"adjustment_positive": 1000}}, "The most money available to refund is 978."),
        (1, {"arguments": {"adjustment_negative": 500}}, "must be positive"),
    ],
)
@in_loop
async def test_a_refund_beyond_what_was_paid_is_refused(quantity: int, more: dict[str, object], told: str) -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 2)
        await _call(commerce, order, "invoice")
        status, refused = await _call(commerce, order, "refund", quantity, **more)

        assert status == 400
        assert refused["message"].startswith("Creditmemo Document Validation Error(s):\n")
        assert told in refused["message"]


@in_loop
async def test_what_was_not_invoiced_and_what_is_closed_cannot_be_refunded() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 2)
        status, refused = await _call(commerce, order, "refund", 1)
        assert status == 400
        assert "The order does not allow a creditmemo to be created." in refused["message"]

        await commerce.call("POST", f"/V1/orders/{order['entity_id']}/cancel")
        _, refused = await _call(commerce, order, "refund", 1)
        assert "status of canceled" in refused["message"]


@in_loop
async def test_stock_comes_back_only_where_the_refund_asks_for_it() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 4)
        await _call(commerce, order, "invoice")
        await _call(commerce, order, "ship")
        await _call(commerce, order, "refund", 1)
        assert await commerce.quantity("wh-east", "PUMP-P100") == "36"

        item = order["items"][0]["item_id"]
        back = {"extension_attributes": {"return_to_stock_items": [item]}}
        assert await _call(commerce, order, "refund", 2, arguments=back) == (200, 2)
        assert await commerce.quantity("wh-east", "PUMP-P100") == "38"


@in_loop
async def test_a_refund_of_what_was_never_shipped_lifts_its_reservation() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 4)
        await _call(commerce, order, "invoice")
        assert await commerce.salable("PUMP-P100") == 156

        await _call(commerce, order, "refund", 3)

        assert await commerce.salable("PUMP-P100") == 159
        assert await _call(commerce, order, "ship") == (200, 1)
        assert await commerce.quantity("wh-east", "PUMP-P100") == "39"


@in_loop
async def test_cancelling_what_was_partly_invoiced_answers_true_and_the_order_is_not_cancelled() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 4)
        await _call(commerce, order, "invoice", 1)
        path = f"/V1/orders/{order['entity_id']}/cancel"

        assert await commerce.call("POST", path) == (200, True)
        assert await _state(commerce, order) == "processing"
        assert await commerce.salable("PUMP-P100") == 159
        assert await commerce.call("POST", path) == (200, False)


@in_loop
async def test_a_cancelled_order_takes_no_documents() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        assert await commerce.call("POST", f"/V1/orders/{order['entity_id']}/cancel") == (200, True)

        for what in ("ship", "invoice", "refund"):
            assert (await _call(commerce, order, what, 1))[0] == 400
        assert await _state(commerce, order) == "canceled"


@in_loop
async def test_an_order_on_hold_waits() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        path = f"/V1/orders/{order['entity_id']}"

        assert await commerce.call("POST", f"{path}/unhold") == (400, {"message": "You cannot remove the hold."})
        assert await commerce.call("POST", f"{path}/hold") == (200, True)
        assert await commerce.call("POST", f"{path}/hold") == (400, {"message": "A hold action is not available."})
        assert await commerce.call("POST", f"{path}/cancel") == (200, False)
        assert (await _call(commerce, order, "ship"))[0] == 400
        assert (await _call(commerce, order, "invoice"))[0] == 400
        assert await commerce.call("POST", f"{path}/unhold") == (200, True)
        assert await _state(commerce, order) == "new"


@in_loop
async def test_every_comment_is_one_more_row_newest_first_and_a_status_must_belong_to_the_state() -> None:
    async with shop(replace(QUICK, custom_statuses={"erp_confirmed": "new"})) as commerce:
        order = await _ordered(commerce)
        path = f"/V1/orders/{order['entity_id']}/comments"

        assert await commerce.call("POST", path, {"statusHistory": REMARK}) == (200, True)
        confirmed = REMARK | {"status": "erp_confirmed", "comment": "C-2"}
        assert await commerce.call("POST", path, {"statusHistory": confirmed}) == (200, True)
        status, refused = await commerce.call("POST", path, {"statusHistory": REMARK | {"status": "processing"}})

        assert (status, refused["parameters"]) == (400, ["processing"])
        assert refused["message"] == 'The status "%1" is not part of the order status history.'
        _, body = await commerce.call("GET", path)
        assert [(row["comment"], row.get("status")) for row in body["items"]] == [
            ("C-1", None),
            ("C-2", "erp_confirmed"),
        ]
        assert [row["comment"] for row in (await _shown(commerce, order))["status_histories"]] == ["C-2", "C-1"]
        assert await commerce.call("GET", f"/V1/orders/{order['entity_id']}/statuses") == (200, "erp_confirmed")
        assert await commerce.call("GET", "/V1/orders/99/comments") == (
            200,
            {"items": [], "search_criteria": {"filter_groups": []}, "total_count": 0},
        )


@in_loop
async def test_the_external_number_is_written_and_the_order_counts_as_changed() -> None:
    clock = ShiftedClock()
    async with shop(clock=clock) as commerce:
        order = await _ordered(commerce)
        clock.ahead_s = 100
        entity = {"entity_id": order["entity_id"], "ext_order_id": "SO-1"}

        status, saved = await commerce.call("POST", "/V1/orders", {"entity": entity})

        assert (status, saved["ext_order_id"]) == (200, "SO-1")
        assert saved["updated_at"] > order["updated_at"]
        query = criteria(("updated_at", saved["updated_at"], "gteq"))
        _, body = await commerce.call("GET", f"/V1/orders?{query}")
        assert [row["ext_order_id"] for row in body["items"]] == ["SO-1"]


@pytest.mark.parametrize(
    ("entity", "status"),
    [
        ({"entity_id": 1, "ext_order_id": "x" * 33}, 500),
        ({"entity_id": 9, "ext_order_id": "SO-1"}, 404),
        ({"ext_order_id": "SO-1"}, 501),
        ({"entity_id": 1, "status": "complete"}, 501),
    ],
)
@in_loop
async def test_only_the_external_number_of_a_known_order_is_saved(entity: dict[str, object], status: int) -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)

        assert (await commerce.call("PUT", "/V1/orders/create", {"entity": entity}))[0] == status
        assert await _shown(commerce, order) == order


@in_loop
async def test_a_family_is_shipped_and_invoiced_by_one_of_its_rows() -> None:
    async with shop() as commerce:
        together = {"sku": "SET-1", "qty": 2, "price": 100, "children": [{"sku": "PUMP-P100", "qty": 3}]}
        apart = together | {"price": None, "ship_separately": True, "priced_by_children": True}
        _, order = await commerce.post("/_sim/orders", {"website": "b2b", "items": [together, apart]})
        parent, child, bundle, part = order["items"]

        assert [row["parent_item_id"] for row in (child, part)] == [parent["item_id"], bundle["item_id"]]
        assert (parent["row_total"], child["row_total"], bundle["row_total"], part["row_total"]) == (200, 0, 2934, 2934)
        assert order["grand_total"] == 3134
        assert await commerce.salable("PUMP-P100") == 148
        assert (await _ship_row(commerce, order, child))[0] == 400
        assert (await _ship_row(commerce, order, bundle))[0] == 400
        assert (await _ship_row(commerce, order, parent))[0] == 200
        assert (await _ship_row(commerce, order, part))[0] == 200
        assert await commerce.quantity("wh-east", "PUMP-P100") == "36"
        counts = [row["qty_shipped"] for row in (await _shown(commerce, order))["items"]]
        assert counts == [1, 3, 0, 1]
        assert await _call(commerce, order, "invoice") == (200, 1)
        _, invoice = await commerce.call("GET", "/V1/invoices/1")
        assert invoice["grand_total"] == 3134


async def _ship_row(commerce: Commerce, order: dict[str, Any], row: dict[str, Any]) -> tuple[int, Any]:
    body = {
        "items": [{"order_item_id": row["item_id"], "qty": 1}],
        "arguments": {"extension_attributes": {"source_code": "wh-east"}},
    }
    return await commerce.call("POST", f"/V1/order/{order['entity_id']}/ship", body)


@in_loop
async def test_a_virtual_order_is_not_shipped_and_is_complete_when_it_is_paid() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 1, shipping=None)
        assert "shipping_assignments" not in order["extension_attributes"]

        assert (await _call(commerce, order, "ship"))[0] == 400
        assert (await _call(commerce, order, "invoice"))[0] == 200
        assert await _state(commerce, order) == "complete"


@in_loop
async def test_null_fields_are_left_out() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        status, whole = await commerce.place_order(
            ("PUMP-P100", 1), customer={"id": 17, "company_id": 4}, customer_note="Dock 4"
        )

        assert status == 201
        assert not {"ext_order_id", "customer_id", "customer_note", "total_paid"} & order.keys()
        assert (whole["customer_id"], whole["customer_note"]) == (17, "Dock 4")
        assert whole["extension_attributes"]["company_order_attributes"]["company_id"] == 4


@pytest.mark.parametrize(("done", "invoices"), [(False, 0), (True, 1)])
@in_loop
async def test_a_masked_failure_may_or_may_not_have_made_the_document(done: bool, invoices: int) -> None:  # noqa: FBT001
    async with shop() as commerce:
        order = await _ordered(commerce)
        await commerce.post("/_sim/faults", {"kind": "masked", "path": "/invoice", "times": 1, "done": done})

        status, body = await _call(commerce, order, "invoice")

        assert (status, body) == (400, {"message": "Could not save an invoice, see error log for details"})
        assert (await commerce.journal())[-1]["effect"] is done
        assert len((await commerce.get("/_sim/state"))["invoices"]) == invoices


@in_loop
async def test_the_journal_counts_the_documents_of_each_order() -> None:
    async with shop() as commerce:
        first, second = await _ordered(commerce), await _ordered(commerce)
        for order, what in ((first, "ship"), (second, "ship"), (first, "invoice"), (first, "refund")):
            assert (await _call(commerce, order, what, 1))[0] == 200

        details = [entry["detail"] for entry in await commerce.journal() if entry["method"] == "POST"]
        made = [
            (detail["entity_id"], name)
            for detail in details
            for name in ("shipment_id", "invoice_id", "creditmemo_id")
            if name in detail
        ]
        assert made == [(1, "shipment_id"), (2, "shipment_id"), (1, "invoice_id"), (1, "creditmemo_id")]


@in_loop
async def test_documents_of_one_order_wait_for_each_other_and_take_no_more_than_there_is() -> None:
    async with shop(replace(QUICK, ship_ms=5)) as commerce:
        order = await _ordered(commerce, 10)

        answers = await asyncio.gather(*(_call(commerce, order, "ship", 4) for _ in range(5)))

        assert sorted(status for status, _ in answers) == [200, 200, 200, 400, 400]
        assert await commerce.quantity("wh-east", "PUMP-P100") == "30"


@pytest.mark.parametrize("kind", ["invoices", "creditmemo"])
@in_loop
async def test_a_document_that_is_not_there_is_not_found(kind: str) -> None:
    async with shop() as commerce:
        assert (await commerce.call("GET", f"/V1/{kind}/7"))[0] == 404


@pytest.mark.parametrize(
    "line",
    [
        {"sku": "A", "qty": 1, "children": [{"sku": "B", "qty": 0}]},
        {"sku": "A", "qty": 1, "children": [{"sku": "B", "qty": 1, "children": [{"sku": "C", "qty": 1}]}]},
    ],
)
@in_loop
async def test_a_family_that_makes_no_sense_is_refused(line: dict[str, object]) -> None:
    async with shop() as commerce:
        assert (await commerce.post("/_sim/orders", {"items": [line], "force": True}))[0] == 400
