"""What is asked again, and what ends, where SAP's documents or answers are strange."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
import pytest

from connectors.core.calls import Dependencies
from connectors.core.errors import TargetUnavailableError, UnauthorizedError
from connectors.core.order_ports import OrderEventSource
from connectors.sap_s4hana import listing, wire
from connectors.sap_s4hana.opening import open_ports
from connectors.sap_s4hana.origins import Kept
from tests.fakes.clock import FakeClock
from tests.unit.connectors.sap_s4hana.support import settings

BEGIN = "1|1000000000000000||"
AT = 1_000_000_000_500
"""Milliseconds, within the overlap of `BEGIN` and after it."""


def date(milliseconds: int) -> str:
    return f"/Date({milliseconds})/"


def entity(row: object) -> httpx.Response:
    return httpx.Response(200, json={"d": row})


def refused(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": "V1/302", "message": {"value": "no"}}})


class Sap:
    """Documents by number; answers by the last part of an address come first."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.billings: list[dict[str, Any]] = []
        self.requests: dict[str, dict[str, Any]] = {}
        self.items: list[dict[str, Any]] = [{"SalesOrderItem": "10", "Material": "PUMP-200"}]
        self.answers: dict[str, httpx.Response] = {}
        self.asked: Counter[str] = Counter()
        self.tops: list[int] = []
        self.largest = 10_000
        """Documents that one answer may have."""

    def order(self, number: str, reference: str = "web-1", at: int = AT) -> None:
        row = {"SalesOrder": number, "PurchaseOrderByCustomer": reference, "LastChangeDateTime": date(at)}
        self.orders.append(row)

    def bill(self, number: str, source: str, category: str = "C", kind: str = "M", at: int = AT) -> None:
        item = {
            "BillingDocumentItem": "10",
            "Material": "PUMP-200",
            "BillingQuantity": "1",
            "NetAmount": "10",
            "SalesDocument": source,
            "SalesDocumentItem": "10",
            "SalesSDDocumentCategory": category,
        }
        self.billings.append(
            {
                "BillingDocument": number,
                "SDDocumentCategory": kind,
                "LastChangeDateTime": date(at),
                "CreationDate": date(0),
                "to_Item": {"results": [item]},
            }
        )

    def request(self, number: str, category: str, reference: str) -> None:
        item = {"CreditMemoRequestItem": "10", "ReferenceSDDocument": reference, "ReferenceSDDocumentItem": "10"}
        head = {"CreditMemoRequest": number, "ReferenceSDDocumentCategory": category}
        self.requests[number] = {**head, "to_Item": {"results": [item]}}

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        last = asked.url.path.rsplit("/", 1)[-1]
        if last == "to_Item":
            last = "items of " + asked.url.path.split("'")[1]
        self.asked[last] += 1
        if last in self.answers:
            return self.answers[last]
        if last.startswith("items of "):
            return self.page(self.items, asked)
        if "'" in last:
            found = self.one(last.split("('")[0], last.split("'")[1])
            return refused(404) if found is None else entity(found)
        if last == "A_BillingDocument":
            self.tops.append(int(asked.url.params["$top"]))
        return self.page({"A_SalesOrder": self.orders, "A_BillingDocument": self.billings}.get(last, []), asked)

    def one(self, kind: str, number: str) -> object | None:
        if kind == "A_CreditMemoRequest":
            return self.requests.get(number)
        return next((one for one in self.orders if one["SalesOrder"] == number), None)

    def page(self, rows: list[dict[str, Any]], asked: httpx.Request) -> httpx.Response:
        since = asked.url.params.get("$filter", "").partition("datetimeoffset'")[2].partition("'")[0]
        rows = [one for one in rows if not since or wire.from_date(one["LastChangeDateTime"]) >= micros(since)]
        skip, top = int(asked.url.params["$skip"]), int(asked.url.params["$top"])
        found = rows[skip : skip + top]
        filler = "x" * 2048 if len(found) > self.largest else ""
        return entity({"__count": str(len(rows)), "results": found, "filler": filler})


