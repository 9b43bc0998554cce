"""Adobe's events over a real socket: believed when Adobe signed them for us, completed at the shop, and never lost."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from structlog.typing import EventDict

from connectors.core.errors import (
    ConnectorError,
    MaskedFailureError,
    RateLimitedError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnauthorizedError,
)
from schemas.models.order import Order
from tests.fakes.shop_order_target import InMemoryShopOrderTarget
from tests.unit.streams.sources.adobe import (
    CLIENT,
    FIRST,
    SECOND,
    AdobeServed,
    Json,
    adobe_gateway,
    delivered,
    delivery,
    event,
    pem,
    shop_order,
)
from tests.unit.streams.sources.senders import Answer, ask, body, gateway, signed
from tests.unit.streams.sources.test_adobe_events import HOSTILE, VALIDATION
from tests.unit.streams.sources.test_gateway import counted

pytestmark = pytest.mark.anyio

PATH = "/v1/adobe/events"
AWAY = TargetUnavailableError("adobe_commerce: orders did not reach the target")


@pytest.fixture
async def served() -> AsyncIterator[AdobeServed]:
    async with adobe_gateway() as found:
        found.shop.place(shop_order())
        yield found


async def send(served: AdobeServed, content: bytes, headers: dict[str, str] | None = None) -> Answer:
    return await ask(f"{served.url}{PATH}", content, delivered(content) if headers is None else headers)


async def send_events(served: AdobeServed, *events: Json) -> Answer:
    return await send(served, delivery(*events))


def events_counted(outcome: str) -> float:
    return counted("streams_gateway_hints_total", outcome=outcome, source="adobe-events")


# ── the challenge ────────────────────────────────────────────────────────────────────────────────


async def test_the_challenge_is_said_back_as_json(served: AdobeServed) -> None:
    answer = await served.get(f"{PATH}?challenge=8ec8d794-e0ab-42df-9017-e3dada8e84f7")

    assert (answer.status, answer.json) == (200, {"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "query", ["", "?challenge=", "?challenge=<script>", "?challenge=a&challenge=b", "?challenge=" + "a" * 129]
)
async def test_nothing_else_is_said_back(served: AdobeServed, query: str) -> None:
    answer = await served.get(f"{PATH}{query}")

    assert answer.status == 400
    assert "script" not in answer.text


async def test_a_validation_that_nobody_signed_is_for_a_person_to_open(
    served: AdobeServed, logged: list[EventDict]
) -> None:
    content = f'{{"validationUrl": "{VALIDATION}"}}'.encode()
    foreign = content.replace(b"csm.adobe.io", b"evil.example.com")

    assert (await send(served, content, {"Content-Type": "application/json"})).status == 200
    assert (await send(served, foreign, {"Content-Type": "application/json"})).status == 401
    assert (await send(served, content, {"Content-Type": "application/json"})).status == 200  # once a second
    (line,) = [one for one in logged if one["event"] == "adobe-validation-asked"]
    assert line["open_within_5_min"] == VALIDATION
    assert "evil" not in str(logged)


# ── an event is completed ────────────────────────────────────────────────────────────────────────


async def test_an_event_that_names_an_order_is_answered_when_the_whole_order_is_appended(served: AdobeServed) -> None:
    before = events_counted("appended")

    answer = await send_events(served, event())

    assert (answer.status, answer.json) == (200, {"events": 1, "appended": 1})
    (record,), (order,) = served.log.records, served.log.orders()
    assert (record.key, order.number, order.lines) == (b"000000123", "000000123", shop_order().lines)
    assert dict(record.headers)["causation-id"] == b"evt-a"
    assert dict(record.headers)["ce_id"] == order.event_id.encode()
    assert events_counted("appended") == before + 1


async def test_nothing_of_the_event_itself_is_believed_but_the_number(served: AdobeServed) -> None:
    value = {"increment_id": "000000123", "status": "complete", "grand_total": "0.01", "store_id": "9"}

    await send_events(served, event(data={"value": value}))

    (order,) = served.log.orders()
    assert order == await served.shop.read_order("000000123")


async def test_a_batch_is_completed_as_a_whole(served: AdobeServed) -> None:
    served.shop.place(shop_order("7"))

    answer = await send_events(served, event("000000123", "a"), event("7", "b"), event(None, "c"), event("8", "d"))

    assert answer.json == {"events": 4, "appended": 2, "ignored": 1, "not-there": 1}
    assert sorted(one.number for one in served.log.orders()) == ["000000123", "7"]


async def test_a_repeat_adds_nothing_and_asks_the_shop_nothing(served: AdobeServed) -> None:
    await send_events(served, event())
    served.shop.read_failures = deque([AWAY])

    again = await send_events(served, event())

    assert again.json == {"events": 1, "duplicate": 1}
    assert len(served.log.records) == 1
    assert list(served.shop.read_failures) == [AWAY]


async def test_another_event_of_the_same_state_is_the_same_event_of_the_order(served: AdobeServed) -> None:
    await send_events(served, event(event_id="a"))

    other = await send_events(served, event(event_id="b"))

    assert other.json == {"events": 1, "duplicate": 1}
    assert len(served.log.records) == 1


async def test_a_later_state_is_another_record(served: AdobeServed) -> None:
    await send_events(served, event(event_id="a"))
    served.shop.orders["1"].order = shop_order(updated_at=1_772_441_001_000_000)

    assert (await send_events(served, event(event_id="b"))).json == {"events": 1, "appended": 1}
    assert len({one.event_id for one in served.log.orders()}) == 2


@pytest.mark.parametrize(
    ("kind", "value"),
    [("com.adobe.commerce.observer.customer_save_commit_after", {"id": 1}), (None, {"entity_id": "7"})],
)
async def test_what_names_no_order_is_taken_and_counted(served: AdobeServed, kind: str | None, value: Json) -> None:
    before, given = events_counted("ignored"), event(data={"value": value})

    answer = await send_events(served, {**given, "type": kind or given["type"]})

    assert answer.json == {"events": 1, "ignored": 1}
    assert (events_counted("ignored"), served.log.records) == (before + 1, [])


@pytest.mark.parametrize("content_type", ["application/cloudevents+json", "application/json; charset=UTF-8"])
async def test_cloud_events_may_come_under_their_own_type(served: AdobeServed, content_type: str) -> None:
    content = delivery(event())

    assert (await send(served, content, {**delivered(content), "Content-Type": content_type})).status == 200


# ── the shop ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        MaskedFailureError("hidden"),
        UnauthorizedError("refused", status=401),
        RateLimitedError("", retry_after=None),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_while_the_shop_does_not_show_it_the_event_is_asked_for_again_and_then_taken_once(
    served: AdobeServed, error: ConnectorError
) -> None:
    served.shop.read_failures = deque([error])

    refused, taken, again = [await send_events(served, event()) for _ in range(3)]

    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert (taken.json, again.json) == ({"events": 1, "appended": 1}, {"events": 1, "duplicate": 1})
    assert len(served.log.records) == 1


async def test_how_long_the_shop_wants_to_be_left_alone_is_passed_on(served: AdobeServed) -> None:
    served.shop.read_failures = deque([RateLimitedError("slow down", retry_after=timedelta(seconds=89.5))])

    assert (await send_events(served, event())).headers["Retry-After"] == "90"


class SlowShop(InMemoryShopOrderTarget):
    """Answers when the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def read_order(self, number: str) -> Order:
        await self.gate.wait()
        return await super().read_order(number)


