"""Puts the pages into a worker: routes, door, headers, and the two tasks that keep them fresh."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.settings import WebSettings
from streams.web.act_book import ActBook
from streams.web.acts import Acts, LetterActs
from streams.web.answers import set_headers
from streams.web.context import CONTEXT, LetterSource, Look, Scene, WebContext
from streams.web.door import Door
from streams.web.errors import failures
from streams.web.fleet import Fleet
from streams.web.introspection import Introspection
from streams.web.letter_index import LetterIndex
from streams.web.letter_view import Decode
from streams.web.limits import Allowance
from streams.web.order_facts import OrderSource
from streams.web.order_parts import Asking, OrderLookup
from streams.web.peers import HttpPeers
from streams.web.prometheus import Prometheus
from streams.web.roles import Tokens
from streams.web.routes import register
from streams.web.sessions import Sessions
from streams.web.stock_parts import StockLookup

Now = Callable[[], WebSettings]
"""The settings with the tokens of the moment."""
_LOG = logger("streams.web")


@dataclass(frozen=True, slots=True)
class Ports:
    """What the pages need of the application."""

    introspection: Introspection
    acts: Acts
    letter_acts: LetterActs
    letters: LetterSource
    decode: Decode
    clock: Clock
    orders: OrderSource | None = None
    """None where orders are off."""


def install_web(faust_app: Any, now: Now, ports: Ports) -> LetterIndex:  # Any: Faust has no types
    """Before the app starts; Faust's own pages are taken out, its index included."""
    faust_app.web.blueprints = type(faust_app.web.blueprints)()
    return install(faust_app.web.web_app, now, ports)


def install(app: web.Application, now: Now, ports: Ports) -> LetterIndex:
    """Into any aiohttp application that is not started yet; the index of dead letters, filled while it runs."""
    tokens = Tokens(now)
    peers, revealing = HttpPeers(tokens.for_peers), HttpPeers(tokens.for_reveal)
    outside = HttpPeers(_nothing)
    at = make_context(now(), tokens, ports, (peers, revealing, outside))
    app[CONTEXT] = at
    app.middlewares.append(failures)
    app.on_response_prepare.append(set_headers)
    register(app.router)

    async def start(_app: web.Application) -> None:
        at.tasks.append(asyncio.ensure_future(at.letters.follow(at.scene.index)))
        at.tasks.append(asyncio.ensure_future(at.scene.watch()))
        for task in at.tasks:
            task.add_done_callback(_ended)

    async def stop(_app: web.Application) -> None:
        tasks, at.tasks[:] = list(at.tasks), []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)
        await at.book.stop()
        await peers.close()
        await revealing.close()
        await outside.close()

    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    return at.scene.index


def make_context(
    settings: WebSettings, tokens: Tokens, ports: Ports, ways: tuple[HttpPeers, HttpPeers, HttpPeers]
) -> WebContext:
    """`ways` to other workers, to them with the right to reveal, and to others: that one carries no token."""
    (peers, revealing, outside), clock = ways, ports.clock
    sessions = Sessions(tokens.key)
    fleet = Fleet(ports.introspection, peers, clock)
    prometheus = None if settings.prometheus_url is None else Prometheus(str(settings.prometheus_url), outside)
    asking = Asking(ports.introspection, fleet, peers, revealing, clock)
    return WebContext(
        introspection=ports.introspection,
        clock=clock,
        look=Look(
            settings.environment,
            ZoneInfo(settings.time_zone),
            str(settings.alertmanager_url or ""),
            str(settings.runbooks_url or ""),
        ),
        tokens=tokens,
        sessions=sessions,
        door=Door(tokens, sessions, settings.host, clock),
        scene=Scene(fleet, LetterIndex(), clock, prometheus),
        stock=StockLookup(ports.introspection, fleet, peers, clock),
        orders=None if ports.orders is None else OrderLookup(ports.orders, asking),
        letters=ports.letters,
        decode=ports.decode,
        acts=ports.acts,
        letter_acts=ports.letter_acts,
        book=ActBook(),
        look_ups=Allowance(clock, burst=10, per_second=10),
        peer_look_ups=Allowance(clock, burst=100, per_second=100),
        sign_ins=Allowance(clock, burst=5, per_second=5 / 60),
    )


def _nothing() -> None:
    """What goes to others than our workers."""


def _ended(task: "asyncio.Task[None]") -> None:
    """A fault in what keeps the pages fresh is said; the streams go on."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("pages-not-fresh", error=repr(task.exception())[:300])
