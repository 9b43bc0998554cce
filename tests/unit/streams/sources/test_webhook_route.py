"""The shop's own webhooks over a real socket: believed when the shop signed them, answered with an operation."""

import base64
from collections import deque
from collections.abc import AsyncIterator

import pytest

from connectors.core.errors import TargetUnavailableError
from tests.unit.streams.sources.adobe import (
    AdobeServed,
    adobe_gateway,
    delivered,
    delivery,
    event,
    hooked,
    rsa_sha256,
    shop_order,
)
from tests.unit.streams.sources.senders import Answer, ask
from tests.unit.streams.sources.test_gateway import counted

pytestmark = pytest.mark.anyio

PATH = "/v1/commerce/webhook"
HOOK = b'{"eventName":"observer.sales_order_save_commit_after","data":{"order":{"increment_id":"000000123"}}}'


@pytest.fixture
async def served() -> AsyncIterator[AdobeServed]:
    async with adobe_gateway() as found:
        found.shop.place(shop_order())
        yield found


async def send(served: AdobeServed, content: bytes = HOOK, headers: dict[str, str] | None = None) -> Answer:
    return await ask(f"{served.url}{PATH}", content, hooked(content) if headers is None else headers)


async def test_a_webhook_is_answered_with_success_when_the_whole_order_is_appended(served: AdobeServed) -> None:
    answer = await send(served)

    assert (answer.status, answer.json) == (200, {"op": "success"})
    (record,), (order,) = served.log.records, served.log.orders()
    assert (order.number, order.lines) == ("000000123", shop_order().lines)
    assert dict(record.headers)["causation-id"] == b"req-1"


async def test_the_same_state_again_adds_nothing(served: AdobeServed) -> None:
    before = counted("streams_gateway_hints_total", outcome="duplicate", source="commerce-webhook")

    assert [(await send(served)).status for _ in range(2)] == [200, 200]

    assert len(served.log.records) == 1
    assert counted("streams_gateway_hints_total", outcome="duplicate", source="commerce-webhook") == before + 1


async def test_event_and_webhook_of_one_state_are_one_record(served: AdobeServed) -> None:
    content = delivery(event())

    taken = await ask(f"{served.url}/v1/adobe/events", content, delivered(content))
    hook = await send(served)

    assert (taken.json["appended"], hook.json, len(served.log.records)) == (1, {"op": "success"}, 1)


async def test_an_order_that_is_not_there_yet_does_not_stop_the_shopper(served: AdobeServed) -> None:
    answer = await send(served, HOOK.replace(b"123", b"404"))

    assert (answer.json, served.log.records) == ({"op": "success"}, [])


async def test_what_the_shop_did_not_sign_is_refused(served: AdobeServed) -> None:
    right = hooked(HOOK)
    signature = right["x-adobe-commerce-webhook-signature"]
    plain = {**right, "x-adobe-commerce-webhook-signature": rsa_sha256("shop", HOOK)}
    wrong = [
        hooked(HOOK, "stranger"),
        plain,  # over the body itself, not its base64 form
        {**right, "x-adobe-commerce-webhook-signature": signature[:-4]},
        {name: value for name, value in right.items() if "signature" not in name},
        {**right, "x-adobe-commerce-webhook-signature": base64.b64encode(b"0" * 5000).decode()},
    ]

    assert [(await send(served, HOOK, headers)).status for headers in wrong] == [401] * len(wrong)
    assert (await send(served, HOOK.replace(b"123", b"124"), right)).status == 401
    assert served.log.records == []


async def test_a_webhook_without_a_number_is_told_which_field_to_send(served: AdobeServed) -> None:
    answer = await send(served, b'{"order":{"items":[]}}')

    assert (answer.status, answer.json["fields"][0]["field"]) == (400, "increment_id")


async def test_a_shop_that_does_not_show_the_order_is_told(served: AdobeServed) -> None:
    served.shop.read_failures = deque([TargetUnavailableError("away")])

    answer = await send(served)

    assert (answer.status, answer.headers["Retry-After"], served.log.records) == (503, "30", [])


async def test_a_request_id_that_no_line_could_carry_is_left_out(served: AdobeServed) -> None:
    await send(served, HOOK, {**hooked(HOOK), "x-adobe-commerce-request-id": "r" * 200})

    assert dict(served.log.records[0].headers)["causation-id"] == b"commerce-webhook"


async def test_it_is_bounded_like_an_order(served: AdobeServed) -> None:
    assert (await send(served, b" " * 262_145)).status == 413
    assert (await send(served, HOOK, {**hooked(HOOK), "Content-Type": "text/plain"})).status == 415


async def test_where_no_key_is_set_there_is_no_such_address() -> None:
    async with adobe_gateway(commerce_webhook={}) as served:
        assert (await send(served)).status == 404
