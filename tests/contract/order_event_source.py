"""What every `OrderEventSource` promises, real or in memory; modules in order_event_sources/ say how one is opened."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

import pytest

from connectors.core.errors import ConfigurationError
from connectors.core.order_ports import OrderEventSource
from schemas.models.erp_order_event import ErpOrderEvent
from tests.contract.order_target import line, order

What = Literal[
    "confirm",
    "move-date",
    "hold",
    "release",
    "invoice",
    "invoice-part",
    "invoice-rest",
    "cancel",
    "return",
    "credit",
    "finish-work-order",
]
ORDER = order(line("501", "PUMP-200", "2"), line("502", "SEAL-7", "4"))
MADE = order(line("501", "PUMP-200", "2"), line("502", "MOTOR-M2", make_to_order=True))


class Ledger(Protocol):
    """An ERP with the port opened on it, and what the suite lets happen behind the port's back."""

    @property
    def source(self) -> OrderEventSource:
        """The open port."""
        ...

    def again(self) -> OrderEventSource:
        """The port of another worker, which remembers nothing; closed with the ledger."""
        ...

    async def make(self, order_id: str, *, made_to_order: bool = False) -> str:
        """`ORDER`, or `MADE`, at the ERP under our id, waiting to be confirmed; the ERP's number."""
        ...

    async def make_foreign(self) -> None:
        """An order that somebody else made at the ERP, without an external reference."""
        ...

    async def happens(self, order_id: str, what: What) -> None:
        """A person or a job at the ERP does it, a second after what was before."""
        ...


@dataclass(frozen=True, kw_only=True)
class OrderEventSourceCase:
    """One way of opening one ERP."""

    name: str
    opened: Callable[[], AbstractAsyncContextManager[Ledger]]


async def drain(source: OrderEventSource, cursor: str) -> tuple[list[ErpOrderEvent], str]:
    """Until there is no more for now."""
    found: list[ErpOrderEvent] = []
    while True:
        events, cursor = await source.order_events(cursor)
        if not events:
            return found, cursor
        found += events


def of_kind(events: Sequence[ErpOrderEvent], kind: str) -> list[ErpOrderEvent]:
    return [one for one in events if one.kind == kind]


