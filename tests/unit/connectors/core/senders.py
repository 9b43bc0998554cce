"""A sender in its smallest form, for tests of `connectors.core`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.core.answers import is_success, refusal
from connectors.core.auth import Anonymous, Auth
from connectors.core.calls import Answer, Call, CallDetails, Dependencies
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.core.settings import ConnectorSettings
from tests.fakes.clock import FakeClock

BASE = "https://target.example"


@dataclass
class Surroundings:
    """What a test may look at after sending."""

    clock: FakeClock = field(default_factory=FakeClock)
    seen: list[CallDetails] = field(default_factory=list)
    permits: int = 0
    refuse_permit: Callable[[int], Exception | None] = lambda _: None

    def permit(self) -> None:
        self.permits += 1
        refusal_ = self.refuse_permit(self.permits)
        if refusal_ is not None:
            raise refusal_


@asynccontextmanager
async def sender(
    around: Surroundings,
    *,
    base_url: str = BASE,
    auth: Auth | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    **settings: Any,  # any setting by name
) -> AsyncIterator[Sender]:
    open_sender = Sender(
        ConnectorSettings(base_url=base_url, **settings),
        Dependencies(clock=around.clock, permit=around.permit, observe=around.seen.append, transport=transport),
        target="target",
        auth=auth or Anonymous(),
    )
    try:
        yield open_sender
    finally:
        await open_sender.close()


def write(sku: str = "A-1", body: bytes = b"{}") -> Call:
    return Call(operation="save", method="POST", path=path("things/{sku}", sku=sku), effect=True, body=body)


def put(sku: str = "A-1") -> Call:
    return Call(operation="save", method="PUT", path=path("things/{sku}", sku=sku), effect=True, body=b"{}")


def look(sku: str = "A-1") -> Call:
    return Call(operation="look", method="GET", path=path("things/{sku}", sku=sku), effect=False)


def body(answer: Answer) -> bytes:
    return answer.body


def reading(call: Call) -> Callable[[Answer], bytes]:
    """As a connector reads: the body of a success, an error of the tree for anything else."""

    def read(answer: Answer) -> bytes:
        if not is_success(answer):
            raise refusal(call, answer, answer.body.decode(errors="replace"))
        return answer.body

    return read
