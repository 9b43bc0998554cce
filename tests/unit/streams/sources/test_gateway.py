"""Orders over a real socket: taken once when they are signed, well-formed and appended; else told why, or nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from structlog.typing import EventDict

from streams.runtime.metrics import exposition
from streams.sources.answers import HEADERS
from streams.sources.server import GatewayServer, NotListeningError, Parts
from tests.unit.streams.sources.senders import (
    START,
    TOPIC,
    Answer,
    Served,
    ask,
    body,
    gateway,
    order,
    settings,
    signed,
    whsec,
)

pytestmark = pytest.mark.anyio

CANARY = "Canary Street 7"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with gateway() as found:
        yield found


def counted(name: str, **labels: str) -> float:
    """A counter as Prometheus reads it."""
    told = ",".join(f'{label}="{value}"' for label, value in labels.items())
    found = re.search(rf"^{name}\{{{re.escape(told)}\}} (\S+)$", exposition().decode(), re.MULTILINE)
    return float(found[1]) if found else 0


# ── taken ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_order_is_answered_with_the_place_of_its_record(served: Served) -> None:
    before = counted("streams_gateway_accepted_total", channel="web")

    answer = await served.send(body())

    assert answer.status == 202
    assert answer.json == {"event_id": "evt-1", "topic": TOPIC, "partition": 3, "offset": 0}
    assert counted("streams_gateway_accepted_total", channel="web") == before + 1
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


async def test_the_record_is_the_order_under_its_number_with_the_story_in_its_headers(served: Served) -> None:
    content = body(number="A/7")

    await served.send(content, signed(content, message="msg_77"))

    (record,), (found,) = served.log.records, served.log.orders()
    assert (record.topic, record.key, record.partition) == (TOPIC, b"A/7", None)
    assert (found.number, found.lines[0].price, found.customer.email) == ("A/7", 450_250_000, "buyer@example.com")
    assert dict(record.headers) == {
        "ce_id": b"evt-1",
        "ce_source": b"/gateway/web",
        "ce_type": b"commerce.order.v1.Order",
        "ce_time": b"2026-03-02T09:00:00Z",
        "ce_specversion": b"1.0",
        "correlation-id": b"web-A_2f7",
        "causation-id": b"msg_77",
    }


async def test_the_documented_way_to_sign_is_taken(served: Served) -> None:
    text = (Path(__file__).parents[4] / "docs" / "gateway.md").read_text()
    (snippet,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (example,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}  # Any: what the snippet defines
    exec(snippet, names)  # noqa: S102  the documentation is ours

    headers = names["headers"](whsec("dealer"), "msg_1", example.encode(), START.timestamp())

    assert (await served.send(example.encode(), headers, channel="dealer")).status == 202


async def test_both_secrets_of_a_channel_sign_while_one_replaces_the_other(served: Served) -> None:
    first, second = body(event_id="1"), body(event_id="2")

    assert (await served.send(first, signed(first, "web"))).status == 202
    assert (await served.send(second, signed(second, "web-old"))).status == 202
    async with gateway(secrets={"web": settings().secrets["web"][:1]}) as after:
        assert (await after.send(second, signed(second, "web-old"))).status == 401


async def test_a_repeat_adds_nothing_and_is_told_where_the_first_one_lies(served: Served) -> None:
    content = body()
    again = msgspec.json.format(content)
    before = counted("streams_gateway_duplicates_total", channel="web")

    first = await served.send(content)
    replayed = await served.send(content)
    sent_again = await served.send(again, signed(again, message="msg_2"))

    assert first.status == 202
    assert (replayed.status, sent_again.status) == (200, 200)
    assert replayed.json == sent_again.json == {**first.json, "duplicate": True}
    assert len(served.log.records) == 1
    assert counted("streams_gateway_duplicates_total", channel="web") == before + 2


async def test_a_captured_request_is_of_no_use_later(served: Served) -> None:
    content = body()
    captured = signed(content)
    await served.send(content, captured)

    served.clock.after(301)

    assert (await served.send(content, captured)).status == 401
    assert len(served.log.records) == 1


async def test_a_repeat_that_is_not_remembered_is_a_record_with_the_same_event_id() -> None:
    async with gateway(remember_s=600) as served:
        content = body()
        await served.send(content)
        served.clock.after(601)

        again = await served.send(content, signed(content, at=START + timedelta(seconds=601)))

        assert (again.status, again.json["offset"]) == (202, 1)
        assert [one.event_id for one in served.log.orders()] == ["evt-1", "evt-1"]


async def test_other_content_under_a_known_id_is_not_swallowed_as_a_repeat(served: Served) -> None:
    await served.send(body())

    other = await served.send(body(status="cancelled"))

    assert other.status == 409
    assert "event_id" in other.json["error"]
    assert len(served.log.records) == 1


async def test_two_at_once_with_one_id_are_one_record(served: Served) -> None:
    served.log.gate.clear()
    both = [asyncio.create_task(served.send(body())) for _ in range(2)]
    await served.log.arrivals(1)

    served.log.gate.set()

    assert sorted(one.status for one in await asyncio.gather(*both)) == [200, 202]
    assert len(served.log.records) == 1


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


async def test_whatever_is_wrong_with_the_signature_the_answer_is_the_same_and_tells_nothing(served: Served) -> None:
    content = body()
    good = signed(content)
    late = signed(content, at=START - timedelta(seconds=301))
    early = signed(content, at=START + timedelta(seconds=301))
    bad = [
        {"Content-Type": "application/json"},
        *({name: value for name, value in good.items() if name != gone} for gone in good if gone != "Content-Type"),
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-signature": good["webhook-signature"].lower()},
        {**good, "webhook-id": "msg_2"},
        {**good, "webhook-timestamp": "soon"},
        signed(content, "dealer"),
        signed(content + b" "),
        late,
        early,
    ]
    before = counted("streams_gateway_refused_total", reason="not-signed")

    answers = [await served.send(content, headers) for headers in bad]

    assert {(one.status, one.text) for one in answers} == {
        (401, '{"error":"The request is not signed as it must be; see docs/gateway.md."}')
    }
    assert not served.log.asked
    assert counted("streams_gateway_refused_total", reason="not-signed") == before + len(bad)


async def test_two_headers_of_one_name_are_no_signature(served: Served) -> None:
    content = body()
    twice = [*signed(content).items(), ("webhook-id", "msg_2")]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{served.url}/v1/orders/web", data=content, headers=twice) as answer,
    ):
        assert answer.status == 401


async def test_a_secret_opens_its_own_channel_only(served: Served) -> None:
    content, of_dealer = body(), body(channel="dealer")

    assert (await served.send(content, signed(content), channel="dealer")).status == 401
    told = await served.send(content, signed(content, "dealer"), channel="dealer")
    assert (told.status, told.json["fields"][0]["field"]) == (400, "channel")
    assert (await served.send(of_dealer, signed(of_dealer, "dealer"), channel="dealer")).status == 202


@pytest.mark.parametrize("channel", ["shop", "WEB", "web%20", "web%2F..%2Fdealer", "%00"])
async def test_an_unknown_channel_is_not_found(served: Served, channel: str) -> None:
    assert (await served.send(body(), channel=channel)).status == 404


async def test_every_field_that_is_wrong_is_named_without_its_value(served: Served) -> None:
    sent = order(colour=CANARY, billing={"city": CANARY, "country": CANARY})
    del sent["number"]
    content = msgspec.json.encode({**sent, "lines": [{"sku": CANARY, "quantity": CANARY}]})

    answer = await served.send(content)

    assert answer.status == 400
    assert {one["field"] for one in answer.json["fields"]} == {
        "colour",
        "number",
        "lines[0].line_id",
        "lines[0].quantity",
    }
    assert CANARY not in answer.text
    assert not served.log.asked


@pytest.mark.parametrize("content", [b"", b"order=1", b"[1", b'{"a": 1, "a": 2}', b"\xff", b"[" * 10_000])
async def test_a_body_that_is_no_json_is_refused(served: Served, content: bytes) -> None:
    answer = await served.send(content)

    assert (answer.status, answer.json["fields"][0]["field"]) == (400, "the body")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
    ],
    ids=str,
)
async def test_only_plain_json_is_read(served: Served, headers: dict[str, str]) -> None:
    content = body()

    assert (await served.send(content, {**signed(content), **headers})).status == 415


async def test_a_request_without_a_content_type_is_refused(served: Served) -> None:
    content = body()
    headers = signed(content)
    del headers["Content-Type"]

    assert (await served.send(content, headers)).status == 415


async def test_the_charset_may_be_said(served: Served) -> None:
    content = body()

    assert (await served.send(content, {**signed(content), "Content-Type": "application/json; charset=UTF-8"})).ok


async def test_other_addresses_and_methods_are_refused_in_json(served: Served) -> None:
    nowhere = await served.get("/v1/commerce")
    wrong_method = await served.get("/v1/orders/web")

    assert (nowhere.status, "error" in nowhere.json) == (404, True)
    assert (wrong_method.status, wrong_method.headers["Allow"]) == (405, "POST")
    assert (await ask(f"{served.url}/healthz", b"", {})).status == 405


# ── size and time ────────────────────────────────────────────────────────────────────────────────


async def raw(port: int, sent: bytes) -> bytes:
    """All that comes back until the gateway closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def head(content: bytes, *more: str, length: int | None = None) -> bytes:
    lines = [f"{name}: {value}" for name, value in signed(content).items()]
    size = f"Content-Length: {len(content) if length is None else length}"
    return "\r\n".join(["POST /v1/orders/web HTTP/1.1", "Host: x", size, *lines, *more, "", ""]).encode()