class OrderEventSourceSuite:
    """The ERP holds no order."""

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_source_is_quiet(self, ledger: Ledger) -> None:
        await ledger.source.check()

    @pytest.mark.anyio
    async def test_where_nothing_happened_nothing_is_told_and_the_cursor_stays(self, ledger: Ledger) -> None:
        events, cursor = await ledger.source.order_events("")

        assert list(events) == []
        assert await ledger.source.order_events(cursor) == ([], cursor)

    @pytest.mark.anyio
    async def test_a_step_is_told_once_with_our_id_and_the_erps_number(self, ledger: Ledger) -> None:
        number = await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")

        await ledger.happens("web-1", "confirm")
        events, cursor = await drain(ledger.source, cursor)

        (confirmed,) = of_kind(events, "CONFIRMED")
        assert (confirmed.order_id, confirmed.erp_number) == ("web-1", number)
        assert confirmed.expected_at is not None
        assert await ledger.source.order_events(cursor) == ([], cursor)

    @pytest.mark.anyio
    async def test_who_goes_on_from_an_older_cursor_is_told_the_same_again(self, ledger: Ledger) -> None:
        """As after a produce that failed."""
        await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "confirm")
        first, _ = await drain(ledger.source, cursor)

        again, _ = await drain(ledger.source, cursor)

        assert {one.event_id for one in first} <= {one.event_id for one in again}
        assert [one for one in again if one.event_id == first[-1].event_id] == [first[-1]]

    @pytest.mark.anyio
    async def test_another_worker_misses_nothing_and_repeats_under_the_same_ids(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        await ledger.happens("web-1", "confirm")
        before, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "cancel")

        events, _ = await drain(ledger.again(), cursor)

        assert len(of_kind(events, "CANCELLED")) == 1
        known = {one.event_id: one for one in before}
        assert all(known.get(one.event_id, one) == one for one in events)

    @pytest.mark.anyio
    async def test_events_come_oldest_first_and_none_twice_in_one_answer(self, ledger: Ledger) -> None:
        for number in range(7):
            await ledger.make(f"web-{number}")
            await ledger.happens(f"web-{number}", "confirm")

        events, _ = await drain(ledger.source, "")

        assert [one.order_id for one in of_kind(events, "CONFIRMED")] == [f"web-{number}" for number in range(7)]
        assert len({one.event_id for one in events}) == len(events)

    @pytest.mark.anyio
    async def test_a_moved_date_is_told_with_the_new_one(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        await ledger.happens("web-1", "confirm")
        first, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "move-date")

        events, _ = await drain(ledger.source, cursor)

        before, after = of_kind(first, "CONFIRMED")[-1].expected_at, events[-1].expected_at
        assert before is not None
        assert after is not None
        assert after > before

    @pytest.mark.anyio
    async def test_a_hold_and_its_release_are_two_statements(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        await ledger.happens("web-1", "hold")
        held, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "release")

        released, _ = await drain(ledger.source, cursor)

        assert len(of_kind(held, "CREDIT_HELD")) == 1
        assert len(of_kind(released, "CREDIT_RELEASED")) == 1
        assert not of_kind(released, "CREDIT_HELD")

    @pytest.mark.anyio
    async def test_an_invoice_has_number_amount_and_our_lines(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        await ledger.happens("web-1", "confirm")
        _, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "invoice")

        events, _ = await drain(ledger.source, cursor)

        (invoiced,) = of_kind(events, "INVOICED")
        assert invoiced.document
        assert invoiced.amount is not None
        assert invoiced.amount > 0
        found = [(one.line_id, one.sku, one.quantity) for one in invoiced.lines]
        assert found == [("501", "PUMP-200", 2_000_000), ("502", "SEAL-7", 4_000_000)]
        assert (invoiced.order_id, invoiced.part) == ("web-1", None)

    @pytest.mark.anyio
    async def test_items_that_are_billed_in_two_parts_are_two_invoices(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        await ledger.happens("web-1", "confirm")
        _, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "invoice-part")
        part, cursor = await drain(ledger.source, cursor)
        await ledger.happens("web-1", "invoice-rest")
        rest, _ = await drain(ledger.source, cursor)

        (first,), (second,) = of_kind(part, "INVOICED"), of_kind(rest, "INVOICED")
        assert first.document != second.document
        billed = [{one.line_id: one.quantity for one in each.lines} for each in (first, second)]
        assert billed[0] == {"501": 1_000_000, "502": 2_000_000} == billed[1]
        assert (first.amount or 0) > 0 < (second.amount or 0)

    @pytest.mark.anyio
    async def test_a_cancelled_order_is_told_as_such(self, ledger: Ledger) -> None:
        await ledger.make("web-1")
        _, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "cancel")

        events, _ = await drain(ledger.source, cursor)

        assert [one.order_id for one in of_kind(events, "CANCELLED") + of_kind(events, "REJECTED")] == ["web-1"]

    @pytest.mark.anyio
    async def test_a_work_order_is_told_from_its_opening_to_its_end(self, ledger: Ledger) -> None:
        await ledger.make("web-1", made_to_order=True)
        opened, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "finish-work-order")

        done, _ = await drain(ledger.source, cursor)

        (first,), (last,) = of_kind(opened, "WORK_ORDER_OPENED"), of_kind(done, "WORK_ORDER_DONE")
        assert first.document == last.document
        assert [(one.line_id, one.sku) for one in first.lines] == [("502", "MOTOR-M2")]

    @pytest.mark.anyio
    async def test_an_order_of_others_is_left_out(self, ledger: Ledger) -> None:
        _, cursor = await ledger.source.order_events("")
        await ledger.make_foreign()

        events, _ = await drain(ledger.source, cursor)

        assert events == []

    @pytest.mark.anyio
    @pytest.mark.parametrize("cursor", ["x", "1|", "2|5||", "1|5|' OR 1|"])
    async def test_a_cursor_of_somebody_else_is_refused(self, ledger: Ledger, cursor: str) -> None:
        with pytest.raises(ConfigurationError):
            await ledger.source.order_events(cursor)

    @pytest.mark.anyio
    async def test_a_return_and_its_credit_memo_belong_to_the_order(self, ledger: Ledger) -> None:
        number = await ledger.make("web-1")
        await ledger.happens("web-1", "confirm")
        await ledger.happens("web-1", "invoice")
        _, cursor = await drain(ledger.source, "")
        await ledger.happens("web-1", "return")
        asked, cursor = await drain(ledger.source, cursor)
        await ledger.happens("web-1", "credit")

        paid, _ = await drain(ledger.source, cursor)

        (requested,) = of_kind(asked, "RETURN_REQUESTED")
        (refunded,) = of_kind(paid, "REFUNDED")
        assert requested.part
        assert [(one.line_id, one.quantity) for one in requested.lines] == [("501", 1_000_000)]
        assert (refunded.order_id, refunded.erp_number) == ("web-1", number)
        assert refunded.document
        assert refunded.amount
        assert [(one.line_id, one.sku, one.quantity) for one in refunded.lines] == [("501", "PUMP-200", 1_000_000)]
        assert [one.part for one in of_kind(paid, "RETURN_RECEIVED")] == [requested.part]
