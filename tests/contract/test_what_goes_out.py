"""Text of others in requests, and where requests and credentials go, for every connector."""

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import cache
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.criteria import Criteria, Filter
from connectors.adobe_commerce.orders.client import OrderClient
from connectors.adobe_commerce.reservations.client import ReservationClient
from connectors.adobe_commerce.wire import StockItemChange
from connectors.core import registry
from connectors.core.calls import Call
from connectors.core.errors import ConnectorError, RejectedPayloadError
from connectors.core.paths import can_carry, path, query_string
from connectors.netsuite.client import NetSuiteClient
from connectors.rest_carrier.client import CarrierClient
from connectors.rest_finance.client import FinanceClient
from connectors.rest_wms.client import WmsClient
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from connectors.sap_s4hana.client import SalesOrderClient, key_text
from connectors.sap_s4hana.document_client import DocumentClient
from connectors.sap_s4hana.orders import SalesOrders
from connectors.sap_s4hana.reference import reference
from tests.contract.connectors.case import Use
from tests.contract.order_target import order
from tests.contract.test_connectors import USES, _last_only, _settings, case_of, opened, outcome

HOSTILE = (
    "A/B",
    "../../V1/orders/1",
    "..",
    ".",
    "a b?x=1#f",
    "a\r\nX-Evil: 1",
    "%2e%2e%2fadmin",
    ";v=1",
    "http://evil/x",
    "//evil/x",
    "' or 1 eq 1 or '",
    "') or ('a' eq 'a",
    "x', Id = 'y",
    "\\' OR Name != '",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "{braces}",
    "日本 🏭\u202e",
    "",
)
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30)


class Stop(Exception):  # noqa: N818  no error
    """The call was made; nothing is sent."""


class Taker:
    """As much of a sender as clients use: it keeps the call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def send(self, call: Call, _read: object, *, link: str | None = None) -> Any:
        assert link is None, "clients follow no links: they build each next page themselves"
        self.calls.append(call)
        raise Stop

    async def close(self) -> None:
        """Nothing is open."""


class Door(NamedTuple):
    """A way for a text of others into an address: `segment` is how it stands there."""

    name: str
    call: Callable[[Any, str], Awaitable[object]]
    segment: str = "{}"
    escape: Callable[[str], str] = str


@cache
def settings_of(name: str) -> Any:
    """Of the first use of the connector's suite."""
    case = case_of(name)
    return _settings(name, case.uses[0], list(case.credentials))


PLAIN = "Plain1"
NONE: Any = None
"""A body: nobody looks at it."""


def commerce(to: Any) -> CommerceClient:
    return CommerceClient(to, settings_of("adobe_commerce"))


def orders(to: Any) -> OrderClient:
    return OrderClient(to, settings_of("adobe_commerce"))


def reservations(to: Any) -> ReservationClient:
    return ReservationClient(to, settings_of("adobe_commerce"))


def sap(to: Any) -> SalesOrderClient:
    return SalesOrderClient(to, settings_of("sap_s4hana"))


def sap_documents(to: Any) -> DocumentClient:
    return DocumentClient(sap(to), settings_of("sap_s4hana"))


def crm(to: Any) -> SalesforceClient:
    return SalesforceClient(to, "62.0")


