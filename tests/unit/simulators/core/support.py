"""A vendor of two routes, and the few helpers that every simulator's tests need."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, ParamSpec

import aiohttp
import msgspec

from simulators.core import wire
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.server import ServerOptions, Simulator

P = ParamSpec("P")
DEADLINE_S = 20.0


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Runs an async test to its end, with a deadline."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def within() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(within())

    return run


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Polls until it holds; fails after the deadline."""
    ends_at = time.monotonic() + DEADLINE_S  # noqa: TID251 - a deadline, not a measurement
    while not await holds():
        assert time.monotonic() < ends_at, "did not happen in time"  # noqa: TID251 - same
        await asyncio.sleep(0.005)  # noqa: TID251 - polling


class Counter:
    """POST adds one, anything else reads; its token is the word "open"."""

    name = "counter"
    fault_options: Mapping[str, frozenset[str]] = {"double": frozenset({"by"})}

    def __init__(self) -> None:
        self.value = 0
        self.sessions = 1

    async def answer(self, call: Call, note: Note) -> Answer:
        if call.path == "/broken":
            raise RuntimeError("a bug in the simulator")
        if call.method != "POST":
            return json_answer(200, self.value)
        by = call.rule.options.get("by", 2) if call.rule is not None and call.rule.kind == "double" else 1
        self.value += by if isinstance(by, int) else 1
        note.effect = True
        note.detail["value"] = self.value
        return json_answer(200, {"value": self.value})

    def admit(self, call: Call) -> Answer | None:
        return None if call.headers.get("authorization") != "closed" else json_answer(401, {})

    def error_answer(self, status: int) -> Answer:
        return json_answer(status, {"message": f"usual {status}"})

    def refuse_credential(self, call: Call) -> Answer:
        return json_answer(401, {"refused": call.path})

    def expire_sessions(self) -> None:
        self.sessions = 0

    def recorded_body(self, call: Call) -> msgspec.Raw:
        return wire.one_line(call.body)

    def read_state(self) -> object:
        return {"value": self.value}

    def replace_state(self, document: bytes) -> None:
        self.value = msgspec.json.decode(document, type=int)

    def reset(self) -> None:
        self.value = 0

    def controls(self) -> list[ControlRoute]:
        async def jump(_call: Call, note: Note) -> Answer:
            self.value += 100
            note.effect = True
            return json_answer(201, self.value)

        return [ControlRoute("POST", "/_sim/jump", jump, journal_kind="jump")]


class Client:
    """Talks to one simulator over real HTTP."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def fault(self, **rule: object) -> int:
        async with self.session.post(f"{self.url}/_sim/faults", json=rule) as response:
            body = await response.json()
            assert response.status == 201, body
            return int(body["id"])

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.url}{path}") as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str = "/count", body: object = None) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}{path}", json=body) as response:
            return response.status, await response.json()

    async def journal(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get("/_sim/journal?limit=100000"))["items"]
        return items


@asynccontextmanager
async def counting(options: ServerOptions | None = None) -> AsyncIterator[tuple[Counter, Client]]:
    vendor = Counter()
    async with Simulator(vendor, options) as simulator, aiohttp.ClientSession() as session:
        yield vendor, Client(simulator.url, session)
