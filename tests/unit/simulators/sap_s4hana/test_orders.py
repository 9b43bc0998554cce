"""Making, reading and changing orders, as SAP's documents say."""

import pytest

from simulators.sap_s4hana import Settings
from tests.unit.simulators.core.support import eventually, in_loop
from tests.unit.simulators.sap_s4hana.support import Sap, body, item, sap


@in_loop
async def test_a_deep_insert_makes_an_order_and_is_answered_with_it() -> None:
    async with sap() as client:
        text = {"Language": "EN", "LongTextID": "TX01", "LongText": "Deliver to dock 4"}
        price = {"ConditionType": "PMP0", "ConditionRateValue": "10.5", "ConditionCurrency": "USD"}
        status, answer = await client.create(
            item(to_PricingElement={"results": [price]}), item("SEAL-7", "0.250"), to_Text={"results": [text]}
        )

        made = answer["d"]
        assert status == 201
        assert made["SalesOrder"] == "1"
        assert made["__metadata"]["etag"].startswith("W/\"datetimeoffset'")
        assert [(one["SalesOrderItem"], one["Material"]) for one in made["to_Item"]["results"]] == [
            ("10", "PUMP-200"),
            ("20", "SEAL-7"),
        ]
        assert made["to_Text"]["results"] == [text]
        assert "__deferred" in made["to_Partner"]
        assert (made["OverallSDProcessStatus"], made["TotalCreditCheckStatus"]) == ("A", "A")


@in_loop
async def test_every_create_makes_a_new_order_and_the_state_counts_them_by_reference() -> None:
    async with sap(Settings(first_number=5000)) as client:
        numbers = [(await client.create())[1]["d"]["SalesOrder"] for _ in range(3)]
        await client.create(PurchaseOrderByCustomer="web-2")

        assert numbers == ["5000", "5001", "5002"]
        assert (await client.state())["orders_by_reference"] == {"web-1": 3, "web-2": 1}
        creates = [entry for entry in await client.journal() if entry["effect"]]
        assert [entry["detail"]["reference"] for entry in creates] == ["web-1"] * 3 + ["web-2"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (body(SalesOrderType="XX"), "V1/311"),
        (body(SalesOrganization="9999"), "V1/312"),
        (body(SoldToParty="C-NOBODY"), "V1/313"),
        (body(TransactionCurrency="XXX"), "V1/314"),
        (body(CustomerPaymentTerms="XXXX"), "V1/315"),
        (body(to_Partner=[{"PartnerFunction": "SH", "Customer": "C-NOBODY"}]), "VP/112"),
        (body(item("NOBODY-1")), "V1/302"),
        (body(item(quantity="0.000")), "V1/316"),
        (body(to_PricingElement=[{"ConditionType": "XXXX"}]), "VE/109"),
        (body(item(to_Text=[{"Language": "EN", "LongTextID": "ZZZZ", "LongText": "x"}])), "TD/600"),
    ],
)
def test_a_business_reject_has_a_message_and_makes_nothing(wrong: dict[str, object], code: str) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            status, _, answer = await client.ask("POST", "/A_SalesOrder", wrong)

            assert status == 400
            assert answer["error"]["code"] == code
            assert answer["error"]["message"]["lang"] == "en"
            assert code in [one["code"] for one in answer["error"]["innererror"]["errordetails"]]
            assert (await client.state())["orders"] == []

    run()


@pytest.mark.parametrize(
    "wrong",
    [
        body(Colour="red"),
        body(SoldToParty=17),
        body(SoldToParty="x" * 11),
        body(RequestedDeliveryDate="2026-03-20"),
        body(CompleteDeliveryIsDefined="yes"),
        body(item(quantity="1.2345")),
        body(item(quantity="much")),
        body(item(quantity="1" * 13)),
        body(item(Colour="red")),
        body(to_Item="none"),
        body(to_Item={"results": "none"}),
        body(to_Text=[{"LongTextID": "TX01"}]),
        body(to_BillingPlan=[]),
        [],
    ],
)
def test_what_the_contract_does_not_know_is_refused(wrong: object) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            status, _, answer = await client.ask("POST", "/A_SalesOrder", wrong)

            assert status == 400
            assert answer["error"]["message"]["value"]
            assert (await client.state())["orders"] == []

    run()


