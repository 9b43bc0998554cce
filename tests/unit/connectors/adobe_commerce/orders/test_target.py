"""Single requests and answers of the order port."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.adobe_commerce import wire
from connectors.adobe_commerce.opening import open_ports
from connectors.adobe_commerce.orders.outcomes import read_create
from connectors.core.calls import Answer, Call, Dependencies
from connectors.core.errors import (
    ConfigurationError,
    ConnectorError,
    MaskedFailureError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from connectors.core.order_ports import ShopOrderTarget
from connectors.core.paths import path
from schemas.models.document import LineQuantity
from tests.fakes.clock import FakeClock
from tests.unit.connectors.adobe_commerce.shops import Handler, settings

ORDER = {
    "entity_id": 3,
    "increment_id": "000000003",
    "created_at": "2026-03-02 08:15:30",
    "updated_at": "2026-03-02 08:15:30",
    "order_currency_code": "USD",
    "customer_email": "buyer@example.com",
}
LINES = (LineQuantity("3", 1_000_000),)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def orders(handler: Handler, **given: Any) -> AsyncIterator[ShopOrderTarget]:
    dependencies = Dependencies(clock=FakeClock(), transport=httpx.MockTransport(handler))
    ports = open_ports(settings(**given), dependencies)
    assert ports.shop_orders is not None
    try:
        yield ports.shop_orders
    finally:
        await ports.shop_orders.close()


def page(*rows: object, total: int | None = None) -> httpx.Response:
    return httpx.Response(200, json={"items": rows, "total_count": len(rows) if total is None else total})


@pytest.mark.anyio
async def test_a_number_that_two_stores_have_given_is_refused_and_not_guessed() -> None:
    async with orders(lambda _: page(ORDER, ORDER | {"entity_id": 9})) as target:
        with pytest.raises(RejectedPayloadError, match="2 orders have the number"):
            await target.shop_order("000000003")


@pytest.mark.anyio
@pytest.mark.parametrize("broken", [{"order_currency_code": None}, {"created_at": "never"}, {"grand_total": 1e300}])
async def test_an_order_that_cannot_be_mapped_is_refused_for_good_without_telling_who_ordered(
    broken: dict[str, object],
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return (
            page(ORDER | broken) if request.url.path.endswith("/orders") else httpx.Response(200, json=ORDER | broken)
        )

    async with orders(handler) as target:
        with pytest.raises(RejectedPayloadError, match="order 000000003 cannot be used") as one:
            await target.read_order("000000003")

    assert "buyer@example.com" not in str(one.value)


@pytest.mark.anyio
async def test_changed_orders_are_asked_for_by_whole_seconds_oldest_first_and_in_small_pages() -> None:
    asked: list[dict[str, str]] = []

    async with orders(_noting(asked, [page(ORDER)])) as target:
        assert len(await target.changed_orders(1_772_439_330_999_999)) == 1

    assert asked == [
        {
            "fields": "items[entity_id,increment_id,created_at,updated_at],total_count",
            "[filterGroups][0][filters][0][field]": "updated_at",
            "[filterGroups][0][filters][0][value]": "2026-03-02 08:15:30",
            "[filterGroups][0][filters][0][conditionType]": "gteq",
            "[sortOrders][0][field]": "updated_at",
            "[sortOrders][0][direction]": "ASC",
            "[sortOrders][1][field]": "entity_id",
            "[sortOrders][1][direction]": "ASC",
            "[pageSize]": "50",
            "[currentPage]": "1",
        }
    ]


@pytest.mark.anyio
async def test_behind_an_order_the_rest_of_its_second_comes_first_and_then_what_is_later() -> None:
    asked: list[dict[str, str]] = []

    async with orders(_noting(asked, [page(ORDER), page(total=0), page(ORDER)])) as target:
        rest = await target.changed_orders(1_772_439_330_000_000, "2")
        later = await target.changed_orders(1_772_439_330_000_000, "3")

    assert [len(rest), len(later)] == [1, 1]
    filters = [[value for name, value in one.items() if "filters" in name] for one in asked]
    assert filters == [
        ["updated_at", "2026-03-02 08:15:30", "eq", "entity_id", "2", "gt"],
        ["updated_at", "2026-03-02 08:15:30", "eq", "entity_id", "3", "gt"],
        ["updated_at", "2026-03-02 08:15:31", "gteq"],
    ]


@pytest.mark.anyio
async def test_a_change_whose_time_cannot_be_read_and_an_id_that_is_not_the_shops_are_refused() -> None:
    async with orders(lambda _: page(ORDER | {"updated_at": "never"})) as target:
        with pytest.raises(RejectedPayloadError, match="a change cannot be used"):
            await target.changed_orders(0)
        with pytest.raises(RejectedPayloadError, match="the time to begin with cannot be used"):
            await target.changed_orders(0, "three")


def _noting(asked: list[dict[str, str]], answers: list[httpx.Response]) -> Handler:
    """Answers one after the other, and what was asked for, in order."""

    def handler(request: httpx.Request) -> httpx.Response:
        query = parse_qs(request.url.query.decode())
        asked.append({name.removeprefix("searchCriteria"): values[0] for name, values in query.items()})
        return answers[len(asked) - 1]

    return handler


@pytest.mark.anyio
async def test_what_the_shop_has_no_room_for_is_refused_before_anything_is_sent() -> None:
    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request.url)

    async with orders(never) as target:
        for external_id in ("", "x" * 33):
            with pytest.raises(RejectedPayloadError, match="1 to 32 characters"):
                await target.set_external_id("3", external_id)
        with pytest.raises(RejectedPayloadError, match="not Commerce's"):
            await target.set_external_id("three", "SO-1")
        with pytest.raises(RejectedPayloadError, match="a reference has"):
            await target.invoice("3", reference="a b", lines=LINES, capture=False)
        with pytest.raises(RejectedPayloadError, match="no lines"):
            await target.refund("3", reference="r-1", lines=())


@pytest.mark.anyio
async def test_the_bodies_are_those_of_the_vendors_tutorials_and_never_return_stock() -> None:
    sent: list[tuple[str, object]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append((request.url.path, json.loads(request.content)))
        return httpx.Response(200, json=True if request.url.path.endswith("comments") else 7)

    async with orders(handler) as target:
        made = await target.ship("3", reference="d-1", lines=LINES, source_code="wh-east", tracks=(), notify=True)
        await target.invoice("3", reference="i-1", lines=LINES, capture=False)
        await target.refund("3", reference="r-1", lines=LINES)
        await target.add_comment("3", reference="c-1", text="Confirmed", status="pending", notify=True)

    items = [{"order_item_id": 3, "qty": 1}]
    assert made == "7"
    assert sent == [
        (
            "/rest/all/V1/order/3/ship",
            {
                "items": items,
                "notify": True,
                "comment": {"comment": "(ref d-1)", "is_visible_on_front": 0},
                "arguments": {"extension_attributes": {"source_code": "wh-east"}},
            },
        ),
        (
            "/rest/all/V1/order/3/invoice",
            {
                "items": items,
                "capture": False,
                "comment": {"comment": "(ref i-1)", "is_visible_on_front": 0},
                "notify": False,
            },
        ),
        (
            "/rest/all/V1/order/3/refund",
            {
                "items": items,
                "comment": {"comment": "(ref r-1)", "is_visible_on_front": 0},
                "arguments": {"shipping_amount": 0, "adjustment_positive": 0, "adjustment_negative": 0},
                "notify": False,
            },
        ),
        (
            "/rest/all/V1/orders/3/comments",
            {
                "statusHistory": {
                    "comment": "Confirmed (ref c-1)",
                    "is_customer_notified": 1,
                    "is_visible_on_front": 1,
                    "parent_id": 3,
                    "status": "pending",
                }
            },
        ),
    ]


@pytest.mark.anyio
async def test_a_shop_without_sources_is_told_of_none() -> None:
    sent: list[dict[str, object]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json="12")

    async with orders(handler, single_stock=True) as target:
        made = await target.ship("3", reference="d-1", lines=LINES, source_code="default", tracks=(), notify=False)

    assert made == "12"
    assert "arguments" not in sent[0]


@pytest.mark.anyio
async def test_a_comment_without_status_states_none() -> None:
    sent: list[dict[str, dict[str, object]]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json=True)

    async with orders(handler) as target:
        await target.add_comment("3", reference="c-1", text="", status=None, notify=False)

    assert sent[0]["statusHistory"].keys() == {"comment", "is_customer_notified", "is_visible_on_front", "parent_id"}


@pytest.mark.anyio
@pytest.mark.parametrize(("state", "answer"), [("canceled", False), ("canceled", True)])
async def test_what_is_cancelled_counts_and_not_what_is_answered(state: str, answer: bool) -> None:  # noqa: FBT001
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answer if request.method == "POST" else ORDER | {"state": state})

    async with orders(handler) as target:
        assert await target.cancel("3") is True


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, b'{"message":"Could not save an invoice, see error log for details"}', MaskedFailureError),
        (400, b'{"message":"Shipment Document Validation Error(s):\\nno"}', RejectedPayloadError),
        (403, b"<html>", MaskedFailureError),
        (500, b'{"message":"Internal Error"}', UnknownOutcomeError),
        (500, b"<html>", UnknownOutcomeError),
        (501, b"", ConfigurationError),
        (502, b"<html>", UnknownOutcomeError),
        (503, b"", UnknownOutcomeError),
        (504, b"", UnknownOutcomeError),
        (520, b"", UnknownOutcomeError),
        (425, b"", TargetUnavailableError),
        (408, b"", UnknownOutcomeError),
        (200, b"null", UnknownOutcomeError),
        (200, b'{"message":"no"}', UnknownOutcomeError),
    ],
)
def test_what_an_answer_means_to_a_create(status: int, body: bytes, expected: type[ConnectorError]) -> None:
    call = Call(operation="ship-order", method="POST", path=path("/V1/order/3/ship"), effect=True)
    answer = Answer(status=status, headers={}, body=body, took=timedelta(milliseconds=1))

    with pytest.raises(ConnectorError) as told:
        read_create(call, answer, wire.decode_id)

    assert type(told.value) is expected
