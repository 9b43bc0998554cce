"""What every `FinanceTarget` promises, real or in memory; subclasses say how one is opened and what books show."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import FinanceTarget
from schemas.models.document import Booking

MARCH = 1_773_100_800_000_000
"""2026-03-10, in µs."""
APRIL = 1_775_779_200_000_000
BOOKING = Booking(
    reference="web-000000123-invoice-I1",
    kind="invoice",
    order_id="web-000000123",
    order_number="000000123",
    channel="web",
    document="I1",
    account="C-1004",
    currency="USD",
    amount=1_121_130_000,
    happened_at=MARCH,
    cost_centre="K7",
    purchase_order="PO-778",
    payment_method="purchaseorder",
    terms="NET30",
    order_total=1_121_130_000,
    order_tax=66_825_000,
)


def booking(**changes: Any) -> Booking:  # any field by name
    return msgspec.structs.replace(BOOKING, **changes)


class Bookkeeper(Protocol):
    """What happens behind the port."""

    async def close_march(self) -> None:
        """Nothing with a date of March is booked any more."""
        ...

    async def lock(self, reference: str) -> None:
        """The document keeps its amount."""
        ...

    async def entries(self) -> dict[str, list[int]]:
        """By reference of every document: by how much each posting changed it, in micros."""
        ...


@dataclass
class Opened:
    target: FinanceTarget
    books: Bookkeeper

    async def amount(self, reference: str = BOOKING.reference) -> int | None:
        """What the one document comes to; None where there is none."""
        found = await self.target.find_documents(reference)
        assert len(found) <= 1
        return found[0].amount if found else None


class FinanceTargetSuite:
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def finance(self) -> AsyncIterator[Opened]:
        async with self.opened() as finance:
            yield finance

    @pytest.mark.anyio
    @pytest.mark.parametrize("kind", ["invoice", "payment", "credit"])
    async def test_a_document_is_booked_as_it_was_stated_and_found(self, finance: Opened, kind: str) -> None:
        made = await finance.target.post(booking(kind=kind))

        assert (made.reference, made.kind, made.amount, made.currency) == (
            BOOKING.reference,
            kind,
            1_121_130_000,
            "USD",
        )
        assert made.number
        assert list(await finance.target.find_documents(BOOKING.reference)) == [made]

    @pytest.mark.anyio
    async def test_a_repeated_post_is_the_same_document_and_no_further_entry(self, finance: Opened) -> None:
        made = [await finance.target.post(BOOKING) for _ in range(2)]

        assert made[0] == made[1]
        assert await finance.books.entries() == {BOOKING.reference: [1_121_130_000]}

    @pytest.mark.anyio
    async def test_a_correction_is_one_document_with_the_last_amount(self, finance: Opened) -> None:
        first = await finance.target.post(booking(amount=10_000_000))
        second = await finance.target.post(booking(amount=30_500_000))

        assert second.number == first.number
        assert second.amount == await finance.amount() == 30_500_000
        [entries] = (await finance.books.entries()).values()
        assert sum(entries) == 30_500_000

    @pytest.mark.anyio
    async def test_two_references_are_two_documents(self, finance: Opened) -> None:
        one = await finance.target.post(BOOKING)
        other = await finance.target.post(booking(reference="web-000000123-invoice-I2", document="I2"))

        assert one.number != other.number
        assert len(await finance.books.entries()) == 2

    @pytest.mark.anyio
    async def test_a_document_that_is_not_there_is_not_found(self, finance: Opened) -> None:
        assert list(await finance.target.find_documents("nobody-invoice-I9")) == []

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "changes",
        [{"account": "C-2"}, {"currency": "EUR"}, {"document": "I9"}, {"kind": "credit"}, {"order_id": "web-9"}],
    )
    async def test_a_reference_is_never_another_document(self, finance: Opened, changes: dict[str, str]) -> None:
        await finance.target.post(BOOKING)

        with pytest.raises(RejectedPayloadError):
            await finance.target.post(booking(amount=5_000_000, **changes))

        assert await finance.books.entries() == {BOOKING.reference: [1_121_130_000]}

    @pytest.mark.anyio
    async def test_what_only_describes_the_document_may_change(self, finance: Opened) -> None:
        await finance.target.post(BOOKING)

        await finance.target.post(booking(order_tax=None, terms=None, happened_at=APRIL))

        assert await finance.books.entries() == {BOOKING.reference: [1_121_130_000]}

    @pytest.mark.anyio
    async def test_a_closed_period_takes_no_document_and_no_correction(self, finance: Opened) -> None:
        await finance.target.post(BOOKING)
        await finance.books.close_march()

        with pytest.raises(RejectedPayloadError):
            await finance.target.post(booking(amount=2_000_000_000))
        with pytest.raises(RejectedPayloadError):
            await finance.target.post(booking(reference="late", document="I2"))

        assert await finance.amount() == 1_121_130_000
        assert await finance.amount("late") is None
        assert (await finance.target.post(booking(reference="april", document="I3", happened_at=APRIL))).number

    @pytest.mark.anyio
    async def test_a_repeat_after_the_period_was_closed_or_the_document_locked_is_a_success(
        self, finance: Opened
    ) -> None:
        made = await finance.target.post(BOOKING)
        await finance.books.close_march()
        await finance.books.lock(BOOKING.reference)

        again = await finance.target.post(BOOKING)

        assert (again.number, again.amount) == (made.number, made.amount)

    @pytest.mark.anyio
    async def test_a_locked_document_keeps_its_amount(self, finance: Opened) -> None:
        await finance.target.post(BOOKING)
        await finance.books.lock(BOOKING.reference)

        with pytest.raises(RejectedPayloadError):
            await finance.target.post(booking(amount=2_000_000_000))

        assert await finance.amount() == 1_121_130_000

    @pytest.mark.anyio
    @pytest.mark.parametrize("amount", [0, 1, 999_999_999_999_999_999])
    async def test_an_amount_keeps_its_last_micro(self, finance: Opened, amount: int) -> None:
        assert (await finance.target.post(booking(amount=amount))).amount == amount
        assert await finance.amount() == amount

    @pytest.mark.anyio
    @pytest.mark.parametrize("reference", ["a/b", "a b", "a?b#c", "%2e%2e", "ünï-日本"])
    async def test_an_awkward_reference_is_kept_as_it_is(self, finance: Opened, reference: str) -> None:
        await finance.target.post(booking(reference=reference))

        [found] = await finance.target.find_documents(reference)
        assert found.reference == reference

    @pytest.mark.anyio
    async def test_a_bare_document_is_booked_too(self, finance: Opened) -> None:
        bare = booking(
            cost_centre=None,
            purchase_order=None,
            payment_method=None,
            terms=None,
            order_total=None,
            order_tax=None,
        )

        assert (await finance.target.post(bare)).amount == BOOKING.amount

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, finance: Opened) -> None:
        await finance.target.check()