async def test_a_shop_that_is_too_slow_is_not_waited_for() -> None:
    shop = SlowShop()
    shop.place(shop_order())
    async with adobe_gateway(shop, shop_read_s=0.05) as served:
        slow = await send_events(served, event())
        shop.gate.set()

        assert (slow.status, served.log.records) == (503, [])
        assert (await send_events(served, event())).json == {"events": 1, "appended": 1}


async def test_of_a_batch_only_what_is_left_is_done_again(served: AdobeServed) -> None:
    served.shop.place(shop_order("7"))
    batch = (event("000000123", "a"), event("7", "b"))
    served.shop.read_failures = deque([None, AWAY])

    first = await send_events(served, *batch)
    second = await send_events(served, *batch)

    assert (first.status, len(served.log.records)) == (503, 2)
    assert second.json == {"events": 2, "duplicate": 1, "appended": 1}


async def test_an_order_that_is_not_there_is_taken_counted_and_logged(
    served: AdobeServed, logged: list[EventDict]
) -> None:
    before = events_counted("not-there")

    answer = await send_events(served, event("404"))
    served.shop.place(shop_order("404"))
    later = await send_events(served, event("404"))

    assert (answer.status, answer.json) == (200, {"events": 1, "not-there": 1})
    assert events_counted("not-there") == before + 1
    (line,) = [one for one in logged if one["event"] == "order-not-there"]
    assert (line["number"], line["cause"]) == ("404", "evt-a")
    assert later.json == {"events": 1, "appended": 1}  # it is not remembered


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "a-channel-whose-name-is-too-long"},
        {"extras": {str(number): "n" * 9_000 for number in range(100)}},
        {"placed_at": 2**70},
    ],
    ids=["no order id", "too large", "no record"],
)
async def test_an_order_that_no_record_can_carry_is_not_asked_for_again(
    served: AdobeServed, changes: Json, logged: list[EventDict]
) -> None:
    served.shop.place(shop_order("9", **changes))

    answer = await send_events(served, event("9"))

    assert (answer.json, served.log.records) == ({"events": 1, "unusable": 1}, [])
    assert [one["number"] for one in logged if one["event"] == "order-unusable"] == ["9"]