@in_loop
async def test_nothing_and_both_forms_of_a_deep_insert_are_taken_where_the_contract_says_so() -> None:
    async with sap() as client:
        status, _ = await client.create(to_Item=[item()], RequestedDeliveryDate=None, CompleteDeliveryIsDefined=True)

        assert status == 201
        async with client.session.post(
            f"{client.url}/sap/opu/odata/sap/API_SALES_ORDER_SRV/A_SalesOrder",
            data=b"{",
            headers=client.auth | client.guard,
        ) as answer:
            assert answer.status == 400


@in_loop
async def test_a_search_finds_by_reference_and_account_counts_and_pages() -> None:
    async with sap(Settings(customers=("17100001", "C-1004"), largest_page=2)) as client:
        for reference in ("web-1", "web-1", "it''s", "web-1"):
            await client.create(PurchaseOrderByCustomer=reference.replace("''", "'"), SoldToParty="0017100001")

        whole = await client.read("/A_SalesOrder?$filter=PurchaseOrderByCustomer eq 'web-1'&$inlinecount=allpages")
        rest = await client.read("/A_SalesOrder?$filter=PurchaseOrderByCustomer eq 'web-1'&$skip=2&$top=5")
        quoted = await client.read("/A_SalesOrder?$filter=PurchaseOrderByCustomer eq 'it''s'&$select=SalesOrder")
        both = "PurchaseOrderByCustomer eq 'web-1' and SoldToParty eq '17100001'"
        account = await client.read(f"/A_SalesOrder?$filter={both}")
        number = await client.read("/A_SalesOrder?$filter=SalesOrder eq '0000000004'")

        assert whole["__count"] == "3"
        assert [one["SalesOrder"] for one in whole["results"]] == ["1", "2"]
        assert [one["SalesOrder"] for one in rest["results"]] == ["4"]
        assert "__count" not in rest
        assert [sorted(one) for one in quoted["results"]] == [["SalesOrder", "__metadata"]]
        assert len(account["results"]) == 2
        assert [one["SoldToParty"] for one in number["results"]] == ["17100001"]


@pytest.mark.parametrize(
    "query",
    [
        "$filter=PurchaseOrderByCustomer gt 'a'",
        "$filter=Colour eq 'red'",
        "$select=Colour",
        "$expand=to_Colour",
        "$top=many",
        "$colour=red",
    ],
)
def test_a_query_that_odata_does_not_know_is_refused(query: str) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            await client.read(f"/A_SalesOrder?{query}", status=400)

    run()


@in_loop
async def test_a_search_may_see_a_new_order_late_and_its_number_finds_it_at_once() -> None:
    async with sap(Settings(read_lag_s=30)) as client:
        await client.create()

        assert (await client.read("/A_SalesOrder"))["results"] == []
        assert (await client.read("/A_SalesOrder('1')"))["SalesOrder"] == "1"
        client.clock.ahead_s = 31
        assert len((await client.read("/A_SalesOrder"))["results"]) == 1


@in_loop
async def test_items_show_schedule_lines_and_work_orders() -> None:
    async with sap() as client:
        await client.create(item(), item("MOTOR-M2"), RequestedDeliveryDate="/Date(4102444800000)/")

        path = "/A_SalesOrder('1')/to_Item?$expand=to_ScheduleLine,to_SubsequentProcFlowDocItem&$top=9"
        first, second = (await client.read(path))["results"]
        (schedule,) = first["to_ScheduleLine"]["results"]

        assert schedule["ConfirmedDeliveryDate"] == "/Date(4102444800000)/"
        assert (schedule["ScheduleLineOrderQuantity"], schedule["ConfdOrderQtyByMatlAvailCheck"]) == ("2.000", "2.000")
        assert first["to_SubsequentProcFlowDocItem"]["results"] == []
        (work_order,) = second["to_SubsequentProcFlowDocItem"]["results"]
        assert (work_order["SubsequentDocumentCategory"], work_order["SubsequentDocument"]) == ("WO", "1000001")


@pytest.mark.parametrize(("confirm", "quantity"), [("half", "1.000"), ("none", "0.000")])
def test_the_company_can_confirm_less(confirm: str, quantity: str) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            await client.session.put(f"{client.url}/_sim/state", json={"settings": {"confirm": confirm}})
            await client.create()

            path = "/A_SalesOrder('1')/to_Item?$expand=to_ScheduleLine"
            (schedule,) = (await client.read(path))["results"][0]["to_ScheduleLine"]["results"]

            assert schedule["ConfdOrderQtyByMatlAvailCheck"] == quantity
            assert (schedule["ConfirmedDeliveryDate"] is None) is (confirm == "none")

    run()


