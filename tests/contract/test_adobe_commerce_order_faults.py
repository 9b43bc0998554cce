"""What the connector makes of a shop that misbehaves while orders change, judged by the shop's own journal."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from connectors.core.errors import (
    ConnectorError,
    MaskedFailureError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.micros import MICROS
from schemas.models.document import LineQuantity
from simulators.adobe_commerce import Settings as ShopSettings
from tests.contract.commerce_orders import CommerceOrders, commerce_orders
from tests.contract.commerce_shop import credential
from tests.contract.shop_order_target import NOTHING, PRICE, SOURCE, Placed

pytestmark = pytest.mark.anyio

Create = Callable[[CommerceOrders, Placed], Awaitable[object]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def opened() -> AsyncIterator[CommerceOrders]:
    plain = ShopSettings(custom_statuses={"erp_confirmed": "new"})
    settings = {"auth": credential("token", plain), "timeout_s": 1.5, "connect_timeout_s": 1.5}
    async with commerce_orders(plain, settings) as opened:
        await opened.target.check()
        yield opened


async def _ship(shop: CommerceOrders, placed: Placed, quantity: int = 2 * MICROS) -> str:
    lines = [LineQuantity(placed.line_ids[0], quantity)]
    return await shop.target.ship(
        placed.entity_id, reference="d-1", lines=lines, source_code=SOURCE, tracks=[], notify=False
    )


async def _invoice(shop: CommerceOrders, placed: Placed) -> str:
    lines = [LineQuantity(placed.line_ids[0], 2 * MICROS)]
    return await shop.target.invoice(placed.entity_id, reference="i-1", lines=lines, capture=True)


async def _refund(shop: CommerceOrders, placed: Placed) -> str:
    lines = [LineQuantity(placed.line_ids[1], MICROS)]
    return await shop.target.refund(placed.entity_id, reference="r-1", lines=lines)


async def _comment(shop: CommerceOrders, placed: Placed) -> None:
    await shop.target.add_comment(placed.entity_id, reference="c-1", text="Confirmed", status=None, notify=False)


CREATES: Mapping[str, Create] = {
    "shipments": _ship,
    "invoices": _invoice,
    "credit_memos": _refund,
    "comments": _comment,
}
every_create = pytest.mark.parametrize("name", CREATES)
every_document = pytest.mark.parametrize("name", [name for name in CREATES if name != "comments"])


async def _placed(shop: CommerceOrders) -> Placed:
    """Ten of one line; three of another, which are invoiced so that they can be refunded."""
    placed = await shop.place("1", 10 * MICROS, 3 * MICROS)
    lines = [LineQuantity(placed.line_ids[1], 3 * MICROS)]
    await shop.target.invoice(placed.entity_id, reference="before", lines=lines, capture=True)
    return placed


def _made(name: str, times: int) -> dict[str, int]:
    return {kind: count + times * (kind == name) for kind, count in (NOTHING | {"invoices": 1}).items()}


@every_create
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_every_failure_of_the_server_leaves_a_create_unknown_however_soon(
    opened: CommerceOrders, name: str, status: int
) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind="status", status=status, methods=["POST"], path="/V1/order", times=1)

    with pytest.raises(UnknownOutcomeError) as failed:
        await CREATES[name](opened, placed)

    assert failed.value.status == status
    assert await opened.made(placed.entity_id) == _made(name, 0)


@every_create
@pytest.mark.parametrize(("kind", "times"), [("drop-answer", 1), ("half-body", 1), ("reset", 0), ("hang", 0)])
async def test_a_lost_answer_is_unknown_whatever_the_shop_did(
    opened: CommerceOrders, name: str, kind: str, times: int
) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind=kind, methods=["POST"], path="/V1/order", times=1, delay_s=3)

    with pytest.raises(UnknownOutcomeError):
        await CREATES[name](opened, placed)

    assert await opened.made(placed.entity_id) == _made(name, times)


@every_document
@pytest.mark.parametrize("done", [False, True])
async def test_a_masked_refusal_does_not_say_whether_the_document_was_made(
    opened: CommerceOrders,
    name: str,
    done: bool,  # noqa: FBT001 - a factor of the test
) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind="masked", methods=["POST"], path="/V1/order", times=1, done=done)

    with pytest.raises(MaskedFailureError):
        await CREATES[name](opened, placed)

    assert await opened.made(placed.entity_id) == _made(name, int(done))


@every_create
@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, RejectedPayloadError), (401, UnauthorizedError), (403, UnauthorizedError), (429, RateLimitedError)],
)
async def test_a_refusal_that_says_so_made_nothing(
    opened: CommerceOrders, name: str, status: int, expected: type[ConnectorError]
) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind="status", status=status, methods=["POST"], path="/V1/order", times=2)

    with pytest.raises(expected):
        await CREATES[name](opened, placed)

    assert await opened.made(placed.entity_id) == _made(name, 0)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failing_server_is_no_unknown_outcome_for_a_read(opened: CommerceOrders, status: int) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind="status", status=status, methods=["GET"])

    for read in (opened.target.shipments, opened.target.comments):
        with pytest.raises(TargetUnavailableError):
            await read(placed.entity_id)


async def test_a_shipment_that_lands_late_is_found_and_a_blind_repetition_would_have_made_two(
    opened: CommerceOrders,
) -> None:
    placed = await _placed(opened)
    await opened.break_with(kind="late-effect", methods=["POST"], path="/ship", times=1, delay_s=0.7)
    with pytest.raises(UnknownOutcomeError):
        await _ship(opened, placed)
    assert await opened.target.shipments(placed.entity_id) == ()

    async with asyncio.timeout(10):
        while not await opened.target.shipments(placed.entity_id):
            await opened.target.check()
    assert [one.reference for one in await opened.target.shipments(placed.entity_id)] == ["d-1"]

    await _ship(opened, placed)
    assert [one.reference for one in await opened.target.shipments(placed.entity_id)] == ["d-1", "d-1"]


async def test_shipments_of_one_order_at_once_are_taken_one_after_the_other(opened: CommerceOrders) -> None:
    placed = await _placed(opened)

    made = await asyncio.gather(*(_ship(opened, placed, 4 * MICROS) for _ in range(3)))

    assert len(set(made)) == 3
    shipped = [one.lines[0].quantity for one in await opened.target.shipments(placed.entity_id)]
    assert sorted(shipped) == [2 * MICROS, 4 * MICROS, 4 * MICROS]
    with pytest.raises(RejectedPayloadError):
        await _ship(opened, placed)


async def test_what_was_really_shipped_is_shown_where_more_was_asked(opened: CommerceOrders) -> None:
    placed = await opened.place("1", 2 * MICROS)

    await _ship(opened, placed, 5 * MICROS)

    [shipment] = await opened.target.shipments(placed.entity_id)
    assert shipment.lines == (LineQuantity(placed.line_ids[0], 2 * MICROS),)


async def test_too_little_at_the_source_hides_behind_a_masked_refusal_and_nothing_leaves(
    opened: CommerceOrders,
) -> None:
    placed = await opened.place("1", 41 * MICROS)

    with pytest.raises(MaskedFailureError):
        await _ship(opened, placed, 41 * MICROS)

    assert await opened.target.shipments(placed.entity_id) == ()
    assert await _at_source(opened) == 40


async def test_a_shipment_takes_the_goods_and_a_refund_brings_none_back(opened: CommerceOrders) -> None:
    placed = await opened.order({"items": [{"sku": "PUMP-P100", "qty": 2}], "shipping_amount": 25})
    lines = [LineQuantity(placed.line_ids[0], 2 * MICROS)]
    await opened.target.invoice(placed.entity_id, reference="i-1", lines=lines, capture=True)
    await _ship(opened, placed)
    assert await _at_source(opened) == 38

    await opened.target.refund(placed.entity_id, reference="r-1", lines=lines)

    assert await _at_source(opened) == 38
    [invoice], [memo] = (
        await opened.target.invoices(placed.entity_id),
        await opened.target.credit_memos(placed.entity_id),
    )
    assert (invoice.total, memo.total) == (2 * PRICE + 25 * MICROS, 2 * PRICE)


async def test_references_are_hidden_from_shoppers_and_mail_only_goes_out_where_it_is_asked_for(
    opened: CommerceOrders,
) -> None:
    placed = await _placed(opened)
    for create in CREATES.values():
        await create(opened, placed)

    bodies = [entry["body"] for entry in await opened.journal() if "/V1/order" in entry["path"] and entry["effect"]]
    assert len(bodies) == 5
    for body in bodies:
        assert 'is_visible_on_front":1' not in json.dumps(body, separators=(",", ":"))
        assert body.get("notify") in {None, False}
        assert body.get("statusHistory", {}).get("is_customer_notified", 0) == 0


async def test_a_comment_may_set_a_status_that_belongs_to_the_state(opened: CommerceOrders) -> None:
    placed = await opened.place("1", MICROS)

    await opened.target.add_comment(
        placed.entity_id, reference="c-1", text="Confirmed", status="erp_confirmed", notify=True
    )

    stands = await opened.target.shop_order("1")
    assert (stands.state, stands.status) == ("new", "erp_confirmed")


async def test_a_cancellation_that_only_looks_done_is_not_believed(opened: CommerceOrders) -> None:
    placed = await opened.place("1", MICROS)
    await opened.break_with(kind="no-op", methods=["POST"], path="/cancel", times=1)

    assert await opened.target.cancel(placed.entity_id) is False
    assert await opened.target.cancel(placed.entity_id) is True


async def test_a_cancellation_may_be_repeated_after_a_lost_answer(opened: CommerceOrders) -> None:
    placed = await opened.place("1", MICROS)
    await opened.lose_next_answer()
    with pytest.raises(UnknownOutcomeError):
        await opened.target.cancel(placed.entity_id)

    assert await opened.target.cancel(placed.entity_id) is True


async def test_parents_and_children_company_and_options_arrive(opened: CommerceOrders) -> None:
    line = {
        "sku": "PUMP-P100",
        "qty": 2,
        "children": [{"sku": "PUMP-P100", "qty": 1}],
        "options": {"7": "Line 7"},
        "configuration": {"93": 5},
        "tax": "66.825",
        "discount": "90.5",
    }
    company = {"id": 17, "company_id": 4, "company_name": "Example Works"}
    payment = {"method": "purchaseorder", "po_number": "PO-778"}
    placed = await opened.order({"items": [line], "customer": company, "payment": payment, "increment_id": "77"})

    order = await opened.target.read_order("77")

    parent, child = order.lines
    assert (child.parent_line_id, parent.line_id) == (placed.line_ids[0], placed.line_ids[0])
    assert (parent.options, parent.configuration) == ({"7": "Line 7"}, {"93": "5"})
    assert (parent.price, parent.row_total, child.price) == (PRICE, 2 * PRICE, 0)
    assert (parent.tax, parent.discount, order.totals.discount) == (66_825_000, 90_500_000, 90_500_000)
    assert order.totals.grand_total == 2 * PRICE + 66_825_000 - 90_500_000
    assert (order.customer.company_id, order.customer.company) == ("4", "Example Works")
    assert (order.payment.method, order.payment.purchase_order) == ("purchaseorder", "PO-778")


async def test_a_family_is_shipped_by_its_parent_and_its_children_move_along(opened: CommerceOrders) -> None:
    line = {"sku": "SET-1", "qty": 2, "children": [{"sku": "PUMP-P100", "qty": 3}], "price": 10}
    placed = await opened.order({"items": [line], "increment_id": "77"})

    await _ship(opened, placed, MICROS)

    stands = await opened.target.shop_order("77")
    assert [(one.sku, one.ordered, one.shipped) for one in stands.lines] == [
        ("SET-1", 2 * MICROS, MICROS),
        ("PUMP-P100", 6 * MICROS, 3 * MICROS),
    ]
    assert await _at_source(opened) == 37


async def _at_source(shop: CommerceOrders) -> Any:
    state = shop.simulator.commerce.shop.state
    row = state.inventory.find(SOURCE, "PUMP-P100")
    return None if row is None else row.quantity
