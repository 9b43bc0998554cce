"""What every `OrderTarget` promises, real or in memory; modules in order_targets/ say how one is opened.

The suite looks behind the port through `Erp`: a promise such as "made once" cannot be seen through the port alone.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec
import pytest

from connectors.core.errors import ConnectorError, PermanentError, RejectedPayloadError, UnknownOutcomeError
from connectors.core.order_ports import OrderTarget
from schemas.micros import MICROS
from schemas.models.document import SalesOrder
from schemas.models.order import Address, Contact, Customer, Order, OrderLine, Payment, Totals

ACCOUNT = "C-1004"
"""The one account that every ERP of the suite knows, under this code."""
CATALOGUE = ("PUMP-200", "SEAL-7", "CABLE-3X15", "MOTOR-M2")
"""Every ERP of the suite knows these items; MOTOR-M2 is made to order."""
TERMS = "NET30"
PLACED_AT = 1_772_439_330 * MICROS
REQUESTED_AT = 1_773_964_800 * MICROS
"""2026-03-20, midnight UTC."""
AWKWARD_TEXTS = (
    "plain",
    'say "x" & <b>y</b>',
    "it's 50 % off; a\\b",
    "two\nlines\tand a tab",
    "ünï-日本 🏭",
    "' OR 1 eq 1 --",
    "#7 = : |",
)


class ErpLine(NamedTuple):
    """A line as the ERP holds it; `quantity` in micros."""

    sku: str
    quantity: int


class Erp(Protocol):
    """An ERP with the port opened on it, and what the suite does behind the port's back."""

    @property
    def target(self) -> OrderTarget:
        """The open port."""
        ...

    async def documents(self, order_id: str) -> int:
        """Orders that carry our id, cancelled ones too: 2 is the failure that all this is about."""
        ...

    async def lines(self, order_id: str) -> Sequence[ErpLine]:
        """The lines of the only document, in its order."""
        ...

    async def is_open(self, order_id: str) -> bool:
        """Whether anything of it is still to be delivered: False once it is cancelled."""
        ...

    async def ship(self, order_id: str) -> None:
        """The ERP delivers all of it, so that it can no longer be cancelled."""
        ...

    async def lose_next_answer(self) -> None:
        """The next write (not a read, not a sign-in) is carried out and its answer lost."""
        ...

    async def pass_time(self) -> None:
        """Let `read_lag` go by; nothing to do where it is 0."""
        ...


@dataclass(frozen=True, kw_only=True)
class OrderTargetCase:
    """One way of opening one ERP; everything that `opened` yields is fresh: no orders."""

    name: str
    opened: Callable[[], AbstractAsyncContextManager[Erp]]


def line(line_id: str, sku: str, quantity: str = "1", **given: Any) -> OrderLine:
    """`quantity` as people write it; money 10.00 a piece unless `given` says otherwise."""
    micros = _micros(quantity)
    money: dict[str, Any] = {"price": 10 * MICROS, "row_total": 10 * micros, "discount": 0, "tax": 0}
    return OrderLine(line_id=line_id, sku=sku, name=f"Item {sku}", quantity=micros, **(money | given))


def order(*lines: OrderLine, **given: Any) -> Order:
    """A whole B2B order; `given` replaces fields of it."""
    address = Address(
        first_name="Test",
        last_name="Buyer",
        company="Example Works",
        street=("1 Example Street", "Dock 4"),
        city="Springfield",
        region_code="IL",
        postcode="62701",
        country="US",
        telephone="+1 202 555 0100",
    )
    whole = Order(
        event_id="evt-1",
        source_system="commerce",
        channel="web",
        number="000000123",
        entity_id="123",
        status="pending",
        currency="USD",
        placed_at=PLACED_AT,
        updated_at=PLACED_AT,
        customer=Customer(email="buyer@example.com", company="Example Works", account_code=ACCOUNT, cost_centre="CC-2"),
        contacts=(Contact(role="site", name="Test Contact", telephone="+1 202 555 0101"),),
        billing=address,
        shipping=address,
        shipping_method="flatrate_flatrate",
        lines=lines or (line("501", "PUMP-200", "2"), line("502", "SEAL-7")),
        totals=Totals(subtotal=30 * MICROS, discount=0, shipping=5 * MICROS, tax=0, grand_total=35 * MICROS),
        payment=Payment(method="purchaseorder", terms=TERMS, purchase_order="PO-778"),
        instructions="Deliver to dock 4",
        requested_at=REQUESTED_AT,
    )
    return msgspec.structs.replace(whole, **given)