async def test_an_order_that_the_connector_cannot_map_is_not_asked_for_again(served: AdobeServed) -> None:
    served.shop.read_failures = deque([RejectedPayloadError("order 000000123 cannot be used: it states no currency")])

    assert (await send_events(served, event())).json == {"events": 1, "unusable": 1}


class BrokenShop(InMemoryShopOrderTarget):
    """A fault of ours, not of the shop."""

    async def read_order(self, number: str) -> Order:
        raise KeyError(number)


async def test_a_fault_of_ours_has_the_event_come_again() -> None:
    async with adobe_gateway(BrokenShop()) as served:
        answer = await send_events(served, event())

        assert (answer.status, served.log.records) == (500, [])
        assert "000000123" not in answer.text


async def test_kafka_that_does_not_acknowledge_has_the_event_come_again(served: AdobeServed) -> None:
    served.log.away = True
    refused = await send_events(served, event())
    served.log.away = False

    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert (await send_events(served, event())).json == {"events": 1, "appended": 1}


# ── whose it is ──────────────────────────────────────────────────────────────────────────────────


async def test_one_signature_that_is_right_is_enough(served: AdobeServed) -> None:
    content = delivery(event())

    for right in ("first", "second"):
        headers = delivered(
            content, "first" if right == "first" else "stranger", "second" if right == "second" else "stranger"
        )
        assert (await send(served, content, headers)).status == 200
    only_second = delivered(content)
    del only_second["x-adobe-digital-signature-1"]
    assert (await send(served, content, only_second)).status == 200


async def test_a_signature_is_good_for_its_own_body_only(served: AdobeServed) -> None:
    captured = delivered(delivery(event()))

    answer = await send(served, delivery(event("7")), captured)

    assert (answer.status, served.log.records) == (401, [])


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


async def test_what_adobe_did_not_sign_is_refused_and_told_nothing(served: AdobeServed) -> None:
    content = delivery(event())
    right = delivered(content)
    wrong = [
        delivered(content, "stranger", "stranger"),
        delivered(content, "second", "first"),
        {**right, "x-adobe-digital-signature-1": "!", "x-adobe-digital-signature-2": ""},
        without(right, "x-adobe-public-key1-path", "x-adobe-public-key2-path"),
        without(right, "x-adobe-digital-signature-1", "x-adobe-digital-signature-2"),
        signed(content),
    ]
    assert (await send(served, b"{", {"Content-Type": "application/json"})).status == 401

    answers = [await send(served, content, headers) for headers in wrong]

    assert [one.status for one in answers] == [401] * len(wrong)
    assert {one.text for one in answers} == {
        '{"error":"The request is not signed as it must be; see docs/gateway.md."}'
    }
    assert served.log.records == []


@pytest.mark.parametrize(
    "path",
    [
        "/prod/keys/../secret.pem",
        "//evil.example.com/prod/keys/pub-key-a.pem",
        "https://evil.example.com/a.pem",
        "/prod/keys/pub-key-a.pem?x",
    ],
)
async def test_a_key_elsewhere_is_not_fetched(served: AdobeServed, path: str) -> None:
    content = delivery(event())
    headers = delivered(content, x_adobe_public_key1_path=path, x_adobe_public_key2_path=path)

    assert (await send(served, content, headers)).status == 401
    assert served.keys.asked == []


