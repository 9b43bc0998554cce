"""What lists of changes cost SAP, and what is told of documents that are not plainly one order's."""

from decimal import Decimal

import httpx
import pytest

from connectors.core.errors import UnauthorizedError
from schemas.models.erp_order_event import ErpOrderEvent
from simulators.sap_s4hana import Settings as SapSettings
from simulators.sap_s4hana.documents import CREDIT_MEMO, INVOICE, ORDER, Position, Preceding
from tests.contract.order_event_source import drain, of_kind
from tests.contract.order_event_sources.sap_s4hana import BY_INVOICE, COMPANY_OF_CASES, SapLedger, opened


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def reads_of_items(ledger: SapLedger) -> int:
    return sum(one.path.endswith("/to_Item") for one in ledger.simulator.journal.entries())


async def steps(ledger: SapLedger, order_id: str, *what: str) -> None:
    """A second apart."""
    async with httpx.AsyncClient(base_url=ledger.simulator.url, trust_env=False) as control:
        for one in what:
            ledger.clock.ahead_s += 1
            body = {"order": ledger.numbers[order_id], "what": one}
            answer = await control.post("/_sim/life", json=body)
            assert answer.status_code == 200, answer.text


def position(number: str, order: str, category: str = ORDER) -> Position:
    """One piece of an order's first item."""
    sales = Preceding(order, "10", category)
    return Position(number, "10", "PUMP-200", Decimal(1), Decimal(10), Decimal(0), sales, sales)


def bills(events: list[ErpOrderEvent]) -> list[tuple[str | None, str, int | None, list[int]]]:
    found = of_kind(events, "INVOICED")
    return sorted(
        (one.order_id, one.document or "", one.amount, [each.quantity for each in one.lines]) for one in found
    )


@pytest.mark.anyio
async def test_an_order_of_the_overlap_that_did_not_change_is_not_read_again() -> None:
    async with opened({}) as ledger:
        for number in range(5):
            await ledger.make(f"web-{number}")
        _, cursor = await drain(ledger.source, "")
        before = reads_of_items(ledger)

        await ledger.happens("web-3", "confirm")
        events, _ = await drain(ledger.source, cursor)

        assert {one.order_id for one in events} == {"web-3"}
        assert reads_of_items(ledger) == before + 1


@pytest.mark.anyio
async def test_who_begins_anew_reads_every_order_again() -> None:
    async with opened({}) as ledger:
        for number in range(5):
            await ledger.make(f"web-{number}")
        first, _ = await drain(ledger.source, "")

        again, _ = await drain(ledger.source, "")

        assert [one.event_id for one in again] == [one.event_id for one in first]


@pytest.mark.anyio
async def test_an_order_and_its_bill_of_one_reading_cost_one_call_for_items() -> None:
    async with opened({}) as ledger:
        await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")
        before = reads_of_items(ledger)

        await ledger.happens("web-1", "invoice")
        events, _ = await drain(ledger.source, cursor)

        assert len(of_kind(events, "INVOICED")) == 1
        assert reads_of_items(ledger) == before + 1


@pytest.mark.anyio
async def test_an_invoice_of_two_orders_tells_each_its_own_share() -> None:
    async with opened({}) as ledger:
        numbers = [await ledger.make(f"web-{index}") for index in range(2)]
        _, cursor = await drain(ledger.source, "")
        parts = [position("10", numbers[0]), position("20", numbers[1]), position("30", numbers[1])]
        ledger.clock.ahead_s += 1
        book = ledger.simulator.sap.book
        made = book.follow_ons.add(INVOICE, "F2", numbers[0], parts, ledger.clock.now())

        events, _ = await drain(ledger.source, cursor)

        assert bills(events) == [
            ("web-0", made.number, 10_000_000, [1_000_000]),
            ("web-1", made.number, 20_000_000, [1_000_000, 1_000_000]),
        ]
        assert len({one.event_id for one in events}) == len(events)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("number", "category"), [("999", "K"), ("999", "C"), ("999", "H"), ("999", "M"), ("", "C"), ("", "")]
)
async def test_a_credit_memo_that_leads_to_no_order_is_left_out(number: str, category: str) -> None:
    async with opened({}) as ledger:
        order = await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")
        book = ledger.simulator.sap.book
        ledger.clock.ahead_s += 1
        book.follow_ons.add(CREDIT_MEMO, "G2", order, [position("10", number, category)], ledger.clock.now())

        events, _ = await drain(ledger.source, cursor)

        assert not of_kind(events, "REFUNDED")


