"""The legacy stock item: one product per call, addressed by its SKU."""

from decimal import Decimal

import httpx
import pytest

from connectors.core.errors import NotFoundError, RejectedPayloadError, UnknownOutcomeError
from schemas.models.source_item import SourceItem, StockPair
from tests.unit.connectors.adobe_commerce.shops import Handler, stock

pytestmark = pytest.mark.anyio


def item(sku: str, source_code: str = "default") -> SourceItem:
    return SourceItem(sku, source_code, Decimal("2.50"), in_stock=True)


def shop(requests: list[tuple[str, str, bytes]], **shown: object) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        requests.append((request.method, request.url.raw_path.decode(), request.content))
        if request.method == "PUT":
            return httpx.Response(200, json="17")
        return httpx.Response(200, json={"item_id": 17, "qty": 1, "is_in_stock": False} | shown)

    return handler


async def test_a_row_is_looked_up_and_written_with_the_two_fields_that_are_ours() -> None:
    requests: list[tuple[str, str, bytes]] = []

    async with stock(shop(requests), single_stock=True) as target:
        await target.write_source_items([item("a/b")])

    assert requests == [
        ("GET", "/rest/all/V1/stockItems/a%2Fb", b""),
        ("PUT", "/rest/all/V1/products/a%2Fb/stockItems/17", b'{"stockItem":{"qty":2.5,"is_in_stock":true}}'),
    ]


async def test_another_source_is_refused_before_any_call() -> None:
    requests: list[tuple[str, str, bytes]] = []

    async with stock(shop(requests), single_stock=True) as target:
        with pytest.raises(RejectedPayloadError) as refused:
            await target.write_source_items([item("a"), item("b", "central")])

    assert refused.value.fields == ("central",)
    assert requests == []


@pytest.mark.parametrize("sku", [".", "..", ""])
async def test_a_sku_that_no_path_can_carry_is_skipped_when_read_and_refused_when_written(sku: str) -> None:
    requests: list[tuple[str, str, bytes]] = []

    async with stock(shop(requests), single_stock=True) as target:
        assert await target.read_source_items([StockPair("default", sku)]) == {}
        with pytest.raises(RejectedPayloadError):
            await target.write_source_items([item(sku)])

    assert requests == []


async def test_a_product_without_a_stock_item_is_never_written_with_an_invented_id() -> None:
    requests: list[tuple[str, str, bytes]] = []

    async with stock(shop(requests, item_id=None), single_stock=True) as target:
        with pytest.raises(NotFoundError, match="'a'"):
            await target.write_source_items([item("a")])

    assert [method for method, _, _ in requests] == ["GET"]


async def test_the_source_and_stock_have_the_names_of_the_settings() -> None:
    async with stock(shop([]), single_stock=True, single_stock_source="hq", single_stock_id=3) as target:
        assert await target.source_codes() == {"hq"}
        assert await target.stocks_of_sources() == {"hq": {3}}
        assert await target.read_source_items([StockPair("hq", "a"), StockPair("default", "a")]) == {
            StockPair("hq", "a"): SourceItem("a", "hq", Decimal(1), in_stock=False)
        }


async def test_a_web_server_that_refuses_the_path_makes_it_a_matter_of_that_row() -> None:
    def apache(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404, text="<html>Not Found</html>", headers={"Content-Type": "text/html"})

    async with stock(apache, single_stock=True) as target:
        with pytest.raises(RejectedPayloadError):
            await target.write_source_items([item("a/b")])


async def test_a_lost_answer_in_the_middle_is_unknown_for_the_whole() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            raise httpx.ReadTimeout("late", request=request)
        return httpx.Response(200, json={"item_id": 17, "qty": 1, "is_in_stock": False})

    async with stock(breaks, single_stock=True) as target:
        with pytest.raises(UnknownOutcomeError):
            await target.write_source_items([item("a"), item("b")])
