"""The port on answers that only a broken or a strange SAP gives."""

import httpx
import pytest

from connectors.core.errors import (
    ConflictError,
    LeaseLostError,
    NotFoundError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from schemas.models.order import Address, Customer
from tests.unit.connectors.core.senders import Surroundings
from tests.unit.connectors.sap_s4hana.support import Handler, order, target

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"


def head(number: str = "1", reference: str = "web-1", etag: str | None = 'W/"1"') -> dict[str, object]:
    return {"SalesOrder": number, "PurchaseOrderByCustomer": reference, "__metadata": {"etag": etag}}


def page(*rows: object, count: int | None = None) -> httpx.Response:
    return httpx.Response(200, json={"d": {"__count": str(len(rows) if count is None else count), "results": rows}})


def sap(**answers: Handler | httpx.Response) -> Handler:
    """Answers by what is asked: `orders`, `order`, `items`, `create`, `reject`; sessions are handed out."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-CSRF-Token") == "Fetch":
            return httpx.Response(200, headers={"X-CSRF-Token": "token", "Set-Cookie": "s=1"}, json={})
        answer = answers[_asked(request)]
        return answer if isinstance(answer, httpx.Response) else answer(request)

    return handler


def _asked(request: httpx.Request) -> str:
    below = request.url.path.removeprefix(SERVICE)
    if request.method != "GET":
        return {"POST": "create", "PATCH": "reject"}[request.method]
    return "items" if below.endswith("/to_Item") else "orders" if below == "/A_SalesOrder" else "order"


@pytest.mark.anyio
async def test_both_of_two_orders_with_our_id_are_told() -> None:
    handler = sap(orders=page(head("1"), head("2")), items=page())

    async with target(handler) as orders:
        found = await orders.find_orders("web-1", order())

    assert [one.number for one in found] == ["1", "2"]


@pytest.mark.anyio
async def test_every_page_of_a_look_up_is_read() -> None:
    rows = [head(str(number)) for number in range(1, 6)]

    def paged(request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params["$skip"])
        return page(*rows[skip : skip + 2], count=5)

    async with target(sap(orders=paged, items=page()), page_size=4) as orders:
        found = await orders.find_orders("web-1", order())

    assert [one.number for one in found] == ["1", "2", "3", "4", "5"]


@pytest.mark.anyio
async def test_a_count_that_is_never_reached_does_not_read_for_ever() -> None:
    async with target(sap(orders=page(count=5))) as orders:
        assert await orders.find_orders("web-1", order()) == []


@pytest.mark.anyio
async def test_orders_of_others_are_left_out_where_the_filter_got_lost_and_capitals_do_not_count() -> None:
    handler = sap(orders=page(head("1", "WEB-1"), head("2", "web-2"), head("3", "")), items=page())

    async with target(handler) as orders:
        found = await orders.find_orders("web-1", order())

    assert [one.number for one in found] == ["1"]


@pytest.mark.anyio
async def test_the_look_up_asks_for_the_account_only_where_the_settings_say_so() -> None:
    filters: list[str] = []

    def asks(request: httpx.Request) -> httpx.Response:
        filters.append(request.url.params["$filter"])
        return page()

    for match_account in (False, True):
        async with target(sap(orders=asks), match_account=match_account) as orders:
            await orders.find_orders("web-1", order())

    assert filters == [
        "PurchaseOrderByCustomer eq 'web-1'",
        "PurchaseOrderByCustomer eq 'web-1' and SoldToParty eq 'C-1004'",
    ]


@pytest.mark.anyio
async def test_an_order_is_made_even_where_it_cannot_be_read_afterwards() -> None:
    handler = sap(create=httpx.Response(201, json={"d": head("7")}), items=httpx.Response(503))

    async with target(handler) as orders:
        made = await orders.create_order("web-1", order())

    assert (made.number, made.expected_at, made.work_orders) == ("7", None, {})


@pytest.mark.anyio
async def test_dates_that_are_none_are_an_answer_that_cannot_be_used() -> None:
    schedule = {"ConfirmedDeliveryDate": "soon", "ConfdOrderQtyByMatlAvailCheck": "1"}
    items = page({"SalesOrderItem": "10", "to_ScheduleLine": {"results": [schedule]}})

    async with target(sap(orders=page(head()), items=items)) as orders:
        with pytest.raises(TargetUnavailableError):
            await orders.find_orders("web-1", order())


@pytest.mark.anyio
@pytest.mark.parametrize("body", ['{"d": {}}', '{"d": {"SalesOrder": ""}}', "", "<html>", "[]"])
async def test_a_create_answered_without_a_number_is_of_unknown_outcome(body: str) -> None:
    async with target(sap(create=httpx.Response(201, text=body))) as orders:
        with pytest.raises(UnknownOutcomeError):
            await orders.create_order("web-1", order())


@pytest.mark.anyio
@pytest.mark.parametrize(("rows", "known"), [((head("1"),), True), ((), False), ((head("1"), head("2")), False)])
async def test_a_repeated_request_that_was_carried_out_is_read(
    rows: tuple[dict[str, object], ...], *, known: bool
) -> None:
    outdated = {"error": {"code": "/IWBEP/CM_COS/005", "message": {"lang": "en", "value": "RequestID is outdated"}}}
    handler = sap(create=httpx.Response(400, json=outdated), orders=page(*rows), items=page())

    async with target(handler, repeatable_requests=True) as orders:
        if known:
            assert (await orders.create_order("web-1", order())).number == "1"
        else:
            with pytest.raises(UnknownOutcomeError):
                await orders.create_order("web-1", order())


@pytest.mark.anyio
async def test_a_repeatable_request_says_the_same_each_time_and_another_content_is_another_request() -> None:
    sent: list[tuple[str, str]] = []

    def made(request: httpx.Request) -> httpx.Response:
        sent.append((request.headers["RequestID"], request.headers["RepeatabilityCreation"]))
        return httpx.Response(201, json={"d": head()})

    async with target(sap(create=made, items=page()), repeatable_requests=True) as orders:
        for instructions in ("a", "a", "b"):
            await orders.create_order("web-1", order(instructions=instructions))

    assert sent[0] == sent[1]
    assert sent[0][0] != sent[2][0]
    assert sent[0][1] == "Mon, 02 Mar 2026 08:15:30 GMT"


@pytest.mark.anyio
async def test_requests_are_not_repeatable_unless_the_settings_say_so() -> None:
    def made(request: httpx.Request) -> httpx.Response:
        assert not {"requestid", "repeatabilitycreation"} & request.headers.keys()
        return httpx.Response(201, json={"d": head()})

    async with target(sap(create=made, items=page())) as orders:
        await orders.create_order("web-1", order())


@pytest.mark.anyio
async def test_what_belongs_to_people_is_not_seen_in_a_refusal_that_quotes_it() -> None:
    def echoes(request: httpx.Request) -> httpx.Response:
        told = request.content.decode()
        return httpx.Response(400, json={"error": {"code": "ZZ/001", "message": {"lang": "en", "value": told}}})

    someone = Customer(account_code="C-1004", email="buyer@example.com", last_name="Testbuyer")
    there = Address(street=("1 Example Street",), city="Springfield", telephone="+1 202 555 0100", country="US")
    async with target(sap(create=echoes)) as orders:
        with pytest.raises(RejectedPayloadError) as refused:
            await orders.create_order("web-1", order(customer=someone, shipping=there))

    assert "C-1004" in refused.value.message
    for private in ("buyer@example.com", "Testbuyer", "Example Street", "Springfield", "555 0100"):
        assert private not in refused.value.message


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────


def one(number: str, reason: str = "", delivered: str = "A", etag: str | None = None) -> dict[str, object]:
    return {
        "SalesOrderItem": number,
        "SalesDocumentRjcnReason": reason,
        "DeliveryStatus": delivered,
        "__metadata": {"etag": etag},
    }


class Rejections:
    """Takes every rejection and remembers its item, etag and body."""

    def __init__(self, etags: tuple[str | None, ...] = ()) -> None:
        self.seen: list[tuple[str, str | None]] = []
        self.bodies: list[bytes] = []
        self._etags = iter(etags)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        item = request.url.path.partition("SalesOrderItem='")[2].partition("'")[0]
        self.seen.append((item, request.headers.get("If-Match")))
        self.bodies.append(request.content)
        etag = next(self._etags, None)
        return httpx.Response(204, headers={"ETag": etag} if etag else {})


@pytest.mark.anyio
async def test_every_open_item_is_rejected_with_the_reason_of_the_settings() -> None:
    rejections = Rejections(etags=("b", "c"))
    items = page(one("10"), one("20", reason="50"), one("30"))

    async with target(sap(order=_read(head(etag="a")), items=items, reject=rejections)) as orders:
        await orders.cancel_order("web-1", "1")

    assert rejections.seen == [("10", "a"), ("30", "b")]
    assert set(rejections.bodies) == {b'{"d":{"SalesDocumentRjcnReason":"50"}}'}


@pytest.mark.anyio
async def test_the_orders_new_etag_is_read_where_sap_does_not_tell_it() -> None:
    etags = iter("ab")
    rejections = Rejections()

    def reads(_: httpx.Request) -> httpx.Response:
        return _read(head(etag=next(etags)))

    async with target(sap(order=reads, items=page(one("10"), one("20")), reject=rejections)) as orders:
        await orders.cancel_order("web-1", "1")

    assert rejections.seen == [("10", "a"), ("20", "b")]


@pytest.mark.anyio
async def test_an_item_with_an_etag_of_its_own_is_matched_by_that() -> None:
    rejections = Rejections(etags=("b", "c"))
    items = page(one("10", etag="x"), one("20", etag="a"))

    async with target(sap(order=_read(head(etag="a")), items=items, reject=rejections)) as orders:
        await orders.cancel_order("web-1", "1")

    assert rejections.seen == [("10", "x"), ("20", "b")]


@pytest.mark.anyio
@pytest.mark.parametrize("status", ["B", "C"])
async def test_nothing_is_changed_where_something_is_delivered(status: str) -> None:
    rejections = Rejections()
    items = page(one("10"), one("20", delivered=status))

    async with target(sap(order=_read(head()), items=items, reject=rejections)) as orders:
        with pytest.raises(RejectedPayloadError) as refused:
            await orders.cancel_order("web-1", "1")

    assert refused.value.fields == ("DeliveryStatus",)
    assert rejections.seen == []


@pytest.mark.anyio
async def test_an_order_with_another_id_is_not_touched() -> None:
    rejections = Rejections()
    handler = sap(order=_read(head(reference="web-2")), items=page(one("10")), reject=rejections)

    async with target(handler) as orders:
        with pytest.raises(RejectedPayloadError):
            await orders.cancel_order("web-1", "1")

    assert rejections.seen == []


@pytest.mark.anyio
@pytest.mark.parametrize("status", [412, 428])
async def test_an_order_that_changed_meanwhile_is_a_conflict(status: int) -> None:
    handler = sap(order=_read(head(etag=None)), items=page(one("10")), reject=httpx.Response(status))

    async with target(handler) as orders:
        with pytest.raises(ConflictError):
            await orders.cancel_order("web-1", "1")


@pytest.mark.anyio
async def test_a_number_with_quotation_marks_is_only_a_number() -> None:
    paths: list[str] = []

    def reads(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path.decode())
        body = {"error": {"code": "X/001", "message": {"value": "No"}}}
        return httpx.Response(404, json=body)

    async with target(sap(order=reads)) as orders:
        with pytest.raises(NotFoundError):
            await orders.cancel_order("web-1", "1') or ('1")

    assert paths[0].partition("?")[0] == f"{SERVICE}/A_SalesOrder('1%27%27%29%20or%20%28%27%271')"


@pytest.mark.anyio
async def test_a_worker_without_its_lease_writes_nothing_but_may_read() -> None:
    around = Surroundings(refuse_permit=lambda _: LeaseLostError("gone"))
    rejections = Rejections()

    async with target(
        sap(order=_read(head()), items=page(one("10")), reject=rejections, orders=page()), around
    ) as orders:
        with pytest.raises(LeaseLostError):
            await orders.cancel_order("web-1", "1")
        assert await orders.find_orders("web-1", order()) == []

    assert rejections.seen == []


def _read(row: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, json={"d": row})
