"""All workers of the group, asked at once and within a bound: whoever does not answer is named, never left out.

The answers of one round are the one source of a page: verdict, counters, picture and footer.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from streams.runtime.clock import Clock
from streams.web.envelope import Envelope, SilentWorker, Workers
from streams.web.facts import WorkerFacts
from streams.web.introspection import Introspection
from streams.web.words import moment, moment_or_none

CACHED_S = 1.0
LEFT_SHOWN_US = 10 * 60 * 1_000_000
_DECODER = msgspec.json.Decoder(Envelope[WorkerFacts])


class PeerSilentError(Exception):
    """The other worker did not answer; the message says how."""


class Peers(Protocol):
    """The way to other workers."""

    async def get(self, url: str, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200 answer.  Raises PeerSilentError within two seconds."""
        ...


class LeftWorker(NamedTuple):
    """A worker that answered before and is no longer in the group."""

    worker: str
    at: int


class Snapshot(NamedTuple):
    """What all workers told at one moment; `as_of` in µs, UTC."""

    as_of: int
    own: WorkerFacts
    answered: tuple[WorkerFacts, ...]
    silent: tuple[SilentWorker, ...] = ()
    left: tuple[LeftWorker, ...] = ()

    @property
    def workers(self) -> Workers:
        return Workers(len(self.answered) + len(self.silent), len(self.answered), self.silent)

    @property
    def is_whole(self) -> bool:
        return not self.silent


class _Known(NamedTuple):
    worker: str
    answered_at: int


class Fleet:
    """Asks at most once a second, however many look."""

    def __init__(self, introspection: Introspection, peers: Peers, clock: Clock) -> None:
        self._introspection, self._peers, self._clock = introspection, peers, clock
        self._known: dict[str, _Known] = {}
        self._first_asked: dict[str, int] = {}
        self._last: tuple[float, Snapshot] | None = None
        self._asking = asyncio.Lock()

    async def snapshot(self) -> Snapshot:
        """At most a second old."""
        async with self._asking:
            if self._last is None or self._clock.monotonic() - self._last[0] >= CACHED_S:
                self._last = (self._clock.monotonic(), await self._ask())
            return self._last[1]

    def name_of(self, url: str) -> str:
        """The worker's id, once it has told it; else its address."""
        return self._known[url].worker if url in self._known else url.partition("://")[2]

    async def _ask(self) -> Snapshot:
        own = self._introspection.facts()
        urls = [url for url in self._introspection.peers() if url != own.url]
        answers = await asyncio.gather(*(self._facts_of(url) for url in urls))
        now = self._clock.micros()
        told = [(url, one) for url, one in zip(urls, answers, strict=True) if isinstance(one, WorkerFacts)]
        for url, facts in ((own.url, own), *told):
            self._known[url] = _Known(facts.worker, now)
        silent = [self._silent(url, str(one), now) for url, one in zip(urls, answers, strict=True) if _failed(one)]
        answered = sorted((own, *(facts for _url, facts in told)), key=lambda facts: facts.worker)
        return Snapshot(now, own, tuple(answered), tuple(silent), self._left({own.url, *urls}, now))

    async def _facts_of(self, url: str) -> WorkerFacts | PeerSilentError:
        try:
            return _DECODER.decode(await self._peers.get(url, "/api/v1/worker")).data
        except PeerSilentError as error:
            return error
        except msgspec.MsgspecError as error:
            return PeerSilentError(f"its answer cannot be read: {error}"[:200])

    def _silent(self, url: str, why: str, now: int) -> SilentWorker:
        asked = self._first_asked.setdefault(url, now)
        since = self._known[url].answered_at if url in self._known else asked
        partitions = self._introspection.partitions().get(url, ())
        return SilentWorker(self.name_of(url), moment_or_none(since) or moment(now), why, partitions)

    def _left(self, present: set[str], now: int) -> tuple[LeftWorker, ...]:
        """Shown for ten minutes, then gone."""
        for url, known in list(self._known.items()):
            if url not in present and now - known.answered_at > LEFT_SHOWN_US:
                del self._known[url]
        gone = (known for url, known in self._known.items() if url not in present)
        return tuple(LeftWorker(known.worker, known.answered_at) for known in gone)


def _failed(answer: WorkerFacts | PeerSilentError) -> bool:
    return isinstance(answer, PeerSilentError)