@pytest.mark.anyio
@pytest.mark.parametrize("company", [COMPANY_OF_CASES, BY_INVOICE])
async def test_a_credit_memo_without_a_return_is_told_by_its_request(company: SapSettings) -> None:
    async with opened({}, company) as ledger:
        number = await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")

        await steps(ledger, "web-1", "confirm", "deliver", "bill", "credit-by-request")
        events, _ = await drain(ledger.source, cursor)

        (paid,) = of_kind(events, "REFUNDED")
        assert (paid.order_id, paid.erp_number, paid.amount) == ("web-1", number, 10_000_000)
        assert [(one.line_id, one.quantity) for one in paid.lines] == [("501", 1_000_000)]
        assert not of_kind(events, "RETURN_REQUESTED")


@pytest.mark.anyio
async def test_a_credit_memo_of_a_request_is_not_told_where_requests_are_not_read() -> None:
    async with opened({"read_credit_requests": False}) as ledger:
        await ledger.make("web-1")
        await steps(ledger, "web-1", "confirm", "deliver", "bill", "credit-by-request")

        events, _ = await drain(ledger.source, "")

        assert not of_kind(events, "REFUNDED")


@pytest.mark.anyio
async def test_documents_of_an_order_of_others_are_left_out() -> None:
    async with opened({}) as ledger:
        await ledger.make_foreign()
        (foreign,) = ledger.simulator.sap.book.documents
        _, cursor = await drain(ledger.source, "")
        ledger.clock.ahead_s += 1
        book = ledger.simulator.sap.book
        book.follow_ons.add(INVOICE, "F2", foreign, [position("10", foreign)], ledger.clock.now())

        events, _ = await drain(ledger.source, cursor)

        assert events == []


@pytest.mark.anyio
async def test_a_refused_return_is_told_and_a_bill_that_was_cancelled_at_once_is_not() -> None:
    async with opened({}) as ledger:
        await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")

        await steps(ledger, "web-1", "confirm", "deliver", "bill", "cancel-bill", "authorise-return", "reject-return")
        events, _ = await drain(ledger.source, cursor)

        assert bills(events) == []
        (asked,), (refused,) = of_kind(events, "RETURN_REQUESTED"), of_kind(events, "RETURN_REJECTED")
        assert (refused.part, refused.reason) == (asked.part, "00")
        assert not of_kind(events, "RETURN_RECEIVED")


@pytest.mark.anyio
async def test_services_that_are_switched_off_are_not_asked() -> None:
    async with opened({"read_billing": False, "read_returns": False, "read_credit_requests": False}) as ledger:
        await ledger.make("web-1")
        await steps(ledger, "web-1", "confirm", "deliver", "bill", "authorise-return", "credit")

        events, _ = await drain(ledger.source, "")
        await ledger.source.check()

        assert {one.kind for one in events} <= {None, "CONFIRMED"}
        asked = [one.path for one in ledger.simulator.journal.entries() if "_SRV" in one.path]
        assert asked
        assert all("API_SALES_ORDER_SRV" in path for path in asked)


@pytest.mark.anyio
async def test_a_backlog_of_bills_that_is_longer_than_a_reading_loses_nothing() -> None:
    async with opened({"page_size": 1}) as ledger:
        orders = [await ledger.make(f"web-{index}") for index in range(3)]
        _, cursor = await drain(ledger.source, "")
        book = ledger.simulator.sap.book
        made = set()
        for index in range(25):
            ledger.clock.ahead_s += 1
            one = [position("10", orders[index % 3])]
            made.add(book.follow_ons.add(INVOICE, "F2", orders[index % 3], one, ledger.clock.now()).number)
        await steps(ledger, "web-1", "confirm")

        events, cursor = await drain(ledger.source, cursor)

        assert {one.document for one in of_kind(events, "INVOICED")} == made
        assert len(of_kind(events, "INVOICED")) == 25
        assert len(of_kind(events, "CONFIRMED")) == 1
        assert await ledger.source.order_events(cursor) == ([], cursor)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "service", ["API_CUSTOMER_RETURN_SRV", "API_BILLING_DOCUMENT_SRV", "API_CREDIT_MEMO_REQUEST_SRV"]
)
async def test_a_service_that_refuses_is_named_by_the_check(service: str) -> None:
    async with opened({}) as ledger, httpx.AsyncClient(base_url=ledger.simulator.url, trust_env=False) as control:
        rule = {"kind": "status", "status": 403, "path": service}
        assert (await control.post("/_sim/faults", json=rule)).status_code < 300

        with pytest.raises(UnauthorizedError, match=r"check-(returns|billing|credit-requests)"):
            await ledger.source.check()
