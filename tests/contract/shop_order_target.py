"""What every `ShopOrderTarget` promises, real or in memory; subclasses say how one is opened.

The suite looks behind the port through `Shop`: a promise such as "made once" cannot be seen through the port alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

import pytest

from connectors.core.errors import NotFoundError, PermanentError, RejectedPayloadError, UnknownOutcomeError
from connectors.core.order_ports import ShopOrderTarget
from schemas.micros import MICROS
from schemas.models.document import LineQuantity, ShopLine
from schemas.models.order_event import Track

SOURCE = "wh-east"
PRICE = 489 * MICROS
"""Of every line that the suite orders, without discount, tax or shipping."""
TRACK = Track(carrier_code="custom", title="Freight", number="T-1")


class Placed(NamedTuple):
    entity_id: str
    line_ids: tuple[str, ...]


class Shop(Protocol):
    """A shop with the port opened on it, and what happens behind the port's back."""

    @property
    def target(self) -> ShopOrderTarget:
        """The port."""
        ...

    async def place(self, number: str, *quantities: int) -> Placed:
        """A shopper orders: one line of PUMP-P100 per quantity, in micros."""
        ...

    async def made(self, entity_id: str) -> Mapping[str, int]:
        """How many of `shipments`, `invoices`, `credit_memos` and `comments` the order has."""
        ...

    async def lose_next_answer(self) -> None:
        """The next write (not a read, not a sign-in) is carried out and its answer lost."""
        ...


NOTHING = {"shipments": 0, "invoices": 0, "credit_memos": 0, "comments": 0}


