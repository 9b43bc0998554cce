"""What the handlers of one worker share, and the one situation that all pages of a moment are made of."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web

from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.web.act_book import ActBook
from streams.web.acts import Acts, LetterActs
from streams.web.alert_watch import AlertWatch
from streams.web.door import Door, Visitor
from streams.web.fleet import Fleet, Snapshot
from streams.web.introspection import Introspection
from streams.web.letter_groups import Letter
from streams.web.letter_index import LetterIndex
from streams.web.letter_log import StoredLetter
from streams.web.letter_view import Decode
from streams.web.limits import Allowance
from streams.web.memory import Memory
from streams.web.order_parts import OrderLookup
from streams.web.prometheus import Prometheus, Told
from streams.web.roles import Tokens
from streams.web.sessions import Sessions
from streams.web.situation import Letters, Situation
from streams.web.statics import Statics
from streams.web.stock_parts import StockLookup

LOOK_EVERY = timedelta(seconds=10)
_LOG = logger("streams.web")


class LetterSource(Protocol):
    """Where dead letters are read."""

    async def follow(self, index: LetterIndex) -> None:
        """Fills the index until cancelled."""
        ...

    async def letter(self, letter: Letter) -> StoredLetter | None:
        """One letter's bytes; None where they cannot be read."""
        ...


class Scene:
    """Situations: one per snapshot, so that a page and its JSON say the same."""

    def __init__(self, fleet: Fleet, index: LetterIndex, clock: Clock, prometheus: Prometheus | None = None) -> None:
        self._fleet, self.index, self._clock, self._prometheus = fleet, index, clock, prometheus
        self._memory, self._alerts = Memory(), AlertWatch()
        self._told = None if prometheus is None else Told(clock.micros(), why="it was not asked yet")
        self._last: Situation | None = None

    async def situation(self) -> Situation:
        """At most a second old."""
        snapshot = await self._fleet.snapshot()
        if self._last is None or self._last.fleet is not snapshot:
            found = Situation(snapshot, self._letters(snapshot), self._memory.recall(snapshot.as_of))
            self._last = found._replace(alarms=self._alerts.judge(found), prometheus=self._told)
        return self._last

    def _letters(self, snapshot: Snapshot) -> Letters:
        index = self.index
        hour = tuple(index.per_minute(None, snapshot.as_of))
        return Letters(index.state, len(index), index.left_out, tuple(index.groups()), hour)

    async def watch(self) -> None:
        """Until cancelled: remembers what the pages show of the last hour, and asks Prometheus."""
        while True:
            try:
                if self._prometheus is not None:
                    self._told = await self._prometheus.ask(self._clock.micros())
                self._memory.note(await self._fleet.snapshot())
                await self.situation()  # alerts are judged whether anybody looks or not
            except Exception:  # noqa: BLE001  the pages go on without a memory; the streams do not notice
                _LOG.exception("pages-cannot-remember")
            await self._clock.sleep(LOOK_EVERY)


@dataclass(frozen=True, slots=True)
class Look:
    """What stands on every page."""

    environment: str
    zone: ZoneInfo
    alertmanager: str = ""
    """Its address, if there is one."""
    runbooks: str = ""
    """Address before `docs/runbooks.md`, if somebody serves it."""


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything that handlers need."""

    introspection: Introspection
    clock: Clock
    look: Look
    tokens: Tokens
    sessions: Sessions
    door: Door
    scene: Scene
    stock: StockLookup
    orders: OrderLookup | None
    """None where orders are off."""
    letters: LetterSource
    decode: Decode
    acts: Acts
    letter_acts: LetterActs
    book: ActBook
    look_ups: Allowance
    peer_look_ups: Allowance
    sign_ins: Allowance
    statics: Statics = field(default_factory=Statics)
    tasks: "list[asyncio.Task[None]]" = field(default_factory=list)


CONTEXT = web.AppKey("CONTEXT", WebContext)
VISITOR = web.RequestKey("VISITOR", Visitor)
NOBODY = Visitor(frozenset())


def context(request: web.Request) -> WebContext:
    return request.config_dict[CONTEXT]


def visitor(request: web.Request) -> Visitor:
    """Who asks; nobody on routes that ask nobody."""
    who: Visitor = request.get(VISITOR, NOBODY)
    return who
