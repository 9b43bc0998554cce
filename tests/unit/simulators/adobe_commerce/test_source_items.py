"""POST source-items: validation, silence, partial writes, and what the journal says of each row."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, criteria, row_body, shop
from tests.unit.simulators.core.support import in_loop

MASKED = {"message": "Could not save Source Item"}
GOOD = row_body(("wh-east", "PUMP-P100", 7))


async def _post(commerce: Commerce, *items: object) -> tuple[int, Any]:
    return await commerce.call("POST", "/V1/inventory/source-items", {"sourceItems": list(items)})


async def _rows(commerce: Commerce) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = (await commerce.journal())[-1]["detail"]["rows"]
    return rows


@in_loop
async def test_a_write_answers_an_empty_list_and_sets_the_absolute_quantity() -> None:
    async with shop() as commerce:
        assert await commerce.write(("wh-east", "PUMP-P100", 7), ("wh-west", "PUMP-P100", 0, 0)) == (200, [])
        assert await commerce.write(("wh-east", "PUMP-P100", 7)) == (200, [])

        assert await commerce.quantity("wh-east", "PUMP-P100") == "7"
        assert await commerce.quantity("wh-west", "PUMP-P100") == "0"


@in_loop
async def test_the_journal_lists_each_row_with_the_digits_that_were_sent() -> None:
    async with shop() as commerce:
        body = b'{"sourceItems":[{"sku":"PUMP-P100","source_code":"wh-east","quantity":190.70,"status":1}]}'
        headers = commerce.headers | {"Content-Type": "application/json"}
        assert await commerce.raw("POST", "/V1/inventory/source-items", data=body, headers=headers) == (200, "[]")

        assert await _rows(commerce) == [
            {"source_code": "wh-east", "sku": "PUMP-P100", "quantity": "190.70", "status": 1, "applied": True}
        ]
        entry = (await commerce.journal())[-1]
        assert entry["at"] <= entry["detail"]["started_at"] <= entry["detail"]["finished_at"] <= entry["ended_at"]


@in_loop
async def test_quantities_are_kept_with_four_decimals_and_clipped_where_the_column_ends() -> None:
    async with shop() as commerce:
        await commerce.write(
            ("wh-east", "A", 1.00005), ("wh-east", "B", "2.5"), ("wh-east", "C", 1e30), ("wh-east", "D", -3)
        )

        kept = [await commerce.quantity("wh-east", sku) for sku in "ABCD"]

        assert kept == ["1.0001", "2.5", "99999999.9999", "-3"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sku": None}, '"sku" can not be empty.'),
        ({"sku": " "}, '"sku" can not be empty.'),
        ({"sku": " A"}, '"sku" can not contain leading or trailing spaces.'),
        ({"source_code": ""}, '"source_code" can not be empty.'),
        ({"source_code": "wh east"}, '"source_code" can not contain whitespaces.'),
        ({"quantity": None}, '"quantity" should be numeric.'),
        ({"status": None}, '"status" should be numeric.'),
        ({"status": 2}, '"status" should a known status.'),
    ],
)
@in_loop
async def test_a_row_that_breaks_a_rule_is_refused_with_the_vendors_text(change: dict[str, object], text: str) -> None:
    async with shop() as commerce:
        assert await _post(commerce, GOOD | change) == (400, {"message": f"Validation Failed: {text}"})


@pytest.mark.parametrize("field", ["sku", "source_code", "quantity", "status"])
@in_loop
async def test_quantity_and_status_are_demanded_although_the_contract_calls_them_optional(field: str) -> None:
    async with shop() as commerce:
        status, body = await _post(commerce, {name: value for name, value in GOOD.items() if name != field})

        assert status == 400
        assert body["message"].startswith(f'Validation Failed: "{field}"')


@in_loop
async def test_the_whole_request_is_refused_and_only_the_first_error_is_told() -> None:
    async with shop() as commerce:
        status, body = await _post(commerce, GOOD, GOOD | {"status": 9}, GOOD | {"sku": ""})

        assert (status, body) == (400, {"message": 'Validation Failed: "status" should a known status.'})
        assert await commerce.quantity("wh-east", "PUMP-P100") == "40"


@in_loop
async def test_a_version_may_list_all_errors_with_raw_placeholders() -> None:
    async with shop(replace(QUICK, validation_errors="all")) as commerce:
        _, body = await _post(commerce, GOOD | {"status": 9}, GOOD | {"sku": ""})

        assert body == {
            "message": 'Validation Failed: "status" should a known status.',
            "errors": [
                {"message": '"%field" should a known status.', "parameters": {"field": "status"}},
                {"message": '"%field" can not be empty.', "parameters": {"field": "sku"}},
            ],
        }


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"quantity": "five"}, 'quantity" processing. The "five" value\'s type is invalid. The "float"'),
        ({"quantity": ""}, 'quantity" processing. The "" value\'s type is invalid. The "float"'),
        ({"quantity": True}, 'quantity" processing. The "1" value\'s type is invalid. The "float"'),
        ({"status": "on"}, 'status" processing. The "on" value\'s type is invalid. The "int"'),
        ({"sku": []}, 'sku" processing. The "array" value\'s type is invalid. The "string"'),
        ({"quantity": {"n": 1}}, 'quantity" processing. The "array" value\'s type is invalid. The "float"'),
    ],
)
@in_loop
async def test_a_value_of_the_wrong_type_is_refused_with_the_documented_text(
    change: dict[str, object], text: str
) -> None:
    async with shop() as commerce:
        message = f'Error occurred during "{text} type was expected. Verify and try again.'

        assert await _post(commerce, GOOD | change) == (400, {"message": message})


@in_loop
async def test_missing_parameters_keep_the_placeholder_raw() -> None:
    async with shop() as commerce:
        expected = {
            "message": '"%fieldName" is required. Enter and try again.',
            "parameters": {"fieldName": "sourceItems"},
        }

        assert await commerce.call("POST", "/V1/inventory/source-items", {}) == (400, expected)
        assert await commerce.call("POST", "/V1/inventory/source-items", {"sourceItems": None}) == (400, expected)


@in_loop
async def test_an_empty_list_is_refused() -> None:
    async with shop() as commerce:
        assert await _post(commerce) == (400, {"message": "Input data is empty"})


@in_loop
async def test_an_unknown_field_is_an_internal_error() -> None:
    async with shop() as commerce:
        status, body = await _post(commerce, GOOD | {"colour": "red"})

        assert status == 500
        assert body["message"].startswith(
            "Internal Error. Details are available in Magento log file. Report ID: webapi-"
        )


@in_loop
async def test_a_scalar_where_a_list_belongs_is_a_fatal_error_of_another_shape() -> None:
    async with shop() as commerce:
        status, body = await commerce.call("POST", "/V1/inventory/source-items", {"sourceItems": "all of them"})

        assert status == 500
        assert body["messages"]["error"][0]["code"] == 500


@in_loop
async def test_an_unknown_source_hides_behind_the_masked_text_and_writes_nothing() -> None:
    async with shop() as commerce:
        assert await commerce.write(("wh-east", "PUMP-P100", 7), ("nowhere", "PUMP-P100", 7)) == (400, MASKED)

        assert await commerce.quantity("wh-east", "PUMP-P100") == "40"
        assert [row["applied"] for row in await _rows(commerce)] == [False, False]


@in_loop
async def test_an_unknown_sku_is_stored_in_silence_and_sells_nothing() -> None:
    async with shop() as commerce:
        assert await commerce.write(("wh-east", "NOT-IN-CATALOGUE", 5)) == (200, [])

        _, found = await commerce.call("GET", f"/V1/inventory/source-items?{criteria(('sku', 'NOT-IN-CATALOGUE'))}")
        assert found["items"] == [{"sku": "NOT-IN-CATALOGUE", "source_code": "wh-east", "quantity": 5, "status": 1}]
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/NOT-IN-CATALOGUE/2") == (200, False)


@in_loop
async def test_an_unknown_sku_is_refused_where_the_version_does_so() -> None:
    async with shop(replace(QUICK, unknown_sku="masked")) as commerce:
        assert await commerce.write(("wh-east", "NOT-IN-CATALOGUE", 5)) == (400, MASKED)
    async with shop(replace(QUICK, unknown_sku="refused")) as commerce:
        message = 'Validation Failed: Product with requested "sku": "NOT-IN-CATALOGUE" was not found.'
        assert await commerce.write(("wh-east", "NOT-IN-CATALOGUE", 5)) == (400, {"message": message})
        assert await commerce.write(("wh-east", "PUMP-P100", 5)) == (200, [])


@in_loop
async def test_a_failure_after_some_rows_leaves_those_rows_written() -> None:
    async with shop() as commerce:
        await commerce.fault(kind="partial-write", rows=2, times=1)
        rows = [("wh-east", "PUMP-P100", 1), ("wh-north", "PUMP-P100", 1), ("wh-west", "PUMP-P100", 1)]

        assert await commerce.write(*rows) == (400, MASKED)
        assert [row["applied"] for row in await _rows(commerce)] == [True, True, False]
        assert [await commerce.quantity(source, sku) for source, sku, _ in rows] == ["1", "1", "40"]
        assert await commerce.write(*rows) == (200, [])


@in_loop
async def test_delete_takes_rows_away_and_ignores_those_that_are_not_there() -> None:
    async with shop() as commerce:
        rows = [{"source_code": "wh-east", "sku": "PUMP-P100"}, {"source_code": "wh-east", "sku": "NO"}]

        assert await commerce.call("POST", "/V1/inventory/source-items-delete", {"sourceItems": rows}) == (200, [])
        assert await commerce.quantity("wh-east", "PUMP-P100") is None
        assert [row["applied"] for row in await _rows(commerce)] == [True, False]


@in_loop
async def test_the_input_limit_names_type_and_maximum() -> None:
    async with shop(replace(QUICK, input_limit=True)) as commerce:
        rows = [("wh-east", f"SKU-{number}", 1) for number in range(21)]
        expected = {
            "message": 'Maximum items of type "%type" is %max',
            "parameters": {"type": "\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface", "max": 20},
        }

        assert await commerce.write(*rows) == (400, expected)
        assert await commerce.write(*rows[:20]) == (200, [])
        await commerce.replace_state(settings={"input_list_limit": 5000})
        assert await commerce.write(*rows) == (200, [])


@in_loop
async def test_without_the_input_limit_any_number_of_rows_passes() -> None:
    async with shop() as commerce:
        assert await commerce.write(*[("wh-east", f"SKU-{number}", 1) for number in range(1000)]) == (200, [])


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{", "application/json", "Decoding error."),
        (b'{"sourceItems": NaN}', "application/json", "Decoding error."),
        (b"{}", "text/plain", "Server cannot understand Content-Type HTTP header media type text/plain"),
    ],
)
@in_loop
async def test_a_body_that_cannot_be_read_is_refused(body: bytes, content_type: str, message: str) -> None:
    async with shop() as commerce:
        headers = commerce.headers | {"Content-Type": content_type}
        status, text = await commerce.raw("POST", "/V1/inventory/source-items", data=body, headers=headers)

        assert (status, text) == (400, f'{{"message":"{message}"}}')