class ShopOrderTargetSuite:
    """The shop sells PUMP-P100 for `PRICE` and has 40 of it at `SOURCE`; it holds no order."""

    def opened(self) -> AbstractAsyncContextManager[Shop]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def shop(self) -> AsyncIterator[Shop]:
        async with self.opened() as shop:
            yield shop

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, shop: Shop) -> None:
        await shop.target.check()

    @pytest.mark.anyio
    async def test_an_order_is_read_as_it_was_placed(self, shop: Shop) -> None:
        placed = await shop.place("2000000042", 2 * MICROS, 1_500_000)

        order = await shop.target.read_order("2000000042")

        assert (order.number, order.entity_id, order.currency) == ("2000000042", placed.entity_id, "USD")
        assert [(line.line_id, line.sku, line.quantity, line.price) for line in order.lines] == [
            (placed.line_ids[0], "PUMP-P100", 2 * MICROS, PRICE),
            (placed.line_ids[1], "PUMP-P100", 1_500_000, PRICE),
        ]
        assert order.totals.grand_total == 1_711_500_000
        assert order.customer.email == "buyer@example.com"
        assert order.shipping is not None
        assert order.placed_at == order.updated_at > 0

    @pytest.mark.anyio
    async def test_an_order_that_is_read_twice_is_one_event_and_two_orders_are_two(self, shop: Shop) -> None:
        await shop.place("1", MICROS)
        await shop.place("2", MICROS)

        first = await shop.target.read_order("1")

        assert first == await shop.target.read_order("1")
        assert first.event_id != (await shop.target.read_order("2")).event_id

    @pytest.mark.anyio
    async def test_an_order_number_that_the_shop_does_not_know_is_not_found(self, shop: Shop) -> None:
        await shop.place("12", MICROS)

        for number in ("1", "123", "x' OR 1=1", "1,12"):
            with pytest.raises(NotFoundError):
                await shop.target.read_order(number)
            with pytest.raises(NotFoundError):
                await shop.target.shop_order(number)

    @pytest.mark.anyio
    async def test_a_fresh_order_stands_at_its_beginning(self, shop: Shop) -> None:
        placed = await shop.place("1", 10 * MICROS)

        stands = await shop.target.shop_order("1")

        assert (stands.number, stands.entity_id, stands.external_id) == ("1", placed.entity_id, None)
        assert stands.lines == (ShopLine(line_id=placed.line_ids[0], sku="PUMP-P100", ordered=10 * MICROS),)
        assert await self._found(shop, placed) == NOTHING

    @pytest.mark.anyio
    async def test_the_external_id_is_written_and_a_repetition_changes_nothing(self, shop: Shop) -> None:
        placed = await shop.place("1", MICROS)

        await shop.target.set_external_id(placed.entity_id, "SO-1")
        await shop.target.set_external_id(placed.entity_id, "SO-1")

        assert (await shop.target.shop_order("1")).external_id == "SO-1"
        assert await shop.made(placed.entity_id) == NOTHING

    @pytest.mark.anyio
    async def test_a_comment_is_found_again_by_its_reference(self, shop: Shop) -> None:
        placed = await shop.place("1", MICROS)

        await shop.target.add_comment(placed.entity_id, reference="c-7", text="Confirmed", status=None, notify=False)

        [text] = await shop.target.comments(placed.entity_id)
        assert "Confirmed" in text
        assert "c-7" in text

    @pytest.mark.anyio
    async def test_a_status_of_another_state_is_refused_and_leaves_no_comment(self, shop: Shop) -> None:
        placed = await shop.place("1", MICROS)

        with pytest.raises(RejectedPayloadError):
            await shop.target.add_comment(placed.entity_id, reference="c-7", text="x", status="complete", notify=False)

        assert not await shop.target.comments(placed.entity_id)

    @pytest.mark.anyio
    async def test_a_shipment_is_found_as_it_was_told(self, shop: Shop) -> None:
        placed = await shop.place("1", 10 * MICROS, 2 * MICROS)
        lines = (LineQuantity(placed.line_ids[0], 4 * MICROS), LineQuantity(placed.line_ids[1], 1_500_000))

        made = await self._ship(shop, placed, *lines)

        [shipment] = await shop.target.shipments(placed.entity_id)
        assert (shipment.internal_id, shipment.reference, shipment.source_code) == (made, "d-1", SOURCE)
        assert (shipment.lines, shipment.tracks) == (lines, (TRACK,))
        stands = await shop.target.shop_order("1")
        assert [line.shipped for line in stands.lines] == [4 * MICROS, 1_500_000]
        assert stands.state == "processing"

    @pytest.mark.anyio
    async def test_two_shipments_are_told_apart_by_their_references(self, shop: Shop) -> None:
        placed = await shop.place("1", 10 * MICROS)
        line = LineQuantity(placed.line_ids[0], 3 * MICROS)

        await self._ship(shop, placed, line)
        await self._ship(shop, placed, line, reference="d-2")

        assert [one.reference for one in await shop.target.shipments(placed.entity_id)] == ["d-1", "d-2"]

    @pytest.mark.anyio
    async def test_documents_of_one_order_are_not_shown_at_another(self, shop: Shop) -> None:
        first, second = await shop.place("1", MICROS), await shop.place("2", MICROS)
        await self._ship(shop, first, LineQuantity(first.line_ids[0], MICROS))
        await shop.target.invoice(
            first.entity_id, reference="i-1", lines=[LineQuantity(first.line_ids[0], MICROS)], capture=True
        )

        assert await self._found(shop, second) == NOTHING

    @pytest.mark.anyio
    async def test_a_shipment_whose_answer_is_lost_is_found_by_its_reference_and_is_one(self, shop: Shop) -> None:
        placed = await shop.place("1", 10 * MICROS)
        await shop.lose_next_answer()

        with pytest.raises(UnknownOutcomeError):
            await self._ship(shop, placed, LineQuantity(placed.line_ids[0], 4 * MICROS))

        assert [one.reference for one in await shop.target.shipments(placed.entity_id)] == ["d-1"]
        assert (await shop.made(placed.entity_id))["shipments"] == 1

    @pytest.mark.anyio
    async def test_what_is_shipped_already_is_not_shipped_again(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)
        all_of_it = LineQuantity(placed.line_ids[0], 2 * MICROS)
        await self._ship(shop, placed, all_of_it)

        with pytest.raises(RejectedPayloadError):
            await self._ship(shop, placed, all_of_it, reference="d-2")

        assert (await shop.made(placed.entity_id))["shipments"] == 1

    @pytest.mark.anyio
    async def test_without_lines_nothing_is_shipped_invoiced_or_refunded(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)

        with pytest.raises(RejectedPayloadError):
            await self._ship(shop, placed)
        with pytest.raises(RejectedPayloadError):
            await shop.target.invoice(placed.entity_id, reference="i-1", lines=[], capture=True)
        with pytest.raises(RejectedPayloadError):
            await shop.target.refund(placed.entity_id, reference="r-1", lines=[])

        assert await shop.made(placed.entity_id) == NOTHING

    @pytest.mark.anyio
    async def test_an_invoice_is_found_with_its_lines_and_total(self, shop: Shop) -> None:
        placed = await shop.place("1", 10 * MICROS)
        line = LineQuantity(placed.line_ids[0], 4 * MICROS)

        made = await shop.target.invoice(placed.entity_id, reference="i-1", lines=[line], capture=True)

        [invoice] = await shop.target.invoices(placed.entity_id)
        assert (invoice.internal_id, invoice.reference, invoice.lines) == (made, "i-1", (line,))
        assert invoice.total == 4 * PRICE
        assert (await shop.target.shop_order("1")).lines[0].invoiced == 4 * MICROS

    @pytest.mark.anyio
    async def test_more_than_is_left_is_neither_invoiced_nor_refunded(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)
        too_much = [LineQuantity(placed.line_ids[0], 3 * MICROS)]

        with pytest.raises(PermanentError):
            await shop.target.invoice(placed.entity_id, reference="i-1", lines=too_much, capture=True)
        with pytest.raises(PermanentError):
            await shop.target.refund(placed.entity_id, reference="r-1", lines=too_much)

        assert await shop.made(placed.entity_id) == NOTHING

    @pytest.mark.anyio
    async def test_a_lost_invoice_and_a_lost_credit_memo_are_found_and_are_one_each(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)
        lines = [LineQuantity(placed.line_ids[0], MICROS)]

        await shop.lose_next_answer()
        with pytest.raises(UnknownOutcomeError):
            await shop.target.invoice(placed.entity_id, reference="i-1", lines=lines, capture=True)
        await shop.lose_next_answer()
        with pytest.raises(UnknownOutcomeError):
            await shop.target.refund(placed.entity_id, reference="r-1", lines=lines)

        assert [one.reference for one in await shop.target.invoices(placed.entity_id)] == ["i-1"]
        assert [one.reference for one in await shop.target.credit_memos(placed.entity_id)] == ["r-1"]
        assert await shop.made(placed.entity_id) == NOTHING | {"invoices": 1, "credit_memos": 1}

    @pytest.mark.anyio
    async def test_a_credit_memo_is_found_with_its_lines_and_total(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)
        line = LineQuantity(placed.line_ids[0], MICROS)
        both = [LineQuantity(placed.line_ids[0], 2 * MICROS)]
        await shop.target.invoice(placed.entity_id, reference="i-1", lines=both, capture=True)

        made = await shop.target.refund(placed.entity_id, reference="r-1", lines=[line])

        [memo] = await shop.target.credit_memos(placed.entity_id)
        assert (memo.internal_id, memo.reference, memo.lines, memo.total) == (made, "r-1", (line,), PRICE)
        assert (await shop.target.shop_order("1")).lines[0].refunded == MICROS

    @pytest.mark.anyio
    async def test_an_order_is_cancelled_and_stays_so_when_it_is_asked_again(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)

        assert await shop.target.cancel(placed.entity_id) is True
        assert await shop.target.cancel(placed.entity_id) is True

        stands = await shop.target.shop_order("1")
        assert (stands.state, stands.lines[0].cancelled) == ("canceled", 2 * MICROS)

    @pytest.mark.anyio
    async def test_what_is_invoiced_is_not_said_to_be_cancelled(self, shop: Shop) -> None:
        placed = await shop.place("1", 2 * MICROS)
        lines = [LineQuantity(placed.line_ids[0], MICROS)]
        await shop.target.invoice(placed.entity_id, reference="i-1", lines=lines, capture=True)

        assert await shop.target.cancel(placed.entity_id) is False

    @pytest.mark.anyio
    async def test_an_order_that_is_not_there_takes_no_documents(self, shop: Shop) -> None:
        placed = Placed("999999", ("1",))

        with pytest.raises(NotFoundError):
            await self._ship(shop, placed, LineQuantity("1", MICROS))
        with pytest.raises(NotFoundError):
            await shop.target.cancel(placed.entity_id)
        assert await self._found(shop, placed) == NOTHING

    @pytest.mark.anyio
    async def test_changed_orders_come_page_by_page_each_once_and_then_no_more(self, shop: Shop) -> None:
        placed = [await shop.place(str(number), MICROS) for number in range(1, 61)]

        seen: list[str] = []
        pages, since, after = 0, 0, ""
        while changes := await shop.target.changed_orders(since, after):
            seen += [change.entity_id for change in changes]
            pages, since, after = pages + 1, changes[-1].updated_at, changes[-1].entity_id

        assert seen == [one.entity_id for one in placed]
        assert pages > 1

    @pytest.mark.anyio
    async def test_only_orders_that_changed_since_are_told(self, shop: Shop) -> None:
        await shop.place("1", MICROS)
        [change] = await shop.target.changed_orders(0)

        assert await shop.target.changed_orders(change.updated_at)
        assert not await shop.target.changed_orders(change.updated_at + MICROS)
        assert not await shop.target.changed_orders(change.updated_at, change.entity_id)

    @pytest.mark.anyio
    async def test_a_change_names_the_order_that_can_then_be_read(self, shop: Shop) -> None:
        placed = await shop.place("2000000042", MICROS)

        [change] = await shop.target.changed_orders(0)

        order = await shop.target.read_order(change.number)
        assert (change.number, change.entity_id) == ("2000000042", placed.entity_id)
        assert (change.placed_at, change.updated_at) == (order.placed_at, order.updated_at)

    async def _ship(self, shop: Shop, placed: Placed, *lines: LineQuantity, reference: str = "d-1") -> str:
        return await shop.target.ship(
            placed.entity_id, reference=reference, lines=lines, source_code=SOURCE, tracks=[TRACK], notify=False
        )

    async def _found(self, shop: Shop, placed: Placed) -> Mapping[str, int]:
        lists: Sequence[Sequence[object]] = (
            await shop.target.shipments(placed.entity_id),
            await shop.target.invoices(placed.entity_id),
            await shop.target.credit_memos(placed.entity_id),
            await shop.target.comments(placed.entity_id),
        )
        return dict(zip(NOTHING, map(len, lists), strict=True))
