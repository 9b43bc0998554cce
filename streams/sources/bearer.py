"""Who asks, by a bearer token, and how often one client may ask."""

import hmac
from collections.abc import Mapping, Sequence

from aiohttp import web

from streams.runtime.clock import Clock
from streams.sources.answers import Reason, RefusedError
from streams.sources.bodies import only

SCHEME = "Bearer "
NO_TOKEN = "Send Authorization: Bearer and the token of a client; see docs/gateway.md."  # noqa: S105  no secret


class Clients:
    """Client → its tokens.  Every token is compared, whichever is right: time tells nothing."""

    def __init__(self, tokens: Mapping[str, Sequence[bytes]], per_s: float, clock: Clock) -> None:
        self._tokens, self._per_s, self._clock = tokens, per_s, clock
        self._spent: dict[str, tuple[float, float]] = {}

    def of(self, request: web.Request) -> str:
        """The client that asks.  Raises RefusedError: no token, a wrong one, or too often."""
        given = only(request, "Authorization")
        said = given.removeprefix(SCHEME).strip().encode("utf-8", "replace") if given.startswith(SCHEME) else b""
        right = [name for name, known in self._tokens.items() for one in known if hmac.compare_digest(one, said)]
        if not right:
            raise RefusedError(Reason.NOT_KNOWN, NO_TOKEN, headers={"WWW-Authenticate": "Bearer"})
        self._count(right[0])
        return right[0]

    def _count(self, client: str) -> None:
        """A bucket of one second's requests that fills by itself."""
        now = self._clock.monotonic()
        room, at = self._spent.get(client, (self._per_s, now))
        room = min(max(self._per_s, 1.0), room + (now - at) * self._per_s)
        if room < 1:
            self._spent[client] = (room, now)
            raise RefusedError(
                Reason.TOO_MANY, f"More than {self._per_s:g} requests a second; send it again later.", told=client
            )
        self._spent[client] = (room - 1, now)
