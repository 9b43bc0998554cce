"""SAP's guard against forged requests: a write needs a token and the cookies that were set with it.

Token and cookies are one security session at the server.  One is kept for all calls of this process and renewed when
a write is refused for it; it lives in memory only and is masked in everything that the server quotes.
Source: support.cleo.com 19955468388759 and community.sap.com ba-p/13427700.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from connectors.core.calls import Answer
from connectors.core.errors import ConfigurationError

HEADER = "X-CSRF-Token"
FETCH = "Fetch"

_REQUIRED = "required"
_REFUSED = b"CSRF token validation failed"
_MOST_COOKIE_BYTES = 8192
_SHORTEST_SECRET = 6
# Several Set-Cookie headers arrive joined by commas; a comma within a date is not followed by a name.
_BETWEEN = re.compile(r",\s*(?=[^\s;,=]+=)")


@dataclass(frozen=True)
class Session:
    """What a write must carry."""

    token: str = field(repr=False)
    cookie: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        return {HEADER: self.token, **self.cookies()}

    def cookies(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}

    def secrets(self) -> tuple[str, ...]:
        """Of single cookies the longer ones only: one such as `x=1` would mask half of every message."""
        values = (pair.partition("=")[2] for pair in self.cookie.split("; "))
        return (self.token, self.cookie, *(value for value in values if len(value) >= _SHORTEST_SECRET))


class SessionKeeper:
    """The one session; callers that need a new one at the same time share it."""

    def __init__(self, fetch: Callable[[], Awaitable[Session]]) -> None:
        self._fetch = fetch
        self._session: Session | None = None
        self._lock = asyncio.Lock()

    @property
    def known(self) -> Session | None:
        return self._session

    async def session(self, *, instead_of: Session | None = None) -> Session:
        """One that is not `instead_of`, which has just been refused."""
        async with self._lock:
            if self._session is None or self._session is instead_of:
                self._session = await self._fetch()
            return self._session


def session_of(answer: Answer) -> Session:
    """What the answer to a fetch hands out.

    Raises:
        ConfigurationError: no token, or more cookies than a request may carry back.
    """
    token = answer.headers.get(HEADER.lower(), "")
    cookie = cookies_of(answer.headers.get("set-cookie", ""))
    if not token or token.casefold() == _REQUIRED:
        raise ConfigurationError(
            f"no {HEADER} came with {answer.status}: something in front of SAP drops it", status=answer.status
        )
    if len(cookie) > _MOST_COOKIE_BYTES:
        raise ConfigurationError("SAP's cookies are longer than a request may be", status=answer.status)
    return Session(token, cookie)


def cookies_of(header: str) -> str:
    """Name and value of each cookie, as a request carries them back."""
    pairs = (part.partition(";")[0].strip() for part in _BETWEEN.split(header))
    return "; ".join(pair for pair in pairs if "=" in pair)


def is_refused(answer: Answer) -> bool:
    """Whether a write was refused for its token, and for nothing else."""
    if answer.status != HTTPStatus.FORBIDDEN:
        return False
    return answer.headers.get(HEADER.lower(), "").casefold() == _REQUIRED or _REFUSED in answer.body
