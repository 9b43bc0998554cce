"""Signing in: what a request must carry so that the target believes who sends it.

A flow is a generator: it yields the headers for a first try and, after the sender got a 401, those for one more try.
So each try is signed anew, a stale token is replaced once, and a credential that is refused twice ends the call.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from oauthlib import oauth1
from pydantic import SecretStr

from connectors.core.calls import Method
from connectors.core.clock import Clock

# A token is renewed this long before its end, or a tenth of a short life before.
_EARLY = timedelta(seconds=60)


class Auth(Protocol):
    """One way to sign in."""

    def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:
        """Headers for the first try, then for one more after a 401."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in messages."""
        ...

    async def close(self) -> None:
        """Release what signing in holds open."""
        ...


class Anonymous:
    """No sign-in; used for sign-in calls themselves, whose bodies hold `hidden`."""

    def __init__(self, *hidden: SecretStr) -> None:
        self._hidden = hidden

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # the protocol's
        yield {}

    def secrets(self) -> tuple[str, ...]:
        return tuple(secret.get_secret_value() for secret in self._hidden)

    async def close(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class OAuth1Credential:
    """What an integration holds; all four parts keep secret company, so none is shown."""

    consumer_key: SecretStr
    consumer_secret: SecretStr
    access_token: SecretStr
    access_token_secret: SecretStr

    def parts(self) -> tuple[str, ...]:
        secrets = (self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret)
        return tuple(secret.get_secret_value() for secret in secrets)


class OAuth1:
    """OAuth 1.0a with HMAC-SHA256 (RFC 5849); method, address and query are signed, a JSON body is not.

    A nonce is good for one request, so the second try is signed anew.
    """

    def __init__(self, credential: OAuth1Credential, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:
        yield self._signed(method, url)
        yield self._signed(method, url)

    def _signed(self, method: Method, url: str) -> dict[str, str]:
        key, secret, token, token_secret = self._credential.parts()
        client = oauth1.Client(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
            nonce=self._clock.nonce(),
            timestamp=str(int(self._clock.now().timestamp())),
        )
        _, headers, _ = client.sign(url, http_method=method)
        return {"Authorization": headers["Authorization"]}

    def secrets(self) -> tuple[str, ...]:
        return self._credential.parts()

    async def close(self) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class Token:
    """`life` as the issuer states it, counted from the start of the request for it."""

    value: str = field(repr=False)
    life: timedelta


class TokenCache:
    """One token for all calls: fetched when needed, renewed before its end, by one request at a time.

    Callers that need a token while one is fetched wait for that fetch and share its outcome, also its failure.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: str | None = None
        self._renew_at = 0.0
        self._flight: asyncio.Task[str] | None = None

    @property
    def value(self) -> str | None:
        return self._value

    async def token(self, *, instead_of: str | None = None) -> str:
        """A token with life left in it that is not `instead_of` (one that the target has just refused)."""
        if self._value is not None and self._value != instead_of and self._clock.monotonic() < self._renew_at:
            return self._value
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._renew())
            self._flight.add_done_callback(_acknowledge)
        return await asyncio.shield(self._flight)

    async def _renew(self) -> str:
        started = self._clock.monotonic()
        token = await self._fetch()
        early = min(_EARLY, token.life / 10)
        self._value = token.value
        self._renew_at = started + (token.life - early).total_seconds()
        return token.value

    async def close(self) -> None:
        """End a fetch in flight."""
        if self._flight is not None and not self._flight.done():
            self._flight.cancel()
            await asyncio.wait([self._flight])


def _acknowledge(flight: "asyncio.Task[str]") -> None:
    """A failed fetch whose callers have all gone is nobody's surprise."""
    if not flight.cancelled():
        flight.exception()


class Bearer:
    """A cached token in the Authorization header, beside what else the gateway wants to see."""

    def __init__(
        self,
        cache: TokenCache,
        *,
        beside: Mapping[str, str] | None = None,
        hidden: tuple[SecretStr, ...] = (),
        release: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._cache = cache
        self._beside = dict(beside or {})
        self._hidden = hidden
        self._release = release

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # not signed
        token = await self._cache.token()
        yield self._headers(token)
        yield self._headers(await self._cache.token(instead_of=token))

    def _headers(self, token: str) -> dict[str, str]:
        return {**self._beside, "Authorization": f"Bearer {token}"}

    def secrets(self) -> tuple[str, ...]:
        return (*(secret.get_secret_value() for secret in self._hidden), self._cache.value or "")

    async def close(self) -> None:
        await self._cache.close()
        if self._release is not None:
            await self._release()
