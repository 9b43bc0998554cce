"""Returns, bills in part and credit memos, as their services show them."""

from collections.abc import Mapping
from typing import Any

import pytest

from simulators.sap_s4hana import Settings
from simulators.sap_s4hana.follow_on_services import ROOT
from tests.unit.simulators.sap_s4hana.test_life import Company, company

RETURNS, BILLING = f"{ROOT}API_CUSTOMER_RETURN_SRV", f"{ROOT}API_BILLING_DOCUMENT_SRV"
REQUESTS = f"{ROOT}API_CREDIT_MEMO_REQUEST_SRV"


async def ask(
    sap: Company, path: str, query: Mapping[str, str] | None = None, *, status: int = 200, method: str = "GET"
) -> Any:
    async with sap.session.request(method, sap.url + path, params=query, headers=sap.headers) as answer:
        assert answer.status == status, await answer.text()
        return (await answer.json())["d"] if status == 200 else await answer.text()


async def lived(sap: Company, *steps: str) -> str:
    number = sap.order()
    for what in steps:
        sap.clock.ahead_s += 1
        assert await sap.do(number, what) == 200, what
    return number


def test_parts_of_a_bill_name_delivery_and_order_and_add_up() -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, "confirm", "deliver", "bill-part", "bill")

        heads = (await ask(sap, f"{BILLING}/A_BillingDocument", {"$expand": "to_Item"}))["results"]
        items = [each["to_Item"]["results"] for each in heads]
        (ordered, _) = (await sap.read(f"/A_SalesOrder('{number}')/to_Item"))["results"]

        assert [one["SDDocumentCategory"] for one in heads] == ["M", "M"]
        assert [[one["BillingQuantity"] for one in each] for each in items] == [["1.000", "1.000"]] * 2
        assert {(one["SalesDocument"], one["SalesSDDocumentCategory"]) for each in items for one in each} == {
            (number, "C")
        }
        assert {one["ReferenceSDDocumentCategory"] for each in items for one in each} == {"J"}
        assert sum(float(each[0]["NetAmount"]) for each in items) == float(ordered["NetAmount"])
        assert (heads[0]["TotalNetAmount"], ordered["OrderRelatedBillingStatus"]) == ("20.00", "C")

    company(run)()


def test_an_item_that_is_billed_in_part_says_so() -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, "confirm", "deliver", "bill-part")

        order = await sap.read(f"/A_SalesOrder('{number}')")
        items = (await sap.read(f"/A_SalesOrder('{number}')/to_Item"))["results"]

        assert order["OverallOrdReltdBillgStatus"] == "B"
        assert [one["OrderRelatedBillingStatus"] for one in items] == ["B", "B"]
        (state,) = (await sap.get("/_sim/state"))["orders"]
        assert [one["billed"] for one in state["items"]] == ["1", "1"]

    company(run)()


@pytest.mark.parametrize(("refer", "category"), [("order", "C"), ("invoice", "M")])
def test_a_return_is_of_one_piece_and_its_credit_memo_names_it(refer: Any, category: str) -> None:
    async def run(sap: Company) -> None:
        await lived(sap, "confirm", "deliver", "bill", "authorise-return")
        (back,) = (await ask(sap, f"{RETURNS}/A_CustomerReturn"))["results"]
        one = f"{RETURNS}/A_CustomerReturn('{back['CustomerReturn']}')"
        (item,) = (await ask(sap, f"{one}/to_Item"))["results"]

        assert (item["RequestedQuantity"], item["ReferenceSDDocumentItem"]) == ("1.000", "000010")
        assert item["ReferenceSDDocumentCategory"] == category == back["ReferenceSDDocumentCategory"]
        assert item["ReturnsMaterialHasBeenReceived"] == ""
        assert await sap.do("1", "credit") == 200
        (come,) = (await ask(sap, one, {"$expand": "to_Item"}))["to_Item"]["results"]
        memo = (await ask(sap, f"{BILLING}/A_BillingDocument", {"$expand": "to_Item"}))["results"][-1]
        (credited,) = memo["to_Item"]["results"]

        assert (come["ReturnsMaterialHasBeenReceived"], come["SDProcessStatus"]) == ("X", "C")
        assert (memo["SDDocumentCategory"], memo["TotalGrossAmount"]) == ("O", "10.00")
        assert (credited["SalesDocument"], credited["SalesSDDocumentCategory"]) == (back["CustomerReturn"], "H")

    company(run, Settings(life=True, confirm="none", returns_refer_to=refer))()


