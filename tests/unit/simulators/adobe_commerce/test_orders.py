"""Reservations, shipments and what they leave of the stock."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, criteria, shop
from tests.unit.simulators.core.support import in_loop

NOTHING_LEFT = "Shipment Document Validation Error(s):\nThe order does not allow a shipment to be created."
NO_LINES = "Shipment Document Validation Error(s):\nYou can't create a shipment without products."
MASKED = {"message": "Could not save a shipment, see error log for details"}


async def _ordered(commerce: Commerce, quantity: object = 10, sku: str = "PUMP-P100") -> dict[str, Any]:
    status, order = await commerce.place_order((sku, quantity))
    assert status == 201, order
    found: dict[str, Any] = order
    return found


async def _ship(
    commerce: Commerce, order: dict[str, Any], quantity: object = None, source: str | None = "wh-east", **more: object
) -> tuple[int, Any]:
    body: dict[str, object] = dict(more)
    if quantity is not None:
        body["items"] = [{"order_item_id": order["items"][0]["item_id"], "qty": quantity}]
    if source is not None:
        body["arguments"] = {"extension_attributes": {"source_code": source}}
    return await commerce.call("POST", f"/V1/order/{order['entity_id']}/ship", body)


@in_loop
async def test_an_order_reserves_on_the_stock_and_leaves_the_sources_alone() -> None:
    async with shop() as commerce:
        await _ordered(commerce, 10)

        assert await commerce.salable("PUMP-P100") == 150
        assert await commerce.quantity("wh-east", "PUMP-P100") == "40"
        state = await commerce.get("/_sim/state")
        assert [(row["stock_id"], row["quantity"]) for row in state["reservations"]] == [(2, -10)]


@in_loop
async def test_an_order_for_more_than_is_salable_is_refused_unless_forced() -> None:
    async with shop() as commerce:
        assert (await commerce.place_order(("PUMP-P100", 161)))[0] == 409
        assert (await commerce.place_order(("PUMP-P100", 80), ("PUMP-P100", 81)))[0] == 409
        assert (await commerce.place_order(("MOTOR-M2", 3)))[0] == 201
        assert (await commerce.place_order(("PUMP-P100", 161), force=True))[0] == 201
        assert await commerce.salable("PUMP-P100") == -1


@in_loop
async def test_an_order_is_in_the_journal_under_its_own_kind() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        entry = (await commerce.journal())[-1]

        assert (entry["kind"], entry["effect"], entry["detail"]) == ("order", True, {"entity_id": order["entity_id"]})


@in_loop
async def test_shipping_takes_from_the_source_and_lifts_the_reservation() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)

        assert await _ship(commerce, order) == (200, 1)
        assert await commerce.quantity("wh-east", "PUMP-P100") == "30"
        assert await commerce.salable("PUMP-P100") == 150
        state = await commerce.get("/_sim/state")
        assert [row["quantity"] for row in state["reservations"]] == [-10, 10]
        _, found = await commerce.call("GET", f"/V1/orders/{order['entity_id']}")
        assert (found["state"], found["items"][0]["qty_shipped"]) == ("processing", 10)


@in_loop
async def test_while_something_is_left_a_repeat_makes_a_second_shipment() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)

        assert await _ship(commerce, order, 4) == (200, 1)
        assert await _ship(commerce, order, 4) == (200, 2)
        assert await commerce.quantity("wh-east", "PUMP-P100") == "32"


@in_loop
async def test_an_excess_quantity_is_clamped_to_what_is_left() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)

        assert await _ship(commerce, order, 25) == (200, 1)
        _, shipment = await commerce.call("GET", "/V1/shipment/1")
        assert shipment["items"][0]["qty"] == 10


@in_loop
async def test_with_nothing_left_a_shipment_is_refused() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)
        await _ship(commerce, order)

        assert await _ship(commerce, order) == (400, {"message": NOTHING_LEFT})
        other = await _ordered(commerce, 1)
        assert await _ship(commerce, other, 0) == (400, {"message": NO_LINES})


@pytest.mark.parametrize("source", ["wh-east", "nowhere"])
@in_loop
async def test_a_source_that_holds_too_little_hides_behind_the_masked_text(source: str) -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 41)

        assert await _ship(commerce, order, source=source) == (400, MASKED)
        assert "available" in (await commerce.journal())[-1]["detail"]["hidden_cause"]
        assert await commerce.quantity("wh-east", "PUMP-P100") == "40"


@in_loop
async def test_two_lines_of_one_sku_must_fit_the_source_together() -> None:
    async with shop() as commerce:
        _, order = await commerce.place_order(("PUMP-P100", 30), ("PUMP-P100", 30))

        assert await _ship(commerce, order) == (400, MASKED)


@in_loop
async def test_without_a_source_the_only_one_of_the_stock_ships_else_the_default_source() -> None:
    async with shop() as commerce:
        await _ship(commerce, await _ordered(commerce, 1), source=None)
        assert await commerce.quantity("default", "PUMP-P100") == "39"
        await commerce.replace_state(links=[{"stock_id": 2, "source_code": "wh-west"}])
        await _ship(commerce, await _ordered(commerce, 1), source=None)
        assert await commerce.quantity("wh-west", "PUMP-P100") == "39"


@in_loop
async def test_the_last_unit_takes_the_row_out_of_stock() -> None:
    async with shop() as commerce:
        await _ship(commerce, await _ordered(commerce, 40))
        _, body = await commerce.call("GET", f"/V1/inventory/source-items?{criteria(('source_code', 'wh-east'))}")

        assert next(row for row in body["items"] if row["sku"] == "PUMP-P100")["status"] == 0


@in_loop
async def test_cancelling_lifts_what_is_open_and_answers_false_when_nothing_is() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)
        await _ship(commerce, order, 4)
        path = f"/V1/orders/{order['entity_id']}/cancel"

        assert await commerce.call("POST", path) == (200, True)
        assert await commerce.salable("PUMP-P100") == 156
        assert await commerce.call("POST", path) == (200, False)
        assert await commerce.salable("PUMP-P100") == 156


@in_loop
async def test_a_shipment_is_found_by_order_with_its_tracks_and_comment() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce, 10)
        track = {"track_number": "T-1", "title": "Freight", "carrier_code": "custom"}
        comment = {"comment": "delivery D-1", "is_visible_on_front": 0}
        await _ship(commerce, order, 4, tracks=[track], comment=comment)
        query = criteria(("order_id", str(order["entity_id"])))
        _, body = await commerce.call("GET", f"/V1/shipments?{query}")

        assert body["total_count"] == 1
        shipment = body["items"][0]
        assert shipment["tracks"][0]["track_number"] == "T-1"
        assert shipment["comments"][0]["comment"] == "delivery D-1"
        assert shipment["extension_attributes"] == {"source_code": "wh-east"}


@in_loop
async def test_an_order_is_found_by_its_increment_id() -> None:
    async with shop() as commerce:
        await commerce.place_order(("PUMP-P100", 1), increment_id="2000000042")
        _, body = await commerce.call("GET", f"/V1/orders?{criteria(('increment_id', '2000000042'))}")

        assert [order["increment_id"] for order in body["items"]] == ["2000000042"]


@in_loop
async def test_an_order_that_is_not_there_cannot_be_shipped() -> None:
    async with shop() as commerce:
        assert await commerce.call("POST", "/V1/order/77/ship", {}) == (
            404,
            {"message": "The entity that was requested doesn't exist. Verify the entity and try again."},
        )


@in_loop
async def test_a_shipment_line_without_its_quantity_breaks_the_contract() -> None:
    async with shop() as commerce:
        order = await _ordered(commerce)
        body = {"items": [{"order_item_id": 1}]}
        status, answer = await commerce.call("POST", f"/V1/order/{order['entity_id']}/ship", body)

        assert (status, answer["parameters"]) == (400, {"fieldName": "qty"})


@in_loop
async def test_document_ids_may_come_as_strings() -> None:
    async with shop(replace(QUICK, document_ids_as_strings=True)) as commerce:
        assert await _ship(commerce, await _ordered(commerce)) == (200, "1")


@pytest.mark.parametrize(
    "body", [{}, {"items": []}, {"items": [{"sku": "A", "qty": 0}]}, {"items": [{"sku": "A", "qty": 1}], "x": 1}]
)
@in_loop
async def test_an_order_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    async with shop() as commerce:
        assert (await commerce.post("/_sim/orders", body))[0] == 400


@in_loop
async def test_a_website_without_a_stock_sells_nothing() -> None:
    async with shop() as commerce:
        assert (await commerce.place_order(("PUMP-P100", 1), website="moon"))[0] == 409