@pytest.mark.parametrize(
    "path", ["/A_SalesOrder('9')", "/A_SalesOrder('9')/to_Item", "/A_Colour", "/A_SalesOrder('1')/x"]
)
def test_what_is_not_there_is_404_in_saps_words(path: str) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            assert (await client.read(path, status=404))["code"]

    run()


@in_loop
async def test_an_address_that_is_none_and_a_method_that_is_not_there_are_refused() -> None:
    async with sap() as client:
        assert (await client.ask("GET", "/A_SalesOrder('1'"))[0] == 400
        assert (await client.ask("DELETE", "/A_SalesOrder('1')"))[0] == 405


# ── changes ──────────────────────────────────────────────────────────────────────────────────────


@in_loop
async def test_a_rejected_item_shows_in_the_order_and_changes_its_etag() -> None:
    async with sap() as client:
        await client.create(item(), item("SEAL-7"))
        before = await client.read("/A_SalesOrder('1')")

        etag = {"If-Match": before["__metadata"]["etag"]}
        assert (await client.reject("1", "10", headers=etag))[0] == 204
        half = await client.read("/A_SalesOrder('1')")
        assert (await client.reject("0000000001", "000020", sent={"SalesDocumentRjcnReason": "00"}))[0] == 204
        whole = await client.read("/A_SalesOrder('1')")

        assert half["__metadata"]["etag"] != before["__metadata"]["etag"]
        assert [one["OverallSDDocumentRejectionSts"] for one in (before, half, whole)] == ["A", "B", "C"]
        items = (await client.read("/A_SalesOrder('1')/to_Item"))["results"]
        assert [one["SalesDocumentRjcnReason"] for one in items] == ["50", "00"]


@in_loop
async def test_a_change_needs_the_newest_etag() -> None:
    async with sap() as client:
        await client.create()
        stale = {"If-Match": (await client.read("/A_SalesOrder('1')"))["__metadata"]["etag"]}
        await client.happens("1", touch=True)

        assert (await client.reject("1", "10", headers={}))[0] == 428
        assert (await client.reject("1", "10", headers=stale))[0] == 412


@in_loop
async def test_etags_of_items_and_of_changes_can_be_switched_on() -> None:
    async with sap(Settings(item_etags=True, etag_in_change_answer=True)) as client:
        await client.create()
        (one,) = (await client.read("/A_SalesOrder('1')/to_Item"))["results"]

        path = "/A_SalesOrderItem(SalesOrder='1',SalesOrderItem='10')"
        _, headers, _ = await client.ask(
            "PATCH", path, {"SalesDocumentRjcnReason": "50"}, headers={"If-Match": one["__metadata"]["etag"]}
        )

        assert headers["etag"] == (await client.read("/A_SalesOrder('1')"))["__metadata"]["etag"]


@in_loop
async def test_a_locked_order_names_who_holds_it_until_the_lock_is_gone() -> None:
    async with sap() as client:
        await client.create()
        await client.happens("1", lock_s=30, lock_user="TESTUSER")

        status, answer = await client.reject("1", "10")
        client.clock.ahead_s = 31

        assert (status, answer["error"]["code"]) == (400, "VL/045")
        assert "TESTUSER" in answer["error"]["message"]["value"]
        assert (await client.reject("1", "10"))[0] == 204


@in_loop
async def test_a_delivered_item_cannot_be_rejected_nor_for_an_unknown_reason() -> None:
    async with sap() as client:
        await client.create()
        unknown, _ = await client.reject("1", "10", sent={"SalesDocumentRjcnReason": "XX"})
        missing, _ = await client.reject("1", "99")
        await client.happens("1", deliver=True)

        status, answer = await client.reject("1", "10")

        assert (unknown, missing) == (400, 404)
        assert (status, answer["error"]["code"]) == (400, "V1/493")
        assert (await client.read("/A_SalesOrder('1')"))["OverallTotalDeliveryStatus"] == "C"


@in_loop
async def test_other_fields_of_an_item_can_be_changed_and_unknown_ones_not() -> None:
    async with sap() as client:
        await client.create()

        assert (await client.reject("1", "10", sent={"SalesOrderItemText": "Pump"}))[0] == 204
        assert (await client.reject("1", "10", sent={"Colour": "red"}))[0] == 400
        (one,) = (await client.read("/A_SalesOrder('1')/to_Item"))["results"]
        assert (one["SalesOrderItemText"], one["SalesDocumentRjcnReason"]) == ("Pump", "")


