"""Asks a served worker as programs and browsers do."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp
import msgspec
from pydantic import SecretStr

from streams.settings import WebSettings

READ, OPERATE, REVEAL = "read-token-1", "operate-token-1", "reveal-token-1"
WITH_TOKENS = WebSettings(
    read_token=SecretStr(READ),
    token=SecretStr(OPERATE),
    reveal_token=SecretStr(REVEAL),
    time_zone="Europe/Berlin",
    runbooks_url="https://docs.example/streams",
)


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # Any: whatever stands in it
        return msgspec.json.decode(self.text)

    @property
    def data(self) -> Any:  # Any: as above
        return self.json["data"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def get(url: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> Answer:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, headers=headers, allow_redirects=False) as answer,
    ):
        return Answer(answer.status, answer.headers.copy(), await answer.text())


async def post(url: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON; bytes are sent as they are."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    sent = {"Content-Type": "application/json", **(headers or {})}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=data, headers=sent, allow_redirects=False) as answer,
    ):
        return Answer(answer.status, answer.headers.copy(), await answer.text())


async def form(url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
    """As a page's form is sent."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=fields, headers=headers, allow_redirects=False) as answer,
    ):
        return Answer(answer.status, answer.headers.copy(), await answer.text())


def cookie_of(answer: Answer) -> str:
    """The session cookie as a browser would send it back."""
    return answer.headers["Set-Cookie"].partition(";")[0]