SAVED = StockItemChange(qty=Decimal(1), is_in_stock=True)
DOORS = (
    Door("Commerce: item", lambda to, x: commerce(to).stock_item(x)),
    Door("Commerce: save item", lambda to, x: commerce(to).save_stock_item(x, 7, SAVED)),
    Door("Commerce: order", lambda to, x: orders(to).order(x)),
    Door("Commerce: comments", lambda to, x: orders(to).comments(x)),
    Door("Commerce: comment", lambda to, x: orders(to).add_comment(x, NONE)),
    Door("Commerce: ship", lambda to, x: orders(to).ship(x, NONE)),
    Door("Commerce: invoice", lambda to, x: orders(to).invoice(x, NONE)),
    Door("Commerce: refund", lambda to, x: orders(to).refund(x, NONE)),
    Door("Commerce: cancel", lambda to, x: orders(to).cancel(x)),
    Door("Commerce: export", lambda to, x: reservations(to).salable(x, Criteria(page_size=10))),
    Door("NetSuite: save", lambda to, x: NetSuiteClient(to).save_order(x, NONE, hidden=()), "eid:{}"),
    Door("NetSuite: by our id", lambda to, x: NetSuiteClient(to).order_by_external_id(x), "eid:{}"),
    Door("NetSuite: by its id", lambda to, x: NetSuiteClient(to).order(x)),
    Door("NetSuite: close", lambda to, x: NetSuiteClient(to).close_lines(x, NONE)),
    Door("WMS: put", lambda to, x: WmsClient(to).put_task(x, NONE)),
    Door("WMS: task", lambda to, x: WmsClient(to).task(x)),
    Door("WMS: stock", lambda to, x: WmsClient(to).stock(x)),
    Door("WMS: cancel", lambda to, x: WmsClient(to).cancel_task(x)),
    Door("carrier: put", lambda to, x: CarrierClient(to).put_label(x, NONE)),
    Door("carrier: label", lambda to, x: CarrierClient(to).label(x)),
    Door("carrier: void", lambda to, x: CarrierClient(to).void_label(x)),
    Door("finance: put", lambda to, x: FinanceClient(to).put_document(x, NONE)),
    Door("finance: document", lambda to, x: FinanceClient(to).document(x)),
    Door("Salesforce: account", lambda to, x: crm(to).upsert_account(x, NONE)),
    Door("Salesforce: order", lambda to, x: crm(to).upsert_order(x, NONE)),
    Door("SAP: order", lambda to, x: sap(to).order(x), "A_SalesOrder('{}')", key_text),
    Door("SAP: changed items", lambda to, x: sap(to).changed_items(x, skip=0), "A_SalesOrder('{}')", key_text),
    Door("SAP: told order", lambda to, x: sap(to).told_order(x), "A_SalesOrder('{}')", key_text),
    Door("SAP: items", lambda to, x: sap(to).items(x, skip=0), "A_SalesOrder('{}')", key_text),
    Door("SAP: billing", lambda to, x: sap_documents(to).billing(x), "A_BillingDocument('{}')", key_text),
    Door("SAP: return", lambda to, x: sap_documents(to).customer_return(x), "A_CustomerReturn('{}')", key_text),
    Door("SAP: credit", lambda to, x: sap_documents(to).credit_request(x), "A_CreditMemoRequest('{}')", key_text),
)
ELSEWHERE = {"query-more", "reject-item"}
"""A page that the target names, and a key of two parts: tested below and beside the connector."""


def asked(door: Door, text: str) -> Call | None:
    """The call that comes of the text; None where it is refused before anything leaves."""
    taker = Taker()
    coroutine: Any = door.call(taker, text)
    try:
        coroutine.send(None)
    except Stop:
        (call,) = taker.calls
        return call
    except RejectedPayloadError:
        assert taker.calls == []
        return None
    raise AssertionError(f"{door.name} sent nothing")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
@given(text=TEXTS)
def test_a_text_stays_in_its_own_segment_of_the_address_and_arrives_whole_or_not_at_all(door: Door, text: str) -> None:
    call = asked(door, text)

    if call is None:
        assert not can_carry(door.escape(text))
        return
    plain = asked(door, PLAIN)
    assert plain is not None
    before, sent = plain.path.encoded.split("/"), call.path.encoded.split("/")
    (place,) = [number for number, part in enumerate(before) if PLAIN in part]
    assert unquote(before[place]) == door.segment.format(PLAIN)
    assert unquote(sent[place]) == door.segment.format(door.escape(text))
    assert [*sent[:place], *sent[place + 1 :]] == [*before[:place], *before[place + 1 :]]
    assert not set(call.path.encoded) & set("?#\\ \r\n\t")
    assert "." not in sent
    assert ".." not in sent


def test_every_address_with_a_place_for_a_text_is_tested() -> None:
    """A new one fails here until it has a door."""
    stated = {
        name
        for connector in registry.names()
        for name, operation in registry.load(connector).manifest.operations.items()
        if "{" in operation.call.replace("{store}", "").replace("{tenant}", "")
    }
    seen = {call.operation for door in DOORS if (call := asked(door, "x")) is not None}

    assert stated - seen <= ELSEWHERE, sorted(stated - seen)


TWO_KEYS = re.compile(r"A_SalesOrderItem\(SalesOrder='((?:[^']|'')*)',SalesOrderItem='((?:[^']|'')*)'\)")


@given(number=TEXTS, item=TEXTS)
def test_a_key_of_two_parts_keeps_both_apart(number: str, item: str) -> None:
    taker = Taker()
    coroutine: Any = sap(taker).reject_item(number, item, etag=None, reason="")
    try:
        coroutine.send(None)
    except RejectedPayloadError:
        return
    except Stop:
        pass  # SAP is asked for a session first
    template = "/A_SalesOrderItem(SalesOrder='{number}',SalesOrderItem='{item}')"
    sent = path(template, number=key_text(number), item=key_text(item)).encoded
    found = TWO_KEYS.fullmatch(unquote(sent.split("/")[-1]))
    assert found is not None
    assert [one.replace("''", "'") for one in found.groups()] == [number, item]