def smallest() -> Order:
    """No more than the contract demands, with an account: a dealer's order by telephone."""
    return Order(
        event_id="evt-2",
        source_system="dealer-portal",
        channel="dealer",
        number="D-9",
        currency="USD",
        placed_at=PLACED_AT,
        updated_at=PLACED_AT,
        customer=Customer(account_code=ACCOUNT),
        billing=Address(country="US"),
        lines=(OrderLine(line_id="1", sku="PUMP-200", quantity=MICROS),),
        totals=Totals(grand_total=450 * MICROS),
        payment=Payment(method="account"),
    )


def _micros(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(6, "0"))


class OrderTargetSuite:
    """The ERP knows `ACCOUNT`, `CATALOGUE`, `TERMS` and US dollars, and holds no order."""

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, erp: Erp) -> None:
        await erp.target.check()

    @pytest.mark.anyio
    async def test_an_order_that_was_never_made_is_not_found(self, erp: Erp) -> None:
        assert list(await erp.target.find_orders("web-000000123", order())) == []

    @pytest.mark.anyio
    async def test_a_made_order_has_a_number_and_is_found_as_it_was_told(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-000000123", order())
        await erp.pass_time()

        found = await erp.target.find_orders("web-000000123", order())

        assert made.order_id == "web-000000123"
        assert made.number
        assert made.internal_id
        assert [(one.order_id, one.number, one.internal_id) for one in found] == [
            ("web-000000123", made.number, made.internal_id)
        ]

    @pytest.mark.anyio
    async def test_every_line_arrives_once_in_its_order(self, erp: Erp) -> None:
        lines = (line("1", "SEAL-7", "3"), line("2", "PUMP-200"), line("3", "SEAL-7", "0.25"))

        await erp.target.create_order("web-1", order(*lines))

        assert list(await erp.lines("web-1")) == [ErpLine(one.sku, one.quantity) for one in lines]

    @pytest.mark.anyio
    @pytest.mark.parametrize("quantity", ["1", "190.7", "0.001", "1000000", "2.500"])
    async def test_a_quantity_arrives_to_the_last_digit(self, erp: Erp, quantity: str) -> None:
        wanted = line("1", "CABLE-3X15", quantity)

        await erp.target.create_order("web-1", order(wanted))

        assert list(await erp.lines("web-1")) == [ErpLine("CABLE-3X15", wanted.quantity)]

    @pytest.mark.anyio
    async def test_the_smallest_order_is_taken(self, erp: Erp) -> None:
        made = await erp.target.create_order("dealer-D-9", smallest())

        assert made.number
        assert list(await erp.lines("dealer-D-9")) == [ErpLine("PUMP-200", MICROS)]

    @pytest.mark.anyio
    @pytest.mark.parametrize("text", AWKWARD_TEXTS)
    async def test_awkward_texts_are_taken_and_the_order_is_found_again(self, erp: Erp, text: str) -> None:
        wanted = line("1", "MOTOR-M2", options={text: text}, configuration={"seal": text}, note=text)
        awkward = order(wanted, instructions=text)

        made = await erp.target.create_order("web-1", awkward)
        await erp.pass_time()

        assert [one.number for one in await erp.target.find_orders("web-1", awkward)] == [made.number]
        assert await erp.documents("web-1") == 1

    @pytest.mark.anyio
    async def test_two_orders_are_two_documents_and_neither_is_found_as_the_other(self, erp: Erp) -> None:
        """Ids that begin alike, and one purchase order for both."""
        first = await erp.target.create_order("web-1", order())
        second = await erp.target.create_order("web-11", order(number="11"))
        await erp.pass_time()

        assert first.number != second.number
        assert [one.number for one in await erp.target.find_orders("web-1", order())] == [first.number]
        assert [one.number for one in await erp.target.find_orders("web-11", order(number="11"))] == [second.number]

    @pytest.mark.anyio
    async def test_a_repeat_by_the_rules_of_the_port_makes_no_second_document(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())

        again = await create_safely(erp, "web-1", order())

        assert (again.number, again.internal_id) == (made.number, made.internal_id)
        assert await erp.documents("web-1") == 1
        assert len(await erp.lines("web-1")) == 2

    @pytest.mark.anyio
    async def test_a_lost_answer_is_of_unknown_outcome_and_the_order_is_made_once(self, erp: Erp) -> None:
        await erp.lose_next_answer()

        with pytest.raises(UnknownOutcomeError):
            await erp.target.create_order("web-1", order())
        made = await create_safely(erp, "web-1", order())

        assert made.number
        assert await erp.documents("web-1") == 1
        assert len(await erp.lines("web-1")) == 2

    @pytest.mark.anyio
    async def test_an_unknown_item_is_refused_for_good_and_nothing_is_made(self, erp: Erp) -> None:
        with pytest.raises(PermanentError):
            await erp.target.create_order("web-1", order(line("1", "PUMP-200"), line("2", "NOBODY-1")))

        assert await erp.documents("web-1") == 0

    @pytest.mark.anyio
    async def test_an_unknown_account_is_refused_for_good_without_telling_who_ordered(self, erp: Erp) -> None:
        stranger = Customer(email="buyer@example.com", first_name="Test", last_name="Buyer", account_code="C-NOBODY")

        with pytest.raises(PermanentError) as refused:
            await erp.target.create_order("web-1", order(customer=stranger))

        assert await erp.documents("web-1") == 0
        assert "buyer@example.com" not in str(refused.value)

    @pytest.mark.anyio
    async def test_a_refused_order_can_be_made_once_it_is_put_right(self, erp: Erp) -> None:
        with pytest.raises(PermanentError):
            await erp.target.create_order("web-1", order(line("1", "NOBODY-1")))

        await create_safely(erp, "web-1", order(line("1", "PUMP-200")))

        assert list(await erp.lines("web-1")) == [ErpLine("PUMP-200", MICROS)]

    @pytest.mark.anyio
    async def test_a_made_to_order_line_is_tied_to_its_work_order(self, erp: Erp) -> None:
        wanted = order(line("501", "PUMP-200"), line("502", "MOTOR-M2", make_to_order=True))

        made = await erp.target.create_order("web-1", wanted)
        await erp.pass_time()

        assert list(made.work_orders) == ["502"]
        assert all(made.work_orders.values())
        assert [one.work_orders for one in await erp.target.find_orders("web-1", wanted)] == [made.work_orders]

    @pytest.mark.anyio
    async def test_a_cancelled_order_delivers_nothing_and_may_be_cancelled_again(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())
        assert await erp.is_open("web-1")

        await erp.target.cancel_order("web-1", made.internal_id)
        assert not await erp.is_open("web-1")
        await erp.target.cancel_order("web-1", made.internal_id)

        assert not await erp.is_open("web-1")
        assert await erp.documents("web-1") == 1

    @pytest.mark.anyio
    async def test_a_cancelled_order_is_still_found(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())
        await erp.target.cancel_order("web-1", made.internal_id)
        await erp.pass_time()

        found = await erp.target.find_orders("web-1", order())

        assert [one.number for one in found] == [made.number]
        assert found[0].status != made.status

    @pytest.mark.anyio
    async def test_a_cancellation_whose_answer_is_lost_may_be_repeated(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())
        await erp.lose_next_answer()

        with pytest.raises(UnknownOutcomeError):
            await erp.target.cancel_order("web-1", made.internal_id)
        await erp.target.cancel_order("web-1", made.internal_id)

        assert not await erp.is_open("web-1")

    @pytest.mark.anyio
    async def test_an_order_that_is_delivered_is_not_let_go(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())
        await erp.ship("web-1")

        with pytest.raises(RejectedPayloadError):
            await erp.target.cancel_order("web-1", made.internal_id)

    @pytest.mark.anyio
    async def test_a_repeat_after_delivery_is_still_the_same_order(self, erp: Erp) -> None:
        made = await erp.target.create_order("web-1", order())
        await erp.ship("web-1")

        again = await create_safely(erp, "web-1", order())

        assert (again.number, again.internal_id) == (made.number, made.internal_id)
        assert await erp.documents("web-1") == 1

    @pytest.mark.anyio
    async def test_what_does_not_exist_cannot_be_cancelled(self, erp: Erp) -> None:
        with pytest.raises(ConnectorError) as refused:
            await erp.target.cancel_order("web-1", "999999999")

        assert isinstance(refused.value, PermanentError)


async def create_safely(erp: Erp, order_id: str, wanted: Order) -> SalesOrder:
    """As a sink does it after an unknown outcome: look first, then create only what was not found."""
    await erp.pass_time()
    if not erp.target.upserts:
        found = await erp.target.find_orders(order_id, wanted)
        assert len(found) < 2, "two documents carry our id"
        if found:
            return found[0]
    return await erp.target.create_order(order_id, wanted)