def micros(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000) * 1000


@asynccontextmanager
async def source(sap: Sap, **given: Any) -> AsyncIterator[OrderEventSource]:
    ports = open_ports(settings(**given), Dependencies(clock=FakeClock(), transport=httpx.MockTransport(sap)))
    assert ports.order_events is not None
    try:
        yield ports.order_events
    finally:
        await ports.close()


@pytest.mark.anyio
async def test_a_request_whose_item_has_no_source_does_not_stop_the_news() -> None:
    sap = Sap()
    sap.order("1")
    sap.request("K1", "M", "")
    sap.bill("G1", "K1", category="K", kind="O")
    sap.bill("F1", "1")

    async with source(sap) as port:
        events, _ = await port.order_events(BEGIN)

    assert {(one.kind, one.document) for one in events if one.document} == {("INVOICED", "F1")}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("source_number", "category", "asked"), [("K1", "K", "A_CreditMemoRequest('K1')"), ("9", "C", "A_SalesOrder('9')")]
)
async def test_a_document_that_sap_never_shows_does_not_stop_the_news(
    source_number: str, category: str, asked: str
) -> None:
    sap = Sap()
    sap.order("1")
    sap.bill("G1", source_number, category, kind="O")
    sap.bill("F1", "1")
    sap.answers[asked] = refused(400)

    async with source(sap) as port:
        events, _ = await port.order_events(BEGIN)

    assert {(one.kind, one.document) for one in events if one.document} == {("INVOICED", "F1")}
    assert sap.asked[asked] == 1


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403])
async def test_a_right_that_is_missing_is_told(status: int) -> None:
    sap = Sap()
    sap.bill("G1", "K1", category="K", kind="O")
    sap.answers["A_CreditMemoRequest('K1')"] = refused(status)

    async with source(sap) as port:
        with pytest.raises(UnauthorizedError):
            await port.order_events(BEGIN)


@pytest.mark.anyio
async def test_a_reading_that_broke_off_goes_on_where_it_stopped() -> None:
    sap = Sap()
    sap.bill("F1", "8")
    sap.request("K1", "C", "8")
    sap.bill("G1", "K1", category="K", kind="O")
    sap.bill("F2", "9")
    sap.answers["A_SalesOrder('8')"] = entity({"SalesOrder": "8", "PurchaseOrderByCustomer": "as agreed by telephone"})
    sap.answers["A_SalesOrder('9')"] = refused(503)

    async with source(sap) as port:
        with pytest.raises(TargetUnavailableError):
            await port.order_events(BEGIN)
        sap.answers["A_SalesOrder('9')"] = entity({"SalesOrder": "9", "PurchaseOrderByCustomer": "web-9"})
        events, _ = await port.order_events(BEGIN)

    assert [(one.order_id, one.document) for one in events] == [("web-9", "F2")]
    assert sap.asked["A_SalesOrder('8')"] == 1
    assert sap.asked["A_CreditMemoRequest('K1')"] == 1


@pytest.mark.anyio
async def test_an_order_that_changed_since_the_reading_broke_off_is_read_anew() -> None:
    sap = Sap()
    sap.order("1", at=AT)
    sap.bill("F1", "9")
    sap.answers["A_SalesOrder('9')"] = refused(503)

    async with source(sap) as port:
        with pytest.raises(TargetUnavailableError):
            await port.order_events(BEGIN)
        with pytest.raises(TargetUnavailableError):
            await port.order_events(BEGIN)
        assert sap.asked["items of 1"] == 1
        sap.orders[0]["LastChangeDateTime"] = date(AT + 1)
        del sap.answers["A_SalesOrder('9')"]
        await port.order_events(BEGIN)

    assert sap.asked["items of 1"] == 2


@pytest.mark.anyio
async def test_a_reading_that_came_to_its_end_leaves_nothing_to_the_next() -> None:
    sap = Sap()
    sap.bill("F1", "1")
    sap.answers["A_SalesOrder('1')"] = entity({"SalesOrder": "1", "PurchaseOrderByCustomer": "web-1"})

    async with source(sap) as port:
        await port.order_events(BEGIN)
        await port.order_events(BEGIN)

    assert sap.asked["A_SalesOrder('1')"] == 2


