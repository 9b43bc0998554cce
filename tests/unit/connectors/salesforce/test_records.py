"""The requests that recording makes, in their order; and questions whose values are never text of a query."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError, TargetUnavailableError, UnauthorizedError, UnknownOutcomeError
from connectors.salesforce import soql
from connectors.salesforce.opening import open_ports
from tests.contract.orders import ORDER, ORDER_ID
from tests.fakes.clock import FakeClock
from tests.unit.connectors.salesforce.orgs import crm, pem, settings

BASE = "/services/data/v62.0/"
ENTRIES = [
    {"Id": "01u1", "Product2": {"ProductCode": "PUMP-200"}},
    {"Id": "01u2", "Product2": {"ProductCode": "CABLE-3X15"}},
    {"Id": "01u3", "Product2": {"ProductCode": "cable-3x15"}},
    {"Id": "01u4", "Product2": {"ProductCode": None}},
]


class OrgOf:
    """Answers by what is asked for; anything not named is empty or saved."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        self.tables = {"PricebookEntry": ENTRIES} | tables
        self.requests: list[httpx.Request] = []
        self.save: Callable[[], httpx.Response] = lambda: httpx.Response(201, json={"id": "801", "success": True})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.method == "GET":
            kind = request.url.params["q"].partition(" FROM ")[2].partition(" ")[0]
            return httpx.Response(200, json={"done": True, "records": self.tables.get(kind, [])})
        if "composite" in request.url.path:
            return httpx.Response(200, json=[{"success": True} for _ in json.loads(request.content)["records"]])
        return self.save()

    @property
    def asked(self) -> list[str]:
        return [request.url.params["q"] for request in self.requests if request.method == "GET"]

    @property
    def written(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (request.url.raw_path.decode().removeprefix(BASE), json.loads(request.content))
            for request in self.requests
            if request.method == "PATCH"
        ]


@pytest.mark.anyio
async def test_all_questions_come_before_the_first_write_and_parents_before_children() -> None:
    org = OrgOf()

    record = await crm(org).record_order(ORDER_ID, ORDER, status="PLACED")

    methods = [request.method for request in org.requests]
    assert methods == sorted(methods)
    assert len(org.asked) == 3
    assert [place for place, _ in org.written] == [
        "sobjects/Account/Commerce_Id__c/web-company-4",
        f"sobjects/Order/Commerce_Id__c/{ORDER_ID}",
        "composite/sobjects/OrderItem/Commerce_Id__c",
    ]
    items = org.written[2][1]
    assert items["allOrNone"] is True
    assert [row["PricebookEntryId"] for row in items["records"]] == ["01u1", "01u2"]
    assert {row["OrderId"] for row in items["records"]} == {"801"} == {record.internal_id}
    assert b'"Quantity":190.7,"UnitPrice":1.15' in org.requests[-1].content


@pytest.mark.anyio
async def test_a_known_order_states_nothing_that_only_a_new_one_may() -> None:
    org = OrgOf(
        Order=[{"Id": "801", "StatusCode": "Draft"}],
        OrderItem=[{"Commerce_Id__c": f"{ORDER_ID}:501"}, {"Commerce_Id__c": None}],
        Account=[{"Id": "001"}],
    )

    await crm(org).record_order(ORDER_ID, ORDER, status="RELEASED")

    (_, head), (_, items) = org.written
    assert not {"Account", "Status", "EffectiveDate", "Pricebook2Id"} & head.keys()
    assert head["Commerce_Status__c"] == "RELEASED"
    assert [row.keys() >= {"OrderId", "PricebookEntryId"} for row in items["records"]] == [False, True]
    assert "PUMP-200" not in org.asked[2]


@pytest.mark.anyio
async def test_an_activated_order_costs_two_questions_and_one_write() -> None:
    org = OrgOf(Order=[{"Id": "801", "StatusCode": "Activated"}], Account=[{"Id": "001"}])

    await crm(org).record_order(ORDER_ID, ORDER, status="SHIPPED")

    assert len(org.asked) == 2
    ((_, head),) = org.written
    assert all(name.startswith("Commerce_") for name in head)


