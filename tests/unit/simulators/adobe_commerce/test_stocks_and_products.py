"""Reads of sources, stocks and products, and the stock item of the time before MSI."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, criteria, shop
from tests.unit.simulators.core.support import in_loop


@in_loop
async def test_the_default_shop_has_a_default_source_and_a_stock_of_four_sources() -> None:
    async with shop() as commerce:
        _, sources = await commerce.call("GET", "/V1/inventory/sources")
        _, links = await commerce.call("GET", f"/V1/inventory/stock-source-links?{criteria(('stock_id', '2'))}")
        _, stocks = await commerce.call("GET", "/V1/inventory/stocks")

        assert [source["source_code"] for source in sources["items"]] == [
            "default",
            "wh-east",
            "wh-north",
            "wh-west",
            "dropship-1",
        ]
        assert [link["source_code"] for link in links["items"]] == ["wh-east", "wh-north", "wh-west", "dropship-1"]
        assert [stock["stock_id"] for stock in stocks["items"]] == [1, 2]


@pytest.mark.parametrize(
    ("path", "message", "parameters"),
    [
        ("/V1/inventory/sources/no", 'Source with code "%value" does not exist.', {"value": "no"}),
        ("/V1/inventory/stocks/9", 'Stock with id "%value" does not exist.', {"value": 9}),
        ("/V1/inventory/stock-resolver/website/no", "No linked stock found", None),
        ("/V1/inventory/stock-resolver/planet/base", "No linked stock found", None),
        (
            "/V1/products/no",
            "The product that was requested doesn't exist. Verify the product and try again.",
            None,
        ),
        (
            "/V1/inventory/get-product-salable-quantity/no/1",
            "The product that was requested doesn't exist. Verify the product and try again.",
            None,
        ),
        ("/V1/stockItems/no", 'The Product with the "%1" SKU doesn\'t exist.', ["no"]),
    ],
)
@in_loop
async def test_what_is_not_there_is_404_with_the_vendors_text(path: str, message: str, parameters: object) -> None:
    async with shop() as commerce:
        status, body = await commerce.call("GET", path)

        assert (status, body["message"], body.get("parameters")) == (404, message, parameters)


@in_loop
async def test_a_website_resolves_to_its_stock() -> None:
    async with shop() as commerce:
        status, stock = await commerce.call("GET", "/V1/inventory/stock-resolver/website/b2b")

        assert (status, stock["stock_id"]) == (200, 2)
        assert stock["extension_attributes"]["sales_channels"] == [{"type": "website", "code": "b2b"}]


@in_loop
async def test_a_sku_of_any_form_is_found_by_its_quoted_path() -> None:
    async with shop() as commerce:
        await commerce.replace_state(products=["A/B", "A B%C"])

        assert (await commerce.call("GET", "/V1/products/A%252FB"))[0] == 404
        async with commerce.session.get(f"{commerce.base}/V1/products/A%2FB", headers=commerce.headers) as response:
            assert (response.status, (await response.json())["sku"]) == (200, "A/B")


@in_loop
async def test_salable_quantity_counts_enabled_sources_in_stock_and_subtracts_the_threshold() -> None:
    async with shop() as commerce:
        await commerce.replace_state(
            products=[{"sku": "A", "threshold": 5}],
            sources=["default", "one", "two", {"source_code": "shut", "enabled": False}],
            stocks=[{"stock_id": 2, "websites": ["b2b"]}],
            links=[{"stock_id": 2, "source_code": code} for code in ("one", "two", "shut")],
            source_items=[["one", "A", 10], ["two", "A", 20, 0], ["shut", "A", 40], ["default", "A", 80]],
        )

        assert await commerce.salable("A") == 5
        await commerce.write(("one", "A", 5))
        assert await commerce.salable("A") == 0
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/A/2") == (200, False)
        await commerce.write(("two", "A", 20))
        assert await commerce.salable("A") == 20


@in_loop
async def test_salable_quantity_of_a_stock_that_is_not_there_is_a_bad_request() -> None:
    async with shop() as commerce:
        assert await commerce.call("GET", "/V1/inventory/get-product-salable-quantity/PUMP-P100/9") == (
            400,
            {"message": "Could not receive Stock Item data"},
        )


@in_loop
async def test_backorders_make_a_product_salable_without_stock() -> None:
    async with shop() as commerce:
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/MOTOR-M2/2") == (200, True)
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/PUMP-P100/2") == (200, True)
        await commerce.write(*[(code, "PUMP-P100", 0, 0) for code in ("wh-east", "wh-north", "wh-west", "dropship-1")])
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/PUMP-P100/2") == (200, False)


@in_loop
async def test_the_export_lists_salable_quantities_and_before_2_4_9_counted_only_the_page() -> None:
    async with shop() as commerce:
        path = f"/V1/inventory/export-stock-salable-qty/website/b2b?{criteria(pageSize=2)}"
        _, body = await commerce.call("GET", path)

        assert body["items"][0] == {"sku": "PUMP-P100", "qty": 160, "is_salable": True}
        assert body["total_count"] == 5
        await commerce.replace_state(settings={"export_total": "page"})
        assert (await commerce.call("GET", path))[1]["total_count"] == 2


@in_loop
async def test_products_are_found_by_sku_in_the_order_of_their_ids() -> None:
    async with shop() as commerce:
        query = criteria(("sku", "VALVE-DN50,PUMP-P100,NO", "in"))
        _, body = await commerce.call("GET", f"/V1/products?{query}")

        assert [product["sku"] for product in body["items"]] == ["PUMP-P100", "VALVE-DN50"]


@in_loop
async def test_the_old_stock_item_speaks_for_the_default_source_and_answers_its_own_id() -> None:
    async with shop() as commerce:
        body = {"stockItem": {"qty": 12.5, "is_in_stock": True}}

        assert await commerce.call("PUT", "/V1/products/VALVE-DN50/stockItems/999", body) == (200, 2)
        _, item = await commerce.call("GET", "/V1/stockItems/VALVE-DN50")
        assert (item["qty"], item["is_in_stock"], item["item_id"]) == (12.5, True, 2)
        assert await commerce.quantity("default", "VALVE-DN50") == "12.5"
        rows = (await commerce.journal())[-2]["detail"]["rows"]
        assert [(row["quantity"], row["applied"]) for row in rows] == [("12.5", True)]


@in_loop
async def test_fields_of_the_old_stock_item_that_are_not_sent_keep_their_values() -> None:
    async with shop() as commerce:
        await commerce.call("PUT", "/V1/products/VALVE-DN50/stockItems/2", {"stockItem": {"is_in_stock": False}})
        _, item = await commerce.call("GET", "/V1/stockItems/VALVE-DN50")

        assert (item["qty"], item["is_in_stock"]) == (120, False)
        status, body = await commerce.call("PUT", "/V1/products/VALVE-DN50/stockItems/2", {})
        assert (status, body["parameters"]) == (400, {"fieldName": "stockItem"})


@in_loop
async def test_the_old_stock_item_of_a_product_that_is_not_there_is_404() -> None:
    async with shop(replace(QUICK)) as commerce:
        assert (await commerce.call("PUT", "/V1/products/NO/stockItems/1", {"stockItem": {"qty": 1}}))[0] == 404


@in_loop
async def test_quantities_come_back_without_superfluous_digits() -> None:
    async with shop() as commerce:
        await commerce.write(("wh-east", "PUMP-P100", "7.5000"), ("wh-west", "PUMP-P100", 100))
        text = (await commerce.raw("GET", f"/V1/inventory/source-items?{criteria(('sku', 'PUMP-P100'))}"))[1]

        assert '"quantity":7.5,' in text
        assert '"quantity":100,' in text
        assert await commerce.quantity("wh-east", "PUMP-P100") == str(Decimal("7.5"))
