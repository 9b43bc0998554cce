"""httpx over aiohttp, with four repairs that a sender of business effects needs.

Why not httpx's own pool: it collapses above 8 to 32 requests in flight.  Why not httpx-aiohttp as it is (0.2.0):

- it lets yarl write the address anew, which decodes `%3B` to `;`: the signed address would not be the one sent;
- it reports a connection that broke after sending as ConnectTimeout, which reads as "nothing left";
- aiohttp repeats PUT and DELETE by itself on a broken kept-alive connection;
- the wait for a connection lies between the caller's check of its lease and the first byte.

The last two are settled in `GatedRequest`, which asks at the moment a connection is ready.
"""

import contextvars
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

_CHUNK = 64 * 1024
# Response header lines: aiohttp's 8 KiB is less than what shops with many cache tags send.
_HEADER_LINE = 32 * 1024


@dataclass
class Departure:
    """Whether a request has begun to leave; `gate` is asked each time before it does and raises to keep it here."""

    gate: Callable[[], None]
    repeatable: bool
    left: bool = False

    def leave(self) -> None:
        if self.left and not self.repeatable:
            raise aiohttp.ServerDisconnectedError("the connection broke; an effect is not sent twice")
        self.gate()
        self.left = True


_departure: contextvars.ContextVar[Departure] = contextvars.ContextVar("departure")


class GatedRequest(aiohttp.ClientRequest):
    """Asks before the first byte is written, on a connection that is ready."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        _departure.get().leave()
        return await super().send(conn)


class GatedTransport(AiohttpTransport):
    """Sends the address as it is; reads `request.extensions["departure"]`; raises httpx exceptions that tell the truth.

    A failure before the request began to leave is ConnectError or ConnectTimeout; a later one is neither.  There is no
    time limit for reading here: the sender has one for the whole call.
    """

    def __init__(
        self, tls: ssl.SSLContext, *, max_connections: int, keepalive_s: float, proxy: httpx.Proxy | None = None
    ) -> None:
        limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=keepalive_s)
        super().__init__(verify=tls, limits=limits, proxy=proxy, client=self._session)
        self._gated: aiohttp.ClientSession | None = None

    def _session(self) -> aiohttp.ClientSession:
        if self._gated is None:
            connector = aiohttp.TCPConnector(
                limit=self.limits.max_connections or 0,
                keepalive_timeout=self.limits.keepalive_expiry,
                ssl=self.ssl_context,
            )
            self._gated = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=GatedRequest,
                auto_decompress=False,
                max_line_size=_HEADER_LINE,
                max_field_size=_HEADER_LINE,
            )
        return self._gated

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        departure = cast("Departure", request.extensions["departure"])  # httpx: extensions are untyped
        token = _departure.set(departure)
        try:
            response = await self._request(request)
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise _told(exc, departure) from _without_headers(exc)
        finally:
            _departure.reset(token)
        return httpx.Response(
            status_code=response.status,
            headers=response.raw_headers,
            stream=_Stream(response),
            request=request,
        )

    async def _request(self, request: httpx.Request) -> aiohttp.ClientResponse:
        timeout = cast(
            "dict[str, float | None]", request.extensions.get("timeout", {})
        )  # httpx: extensions are untyped
        return await self._session().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=request.headers,
            data=request.content or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                connect=timeout.get("pool"),  # waiting for a place and connecting together
                sock_connect=timeout.get("connect"),
            ),
            proxy=str(self.proxy.url) if self.proxy else None,
            proxy_auth=aiohttp.BasicAuth(*self.proxy.auth) if self.proxy and self.proxy.auth else None,
        )

    async def aclose(self) -> None:
        if self._gated is not None:
            await self._gated.close()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_chunked(_CHUNK):
                yield chunk
        except (aiohttp.ClientError, OSError) as exc:
            raise httpx.ReadError("the answer broke off") from exc

    async def aclose(self) -> None:
        """A connection with an unread rest is closed, never reused; one whose answer is complete is already free."""
        self._response.close()


def _told(exc: Exception, departure: Departure) -> httpx.TransportError:
    kind = _kind_after(exc) if departure.left else _kind_before(exc)
    return kind(f"{type(exc).__name__}: {_words(exc)}")


def _kind_before(exc: Exception) -> type[httpx.TransportError]:
    return httpx.ConnectTimeout if isinstance(exc, TimeoutError) else httpx.ConnectError


def _kind_after(exc: Exception) -> type[httpx.TransportError]:
    return httpx.RemoteProtocolError if isinstance(exc, aiohttp.ClientResponseError) else httpx.ReadError


def _words(exc: Exception) -> str:
    """What aiohttp says, except where it holds the request (with its headers) or the address."""
    if isinstance(exc, aiohttp.ClientResponseError):
        return exc.message
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return "no connection in time"
    return str(exc)


def _without_headers(exc: Exception) -> Exception | None:
    return None if isinstance(exc, aiohttp.ClientResponseError) else exc