async def test_a_large_body_is_refused_before_it_is_sent() -> None:
    async with gateway(max_body_bytes=1024) as served:
        content = body(instructions="x" * 2000)

        told = await raw(served.port, head(content))

        assert told.startswith(b"HTTP/1.1 413 ")
        assert b"1024 bytes" in told


async def test_a_large_body_without_a_length_is_refused_when_it_is_too_large() -> None:
    async with gateway(max_body_bytes=1024) as served:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            for _ in range(100_000):
                sent += 1000
                yield b"x" * 1000

        try:
            answer = await ask(f"{served.url}/v1/orders/web", endless(), signed(b""))
            assert answer.status == 413
        except aiohttp.ClientError:
            pass  # the connection was closed while it was sent
        assert sent < 100_000_000
        assert not served.log.asked


async def test_a_body_of_exactly_the_limit_is_taken() -> None:
    content = body()
    async with gateway(max_body_bytes=2000) as served:
        assert (await served.send(content + b" " * (2000 - len(content)))).ok
        assert (await served.send(content + b" " * (2001 - len(content)))).status == 413


async def test_who_asks_before_sending_is_told_whether_it_is_wanted() -> None:
    expect = "Expect: 100-continue"
    content = body()
    async with gateway(max_body_bytes=1024) as served:
        large = await raw(served.port, head(body(instructions="x" * 2000), expect))
        unsigned = await raw(served.port, head(content, expect, "webhook-id: twice", "Connection: close"))
        wanted = await raw(served.port, head(content, expect, "Connection: close") + content)
        strange = await raw(served.port, head(content, "Expect: a-miracle", "Connection: close") + content)

    assert large.startswith(b"HTTP/1.1 413 ")
    assert unsigned.startswith(b"HTTP/1.1 401 ")
    assert wanted.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")
    assert strange.startswith(b"HTTP/1.1 417 ")


