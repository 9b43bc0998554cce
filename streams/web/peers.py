"""Asks another worker over HTTP: with the token of this one, only at addresses that the group named."""

import asyncio
import os
from collections.abc import Callable, Mapping

import aiohttp

from streams.web.fleet import PeerSilentError

WITHIN_S = 2.0
LARGEST = 4 << 20


class HttpPeers:
    """`token` gives None where none is set; redirects are not followed, so that it goes nowhere else."""

    def __init__(self, token: Callable[[], str | None]) -> None:
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200 answer.  Raises PeerSilentError within two seconds."""
        return await self._ask("GET", url + path, params=params)

    async def post(self, url: str, path: str, body: bytes) -> bytes:
        """JSON; as `get`."""
        return await self._ask("POST", url + path, data=body, content_type="application/json")

    async def _ask(
        self,
        method: str,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
    ) -> bytes:
        token = self._token()
        headers = {"Accept-Encoding": "identity"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            async with asyncio.timeout(WITHIN_S):
                return await self._answer(method, address, params, data, headers)
        except TimeoutError:
            raise PeerSilentError(f"no answer in {WITHIN_S:.0f} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise PeerSilentError(_why(error)) from None

    async def _answer(
        self,
        method: str,
        address: str,
        params: Mapping[str, str] | None,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False, auto_decompress=False)
        async with self._session.request(
            method, address, params=params, data=data, headers=headers, allow_redirects=False, max_line_size=8190
        ) as answer:
            if answer.status != 200:
                raise PeerSilentError(f"it answered {answer.status}")
            return await _body(answer)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = await answer.content.read(LARGEST + 1)
    while len(body) <= LARGEST and (more := await answer.content.read(LARGEST + 1 - len(body))):
        body += more
    if len(body) > LARGEST:
        raise PeerSilentError(f"its answer has more than {LARGEST >> 20} MiB")
    return body


def _system_text(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, ConnectionRefusedError)
        return "the connection was refused" if refused else f"it cannot be reached: {_system_text(error.os_error)}"
    return f"the connection broke: {type(error).__name__}"