def test_what_is_kept_has_a_bound_and_its_first_ones_stay() -> None:
    kept = Kept(orders={(str(one), ""): None for one in range(5)}, requests={"K1": None, "K2": None, "K3": None})

    kept.bound(2)

    assert list(kept.orders) == [("0", ""), ("1", "")]
    assert list(kept.requests) == ["K1", "K2"]


@pytest.mark.anyio
async def test_what_breaks_off_behind_the_first_pages_does_not_lose_them() -> None:
    sap = Sap()
    for number in range(12):
        sap.bill(f"F{number:02}", "8" if number < 11 else "9", at=AT + number * 1000)
    sap.answers["A_SalesOrder('8')"] = entity({"SalesOrder": "8", "PurchaseOrderByCustomer": "as agreed by telephone"})
    sap.answers["A_SalesOrder('9')"] = refused(503)

    async with source(sap, page_size=1, overlap_s=0) as port:
        events, cursor = await port.order_events(BEGIN)
        assert not events
        assert cursor != BEGIN
        with pytest.raises(TargetUnavailableError):
            await port.order_events(cursor)


@pytest.mark.anyio
async def test_a_page_with_items_is_small_and_halved_where_its_answer_is_too_long() -> None:
    sap = Sap()
    sap.order("1")
    for number in range(3):
        sap.bill(f"F{number}", "1", at=AT + number)
    sap.largest = 1

    async with source(sap, max_answer_bytes=2048) as port:
        events, _ = await port.order_events(BEGIN)

    assert {one.document for one in events if one.kind == "INVOICED"} == {"F0", "F1", "F2"}
    assert sap.tops[:6] == [50, 25, 12, 6, 3, 1]


@pytest.mark.anyio
async def test_an_answer_of_one_document_that_is_too_long_is_told() -> None:
    sap = Sap()
    sap.bill("F1", "1")
    sap.largest = 0

    async with source(sap, max_answer_bytes=2048) as port:
        with pytest.raises(TargetUnavailableError, match="longer than 2048 bytes"):
            await port.order_events(BEGIN)


@pytest.mark.anyio
async def test_a_target_that_is_down_is_not_asked_by_halves() -> None:
    sap = Sap()
    sap.answers["A_BillingDocument"] = refused(503)

    async with source(sap) as port:
        with pytest.raises(TargetUnavailableError):
            await port.order_events(BEGIN)

    assert sap.asked["A_BillingDocument"] == 1


@pytest.mark.anyio
async def test_more_documents_of_one_time_than_a_reading_has_pages_are_passed() -> None:
    sap = Sap()
    for number in range(15):
        sap.bill(f"F{number:02}", "8")
    sap.bill("F99", "1", at=AT + 1000)
    sap.answers["A_SalesOrder('8')"] = entity({"SalesOrder": "8", "PurchaseOrderByCustomer": "as agreed by telephone"})
    sap.answers["A_SalesOrder('1')"] = entity({"SalesOrder": "1", "PurchaseOrderByCustomer": "web-1"})

    async with source(sap, page_size=1, overlap_s=0) as port:
        events, _ = await port.order_events(f"1|{AT * 1000}|F00|")

    assert [one.document for one in events] == ["F99"]


@pytest.mark.anyio
async def test_a_list_that_never_passes_one_time_is_an_error() -> None:
    row = wire.OrderRow(sales_order="1", last_change_date_time=date(AT))
    pages = 0

    async def page_of(since: str, /, *, skip: int) -> wire.Page[wire.OrderRow]:
        nonlocal pages
        pages += 1
        assert pages < 100
        return wire.Page(results=(row,) * 5000, count=10**9)

    with pytest.raises(TargetUnavailableError, match="one time of change"):
        await listing.changes(page_of, AT * 1000)