async def test_a_key_that_is_not_at_adobe_proves_nothing(served: AdobeServed) -> None:
    del served.keys.files[FIRST]
    served.keys.files[SECOND] = pem("somebody-else")

    assert (await send_events(served, event())).status == 401


async def test_an_event_for_another_client_costs_no_key(served: AdobeServed) -> None:
    answer = await send_events(served, event(recipient_client_id="other", recipientclientid="other"))

    assert (answer.status, served.keys.asked) == (401, [])


async def test_while_the_keys_cannot_be_had_the_event_is_asked_for_again(served: AdobeServed) -> None:
    served.keys.status = 503
    refused = await send_events(served, event())
    served.keys.status = 200
    taken = await send_events(served, event())

    assert (refused.status, refused.headers["Retry-After"]) == (503, "60")
    assert (taken.status, len(served.log.records)) == (200, 1)


async def test_one_key_that_can_be_had_is_enough(served: AdobeServed) -> None:
    served.keys.answers[FIRST] = web.Response(status=500)

    assert (await send_events(served, event())).status == 200


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_body_is_400_to_its_signer_and_401_to_anybody_else(served: AdobeServed, content: bytes) -> None:
    known = await send(served, content)
    stranger = await send(served, content, delivered(content, "stranger", "stranger"))

    assert (known.status, stranger.status) == (400, 401)
    assert known.json["fields"]
    assert served.log.records == []
    assert (await send_events(served, event())).status == 200  # and the next one is served


async def test_a_delivery_that_is_too_large_is_refused_before_it_is_read() -> None:
    async with adobe_gateway(adobe_events={"client_id": CLIENT, "max_body_bytes": 1024}) as served:
        answer = await send(served, b" " * 1025)

        assert answer.status == 413
        assert "STREAMS_GATEWAY__ADOBE_EVENTS__MAX_BODY_BYTES" in answer.json["error"]


async def test_a_delivery_that_stops_half_way_is_asked_for_again() -> None:
    async with adobe_gateway(read_s=0.05) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        content = delivery(event())
        lines = {**delivered(content), "Host": "x", "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + content[:10])

        status = await reader.readline()
        writer.close()
        await writer.wait_closed()

        assert b"503" in status


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}])
async def test_only_plain_json_is_taken(served: AdobeServed, headers: dict[str, str]) -> None:
    content = delivery(event())

    assert (await send(served, content, {**delivered(content), **headers})).status == 415


async def test_deliveries_take_the_room_of_several_orders() -> None:
    async with adobe_gateway(in_flight=16) as served:
        served.shop.place(shop_order())
        served.shop.place(shop_order("7"))
        served.log.gate.clear()
        waiting = [asyncio.create_task(send_events(served, event(number, number))) for number in ("000000123", "7")]
        await served.log.arrivals(2)

        third = await send_events(served, event(event_id="c"))
        served.log.gate.set()

        assert (third.status, third.headers["Retry-After"]) == (503, "1")
        assert [one.status for one in await asyncio.gather(*waiting)] == [200, 200]


async def test_where_it_is_not_set_up_there_is_no_such_address() -> None:
    async with gateway() as served:
        assert (await served.get(f"{PATH}?challenge=a")).status == 404
        assert (await ask(f"{served.url}{PATH}", b"{}", {})).status == 404
    async with adobe_gateway(adobe_events={}) as only_webhooks:
        assert (await only_webhooks.get(f"{PATH}?challenge=a")).status == 404


async def test_signed_orders_are_taken_beside_it(served: AdobeServed) -> None:
    assert (await served.send(body())).status == 202


async def test_no_signature_and_nothing_of_the_order_is_logged(served: AdobeServed, logged: list[EventDict]) -> None:
    content = delivery(event(data={"value": {"increment_id": "000000123", "customer_email": "buyer@example.com"}}))
    headers = delivered(content)

    await send(served, content, headers)
    await send(served, content + b" ", headers)

    told = str(logged)
    assert "order-accepted" in told
    for secret in ("buyer@", "Canary", headers["x-adobe-digital-signature-1"][:20]):
        assert secret not in told
