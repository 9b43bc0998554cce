"""Upserts, one by one and in collections, and the rules between records."""

import asyncio
from typing import Any

import pytest

from simulators.salesforce import Settings
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.salesforce.support import ORDER, code_of, org


@in_loop
async def test_an_upsert_makes_a_record_once_and_changes_it_afterwards() -> None:
    async with org() as client:
        made = await client.upsert("Account", "a/1 ü", Name="Example Works")
        same = await client.upsert("Account", "a/1 ü", Phone="+1 202 555 0100")

        assert (made[0], same[0]) == (201, 200)
        assert made[1] == same[1] | {"created": True}
        (account,) = (await client.get("/_sim/state"))["Account"]
        assert account.pop("SystemModstamp").endswith(".000+0000")
        assert account == {
            "Id": made[1]["id"],
            "Commerce_Id__c": "a/1 ü",
            "Name": "Example Works",
            "Phone": "+1 202 555 0100",
        }
        assert [entry["effect"] for entry in await client.journal()] == [False, True, True]


@in_loop
async def test_an_older_version_answers_an_update_without_a_body() -> None:
    async with org(Settings(update_status=204)) as client:
        assert (await client.upsert("Account", "a-1", Name="A"))[0] == 201
        assert await client.upsert("Account", "a-1", Name="B") == (204, None)


@in_loop
async def test_an_external_id_that_two_records_have_is_300_with_both_and_writes_nothing() -> None:
    async with org() as client:
        ids = [(await client.enter("Account", Commerce_Id__c="a-1", Name=name))[1]["id"] for name in "AB"]

        status, body = await client.upsert("Account", "a-1", Name="C")

        assert status == 300
        assert [one.rpartition("/")[2] for one in body] == ids
        assert {one["Name"] for one in (await client.get("/_sim/state"))["Account"]} == {"A", "B"}


@in_loop
async def test_external_ids_differ_by_case_unless_the_field_says_otherwise() -> None:
    for sensitive, status in ((True, 201), (False, 200)):
        async with org(Settings(case_sensitive_ids=sensitive)) as client:
            await client.upsert("Account", "a-1", Name="A")
            assert (await client.upsert("Account", "A-1", Name="B"))[0] == status


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "A", "Colour": "red"}, "INVALID_FIELD", []),
        ({"Name": "A", "Commerce_Id__c": "a-1"}, "INVALID_FIELD", []),
        ({"Name": "A", "SystemModstamp": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"]),
        ({"Name": 7}, "JSON_PARSER_ERROR", []),
        ({"Name": "A", "Commerce_Lifetime_Value__c": "7"}, "JSON_PARSER_ERROR", []),
        ({"Name": "A" * 256}, "STRING_TOO_LONG", ["Name"]),
        ({"Name": "A", "AccountNumber": "1" * 41}, "STRING_TOO_LONG", ["AccountNumber"]),
    ],
)
@in_loop
async def test_a_record_that_does_not_fit_is_refused_by_code_and_field(
    fields: dict[str, object], code: str, named: list[str]
) -> None:
    async with org() as client:
        status, body = await client.call("PATCH", "/sobjects/Account/Commerce_Id__c/a-1", fields)

        assert (status, body[0]["errorCode"], body[0]["fields"]) == (400, code, named)
        assert (await client.get("/_sim/state"))["Account"] == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Account": {"Commerce_Id__c": "nobody"}}, "INVALID_FIELD"),
        ({"Account": {"Name": "Example Works"}}, "JSON_PARSER_ERROR"),
        ({"Account": "a-1"}, "JSON_PARSER_ERROR"),
        ({"AccountId": "001000000000000099"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"EffectiveDate": "2026-02-30"}, "JSON_PARSER_ERROR"),
        ({"EffectiveDate": "2026-03-02T00:00:00Z"}, "JSON_PARSER_ERROR"),
        ({"Commerce_Expected_At__c": "2026-03-02T00:00:00"}, "JSON_PARSER_ERROR"),
        ({"Commerce_Expected_At__c": "2026-03-02T00:00:00.000Z"}, None),
        ({"Commerce_Expected_At__c": None}, None),
        ({"Status": "Lost"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Status": "Activated"}, "FAILED_ACTIVATION"),
        ({"TotalAmount": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"StatusCode": "Draft"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"EffectiveDate": None}, "REQUIRED_FIELD_MISSING"),
    ],
)
@in_loop
async def test_an_order_hangs_on_an_account_and_begins_as_a_draft(change: dict[str, object], code: str | None) -> None:
    async with org() as client:
        await client.upsert("Account", "a-1", Name="Example Works")
        fields = {"Account": {"Commerce_Id__c": "a-1"}, **ORDER, **change}
        if change.keys() == {"AccountId"}:
            del fields["Account"]

        status, body = await client.upsert("Order", "o-1", **fields)

        assert status == (201 if code is None else 400), body
        assert code is None or body[0]["errorCode"] == code


