"""What really goes over a socket, and what a broken one means."""

import asyncio
import gzip
import itertools
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.core.calls import Call
from connectors.core.errors import (
    ConfigurationError,
    LeaseLostError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from connectors.core.paths import can_carry, path
from tests.fakes.servers import RawServer, Talk, raw_server, web_server
from tests.unit.connectors.core.senders import Surroundings, body, look, put, reading, sender, write

pytestmark = pytest.mark.anyio

GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


def codes() -> st.SearchStrategy[str]:
    awkward = st.sampled_from(
        ["A/B", "%2e%2e", "a b?x=1#f", ";v=1", "..a", "a%00b", "é", "日本", "%", "%zz", "a\\b", "+"]
    )
    return st.one_of(awkward, st.text(min_size=1, max_size=64)).filter(can_carry)


@given(st.lists(codes(), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_code_arrives_as_one_segment_that_decodes_to_it(wanted: list[str]) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.raw_path)

    async def send_all() -> list[str]:
        around = Surroundings()
        async with web_server(echo) as url, sender(around, base_url=f"{url}/rest/all") as send:
            return [
                (
                    await send.send(Call(operation="x", method="GET", path=path("p/{c}/q", c=code), effect=False), body)
                ).decode()
                for code in wanted
            ]

    for code, raw in zip(wanted, asyncio.run(send_all()), strict=True):
        segments = raw.split("/")
        assert segments[:4] == ["", "rest", "all", "p"]
        assert len(segments) == 6
        assert unquote(segments[4], errors="strict") == code
        assert segments[4] == path("{c}", c=code).encoded


async def test_a_refused_connection_did_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with sender(Surroundings(), base_url=f"http://127.0.0.1:{port}") as send:
            with pytest.raises(TargetUnavailableError):
                await send.send(write(), body)


async def test_an_unknown_host_did_nothing() -> None:
    async with sender(Surroundings(), base_url="http://shop.invalid", plain_http=True) as send:
        with pytest.raises(TargetUnavailableError):
            await send.send(write(), body)


async def test_a_certificate_that_cannot_be_checked_stops_the_request_before_it_leaves() -> None:
    async def plain(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"this is not TLS")

    async with (
        raw_server(_with(plain)) as server,
        sender(Surroundings(), base_url=f"https://127.0.0.1:{server.port}") as send,
    ):
        with pytest.raises(TargetUnavailableError):
            await send.send(write(), body)


def _with(
    talk: Callable[[RawServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> Callable[[RawServer], Talk]:
    return lambda server: lambda reader, writer: talk(server, reader, writer)


async def _disconnects(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)


async def _resets(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.transport.abort()


async def _half_answer(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")
    await writer.drain()


async def _no_http(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


async def _broken_chunks(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n")
    await writer.drain()


async def _silent(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    await reader.read()


async def _endless(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
        await writer.drain()


async def _trickle(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n[")
    await reader.read()


def _answers(raw: bytes) -> Callable[[RawServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def talk(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(raw)
        await writer.drain()

    return talk


def _packed(payload: bytes, encoding: bytes = b"gzip") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(payload))
    return head + payload


BROKEN = {
    "disconnects": _disconnects,
    "resets": _resets,
    "half an answer": _half_answer,
    "no HTTP": _no_http,
    "broken chunks": _broken_chunks,
    "silent": _silent,
    "trickles": _trickle,
    "endless": _endless,
    "bomb": _answers(_packed(gzip.compress(bytes(50_000_000)))),
    "cut gzip": _answers(_packed(gzip.compress(b"[]" * 100)[:-9])),
    "damaged gzip": _answers(_packed(b"not gzip at all")),
    "brotli": _answers(_packed(b"\x0b\x00\x80[]\x03", b"br")),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_write_whose_answer_is_lost_has_an_unknown_outcome(kind: str) -> None:
    around = Surroundings()
    async with (
        raw_server(_with(BROKEN[kind])) as server,
        sender(around, base_url=server.url, timeout_s=0.3, connect_timeout_s=0.3, max_answer_bytes=65536) as send,
    ):
        with pytest.raises(UnknownOutcomeError):
            await send.send(write(), body)

    assert len(server.requests) == 1
    assert [details.error for details in around.seen] == ["UnknownOutcomeError"]


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_read_whose_answer_is_lost_is_merely_unavailable(kind: str) -> None:
    async with (
        raw_server(_with(BROKEN[kind])) as server,
        sender(
            Surroundings(), base_url=server.url, timeout_s=0.3, connect_timeout_s=0.3, max_answer_bytes=65536
        ) as send,
    ):
        with pytest.raises(TargetUnavailableError):
            await send.send(look(), body)


async def test_a_put_on_a_connection_that_breaks_is_sent_once() -> None:
    """Without the gate aiohttp would repeat it by itself."""

    async def once_then_break(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(GOOD)
        await server.request(reader)

    async with raw_server(_with(once_then_break)) as server, sender(Surroundings(), base_url=server.url) as send:
        await send.send(put(), body)

        with pytest.raises(UnknownOutcomeError):
            await send.send(put(), body)

    assert len(server.requests) == 2


async def test_the_permit_is_asked_again_when_a_connection_is_ready() -> None:
    """Connecting takes time in which the lease may end; not one byte may leave then."""
    around = Surroundings(refuse_permit=lambda count: LeaseLostError("too late") if count == 2 else None)

    async with raw_server(_with(_answers(GOOD))) as server, sender(around, base_url=server.url) as send:
        with pytest.raises(LeaseLostError):
            await send.send(write(), body)
        await send.send(look(), body)

    assert [request.split(b" ")[0] for request in server.requests] == [b"GET"]
    assert around.permits == 2


async def test_a_lost_lease_costs_no_connection_and_reads_need_none() -> None:
    around = Surroundings(refuse_permit=lambda _: LeaseLostError("gone"))

    async with raw_server(_with(_answers(GOOD))) as server, sender(around, base_url=server.url) as send:
        with pytest.raises(LeaseLostError):
            await send.send(write(), body)

        assert server.connections == 0
        assert await send.send(look(), body) == b"[]"


async def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    cookies: list[str | None] = []

    async def redirects(request: web.Request) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(status=302, headers={"Location": "/elsewhere", "Set-Cookie": "PHPSESSID=abc; Path=/"})

    async with web_server(redirects) as url, sender(Surroundings(), base_url=url) as send:
        for _ in range(2):
            with pytest.raises(ConfigurationError):
                await send.send(look(), reading(look()))

    assert cookies == [None, None]


async def test_a_proxy_named_by_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async with raw_server(_with(_answers(GOOD))) as server, sender(Surroundings(), base_url=server.url) as send:
        assert await send.send(look(), body) == b"[]"


async def test_a_proxy_that_is_set_is_used() -> None:
    async with (
        raw_server(_with(_answers(GOOD))) as proxy,
        sender(Surroundings(), base_url="http://shop.invalid", plain_http=True, proxy=proxy.url) as send,
    ):
        assert await send.send(look(), body) == b"[]"

    assert proxy.requests[0].startswith(b"GET http://shop.invalid/things/A-1 ")


async def test_gzip_is_asked_for_and_unpacked() -> None:
    async with (
        raw_server(_with(_answers(_packed(gzip.compress(b"[1]"))))) as server,
        sender(Surroundings(), base_url=server.url) as send,
    ):
        assert await send.send(look(), body) == b"[1]"

    assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


async def test_an_answer_at_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    sizes = itertools.chain([1024, 1025])

    async def grows(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * next(sizes))

    async with web_server(grows) as url, sender(Surroundings(), base_url=url, max_answer_bytes=1024) as send:
        assert len(await send.send(look(), body)) == 1024
        with pytest.raises(TargetUnavailableError, match="1024"):
            await send.send(look(), body)


async def test_waiting_for_a_free_connection_ends_without_sending() -> None:
    async with (
        raw_server(_with(_silent)) as server,
        sender(Surroundings(), base_url=server.url, timeout_s=5, connect_timeout_s=0.2, max_connections=1) as send,
    ):
        first = asyncio.create_task(send.send(write(), body))
        await _until(lambda: len(server.requests) == 1)

        with pytest.raises(TargetUnavailableError):
            await send.send(write(), body)

        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

    assert len(server.requests) == 1


async def test_a_cancelled_call_is_reported_and_frees_its_connection() -> None:
    around = Surroundings()
    async with raw_server(_with(_silent)) as server, sender(around, base_url=server.url, max_connections=1) as send:
        call = asyncio.create_task(send.send(write(), body))
        await _until(lambda: len(server.requests) == 1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

        again = asyncio.create_task(send.send(write(), body))
        await _until(lambda: len(server.requests) == 2)
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again

    assert [details.error for details in around.seen] == ["CancelledError", "CancelledError"]


async def _until(holds: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