async def test_a_body_that_trickles_is_given_up() -> None:
    async with gateway(read_s=0.5) as served:
        content = body()

        told = await raw(served.port, head(content) + content[:1])

        assert told.startswith(b"HTTP/1.1 408 ")
        assert not served.log.asked


async def test_a_head_that_trickles_is_cut_off() -> None:
    async with gateway(read_s=0.5) as served:
        async with asyncio.timeout(5):
            assert await raw(served.port, b"POST /v1/orders/web HTTP/1.1\r\nHo") == b""


async def test_a_body_whose_chunks_are_none_is_refused() -> None:
    chunked = head(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    async with gateway(read_s=0.5) as served:
        at_once = await raw(served.port, chunked + b"ZZ\r\n")
        later = await raw(served.port, chunked + b"2\r\n{}\r\n")

        assert b" 400 " in at_once.splitlines()[0]
        assert b" 408 " in later.splitlines()[0]
        assert not served.log.asked


async def test_a_body_that_breaks_off_is_not_taken(served: Served) -> None:
    content = body()
    _reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(head(content) + content[:-5])
    writer.close()
    await writer.wait_closed()

    assert (await served.get("/healthz")).ok
    assert not served.log.asked


async def test_bytes_that_are_no_http_are_refused_and_not_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    told = await raw(served.port, b"\x16\x03\x01 " + CANARY.encode() + b"\r\n\r\n")

    assert told.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
    assert CANARY not in caplog.text


async def test_more_requests_than_the_limit_are_told_to_come_again() -> None:
    async with gateway(in_flight=2) as served:
        served.log.gate.clear()
        contents = [body(event_id=f"e{number}") for number in range(2)]
        inside = [asyncio.create_task(served.send(one)) for one in contents]
        await served.log.arrivals(2)

        refused = await served.send(body(event_id="e3"))
        probe = await served.get("/healthz")
        served.log.gate.set()

        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert probe.ok
        assert [one.status for one in await asyncio.gather(*inside)] == [202, 202]
        assert (await served.send(body(event_id="e3"))).status == 202


# ── Kafka away, faults, stop ─────────────────────────────────────────────────────────────────────


async def test_an_order_that_kafka_did_not_take_is_asked_for_again_and_then_taken(served: Served) -> None:
    served.log.away = True
    refused = await served.send(body())
    served.log.away = False

    taken = await served.send(body())

    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert "away" not in refused.text
    assert (taken.status, taken.json["offset"]) == (202, 0)


async def test_a_fault_of_ours_is_an_answer_without_its_cause(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.log, "append", None)

    failed = await served.send(body())

    assert failed.status == 500
    assert re.fullmatch(r"This failed here \(incident \w{8}\)\.", failed.json["error"])
    assert (await served.get("/healthz")).ok


async def test_a_stop_finishes_what_is_under_way_and_takes_nothing_new(served: Served) -> None:
    async with aiohttp.ClientSession() as session:
        address, content, late = f"{served.url}/v1/orders/web", body(), body(event_id="evt-2")
        async with session.post(address, data=late, headers=signed(late)) as warm:
            assert warm.status == 202
        served.log.gate.clear()
        inside = asyncio.create_task(served.send(content))
        await served.log.arrivals(2)

        stopping = asyncio.create_task(served.server.stop())
        await asyncio.sleep(0)  # noqa: TID251  a turn of the loop, no time
        assert not served.health.is_working
        async with session.post(address, data=late, headers=signed(late)) as on_a_kept_connection:
            refused = on_a_kept_connection.status
        with pytest.raises(aiohttp.ClientConnectionError):
            await served.send(late)
        served.log.gate.set()

        assert await stopping
        assert (await inside).status == 202
        assert refused == 503


async def test_a_stop_does_not_wait_for_ever(served: Served) -> None:
    served.log.gate.clear()
    inside = asyncio.create_task(served.send(body()))
    await served.log.arrivals(1)

    assert not await served.server.stop(timedelta(seconds=0.1))

    with pytest.raises(aiohttp.ClientError):
        await inside


async def test_an_address_that_is_taken_is_named(served: Served) -> None:
    taken = settings(port=served.port)
    parts = served.server._parts
    second = GatewayServer(Parts(taken, parts.acceptance, parts.health, parts.clock))

    with pytest.raises(NotListeningError, match=f"STREAMS_GATEWAY__PORT={served.port} on 127.0.0.1: .*in use"):
        await second.start()


# ── probes and lines ─────────────────────────────────────────────────────────────────────────────


async def test_the_gateway_is_ready_until_kafka_is_away(served: Served) -> None:
    ready = await served.get("/readyz")
    served.health.trouble("kafka", "the brokers do not answer", blocks=True)
    away = await served.get("/readyz")

    assert (ready.status, ready.json) == (200, {"ready": True, "reasons": []})
    assert (away.status, away.json["ready"]) == (503, False)
    assert away.json["reasons"] == [
        {"name": "kafka", "what": "the brokers do not answer", "since": "2026-03-02T09:00:00Z"}
    ]


async def test_metrics_have_what_was_taken_and_refused_and_no_id(served: Served) -> None:
    await served.send(body(event_id="evt-of-a-person"))
    await served.send(b"{}")

    found = await served.get("/metrics")

    assert (found.status, found.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    for name in ("accepted_total", 'refused_total{reason="malformed"}', "append_seconds_count", "inflight_requests"):
        assert f"streams_gateway_{name}" in found.text
    assert "evt-of-a-person" not in found.text


async def test_no_person_and_no_secret_stands_in_any_line_or_refusal(served: Served, logged: list[EventDict]) -> None:
    person = {"email": "canary@example.com", "last_name": CANARY}
    answers: list[Answer] = []
    for content in (
        body(customer=person),
        body(customer={**person, CANARY[:6]: 1}),
        body(customer=person, lines=[]),
        body(customer=person, status="other"),
        body(customer=person)[:-1],
    ):
        answers += [await served.send(content), await served.send(content, signed(content, "dealer"))]
    served.log.away = True
    answers.append(await served.send(body(customer=person, event_id="evt-2")))

    everything = f"{logged}" + "".join(one.text for one in answers)
    assert "order-accepted" in everything
    assert "request-refused" in everything
    for canary in ("canary@example.com", CANARY, *(secret.get_secret_value() for secret in settings().secrets["web"])):
        assert canary not in everything


async def test_a_flood_of_bad_requests_is_one_line_a_second(served: Served, logged: list[EventDict]) -> None:
    for _ in range(20):
        await served.send(body(), {"Content-Type": "application/json"})
    served.clock.after(1)
    await served.send(body(), {"Content-Type": "application/json"})

    said = [(one["event"], one["reason"], one["why"], one["held_back"]) for one in logged]
    assert said == [("request-refused", "not-signed", "web: no-signature", held) for held in (0, 19)]