@in_loop
async def test_a_status_alone_makes_no_order() -> None:
    async with org() as client:
        status, body = await client.upsert("Order", "o-1", Commerce_Status__c="SHIPPED")

        assert (status, body[0]["fields"]) == (400, ["AccountId", "EffectiveDate", "Status"])


@in_loop
async def test_the_total_is_the_sum_of_the_lines_and_activation_fixes_them() -> None:
    async with org() as client:
        order_id = await client.order()
        await client.upsert_many("OrderItem", await client.item(order_id), await client.item(order_id, "l-2"))
        (order,) = (await client.get("/_sim/state"))["Order"]
        assert (order["TotalAmount"], order["StatusCode"]) == (1800, "Draft")

        assert (await client.upsert("Order", "o-1", Status="Activated"))[0] == 200
        _, (result,) = await client.upsert_many("OrderItem", {"Commerce_Id__c": "l-1", "Quantity": 3})
        assert result["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
        assert (await client.upsert("Order", "o-1", Commerce_Status__c="SHIPPED"))[0] == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"OrderId": "801000000000000099"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"UnitPrice": None}, "REQUIRED_FIELD_MISSING"),
        ({"Commerce_Id__c": ""}, "MISSING_ARGUMENT"),
        ({"Quantity": "2"}, "JSON_PARSER_ERROR"),
    ],
)
@in_loop
async def test_a_line_that_does_not_fit_is_told_in_its_row(change: dict[str, Any], code: str) -> None:
    async with org() as client:
        row = await client.item(await client.order(), **change)

        status, (result,) = await client.upsert_many("OrderItem", row)

        assert (status, result["success"], result["errors"][0]["statusCode"]) == (200, False, code)


@in_loop
async def test_a_line_keeps_order_and_entry_and_is_of_the_orders_price_book() -> None:
    async with org() as client:
        order_id = await client.order()
        row = await client.item(order_id)
        await client.upsert_many("OrderItem", row)

        _, (again,) = await client.upsert_many("OrderItem", row)
        assert again["errors"][0] | {"message": ""} == {
            "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
            "message": "",
            "fields": ["OrderId", "PricebookEntryId"],
        }
        _, (changed,) = await client.upsert_many("OrderItem", {"Commerce_Id__c": "l-1", "Quantity": 3})
        assert (changed["success"], changed["created"]) == (True, False)
        assert code_of(await client.upsert("Order", "o-1", Pricebook2Id="01s000000000000009")) == (
            400,
            "FIELD_INTEGRITY_EXCEPTION",
        )
        product = (await client.get("/_sim/state"))["Product2"][0]["Id"]
        other = {"Pricebook2Id": "01s000000000000009", "Product2Id": product, "UnitPrice": 1, "IsActive": True}
        entry = (await client.enter("PricebookEntry", **other))[1]["id"]
        stray = await client.item(order_id, "l-2", PricebookEntryId=entry)
        _, (result,) = await client.upsert_many("OrderItem", stray)
        assert result["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize("all_or_none", [True, False])
@in_loop
async def test_a_bad_row_takes_all_rows_along_or_only_itself(all_or_none: bool) -> None:  # noqa: FBT001
    async with org() as client:
        order_id = await client.order()
        await client.upsert_many("OrderItem", await client.item(order_id, "l-0"))
        rows = [
            {"Commerce_Id__c": "l-0", "Quantity": 9},
            await client.item(order_id, "l-1"),
            await client.item(order_id, "l-2", UnitPrice=None),
        ]

        status, results = await client.upsert_many("OrderItem", *rows, all_or_none=all_or_none)

        assert status == 200
        codes = [one["errors"][0]["statusCode"] if one["errors"] else None for one in results]
        kept = {one["Commerce_Id__c"]: one["Quantity"] for one in (await client.get("/_sim/state"))["OrderItem"]}
        if all_or_none:
            assert codes == [*["ALL_OR_NONE_OPERATION_ROLLED_BACK"] * 2, "REQUIRED_FIELD_MISSING"]
            assert kept == {"l-0": 2}
        else:
            assert codes == [None, None, "REQUIRED_FIELD_MISSING"]
            assert kept == {"l-0": 9, "l-1": 2}
        assert (await client.journal())[-1]["effect"] is not all_or_none


@in_loop
async def test_a_row_of_an_external_id_that_is_not_unique_is_refused() -> None:
    async with org() as client:
        for name in "AB":
            await client.enter("Account", Commerce_Id__c="a-1", Name=name)

        _, (result,) = await client.upsert_many("Account", {"Commerce_Id__c": "a-1", "Name": "C"})

        assert result["success"] is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            {"records": [{"attributes": {"type": "Account"}, "Commerce_Id__c": "a", "Name": "A"}] * 3},
            "EXCEEDED_ID_LIMIT",
        ),
        ({"records": [{"attributes": {"type": "Order"}, "Commerce_Id__c": "a"}]}, "INVALID_TYPE"),
        ({"records": [{"Commerce_Id__c": "a"}]}, "INVALID_TYPE"),
        ({"records": "all"}, "JSON_PARSER_ERROR"),
        ({}, "JSON_PARSER_ERROR"),
    ],
)
@in_loop
async def test_a_collection_has_some_rows_of_one_type(body: object, code: str) -> None:
    async with org(Settings(most_rows=2)) as client:
        assert code_of(await client.call("PATCH", "/composite/sobjects/Account/Commerce_Id__c", body)) == (400, code)