# ── filters ──────────────────────────────────────────────────────────────────────────────────────

ODATA_TEXT = re.compile(r"'((?:[^']|'')*)'")
SOQL_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
SOQL_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "b": "\b"}


@given(order_id=TEXTS.filter(bool), account=TEXTS.filter(lambda one: 0 < len(one) <= 10))
def test_a_filter_of_odata_compares_with_the_texts_and_nothing_else(order_id: str, account: str) -> None:
    taker = Taker()
    settings = settings_of("sap_s4hana").model_copy(update={"match_account": True})
    about = msgspec.structs.replace(order(), customer=msgspec.structs.replace(order().customer, account_code=account))
    sender: Any = taker
    coroutine: Any = SalesOrders(SalesOrderClient(sender, settings), settings, taker.close).find_orders(order_id, about)
    try:
        coroutine.send(None)
    except RejectedPayloadError:
        return
    except Stop:
        pass
    filter_ = dict(taker.calls[0].query)["$filter"]
    texts = [one.replace("''", "'") for one in ODATA_TEXT.findall(filter_)]
    assert ODATA_TEXT.sub("?", filter_) == "PurchaseOrderByCustomer eq ? and SoldToParty eq ?"
    assert texts == [reference(order_id), account]


@given(st.lists(TEXTS, min_size=1, max_size=4), TEXTS)
def test_a_question_in_soql_has_the_texts_as_literals_and_nothing_else(skus: list[str], currency: str) -> None:
    question = soql.entries("01s", skus, currency or None)

    shape = SOQL_TEXT.sub("?", question)
    listed = ", ".join("?" * len(skus))
    money = " AND CurrencyIsoCode = ?" if currency else ""
    assert shape == (
        "SELECT Id, Product2.ProductCode FROM PricebookEntry WHERE Pricebook2Id = ? AND IsActive = true"
        f"{money} AND Product2.ProductCode IN ({listed})"
    )
    plain = [
        re.sub(r"\\(.)", lambda found: SOQL_SIGNS.get(found[1], found[1]), one, flags=re.DOTALL)
        for one in SOQL_TEXT.findall(question)
    ]
    assert plain == ["01s", *([currency] if currency else []), *skus]


@given(st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True))
def test_a_search_at_the_shop_names_the_skus_as_one_value(skus: list[str]) -> None:
    criteria = Criteria(groups=(Filter("sku", "in", ",".join(skus)),), page_size=10)

    query = query_string(criteria.query())

    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    assert pairs == list(criteria.query())
    assert not set(query) & set(" '\"<>#\r\n")


# ── where requests go ────────────────────────────────────────────────────────────────────────────

SOMEWHERE_ELSE = (
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost/x",
    "http://[::1]/x",
    "http://2130706433/x",
    "https://evil.example/x",
    "//evil.example/x",
    "/another/place",
)


@pytest.mark.anyio
@USES
async def test_no_redirect_is_followed_wherever_it_leads(name: str, use: Use) -> None:
    answers = list(zip(cycle((301, 302, 303, 307, 308)), SOMEWHERE_ELSE, strict=False))
    asked: list[str] = []

    def leads_away(request: httpx.Request) -> httpx.Response:
        status, location = answers[len(asked) % len(answers)]
        asked.append(request.url.host)
        return httpx.Response(status, headers={"Location": location})

    async with opened(name, use, _last_only(use, leads_away)) as ports:
        for number in range(1, len(answers) + 1):
            assert isinstance(await outcome(use.run(ports)), ConnectorError), "a redirect was taken for an answer"
            assert len(asked) == number

    assert set(asked) == {httpx.URL(str(use.settings["base_url"])).host}


@pytest.mark.anyio
@USES
async def test_every_request_goes_to_the_host_of_the_settings_and_carries_no_credential_elsewhere(
    name: str, use: Use
) -> None:
    """Links in answers, too: those of a hostile target all lead away."""
    allowed = {httpx.URL(str(value)).host for value in use.settings.values() if str(value).startswith("http")}
    hosts: list[str] = []

    def hostile(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        answer = use.well(request)
        text = answer.content.decode("utf-8", "replace")
        for known in allowed:
            text = text.replace(known, "evil.example")
        return httpx.Response(answer.status_code, headers={"Content-Type": "application/json"}, text=text)

    async with opened(name, use, hostile) as ports:
        await outcome(use.run(ports))

    assert set(hosts) <= allowed
