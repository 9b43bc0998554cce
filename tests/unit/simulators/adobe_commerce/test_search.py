"""searchCriteria over real requests."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.adobe_commerce import Settings, search
from tests.unit.simulators.adobe_commerce.support import Commerce, criteria, shop
from tests.unit.simulators.core.support import in_loop

ROWS = [["wh-east", f"SKU-{number}", number, number % 2] for number in range(7)]


async def _seeded(commerce: Commerce) -> None:
    await commerce.replace_state(sources=["wh-east", "wh-west"], source_items=[*ROWS, ["wh-west", "SKU-1", 9.5]])


async def _skus(commerce: Commerce, query: str) -> list[str]:
    status, body = await commerce.call("GET", f"/V1/inventory/source-items?{query}")
    assert status == 200, body
    return [item["sku"] for item in body["items"]]


@pytest.mark.parametrize(
    ("field", "value", "condition", "expected"),
    [
        ("sku", "SKU-3", "eq", ["SKU-3"]),
        ("sku", "SKU-2,SKU-4", "in", ["SKU-2", "SKU-4"]),
        ("sku", "SKU-0,SKU-2,SKU-3,SKU-4,SKU-5,SKU-6", "nin", ["SKU-1", "SKU-1"]),
        ("sku", "%-6", "like", ["SKU-6"]),
        ("sku", "sku-_", "nlike", []),
        ("sku", "SKU-5", "gt", ["SKU-6"]),
        ("quantity", "5", "gteq", ["SKU-5", "SKU-6", "SKU-1"]),
        ("quantity", "9.50", "eq", ["SKU-1"]),
        ("quantity", "1", "lt", ["SKU-0"]),
        ("quantity", "1", "lteq", ["SKU-0", "SKU-1"]),
        ("status", "1", "neq", ["SKU-0", "SKU-2", "SKU-4", "SKU-6"]),
        ("source_code", "wh-west", "eq", ["SKU-1"]),
        ("sku", "", "null", []),
    ],
)
@in_loop
async def test_each_condition_finds_its_rows(field: str, value: str, condition: str, expected: list[str]) -> None:
    async with shop() as commerce:
        await _seeded(commerce)

        assert await _skus(commerce, criteria((field, value, condition))) == expected


@in_loop
async def test_groups_must_all_hold_and_one_filter_of_a_group_is_enough() -> None:
    async with shop() as commerce:
        await _seeded(commerce)
        either = (
            "searchCriteria[filterGroups][0][filters][0][field]=sku&searchCriteria[filterGroups][0][filters][0][value]=SKU-1"
            "&searchCriteria[filterGroups][0][filters][1][field]=sku&searchCriteria[filterGroups][0][filters][1][value]=SKU-2"
        )

        assert await _skus(commerce, either) == ["SKU-1", "SKU-2", "SKU-1"]
        assert await _skus(commerce, criteria(("sku", "SKU-1"), ("source_code", "wh-west"))) == ["SKU-1"]


@in_loop
async def test_rows_can_be_sorted_by_a_number_in_either_direction() -> None:
    async with shop() as commerce:
        await _seeded(commerce)
        sort = "searchCriteria[sortOrders][0][field]=quantity&searchCriteria[sortOrders][0][direction]="

        assert (await _skus(commerce, f"{sort}DESC"))[:2] == ["SKU-1", "SKU-6"]
        assert (await _skus(commerce, f"{sort}ASC"))[:2] == ["SKU-0", "SKU-1"]


@in_loop
async def test_the_answer_echoes_the_criteria_and_counts_all_matches() -> None:
    async with shop() as commerce:
        await _seeded(commerce)
        query = criteria(("source_code", "wh-east"), pageSize=2, currentPage=2)
        _, body = await commerce.call("GET", f"/V1/inventory/source-items?{query}")

        assert [item["sku"] for item in body["items"]] == ["SKU-2", "SKU-3"]
        assert body["total_count"] == 7
        assert body["search_criteria"] == {
            "filter_groups": [
                {"filters": [{"field": "source_code", "value": "wh-east", "condition_type": "eq"}]},
            ],
            "page_size": 2,
            "current_page": 2,
        }


@in_loop
async def test_a_page_past_the_end_repeats_the_last_page() -> None:
    async with shop() as commerce:
        await _seeded(commerce)
        beyond = criteria(("source_code", "wh-east"), pageSize=3, currentPage=99)

        assert await _skus(commerce, beyond) == ["SKU-6"]
        await commerce.replace_state(settings={"repeat_last_page": False})
        assert await _skus(commerce, beyond) == []


@in_loop
async def test_criteria_are_demanded_where_commerce_demands_them() -> None:
    async with shop() as commerce:
        status, body = await commerce.call("GET", "/V1/inventory/source-items")

        assert (status, body["parameters"]) == (400, {"fieldName": "searchCriteria"})
        assert (await commerce.call("GET", "/V1/inventory/source-items?searchCriteria="))[0] == 200
        assert (await commerce.call("GET", "/V1/inventory/sources"))[0] == 200


@pytest.mark.parametrize("query", [criteria(("colour", "red")), criteria(("sku", "A", "resembles"))])
@in_loop
async def test_an_unknown_field_or_condition_is_an_internal_error(query: str) -> None:
    async with shop() as commerce:
        status, body = await commerce.call("GET", f"/V1/inventory/source-items?{query}")

        assert status == 500
        assert "Report ID: webapi-" in body["message"]


@in_loop
async def test_the_page_size_is_limited_only_with_the_input_limit_on() -> None:
    async with shop() as commerce:
        assert (await commerce.call("GET", f"/V1/products?{criteria(pageSize=301)}"))[0] == 200
        await commerce.replace_state(settings={"input_limit": True})

        assert await commerce.call("GET", f"/V1/products?{criteria(pageSize=301)}") == (
            400,
            {"message": "Maximum SearchCriteria pageSize is %max", "parameters": {"max": 300}},
        )
        _, body = await commerce.call("GET", "/V1/inventory/source-items?searchCriteria=")
        assert len(body["items"]) == 20


@in_loop
async def test_a_page_size_that_is_no_number_is_refused() -> None:
    async with shop() as commerce:
        status, body = await commerce.call("GET", f"/V1/products?{criteria(pageSize='many')}")

        assert status == 400
        assert 'The "many" value\'s type is invalid. The "int" type was expected.' in body["message"]


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 10))
def test_reading_page_by_page_until_the_count_is_reached_finds_every_row_once(values: list[int], size: int) -> None:
    rows = list(enumerate(values))
    fields: search.Fields[tuple[int, int]] = {"value": lambda row: Decimal(row[1])}
    found: list[tuple[int, int]] = []
    page = 1

    while True:
        wanted = search.Criteria([[search.Filter("value", "3", "gteq")]], page_size=size, current_page=page)
        matching = search.select(rows, wanted, fields)
        found.extend(search.page(matching, wanted, Settings()))
        if len(found) >= len(matching):
            break
        page += 1

    assert found == [row for row in rows if row[1] >= 3]