@pytest.mark.anyio
async def test_lines_go_in_portions_of_the_setting() -> None:
    org = OrgOf()

    await crm(org, rows_per_call=1).record_order(ORDER_ID, ORDER, status="PLACED")

    assert [len(body["records"]) for _, body in org.written if "records" in body] == [1, 1]


@pytest.mark.anyio
async def test_an_org_with_several_currencies_is_asked_and_told_in_the_orders() -> None:
    org = OrgOf()

    await crm(org, multi_currency=True).record_order(ORDER_ID, ORDER, status="PLACED")

    assert "AND CurrencyIsoCode = 'USD'" in org.asked[1]
    assert org.written[1][1]["CurrencyIsoCode"] == "USD"


@pytest.mark.anyio
async def test_an_order_that_somebody_else_made_meanwhile_is_looked_for_again() -> None:
    org = OrgOf(Account=[{"Id": "001"}])
    org.save = lambda: httpx.Response(204)

    with pytest.raises(UnknownOutcomeError, match="id is not known"):
        await crm(org).record_order(ORDER_ID, ORDER, status="PLACED")


@pytest.mark.anyio
async def test_pages_without_end_are_given_up() -> None:
    pages = 0

    def endless(_: httpx.Request) -> httpx.Response:
        nonlocal pages
        pages += 1
        return httpx.Response(200, json={"done": False, "nextRecordsUrl": f"{BASE}query/01g-{pages}", "records": []})

    with pytest.raises(ConfigurationError, match="pages"):
        await crm(endless).check()
    assert pages == 51


@pytest.mark.anyio
async def test_a_next_page_is_never_looked_for_elsewhere() -> None:
    hosts: set[str] = set()

    def elsewhere(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        last = request.url.path.endswith("01g-1")
        body = {"done": last, "nextRecordsUrl": "https://elsewhere.example/x/01g-1", "records": []}
        return httpx.Response(200, json=body)

    await crm(elsewhere).check()

    assert hosts == {"org.example"}


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "body"), [(400, "{}"), (200, '{"access_token": ""}'), (200, "<html>")])
async def test_a_sign_in_that_repeats_the_assertion_is_not_repeated_here(status: int, body: str) -> None:
    given = {"kind": "jwt", "consumer_key": "app", "username": "sync@example.com", "private_key": pem()}
    sent: list[str] = []

    def echo(request: httpx.Request) -> httpx.Response:
        sent.append(request.content.decode().partition("assertion=")[2])
        return httpx.Response(status, text=body if status == 200 else f'{{"error": "{sent[-1]}"}}')

    ports = open_ports(settings(auth=given), Dependencies(clock=FakeClock(), transport=httpx.MockTransport(echo)))
    assert ports.crm is not None
    with pytest.raises(UnauthorizedError if status == 400 else TargetUnavailableError) as told:
        await ports.crm.check()
    await ports.close()

    assert sent[0].startswith("eyJ")
    assert sent[0] not in str(told.value)


@given(
    st.lists(st.text(min_size=1, max_size=64), max_size=80, unique=True) | st.just([f"SKU-{n:060d}" for n in range(90)])
)
def test_portions_hold_every_sku_once_and_fit_into_an_address(skus: list[str]) -> None:
    portions = list(soql.portions(skus))

    assert [sku for portion in portions for sku in portion] == skus
    for portion in portions:
        assert portion
        assert len(portion) == 1 or sum(3 * len(soql.literal(sku).encode()) for sku in portion) <= soql.MOST_BYTES


@pytest.mark.parametrize(
    ("text", "literal"),
    [("it's", "'it\\'s'"), ("a\\", "'a\\\\'"), ("a\nb", "'a\\nb'"), ("\\'", "'\\\\\\''"), ("", "''")],
)
def test_a_value_cannot_end_its_literal(text: str, literal: str) -> None:
    assert soql.literal(text) == literal
