"""The requests that stock makes, and how it reads long and odd lists."""

import asyncio
import json
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx
import pytest

from connectors.core.errors import (
    LeaseLostError,
    RejectedPayloadError,
    TargetUnavailableError,
    TooManyItemsError,
    UnauthorizedError,
    UnknownOutcomeError,
)
from schemas.models.source_item import SourceItem, StockPair
from tests.unit.connectors.adobe_commerce.shops import Handler, stock
from tests.unit.connectors.core.senders import Surroundings

pytestmark = pytest.mark.anyio

ROW = SourceItem("A-1", "central", Decimal("190.7"), in_stock=True)


def recording(requests: list[httpx.Request], answer: object = ()) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=answer)

    return handler


async def test_rows_are_written_in_one_request_with_exact_numbers() -> None:
    requests: list[httpx.Request] = []

    async with stock(recording(requests)) as target:
        await target.write_source_items([ROW, SourceItem("B", "east", Decimal(0), in_stock=False)])

    (request,) = requests
    assert (request.method, request.url.path) == ("POST", "/rest/all/V1/inventory/source-items")
    assert request.content == (
        b'{"sourceItems":[{"sku":"A-1","source_code":"central","quantity":190.7,"status":1},'
        b'{"sku":"B","source_code":"east","quantity":0,"status":0}]}'
    )
    assert request.headers["Content-Type"] == "application/json"


async def test_the_scope_stands_where_the_deployment_wants_it() -> None:
    requests: list[httpx.Request] = []
    ims = {"kind": "ims", "client_id": "id", "client_secret": "s", "org_id": "A@AdobeOrg"}

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path.startswith("/ims/"):
            return httpx.Response(200, json={"access_token": "abc", "expires_in": 86399})
        return httpx.Response(200, json=[])

    async with stock(handler, store="de") as target:
        await target.write_source_items([ROW])
    async with stock(handler, deployment="saas", tenant="tenant-1", auth=ims, store="de") as target:
        await target.write_source_items([ROW])

    on_premises, sign_in, cloud = requests
    assert on_premises.url.path == "/rest/de/V1/inventory/source-items"
    assert "Store" not in on_premises.headers
    assert sign_in.url.host == "ims-na1.adobelogin.com"
    assert "x-api-key" not in sign_in.headers
    assert cloud.url.path == "/tenant-1/V1/inventory/source-items"
    assert {name: cloud.headers[name] for name in ("Store", "Authorization", "x-api-key", "x-gw-ims-org-id")} == {
        "Store": "de",
        "Authorization": "Bearer abc",
        "x-api-key": "id",
        "x-gw-ims-org-id": "A@AdobeOrg",
    }


async def test_each_source_is_read_with_its_own_skus_only() -> None:
    requests: list[httpx.Request] = []

    async with stock(recording(requests, {"items": [], "total_count": 0})) as target:
        await target.read_source_items(
            [StockPair("b", "2"), StockPair("a", "1"), StockPair("b", "1"), StockPair("b", "2")]
        )

    asked = [dict(parse_qsl(request.url.query.decode())) for request in requests]
    name = "searchCriteria[filterGroups][{}][filters][0][value]"
    assert [(query[name.format(1)], query[name.format(0)]) for query in asked] == [("a", "1"), ("b", "1,2")]


async def test_rows_that_were_not_asked_for_are_not_believed() -> None:
    rows = [
        {"sku": "a-1", "source_code": "central", "quantity": 1, "status": 1},
        {"sku": "A-1", "source_code": "east", "quantity": 2, "status": 1},
        {"sku": "A-1", "source_code": "central", "quantity": 3, "status": 1},
    ]

    async with stock(recording([], {"items": rows, "total_count": 3})) as target:
        shown = await target.read_source_items([ROW.pair])

    assert shown == {ROW.pair: SourceItem("A-1", "central", Decimal(3), in_stock=True)}


