"""The only door to a target: one `Sender` per origin, which sends calls and tells the truth about their outcome.

It knows nothing of retries, metrics, logs or vendors; the shell around the connectors has the first three.
httpx gives requests, answers, exceptions and the seam of the transport.  Its AsyncClient is left out: what that adds
is redirects, cookies, proxies from the environment and a log line with every address, none of which may happen here.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import timedelta
from typing import NamedTuple, TypeVar, cast

import httpx

from connectors.core import bodies, failures
from connectors.core.answers import retry_after
from connectors.core.auth import Auth
from connectors.core.calls import Answer, Call, CallDetails, Dependencies, ReadUsage, tells_no_usage
from connectors.core.errors import ConfigurationError, ConnectorError, RejectedPayloadError, UnauthorizedError
from connectors.core.paths import query_string
from connectors.core.settings import ConnectorSettings
from connectors.core.transport import Departure, GatedTransport

T = TypeVar("T")

_UNAUTHORIZED = 401
_STANDING = {"User-Agent": "commerce-streams", "Accept": "application/json", "Accept-Encoding": "gzip"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What a credential belongs to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        parts = httpx.URL(url)
        return cls(parts.scheme, parts.host.lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0))


class Sender:
    """Sends calls to one origin.

    No redirects, no cookies, no proxy from the environment; every answer is read to its end, up to
    `max_answer_bytes`, within `timeout_s`.
    """

    def __init__(
        self,
        settings: ConnectorSettings,
        dependencies: Dependencies,
        *,
        target: str,
        auth: Auth,
        usage: ReadUsage = tells_no_usage,
    ) -> None:
        self._usage = usage
        self._settings = settings
        self._clock = dependencies.clock
        self._permit = dependencies.permit
        self._observe = dependencies.observe
        self._target = target
        self._auth = auth
        self._origin = Origin.of(settings.base_url)
        self._transport = dependencies.transport or _transport(settings)
        self._timeout = {"connect": settings.connect_timeout_s, "pool": settings.connect_timeout_s}

    async def send(self, call: Call, read: Callable[[Answer], T], *, link: str | None = None) -> T:
        """Send and read one call; `read` turns the answer into a value or raises from the tree.

        After a 401 the call is sent once more with a fresh credential.  `link` is an address that the target gave
        (a next page): it is followed within the origin only.

        Raises:
            ConnectorError: one of its classes; for a call with an effect UnknownOutcomeError whenever the request
                began to leave and no complete answer came.
        """
        url = self._address(call, link)
        async with aclosing(self._auth.flow(call.method, url)) as flow:
            headers = await anext(flow)
            attempt = 1
            while True:
                exchange = _Exchange(call, url, headers, attempt, self._clock.monotonic())
                answer = await self._complete(exchange)
                fresh = await self._fresh(flow, exchange, answer)
                if fresh is None:
                    return self._read(exchange, answer, read)
                self._report(exchange, answer, UnauthorizedError.__name__)
                headers, attempt = fresh, attempt + 1

    async def close(self) -> None:
        """Release connections; calls in flight fail."""
        await self._transport.aclose()

    def _address(self, call: Call, link: str | None) -> str:
        """Behind the host of `base_url` everything is path, so only a link can lead elsewhere."""
        if link is None:
            query = query_string(call.query)
            return f"{self._settings.base_url}/{call.path.encoded.lstrip('/')}{'?' if query else ''}{query}"
        if not self._is_ours(link):
            raise ConfigurationError(
                f"{self._target}: {call.operation} was pointed outside {self._settings.base_url}; nothing was sent"
            )
        return link

    def _is_ours(self, url: str) -> bool:
        try:
            return Origin.of(url) == self._origin and not httpx.URL(url).userinfo
        except httpx.InvalidURL:
            return False

    async def _fresh(
        self, flow: "AsyncIterator[dict[str, str]]", exchange: "_Exchange", answer: Answer
    ) -> dict[str, str] | None:
        """Headers with a fresh credential, or None where the answer is not about the credential."""
        if answer.status != _UNAUTHORIZED:
            return None
        try:
            return await anext(flow, None)
        except ConnectorError as exc:
            self._report(exchange, answer, type(exc).__name__)
            raise

    async def _complete(self, exchange: "_Exchange") -> Answer:
        try:
            return await self._exchange(exchange)
        except BaseException as exc:
            told = self._told(exc, exchange.call)
            self._report(exchange, None, type(told).__name__)
            if told is exc:
                raise
            raise told from exc

    async def _exchange(self, exchange: "_Exchange") -> Answer:
        call = exchange.call
        departure = Departure(self._permit if call.effect else lambda: None, repeatable=not call.effect)
        request = httpx.Request(
            call.method,
            exchange.url,
            headers=_headers(exchange),
            content=call.body,
            extensions={"departure": departure, "timeout": self._timeout},
        )
        departure.gate()  # before a connection is looked for; the transport asks again when it has one
        async with asyncio.timeout(self._settings.timeout_s):
            response = await self._transport.handle_async_request(request)
            try:
                stream = cast("httpx.AsyncByteStream", response.stream)  # an async transport gives no other kind
                packed = await bodies.collect(stream, self._settings.max_answer_bytes)
            finally:
                await response.aclose()
        encoding = response.headers.get("content-encoding", "").strip().lower()
        return self._answer(response, bodies.unpack(packed, encoding, self._settings.max_answer_bytes), exchange)

    def _answer(self, response: httpx.Response, body: bytes, exchange: "_Exchange") -> Answer:
        longest = timedelta(seconds=self._settings.max_retry_after_s)
        return Answer(
            status=response.status_code,
            headers=dict(response.headers),
            body=body
            if response.is_success
            else bodies.mask(body, (*self._auth.secrets(), *exchange.headers.values())),
            took=timedelta(seconds=self._clock.monotonic() - exchange.started),
            retry_after=retry_after(response.headers.get("retry-after"), now=self._clock.now(), longest=longest),
        )

    def _told(self, exc: BaseException, call: Call) -> BaseException:
        if isinstance(exc, failures.HTTPX_ERRORS):
            return failures.from_httpx(exc, call, self._target)
        if isinstance(exc, TimeoutError):
            return failures.broken_off(
                f"{self._target}: {call.operation} had no complete answer after {self._settings.timeout_s:g} s", call
            )
        if isinstance(exc, bodies.UnfitAnswerError):
            return failures.broken_off(f"{self._target}: {call.operation} got an answer that {exc}", call)
        return exc

    def _read(self, exchange: "_Exchange", answer: Answer, read: Callable[[Answer], T]) -> T:
        try:
            value = read(answer)
        except Exception as exc:
            self._report(exchange, answer, type(exc).__name__)
            raise
        self._report(exchange, answer, None)
        return value

    def _report(self, exchange: "_Exchange", answer: Answer | None, error: str | None) -> None:
        call = exchange.call
        taken = self._clock.monotonic() - exchange.started
        self._observe(
            CallDetails(
                target=self._target,
                operation=call.operation,
                method=call.method,
                template=call.path.template,
                status=answer.status if answer else None,
                started=exchange.started,
                duration=answer.took if answer else timedelta(seconds=taken),
                attempt=exchange.attempt,
                error=error,
                bytes_sent=len(call.body or b""),
                bytes_received=len(answer.body) if answer else 0,
                used_of_day=self._usage(answer) if answer else None,
            )
        )


class _Exchange(NamedTuple):
    call: Call
    url: str
    headers: dict[str, str]
    attempt: int
    started: float


def _headers(exchange: _Exchange) -> dict[str, str]:
    """Data that ends up in a header must not be able to add another one: it is refused before anything leaves."""
    call = exchange.call
    typed = {"Content-Type": call.content_type} if call.body is not None else {}
    headers = {**_STANDING, **call.headers, **exchange.headers, **typed}
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise RejectedPayloadError(f"{call.operation}: the header {name} cannot be sent", status=None)
    return headers


def _transport(settings: ConnectorSettings) -> GatedTransport:
    return GatedTransport(
        ssl.create_default_context(cafile=str(settings.ca_file))
        if settings.ca_file
        else httpx.create_ssl_context(trust_env=False),
        max_connections=settings.max_connections,
        keepalive_s=settings.keepalive_s,
        proxy=httpx.Proxy(settings.proxy.get_secret_value()) if settings.proxy else None,
    )
