"""Adobe's public keys: fetched from one host, by paths of one form, kept for hours, never for more than a day.

The path comes with the request, so it is a stranger's until the signature is right: it must have the documented form,
what is fetched for nothing is bounded in number, and keys that proved themselves do not count against that bound.
Source: Adobe I/O Events, webhooks guide: host, path `/prod/keys/pub-key-<random-uuid>.pem`, "not more than 24h".
"""

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from connectors.core.answers import is_success, refusal
from connectors.core.auth import Anonymous
from connectors.core.calls import Answer, Call, Dependencies
from connectors.core.errors import ConnectorError
from connectors.core.http import Sender
from connectors.core.paths import Path
from connectors.core.settings import ConnectorSettings
from streams.runtime.clock import Clock
from streams.settings.public_keys import rsa_key_of

KEY_PATH = re.compile(r"/prod/keys/pub-key-[A-Za-z0-9_-]{1,64}\.pem")
FRESH_S = 6 * 3600.0
KEPT_S = 24 * 3600.0
MISSING_S = 60.0
"""How long it is known that there is no such key; also how long a host that did not answer is left alone."""
MOST_KEYS = 64
STRANGERS, STRANGERS_S = 20, 60.0
"""So many unproven paths are fetched in so many seconds."""
FETCH_S, LARGEST = 3.0, 16_384
_MISSING = frozenset({404, 410})
"""Any other refusal may pass, and a delivery that is refused for good is lost."""

Fetch = Callable[[str], Awaitable[bytes | None]]
"""Path → what stands there, None where nothing does.  Raises ConnectorError."""


class KeysAwayError(Exception):
    """The key cannot be had now; the message is for the log."""


@dataclass(slots=True)
class _Kept:
    key: RSAPublicKey | None
    fetched: float
    ask_again: float
    proven: bool = False


class KeyHost:
    """Fetches from Adobe's host: no redirects, no credentials, bounded in size and time."""

    def __init__(self, static_url: str, clock: Clock) -> None:
        settings = ConnectorSettings(
            base_url=static_url, timeout_s=FETCH_S, connect_timeout_s=2, max_answer_bytes=LARGEST, max_connections=4
        )
        self._sender = Sender(settings, Dependencies(clock=clock), target="adobe-keys", auth=Anonymous())

    async def fetch(self, path: str) -> bytes | None:
        """Raises ConnectorError."""
        where = Path("/prod/keys/{key}", path)
        headers = {"Accept": "*/*"}
        call = Call(operation="public-key", method="GET", path=where, effect=False, headers=headers)
        return await self._sender.send(call, lambda answer: _content(call, answer))

    async def close(self) -> None:
        await self._sender.close()


def _content(call: Call, answer: Answer) -> bytes | None:
    if answer.status in _MISSING:
        return None
    if not is_success(answer):
        raise refusal(call, answer, "")
    return answer.body


class AdobeKeys:
    """A cache before `fetch`; one request at a time for one path."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._flights: dict[str, asyncio.Task[None]] = {}
        self._strangers: deque[float] = deque(maxlen=STRANGERS)

    async def key(self, path: str) -> RSAPublicKey | None:
        """None where there is no such key.  Raises KeysAwayError."""
        if not KEY_PATH.fullmatch(path):
            return None
        known, now = self._kept.get(path), self._clock.monotonic()
        if known is None or now >= known.ask_again:
            try:
                await self._renewed(path, known)
            except KeysAwayError:
                if known is None or known.key is None or now - known.fetched >= KEPT_S:
                    raise
                known.ask_again = now + MISSING_S
            known = self._kept.get(path, known)
        return known.key if known is not None else None

    def proved(self, path: str) -> None:
        """A signature was right by this key."""
        known = self._kept.get(path)
        if known is not None:
            known.proven = True

    async def _renewed(self, path: str, known: _Kept | None) -> None:
        flight = self._flights.get(path)
        if flight is None:
            self._admit(known)
            flight = self._flights[path] = asyncio.create_task(self._renew(path, known))
            flight.add_done_callback(lambda done: self._landed(path, done))
        await asyncio.shield(flight)

    def _landed(self, path: str, done: "asyncio.Task[None]") -> None:
        self._flights.pop(path, None)
        if not done.cancelled():
            done.exception()  # whoever waits has it; nobody may wait any more

    def _admit(self, known: _Kept | None) -> None:
        if known is not None and known.proven:
            return
        now = self._clock.monotonic()
        if len(self._strangers) == STRANGERS and now - self._strangers[0] < STRANGERS_S:
            raise KeysAwayError("too many unknown keys were named")
        self._strangers.append(now)

    async def _renew(self, path: str, known: _Kept | None) -> None:
        try:
            pem = await self._fetch(path)
            key = rsa_key_of(pem) if pem is not None else None
        except ConnectorError as error:
            raise KeysAwayError(f"{type(error).__name__}: {error.message}") from None
        except ValueError as error:
            raise KeysAwayError(f"what stands at {path} {error}") from None
        now = self._clock.monotonic()
        fresh = FRESH_S if key is not None else MISSING_S
        self._kept[path] = _Kept(key, now, now + fresh, known is not None and known.proven and key is not None)
        self._make_room()

    def _make_room(self) -> None:
        """Those that never proved themselves go first."""
        while len(self._kept) > MOST_KEYS:
            doomed = next((path for path, one in self._kept.items() if not one.proven), next(iter(self._kept)))
            del self._kept[doomed]