@in_loop
async def test_an_account_on_hold_and_its_release_show_in_the_credit_status() -> None:
    async with sap(Settings(credit_held=("C-1004",))) as client:
        await client.create()
        before = await client.read("/A_SalesOrder('1')")
        await client.happens("1", credit="D", confirm_ms=86_400_000)

        assert before["TotalCreditCheckStatus"] == "B"
        assert (await client.read("/A_SalesOrder('1')"))["TotalCreditCheckStatus"] == "D"


# ── faults, repeatable requests, state ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "status", "made"),
    [("lock", 400, 0), ("masked", 400, 0), ("stale-token", 403, 0), ("effect-then-error", 500, 1)],
)
def test_faults_of_its_own(kind: str, status: int, made: int) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client:
            await client.fault(kind=kind, status=500, times=1, methods=["POST"])

            assert (await client.create())[0] == status
            assert len((await client.state())["orders"]) == made

    run()


@in_loop
async def test_a_gateway_answers_with_a_page_and_sap_itself_with_its_error() -> None:
    async with sap() as client:
        await client.fault(kind="status", status=503, times=1)
        await client.fault(kind="status", status=500, times=1)
        await client.fault(kind="refuse-credential", times=1)

        assert "<h1>503" in (await client.ask("GET", "/A_SalesOrder"))[2]
        assert (await client.ask("GET", "/A_SalesOrder"))[2]["error"]["code"] == "SY/530"
        assert (await client.ask("GET", "/A_SalesOrder"))[0] == 401


def repeat(client: Sap, request_id: str) -> None:
    client.guard |= {"RequestID": request_id, "RepeatabilityCreation": "Mon, 02 Mar 2026 08:15:30 GMT"}


@in_loop
async def test_a_repeated_request_gets_the_first_answer_until_it_is_outdated() -> None:
    async with sap(Settings(idempotent=True, request_life_s=60)) as client:
        repeat(client, "A" * 32)
        first = await client.create()
        again = await client.create(item("SEAL-7"))
        client.clock.ahead_s = 61
        status, outdated = await client.create()
        repeat(client, "B" * 32)
        other = await client.create()

        assert first == again
        assert (status, outdated["error"]["code"]) == (400, "/IWBEP/CM_COS/005")
        assert other[1]["d"]["SalesOrder"] == "2"


@in_loop
async def test_a_refusal_is_repeated_too() -> None:
    async with sap(Settings(idempotent=True)) as client:
        repeat(client, "A" * 32)

        assert (await client.create(item("NOBODY-1")))[0] == 400
        assert (await client.create())[0] == 400


@in_loop
async def test_a_service_that_is_not_idempotent_ignores_the_headers() -> None:
    async with sap() as client:
        repeat(client, "A" * 32)
        await client.create()
        await client.create()

        assert (await client.state())["orders_by_reference"] == {"web-1": 2}


async def _has_orders(client: Sap) -> bool:
    return bool((await client.state())["orders"])


@in_loop
async def test_late_effects_happen_after_the_session_has_ended() -> None:
    async with sap() as client:
        await client.fault(kind="late-effect", delay_s=0.05, hang=True, times=1, methods=["POST"])
        with pytest.raises(Exception, match="disconnected"):
            await client.create()
        await client.post("/_sim/sessions/expire")

        await eventually(lambda: _has_orders(client))
        client.auth["Authorization"] = "Bearer nothing"
        await client.fault(kind="late-effect", delay_s=0.05, times=1, methods=["POST"])
        assert (await client.create())[0] == 401


@in_loop
async def test_state_can_be_read_replaced_and_reset() -> None:
    async with sap() as client:
        await client.create()
        async with client.session.put(f"{client.url}/_sim/state", json={"settings": {"first_number": 7}}) as answer:
            assert answer.status == 200
        assert len((await client.state())["orders"]) == 1
        async with client.session.put(f"{client.url}/_sim/state", json={"orders": []}) as answer:
            assert answer.status == 200
        assert (await client.create())[1]["d"]["SalesOrder"] == "7"
        for wrong in ({"colour": "red"}, {"settings": {"colour": "red"}}, {"orders": [1]}):
            async with client.session.put(f"{client.url}/_sim/state", json=wrong) as answer:
                assert answer.status == 400
        assert "password" not in (await client.state())["settings"]
        await client.post("/_sim/reset")
        assert (await client.state())["orders"] == []
        assert (await client.create())[0] == 403


@in_loop
async def test_what_people_do_must_name_an_order_and_a_deed() -> None:
    async with sap() as client:
        assert (await client.post("/_sim/orders", {"order": "1"}))[0] == 404
        assert (await client.post("/_sim/orders", {"colour": "red"}))[0] == 400
