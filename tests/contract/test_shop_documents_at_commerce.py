"""Documents of orders with configurables and bundles, from command to the simulated Commerce: its counts decide."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from connectors.core.errors import RejectedPayloadError
from schemas.micros import MICROS
from schemas.models.command import Command, CommandKind
from schemas.models.document import ShopLine
from schemas.models.order_event import EventLine
from simulators.adobe_commerce import Settings as ShopSettings
from streams.domain import shop_documents as documents
from streams.sinks.shop import ShopActs
from tests.contract.commerce_orders import CommerceOrders, commerce_orders
from tests.contract.commerce_shop import credential
from tests.contract.shop_order_target import SOURCE

pytestmark = pytest.mark.anyio
SKU, NUMBER = "PUMP-P100", "2000000042"
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "configurable": {"children": [{"sku": SKU, "qty": 1}]},
    "bundle in one": {"children": [{"sku": SKU, "qty": 2}, {"sku": SKU, "qty": 1}]},
    "bundle in parts": {
        "children": [{"sku": SKU, "qty": 2}, {"sku": SKU, "qty": 1}],
        "ship_separately": True,
        "priced_by_children": True,
    },
}
family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def shop() -> AsyncIterator[CommerceOrders]:
    plain = ShopSettings()
    async with commerce_orders(plain, {"auth": credential("token", plain)}) as opened:
        yield opened


def acts(shop: CommerceOrders) -> ShopActs:
    return ShopActs(shop.target, timedelta(seconds=60))


async def goods(shop: CommerceOrders, units: Mapping[str, Any]) -> tuple[EventLine, ...]:
    """Two of the family are ordered; the lines of which the warehouse speaks: those without parts."""
    await shop.order({"items": [{"sku": SKU, "qty": 2, **units}], "increment_id": NUMBER, "shipping_amount": 5})
    lines = (await shop.target.shop_order(NUMBER)).lines
    parents = {line.parent_line_id for line in lines}
    leaves = [line for line in lines if line.line_id not in parents]
    return tuple(EventLine(line_id=line.line_id, sku=line.sku, quantity=line.ordered) for line in leaves)


async def stands(shop: CommerceOrders, lines: tuple[EventLine, ...]) -> list[ShopLine]:
    """The goods as the shop counts them; a parent that is passed over stays where it was."""
    named = {line.line_id for line in lines}
    return [line for line in (await shop.target.shop_order(NUMBER)).lines if line.line_id in named]


def command(kind: CommandKind, *lines: EventLine, part: str = "1", amount: int | None = None) -> Command:
    return Command(
        command_id=f"{kind}-{part}",
        role="commerce",
        kind=kind,
        entity=f"web-{NUMBER}",
        part=part,
        epoch=1,
        counter=1,
        at=1,
        lines=lines,
        source_code=SOURCE,
        amount=amount,
        order_number=NUMBER,
    )


def half(lines: tuple[EventLine, ...]) -> tuple[EventLine, ...]:
    return tuple(EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity // 2) for one in lines)


@family
async def test_a_family_is_shipped_in_two_shipments_and_no_third(
    shop: CommerceOrders, family: Mapping[str, Any]
) -> None:
    lines, port = await goods(shop, family), acts(shop)
    first, second, third = (command("CREATE_SHIPMENT", *half(lines), part=part) for part in "123")

    for asked in (first, second):
        assert (await port.look(asked)).found == ()
        made = await port.call(asked)
        assert [one.external_id for one in (await port.look(asked)).found] == [made.external_id]

    assert {line.ordered - line.shipped for line in await stands(shop, lines)} == {0}
    with pytest.raises(RejectedPayloadError, match="the shop has 0 left of line"):
        await port.look(third)
    assert len(await shop.target.shipments("1")) == 2


async def test_what_was_looked_up_is_done_without_asking_once_more(shop: CommerceOrders) -> None:
    lines, port = await goods(shop, {}), acts(shop)
    look = await port.look(command("CREATE_SHIPMENT", *lines))
    before = len(await shop.journal())
    assert look.go is not None

    made = await look.go()

    assert [one["method"] for one in (await shop.journal())[before:]] == ["POST"]
    assert [one.internal_id for one in await shop.target.shipments("1")] == [made.external_id]


@family
async def test_a_family_that_was_shipped_by_hand_is_known(shop: CommerceOrders, family: Mapping[str, Any]) -> None:
    lines, port = await goods(shop, family), acts(shop)
    made = await port.call(command("CREATE_SHIPMENT", *lines, part="by hand"))
    [ours] = await shop.target.shipments("1")
    by_hand = msgspec.structs.replace(ours, reference=None)

    decided = documents.shipment(
        command("CREATE_SHIPMENT", *lines), await shop.target.shop_order(NUMBER), [by_hand], frozenset()
    )

    assert decided == documents.Adopt((str(made.external_id),), documents.BY_HAND)


@family
async def test_a_family_is_billed_and_given_back_without_lines(shop: CommerceOrders, family: Mapping[str, Any]) -> None:
    lines, port = await goods(shop, family), acts(shop)

    invoice = await port.call(command("CREATE_INVOICE"))
    memo = await port.call(command("CREATE_CREDIT_MEMO"))

    assert {line.ordered - line.invoiced for line in await stands(shop, lines)} == {0}
    assert {line.ordered - line.refunded for line in await stands(shop, lines)} == {0}
    assert invoice.detail == memo.detail == "it names no lines: all that was left"
    [billed], [given_back] = await shop.target.invoices("1"), await shop.target.credit_memos("1")
    assert billed.total - given_back.total == 5 * MICROS


@family
async def test_a_family_is_billed_by_lines(shop: CommerceOrders, family: Mapping[str, Any]) -> None:
    lines, port = await goods(shop, family), acts(shop)

    await port.call(command("CREATE_INVOICE", *half(lines), part="I1"))
    await port.call(command("CREATE_CREDIT_MEMO", *half(lines), part="M1"))
    await port.call(command("CREATE_INVOICE", *half(lines), part="I2"))

    with pytest.raises(RejectedPayloadError, match="0 left"):
        await port.call(command("CREATE_INVOICE", *half(lines), part="I3"))
    assert {line.ordered - line.invoiced for line in await stands(shop, lines)} == {0}
    assert {line.invoiced // 2 - line.refunded for line in await stands(shop, lines)} == {0}


async def test_what_was_shipped_in_part_and_then_cancelled_says_what_became_of_it(shop: CommerceOrders) -> None:
    lines, port = await goods(shop, FAMILIES["configurable"]), acts(shop)
    await port.call(command("CREATE_SHIPMENT", *half(lines)))

    made = await port.call(command("CANCEL_ORDER"))

    assert made.external_id == (await shop.target.shop_order(NUMBER)).state
    assert {line.ordered - line.shipped - line.cancelled for line in await stands(shop, lines)} == {0}