def test_a_credit_memo_without_a_return_names_its_request() -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, "confirm", "deliver", "bill", "credit-by-request")

        (asked,) = (await ask(sap, f"{REQUESTS}/A_CreditMemoRequest", {"$expand": "to_Item"}))["results"]
        (item,) = asked["to_Item"]["results"]
        memo = (await ask(sap, f"{BILLING}/A_BillingDocument", {"$expand": "to_Item"}))["results"][-1]
        (paid,) = memo["to_Item"]["results"]

        assert (asked["ReferenceSDDocumentCategory"], item["ReferenceSDDocument"]) == ("C", number)
        assert (paid["SalesDocument"], paid["SalesSDDocumentCategory"]) == (asked["CreditMemoRequest"], "K")
        assert (memo["SDDocumentCategory"], paid["BillingQuantity"]) == ("O", "1.000")

    company(run)()


def test_documents_are_found_by_their_time_and_organization_while_the_order_stays_as_it_was() -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, "confirm", "deliver", "bill")
        before = (await sap.read(f"/A_SalesOrder('{number}')"))["LastChangeDateTime"]
        for what in ("authorise-return", "credit"):
            assert await sap.do(number, what) == 200
        changed = "LastChangeDateTime ge datetimeoffset'2026-01-01T00:00:00Z' and SalesOrganization eq"

        after = (await sap.read(f"/A_SalesOrder('{number}')"))["LastChangeDateTime"]
        own = await ask(sap, f"{BILLING}/A_BillingDocument", {"$filter": f"{changed} '1710'"})
        others = await ask(sap, f"{BILLING}/A_BillingDocument", {"$filter": f"{changed} '1720'"})
        late = {"$orderby": "LastChangeDateTime,BillingDocument", "$top": "1", "$skip": "1", "$inlinecount": "allpages"}
        (last,) = (await ask(sap, f"{BILLING}/A_BillingDocument", late))["results"]

        assert after == before
        assert (len(own["results"]), others["results"]) == (2, [])
        assert last["SDDocumentCategory"] == "O"

    company(run)()


def test_a_selection_names_fields_of_items_behind_the_link_to_them() -> None:
    async def run(sap: Company) -> None:
        await lived(sap, "confirm", "deliver", "bill")
        where = f"{BILLING}/A_BillingDocument"

        (one,) = (await ask(sap, where, {"$select": "BillingDocument,to_Item/Material", "$expand": "to_Item"}))[
            "results"
        ]

        assert set(one) == {"__metadata", "BillingDocument", "to_Item"}
        assert [set(each) for each in one["to_Item"]["results"]] == [{"__metadata", "Material"}] * 2
        for wrong in ("Colour", "to_Item/Colour"):
            assert "Colour" in await ask(sap, where, {"$select": wrong}, status=400)

    company(run)()


def test_a_new_document_may_stay_unseen_by_lists_and_is_there_by_its_number() -> None:
    async def run(sap: Company) -> None:
        await lived(sap, "confirm", "deliver", "bill")

        assert (await ask(sap, f"{BILLING}/A_BillingDocument"))["results"] == []
        assert (await ask(sap, f"{BILLING}/A_BillingDocument('90000001')"))["BillingDocumentType"] == "F2"

    company(run, Settings(confirm="none", read_lag_s=60))()


def test_what_the_services_do_not_have_is_refused() -> None:
    async def run(sap: Company) -> None:
        assert "EntitySets" in await ask(sap, f"{BILLING}/")
        for path in ("/A_BillingDocument('7')", "/A_BillingDocumentText", "/("):
            await ask(sap, f"{BILLING}{path}", status=400 if path == "/(" else 404)
        await ask(sap, f"{RETURNS}/A_CustomerReturn", status=403, method="POST")

    company(run)()


@pytest.mark.parametrize(
    ("steps", "then"),
    [
        ((), "authorise-return"),
        ((), "bill-part"),
        ((), "cancel-bill"),
        (("confirm", "deliver"), "credit-by-request"),
        (("confirm", "deliver", "bill"), "credit"),
        (("confirm", "deliver", "bill"), "reject-return"),
        (("confirm", "deliver", "bill", "authorise-return", "credit"), "credit"),
        (("confirm", "deliver", "bill-part"), "bill-part"),
        (
            ("confirm", "deliver", "authorise-return", "authorise-return", "authorise-return", "authorise-return"),
            "authorise-return",
        ),
    ],
)
def test_a_step_that_no_longer_fits_is_refused(steps: tuple[str, ...], then: str) -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, *steps)

        assert await sap.do(number, then) == 409

    company(run)()


def test_a_rejected_return_and_a_cancelled_bill_free_what_they_had() -> None:
    async def run(sap: Company) -> None:
        number = await lived(sap, "confirm", "deliver", "bill", "authorise-return", "reject-return", "cancel-bill")

        (back,) = (await ask(sap, f"{RETURNS}/A_CustomerReturn"))["results"]
        (bill,) = (await ask(sap, f"{BILLING}/A_BillingDocument"))["results"]

        assert back["OverallSDDocumentRejectionSts"] == "C"
        assert bill["BillingDocumentIsCancelled"] is True
        for what in ("bill", "authorise-return"):
            assert await sap.do(number, what) == 200

    company(run)()
