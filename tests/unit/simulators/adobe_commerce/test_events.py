"""Events of placed and changed orders: signed as Adobe signs, so that its way to check them holds; tried again."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from simulators.adobe_commerce import AdobeCommerceSimulator
from tests.fakes.servers import web_server
from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, shop
from tests.unit.simulators.core.support import eventually, in_loop


@dataclass
class Subscriber:
    """Answers with `statuses` in turn, the last one for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((dict(request.headers), await request.read()))
        return web.Response(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

    def events(self) -> list[Any]:
        return [msgspec.json.decode(body) for _headers, body in self.seen]


@asynccontextmanager
async def subscribed(*statuses: int) -> AsyncIterator[tuple[Commerce, Subscriber]]:
    subscriber = Subscriber(list(statuses) or [200])
    async with web_server(subscriber.answer) as url:
        settings = msgspec.structs.replace(QUICK, events_url=url, events_client_id="us", events_first_wait_s=0.001)
        async with shop(settings) as commerce:
            yield commerce, subscriber


async def counts(commerce: Commerce) -> dict[str, int]:
    found: dict[str, int] = await commerce.get("/_sim/events")
    return found


async def settled(commerce: Commerce) -> dict[str, int]:
    async def nothing_under_way() -> bool:
        return (await counts(commerce))["under_way"] == 0

    await eventually(nothing_under_way)
    return await counts(commerce)


@in_loop
async def test_a_placed_order_is_an_event_with_its_number_and_little_more() -> None:
    async with subscribed() as (commerce, subscriber):
        _status, order = await commerce.place_order(("PUMP-P100", 2))
        await settled(commerce)

        (event,) = subscriber.events()
        assert event["type"] == "com.adobe.commerce.observer.sales_order_save_commit_after"
        assert event["recipientclientid"] == event["recipient_client_id"] == "us"
        assert event["eventid"] == event["event_id"] == subscriber.seen[0][0]["x-adobe-event-id"]
        assert event["data"]["value"]["increment_id"] == order["increment_id"]
        assert "items" not in event["data"]["value"]


@in_loop
async def test_both_signatures_are_right_by_the_keys_at_their_paths() -> None:
    async with subscribed() as (commerce, subscriber):
        await commerce.place_order(("PUMP-P100", 2))
        await settled(commerce)

        ((headers, body),) = subscriber.seen
        for number in (1, 2):
            path = headers[f"x-adobe-public-key{number}-path"]
            async with commerce.session.get(commerce.url + path) as answer:
                key = load_pem_public_key(await answer.read())
            assert isinstance(key, rsa.RSAPublicKey)
            signature = base64.b64decode(headers[f"x-adobe-digital-signature-{number}"])
            key.verify(signature, body, padding.PKCS1v15(), SHA256())
        async with commerce.session.get(commerce.url + "/prod/keys/pub-key-other.pem") as missing:
            assert missing.status == 404


@in_loop
async def test_a_changed_order_is_another_event_and_a_saved_external_id_names_no_order() -> None:
    async with subscribed() as (commerce, subscriber):
        _status, order = await commerce.place_order(("PUMP-P100", 2))
        await commerce.call("POST", f"/V1/orders/{order['entity_id']}/cancel")
        await commerce.call("POST", "/V1/orders", {"entity": {"entity_id": order["entity_id"], "ext_order_id": "SO-1"}})
        await settled(commerce)

        values = [event["data"]["value"] for event in subscriber.events()]
        assert sorted("increment_id" in value for value in values) == [False, True, True]
        assert len({event["eventid"] for event in subscriber.events()}) == 3


@in_loop
async def test_an_event_that_may_come_again_comes_again_with_the_count_of_its_tries() -> None:
    async with subscribed(503, 429, 200) as (commerce, subscriber):
        await commerce.place_order(("PUMP-P100", 2))

        assert await settled(commerce) == {"delivered": 1, "refused": 0, "given_up": 0, "tries": 3, "under_way": 0}
        assert [headers.get("x-adobe-retry-count") for headers, _body in subscriber.seen] == [None, "1", "2"]
        assert len({body for _headers, body in subscriber.seen}) == 1


@in_loop
async def test_a_refusal_is_final_and_a_day_of_outage_too() -> None:
    async with subscribed(401) as (commerce, subscriber):
        await commerce.place_order(("PUMP-P100", 2))
        assert (await settled(commerce))["refused"] == 1
        subscriber.statuses = [500]
        await commerce.place_order(("PUMP-P100", 2))
        assert (await settled(commerce))["given_up"] == 1
        assert len(subscriber.seen) == 1 + 4 + 95  # 1, 2, 4 and 8 minutes, then every 15 for a day


@in_loop
async def test_without_an_address_nothing_is_sent() -> None:
    simulator = AdobeCommerceSimulator(QUICK)
    async with simulator:
        assert simulator.commerce.events.shown()["tries"] == 0
    async with shop() as commerce:
        await commerce.place_order(("PUMP-P100", 2))
        assert (await counts(commerce))["under_way"] == 0
