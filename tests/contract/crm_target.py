"""What every `CrmTarget` promises, real or in memory; subclasses say how one is opened."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import msgspec
import pytest

from connectors.core.errors import NotFoundError
from connectors.core.order_ports import CrmTarget
from schemas.models.order import Customer, OrderLine
from tests.contract.orders import ORDER, ORDER_ID, order

EXPECTED_AT = 1_774_000_000_123_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An order as the CRM shows it; lines are quantity and price by our line id, `account` names the record."""

    internal_id: str
    account: str
    status: str
    expected_at: int | None
    total: Decimal | None
    lines: dict[str, tuple[Decimal, Decimal]]


class Desk(Protocol):
    """What happens behind the port."""

    async def orders(self) -> dict[str, Shown]:
        """By unified order id."""
        ...

    async def accounts(self) -> dict[str, str]:
        """Name of each account, by record."""
        ...

    async def lifetime_value(self, account: str) -> Decimal | None: ...


@dataclass
class OpenedCrm:
    target: CrmTarget
    desk: Desk

    async def shown(self, order_id: str = ORDER_ID) -> Shown:
        return (await self.desk.orders())[order_id]


class CrmTargetSuite:
    """The CRM knows the products of `tests.contract.orders.ORDER`."""

    def opened(self) -> AbstractAsyncContextManager[OpenedCrm]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def crm(self) -> AsyncIterator[OpenedCrm]:
        async with self.opened() as crm:
            yield crm

    @pytest.mark.anyio
    async def test_an_order_is_recorded_with_account_lines_and_status(self, crm: OpenedCrm) -> None:
        record = await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")

        shown = await crm.shown()
        assert (record.order_id, record.internal_id) == (ORDER_ID, shown.internal_id)
        assert (await crm.desk.accounts())[shown.account] == "Example Works"
        assert (shown.status, shown.expected_at, shown.total) == ("PLACED", None, Decimal("1121.13"))
        assert shown.lines == {
            "501": (Decimal(2), Decimal(450)),
            "502": (Decimal("190.7"), Decimal("1.15")),
        }

    @pytest.mark.anyio
    async def test_a_repeated_record_changes_nothing(self, crm: OpenedCrm) -> None:
        first = await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")
        once = await crm.desk.orders()

        second = await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")

        assert first == second
        assert await crm.desk.orders() == once
        assert len(await crm.desk.accounts()) == 1

    @pytest.mark.anyio
    async def test_a_later_record_replaces_status_and_lines(self, crm: OpenedCrm) -> None:
        await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")
        longer = msgspec.structs.replace(ORDER.lines[1], quantity=200_000_000)

        await crm.target.record_order(ORDER_ID, order(lines=(ORDER.lines[0], longer)), status="RELEASED")

        shown = await crm.shown()
        assert (shown.status, shown.lines["502"][0]) == ("RELEASED", Decimal(200))

    @pytest.mark.anyio
    async def test_orders_of_one_company_share_its_account_and_others_do_not(self, crm: OpenedCrm) -> None:
        colleague = msgspec.structs.replace(ORDER.customer, customer_id="18", email="colleague@example.com")
        alone = Customer(customer_id="4", email="alone@example.com", first_name="Test", last_name="Customer")
        guest = Customer(email="guest@example.com", first_name="Test", last_name="Guest")
        for number, customer in enumerate((ORDER.customer, colleague, alone, guest, guest)):
            await crm.target.record_order(f"web-{number}", order(customer=customer), status="PLACED")

        orders = await crm.desk.orders()

        accounts = [orders[f"web-{number}"].account for number in range(5)]
        assert accounts[0] == accounts[1]
        assert accounts[3] == accounts[4]
        assert len(set(accounts)) == len(await crm.desk.accounts()) == 3

    @pytest.mark.anyio
    async def test_a_status_is_absolute_and_can_be_repeated(self, crm: OpenedCrm) -> None:
        await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")

        for _ in range(2):
            await crm.target.record_status(ORDER_ID, status="CONFIRMED", expected_at=EXPECTED_AT)
            shown = await crm.shown()
            assert (shown.status, shown.expected_at) == ("CONFIRMED", EXPECTED_AT)

        await crm.target.record_status(ORDER_ID, status="SHIPPED", expected_at=None)
        shown = await crm.shown()
        assert (shown.status, shown.expected_at) == ("SHIPPED", None)
        assert len(shown.lines) == 2

    @pytest.mark.anyio
    async def test_a_status_of_an_order_that_was_never_recorded_makes_none(self, crm: OpenedCrm) -> None:
        with pytest.raises(NotFoundError):
            await crm.target.record_status(ORDER_ID, status="SHIPPED", expected_at=None)

        assert await crm.desk.orders() == {}

    @pytest.mark.anyio
    async def test_a_lifetime_value_that_is_given_is_absolute(self, crm: OpenedCrm) -> None:
        for value in ("1000.50", "1000.50", "2500"):
            await crm.target.record_order(ORDER_ID, order(extras={"lifetime_value": value}), status="PLACED")
            account = (await crm.shown()).account
            assert await crm.desk.lifetime_value(account) == Decimal(value)

        await crm.target.record_order(ORDER_ID, ORDER, status="PLACED")
        assert await crm.desk.lifetime_value(account) == Decimal(2500)

    @pytest.mark.anyio
    async def test_components_are_counted_in_the_line_that_they_belong_to(self, crm: OpenedCrm) -> None:
        component = OrderLine(line_id="503", parent_line_id="501", sku="PUMP-200", quantity=2_000_000)

        await crm.target.record_order(ORDER_ID, order(lines=(*ORDER.lines, component)), status="PLACED")

        assert (await crm.shown()).lines.keys() == {"501", "502"}

    @pytest.mark.anyio
    @pytest.mark.parametrize("line_id", ["it's", 'say "x"', "a\\b", "a/b:c", "ünï-日本"])
    async def test_an_awkward_line_id_is_kept_as_it_is(self, crm: OpenedCrm, line_id: str) -> None:
        line = msgspec.structs.replace(ORDER.lines[0], line_id=line_id)

        for _ in range(2):
            await crm.target.record_order(ORDER_ID, order(lines=(line,)), status="PLACED")

        assert (await crm.shown()).lines.keys() == {line_id}

    @pytest.mark.anyio
    async def test_an_order_of_many_lines_is_recorded_whole(self, crm: OpenedCrm) -> None:
        lines = tuple(msgspec.structs.replace(ORDER.lines[0], line_id=str(number)) for number in range(205))

        for _ in range(2):
            await crm.target.record_order(ORDER_ID, order(lines=lines), status="PLACED")

        assert len((await crm.shown()).lines) == 205

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, crm: OpenedCrm) -> None:
        await crm.target.check()
