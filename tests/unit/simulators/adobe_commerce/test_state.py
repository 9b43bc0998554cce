"""Seeding, replacing, reading and resetting the shop."""

import asyncio

import pytest

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, shop
from tests.unit.simulators.core.support import eventually, in_loop


async def _refused(commerce: Commerce, **parts: object) -> str:
    async with commerce.session.put(f"{commerce.url}/_sim/state", json=parts) as response:
        assert response.status == 400
        return str((await response.json())["message"])


@in_loop
async def test_any_number_of_products_gets_its_rows_in_one_call() -> None:
    async with shop() as commerce:
        await commerce.replace_state(products=30_000, source_items={"quantity": 2.5})
        body = await commerce.get("/_sim/state/source-items")

        assert body["columns"] == ["source_code", "sku", "quantity", "status"]
        assert len(body["rows"]) == 150_000
        assert body["rows"][0] == ["default", "SKU-00001", "2.5", 1]
        assert await commerce.salable("SKU-30000") == 10


@in_loop
async def test_a_reset_returns_to_the_replaced_seed_and_forgets_sessions_and_journal() -> None:
    async with shop() as commerce:
        await commerce.replace_state(products=["A"], source_items=[["wh-east", "A", 5]], settings={"input_limit": True})
        await commerce.write(("wh-east", "A", 9))
        await commerce.place_order(("A", 1))
        await commerce.post("/_sim/reset")

        assert await commerce.quantity("wh-east", "A") == "5"
        state = await commerce.get("/_sim/state")
        assert (state["orders"], state["reservations"], state["settings"]["input_limit"]) == ([], [], True)
        assert await commerce.journal() == []
        assert (await commerce.call("GET", "/V1/inventory/sources"))[0] == 401


@in_loop
async def test_settings_change_without_touching_the_stock() -> None:
    async with shop() as commerce:
        await commerce.write(("wh-east", "PUMP-P100", 9))
        await commerce.replace_state(settings={"unknown_sku": "masked"})

        assert await commerce.quantity("wh-east", "PUMP-P100") == "9"


@in_loop
async def test_new_sources_are_linked_to_the_first_stock_unless_links_are_given() -> None:
    async with shop() as commerce:
        await commerce.replace_state(sources=["a", "b"])
        state = await commerce.get("/_sim/state")

        assert [(link["stock_id"], link["source_code"]) for link in state["links"]] == [(1, "a"), (1, "b")]
        assert state["source_items"] == []


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"settings": {"colour": "red"}}, "colour"),
        ({"settings": {"deadlock_chance": 2}}, "deadlock_chance"),
        ({"links": [{"stock_id": 9, "source_code": "wh-east"}]}, "stock 9"),
        ({"source_items": [["nowhere", "A", 1]]}, "nowhere"),
        ({"products": "many"}, "products"),
        ({"colour": "red"}, "colour"),
    ],
)
@in_loop
async def test_a_part_that_cannot_be_is_refused_by_name_and_changes_nothing(
    parts: dict[str, object], text: str
) -> None:
    async with shop() as commerce:
        before = await commerce.get("/_sim/state")

        assert text in await _refused(commerce, **parts)
        assert await commerce.get("/_sim/state") == before


@in_loop
async def test_the_state_page_holds_no_secret() -> None:
    async with shop() as commerce:
        text = str(await commerce.get("/_sim/state"))

        for secret in (
            QUICK.password,
            QUICK.oauth_consumer_secret,
            QUICK.oauth_access_token_secret,
            QUICK.ims_client_secret,
        ):
            assert secret not in text


@in_loop
async def test_a_write_that_a_reset_overtakes_disturbs_nobody() -> None:
    async with shop() as commerce:
        await commerce.replace_state(settings={"call_base_ms": 300})
        write = asyncio.create_task(commerce.write(("wh-east", "PUMP-P100", 9)))

        async def is_held() -> bool:
            return bool((await commerce.get("/_sim/health"))["in_flight"])

        await eventually(is_held)
        await commerce.post("/_sim/reset")

        assert (await write)[0] == 200
        assert await commerce.quantity("wh-east", "PUMP-P100") == "40"