def paged(total: int, *, served: int, count: int | None = None, repeat_last: bool = True) -> tuple[list[int], Handler]:
    """Sources s0 … of which each page shows `served`; past the end the last page again, or nothing."""
    asked: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["searchCriteria[currentPage]"])
        asked.append(number)
        last = max(1, -(-total // served))
        shown = min(number, last) if repeat_last else number
        rows = [{"source_code": f"s{index}"} for index in range((shown - 1) * served, min(shown * served, total))]
        return httpx.Response(200, json={"items": rows, "total_count": total if count is None else count})

    return asked, handler


@pytest.mark.parametrize(
    ("total", "served", "count", "pages"),
    [
        (0, 3, None, [1]),
        (3, 3, None, [1]),
        (4, 3, None, [1, 2]),
        (9, 3, None, [1, 2, 3]),
        (4, 2, None, [1, 2]),  # a server that caps pages below what was asked
        (4, 3, 100, [1, 2, 3]),  # a count that is too high: the repeated last page ends it
        (9, 3, 0, [1]),
    ],
)
@pytest.mark.parametrize("repeat_last", [True, False])
async def test_pages_are_read_to_the_count_and_no_further(
    *, total: int, served: int, count: int | None, pages: list[int], repeat_last: bool
) -> None:
    asked, handler = paged(total, served=served, count=count, repeat_last=repeat_last)

    async with stock(handler, page_size=3) as target:
        codes = await target.source_codes()

    assert asked == pages
    assert len(codes) == (total if count != 0 else min(total, served))


async def test_addresses_stay_within_their_bound() -> None:
    requests: list[httpx.Request] = []
    skus = [f"{'ä' * 60}{number:04d}" for number in range(200)]

    async with stock(recording(requests, {"items": [], "total_count": 0}), max_url_bytes=2000) as target:
        assert await target.missing_skus(skus) == set(skus)

    assert len(requests) > 10
    assert max(len(str(request.url)) for request in requests) < 3000


async def test_only_the_sku_of_a_product_is_asked_for() -> None:
    requests: list[httpx.Request] = []

    async with stock(recording(requests, {"items": [{"sku": "A"}], "total_count": 1})) as target:
        await target.missing_skus(["A"])

    assert requests[0].url.params["fields"] == "items[sku],total_count"


@pytest.mark.parametrize(("rows", "maximum"), [(2, 1), (7, 3), (100, 50)])
async def test_a_request_too_large_for_the_web_server_is_to_be_halved(rows: int, maximum: int) -> None:
    async with stock(lambda _: httpx.Response(413, text="<html>")) as target:
        with pytest.raises(TooManyItemsError) as told:
            await target.write_source_items([ROW] * rows)

    assert told.value.maximum == maximum


async def test_one_row_too_large_for_the_web_server_is_refused() -> None:
    async with stock(lambda _: httpx.Response(413, text="<html>")) as target:
        with pytest.raises(RejectedPayloadError):
            await target.write_source_items([ROW])


async def test_without_a_lease_nothing_is_written_and_reading_goes_on() -> None:
    requests: list[httpx.Request] = []
    around = Surroundings(refuse_permit=lambda _: LeaseLostError("gone"))

    async with stock(recording(requests, {"items": [], "total_count": 0}), around) as target:
        with pytest.raises(LeaseLostError):
            await target.write_source_items([ROW])
        await target.check()

    assert [request.method for request in requests] == ["GET"]


async def test_an_answer_that_is_a_shops_home_page_leaves_a_write_unknown() -> None:
    async with stock(lambda _: httpx.Response(200, text="<html>Welcome</html>")) as target:
        with pytest.raises(UnknownOutcomeError):
            await target.write_source_items([ROW])


async def test_an_admin_signs_in_once_for_many_calls_and_again_when_refused() -> None:
    tokens: list[str] = []
    valid: set[str] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/rest/all/V1/integration/admin/token":
            assert json.loads(request.content) == {"username": "sync", "password": "canary"}
            tokens.append(f"token-{len(tokens) + 1}")
            valid.add(tokens[-1])
            return httpx.Response(200, json=tokens[-1])
        if request.headers["Authorization"].removeprefix("Bearer ") in valid:
            return httpx.Response(200, json=[])
        return httpx.Response(401, json={"message": "The consumer isn't authorized to access %resources."})

    auth = {"kind": "token", "username": "sync", "password": "canary"}
    async with stock(handler, auth=auth) as target:
        await asyncio.gather(*(target.write_source_items([ROW]) for _ in range(8)))
        assert tokens == ["token-1"]
        valid.clear()
        await asyncio.gather(*(target.write_source_items([ROW]) for _ in range(8)))
        assert tokens == ["token-1", "token-2"]


async def test_a_wrong_password_is_unauthorized_and_not_shown() -> None:
    around = Surroundings()
    auth = {"kind": "token", "username": "sync", "password": "canary"}

    def refuses(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"message": "canary is wrong"})

    async with stock(refuses, around, auth=auth) as target:
        with pytest.raises(UnauthorizedError) as told:
            await target.write_source_items([ROW])

    assert "canary" not in f"{told.value}{told.value!r}{around.seen}"
    assert [(details.operation, details.error) for details in around.seen] == [("sign-in", "UnauthorizedError")]
    assert around.permits == 0


@pytest.mark.parametrize("content", [b'""', b"<html>", b"{}", b""])
async def test_a_sign_in_that_gives_no_token_is_not_taken_for_one(content: bytes) -> None:
    auth = {"kind": "token", "username": "sync", "password": "canary"}

    async with stock(lambda _: httpx.Response(200, content=content), auth=auth) as target:
        with pytest.raises(TargetUnavailableError, match="token"):
            await target.write_source_items([ROW])


async def test_metrics_see_the_vendors_route() -> None:
    around = Surroundings()

    async with stock(recording([]), around) as target:
        await target.write_source_items([ROW])

    assert [(details.target, details.template) for details in around.seen] == [
        ("adobe_commerce", "/V1/inventory/source-items")
    ]
