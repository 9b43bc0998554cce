"""The probes of the poll: who lives, who is ready, and a port that is taken."""

import asyncio
import json
import urllib.error
import urllib.request

import pytest

from streams.runtime.health import Health
from streams.sources.probe_server import ProbeServer
from streams.sources.server import NotListeningError
from tests.fakes.still_clock import StillClock

pytestmark = pytest.mark.anyio


def asked(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def test_it_answers_the_three_probes_and_nothing_else() -> None:
    health = Health(StillClock())
    server = ProbeServer("127.0.0.1", 0, health, "STREAMS_POLL__PORT")
    await server.start()
    try:
        health.is_working = True
        ready = await asyncio.to_thread(asked, f"{server.url}/readyz")
        health.trouble("poll/commerce-orders", "the credential was refused", blocks=True)
        refused = await asyncio.to_thread(asked, f"{server.url}/readyz")
        alive = await asyncio.to_thread(asked, f"{server.url}/healthz")
        metrics = await asyncio.to_thread(asked, f"{server.url}/metrics")
        other = await asyncio.to_thread(asked, f"{server.url}/v1/orders/web")
    finally:
        await server.stop()

    assert (ready[0], json.loads(ready[1])["ready"]) == (200, True)
    assert refused[0] == 503
    assert json.loads(refused[1])["reasons"][0]["what"] == "the credential was refused"
    assert (alive[0], metrics[0], other[0]) == (200, 200, 404)
    assert "streams_poll_last_success_timestamp_seconds" in metrics[1]


async def test_a_port_that_is_taken_is_named_with_its_setting() -> None:
    first = ProbeServer("127.0.0.1", 0, Health(StillClock()), "STREAMS_POLL__PORT")
    await first.start()
    port = int(first.url.rpartition(":")[2])
    try:
        with pytest.raises(NotListeningError, match=f"STREAMS_POLL__PORT={port} on 127.0.0.1: .*; set another port"):
            await ProbeServer("127.0.0.1", port, Health(StillClock()), "STREAMS_POLL__PORT").start()
    finally:
        await first.stop()