@in_loop
async def test_children_of_one_parent_at_once_refuse_each_other() -> None:
    async with org(Settings(write_ms=100)) as client:
        order_id = await client.order()
        rows = [await client.item(order_id, f"l-{number}") for number in range(3)]

        answers = await asyncio.gather(*(client.upsert_many("OrderItem", row) for row in rows))

        assert sorted(status for status, _ in answers) == [200, 400, 400]
        assert {code_of(one)[1] for one in answers if one[0] == 400} == {"UNABLE_TO_LOCK_ROW"}
        assert (await client.upsert_many("OrderItem", rows[0], rows[1], rows[2]))[0] == 200


@in_loop
async def test_orders_of_one_account_lock_it_whatever_way_it_is_named() -> None:
    async with org(Settings(write_ms=100)) as client:
        await client.order()
        account = (await client.get("/_sim/state"))["Account"][0]["Id"]

        answers = await asyncio.gather(
            client.upsert("Order", "o-2", AccountId=account, **ORDER),
            client.upsert("Order", "o-3", Account={"Commerce_Id__c": "a-1"}, **ORDER),
            client.upsert("Order", "o-1", Commerce_Status__c="SHIPPED"),
        )

        assert sorted(status for status, _ in answers)[1:] == [400, 400]


@in_loop
async def test_a_fault_of_its_own_refuses_writes_as_locked_and_lets_reads_pass() -> None:
    async with org() as client:
        await client.fault(kind="row-lock")

        assert code_of(await client.upsert("Account", "a-1", Name="A")) == (400, "UNABLE_TO_LOCK_ROW")
        assert (await client.query("SELECT Id FROM Account"))[0] == 200


@in_loop
async def test_rules_and_rights_of_the_org_are_settings() -> None:
    async with org(Settings(demanded_order_field="PoNumber")) as client:
        await client.upsert("Account", "a-1", Name="Example Works")
        fields = {"Account": {"Commerce_Id__c": "a-1"}, **ORDER}
        assert code_of(await client.upsert("Order", "o-1", **fields)) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
        assert (await client.upsert("Order", "o-1", PoNumber="PO-1", **fields))[0] == 201
        assert await client.replace_state(settings={"read_only_objects": ["Account"]}) == 200
        assert code_of(await client.upsert("Account", "a-1", Name="B")) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/sobjects/Asset/Commerce_Id__c/1", 404),
        ("PATCH", "/sobjects/Account/Other__c/1", 404),
        ("PATCH", "/sobjects/Account/Commerce_Id__c/", 404),
        ("PATCH", "/composite/sobjects/Asset/Commerce_Id__c", 404),
        ("GET", "/limits", 404),
        ("GET", "/../v99.0/query", 404),
        ("POST", "/sobjects/Account", 405),
        ("DELETE", "/query", 405),
    ],
)
@in_loop
async def test_unknown_places_and_methods_are_refused(method: str, path: str, status: int) -> None:
    async with org() as client:
        body: dict[str, object] = {"records": []} if "composite" in path else {}

        assert (await client.call(method, path, body if method == "PATCH" else None))[0] == status


@in_loop
async def test_another_version_and_another_root_are_404() -> None:
    async with org() as client:
        for path in ("/services/data/v99.0/query", "/elsewhere"):
            async with client.session.get(client.url + path, headers=client.headers) as response:
                assert response.status == 404
        async with client.session.get(f"{client.url}/services/oauth2/token") as response:
            assert response.status == 404


@in_loop
async def test_a_body_that_is_no_record_is_refused() -> None:
    async with org() as client:
        assert code_of(await client.raw(b"{")) == (400, "JSON_PARSER_ERROR")
        assert code_of(await client.raw(b"[1]")) == (400, "JSON_PARSER_ERROR")
        assert code_of(await client.raw(b"{}", "text/plain")) == (415, "UNSUPPORTED_MEDIA_TYPE")


@in_loop
async def test_numbers_are_kept_to_the_last_digit() -> None:
    async with org() as client:
        await client.raw(b'{"Name": "A", "Commerce_Lifetime_Value__c": 12345678901234567.891}')

        async with client.session.get(f"{client.url}/_sim/state") as response:
            assert b'"Commerce_Lifetime_Value__c":12345678901234567.891' in await response.read()
