"""Several workers over real sockets: each answers for all, and whoever is silent is named."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from aiohttp import web

from streams.web.fleet import Fleet
from streams.web.peers import HttpPeers
from tests.fakes.servers import web_server
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, bearer, get
from tests.unit.streams.web.worlds import World, serve, served, worker

pytestmark = pytest.mark.anyio


async def test_any_of_two_workers_tells_of_both() -> None:
    first, second = World(own=worker(1, (0, 1, 2, 3))), World(own=worker(2, (4, 5, 6, 7)))
    async with served(first, WITH_TOKENS) as one, served(second, WITH_TOKENS) as two:
        first.others, second.others = {two.url: (4, 5, 6, 7)}, {one.url: (0, 1, 2, 3)}
        for world in (first, second):
            world.clock.advance(timedelta(seconds=1))
        answers = [await get(f"{served_one.url}/status", bearer(READ)) for served_one in (one, two)]

    for answer, name in zip(answers, ("worker-1", "worker-2"), strict=True):
        assert answer.json["answered_by"] == name
        assert answer.json["workers"] == {"asked": 2, "answered": 2, "silent": []}
        assert [line["id"] for line in answer.data["workers"]] == ["worker-1", "worker-2"]
        assert answer.data["verdict"]["state"] == "ok"
        assert answer.data["intake"][0]["partitions"] == "0–7"


async def test_a_worker_that_stopped_is_named_by_its_id_and_left_out() -> None:
    first, second = World(own=worker(1, (0, 1, 2, 3))), World(own=worker(2, (4, 5, 6, 7)))
    async with served(first) as one:
        two = await serve(second)
        first.others = {two.url: (4, 5, 6, 7)}
        first.clock.advance(timedelta(seconds=1))
        before = await get(f"{one.url}/status")
        await two.close()
        first.clock.advance(timedelta(seconds=95))
        after = await get(f"{one.url}/status")

    assert before.json["workers"]["answered"] == 2
    assert after.json["workers"]["answered"] == 1
    silent = after.json["workers"]["silent"][0]
    assert (silent["id"], silent["why"], silent["partitions"]) == (
        "worker-2",
        "the connection was refused",
        [4, 5, 6, 7],
    )
    assert silent["since"] == "2026-11-21T02:14:08Z"
    assert after.data["verdict"]["headline"] == "Not everything is known: worker-2 does not answer"
    assert after.data["accounting"]["state"] == "unknown"


async def test_a_worker_that_left_the_group_is_told_for_ten_minutes() -> None:
    first = World(own=worker(1))
    async with served(first) as one, served(World(own=worker(2))) as two:
        first.others = {two.url: ()}
        first.clock.advance(timedelta(seconds=1))
        await get(f"{one.url}/status")
        first.others = {}
        first.clock.advance(timedelta(minutes=2))
        soon = await get(f"{one.url}/status")
        first.clock.advance(timedelta(minutes=9))
        later = await get(f"{one.url}/status")

    assert [(line["id"], line["word"]) for line in soon.data["workers"]] == [
        ("worker-1", "Ready"),
        ("worker-2", "Left"),
    ]
    assert soon.json["workers"]["asked"] == 1
    assert [line["id"] for line in later.data["workers"]] == ["worker-1"]


async def test_a_worker_that_hangs_costs_two_seconds_and_is_named() -> None:
    hanging = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hanging.wait()
        return web.Response()

    async with web_server(hang) as url, served(World(others={url: (5, 6, 7)}, own=worker(1, (0, 1, 2, 3, 4)))) as one:
        async with asyncio.timeout(10):
            answer = await get(f"{one.url}/status")
        hanging.set()

    assert answer.json["workers"]["silent"][0]["why"] == "no answer in 2 s"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [(b"not json", 200, "its answer cannot be read"), (b"{}", 401, "it answered 401"), (b"{}", 302, "it answered 302")],
)
async def test_an_answer_that_is_none_is_a_silence_with_its_reason(body: bytes, status: int, why: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={"Location": "http://127.0.0.1:1/"})

    async with web_server(answer) as url, served(World(others={url: ()})) as one:
        told = await get(f"{one.url}/status")

    assert why in told.json["workers"]["silent"][0]["why"]


async def test_ten_viewers_in_a_second_cost_one_round() -> None:
    asked = 0

    async def count(_request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=500)

    async with web_server(count) as url, served(World(others={url: ()})) as one:
        await asyncio.gather(*(get(f"{one.url}/status") for _ in range(10)))
        first_round = asked
        one.world.clock.advance(timedelta(seconds=1))
        await get(f"{one.url}/status")

    assert (first_round, asked) == (1, 2)


async def test_peers_are_asked_with_the_token_that_may_read() -> None:
    seen: list[str | None] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=500)

    async with web_server(note) as url, served(World(others={url: ()}), WITH_TOKENS) as one:
        await get(f"{one.url}/status", bearer(OPERATE))

    assert seen == [f"Bearer {READ}"]


async def test_facts_of_an_older_worker_can_be_read() -> None:
    """During a rolling update a worker may not tell what came with a newer release."""
    facts = msgspec.to_builtins(worker(2))
    for new in ("lane_accounted", "orders", "since_poll_s"):
        del facts[new]
    envelope = {"as_of": "2026-11-21T02:14:07Z", "answered_by": "worker-2", "state": "ok", "data": facts,
                "workers": {"asked": 1, "answered": 1}}  # fmt: skip

    async def old(_request: web.Request) -> web.Response:
        return web.json_response(envelope)

    async with web_server(old) as url:
        world = scenes.calm()
        world.others = {url: ()}
        peers = HttpPeers(lambda: None)
        snapshot = await Fleet(world, peers, world.clock).snapshot()
        await peers.close()

    assert [facts.worker for facts in snapshot.answered] == ["worker-1", "worker-2"]
