"""Acts over HTTP: the role is checked for each, a reason is required, and the same act twice is one act."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from aiohttp import web

from streams.topics import BY_NAME, STOCK_INPUTS
from streams.web import act_bodies
from streams.web.act_bodies import Act, GapAct, RecountAct, SinkAct
from streams.web.act_book import ActState
from streams.web.acts import ActFailedError, Mandate, Mode, Place
from streams.web.answers import json_answer, own_answer
from streams.web.context import context, visitor
from streams.web.facts import OrderFact
from streams.web.letter_groups import Letter
from streams.web.look_up import asked_letter, letter_envelope
from streams.web.refusal import RefusedError
from streams.web.words import ago, moment, seconds_since, visible

WITHIN_S = 10.0
STOCK = frozenset(topic.name for topic in STOCK_INPUTS)


class Ended(NamedTuple):
    """How an act ended."""

    state: Literal["done", "already"]
    text: str


Work = Callable[[Mandate], Awaitable[Ended]]


async def carry_out(request: web.Request, body: Act, name: str, work: Work) -> web.Response:
    """202 with the act, 503 where Kafka did not take it; the same id again gives the same answer."""
    at, who = context(request), visitor(request)
    mandate = Mandate(body.act or at.clock.nonce(), who.actor, body.reason.strip())

    async def perform() -> ActState:
        now = moment(at.clock.micros())
        try:
            async with asyncio.timeout(WITHIN_S):
                ended = await work(mandate)
        except TimeoutError:
            text = f"Kafka did not take it in {WITHIN_S:.0f} s; it may still be done. Repeating it is safe."
        except ActFailedError as error:
            text = str(error)
        else:
            return ActState(id=mandate.id, act=name, state=ended.state, done=1, text=ended.text, by=who.actor, at=now)
        return ActState(id=mandate.id, act=name, state="failed", failed=1, text=text, by=who.actor, at=now)

    state = await at.book.once(mandate.id, perform)
    return own_answer(request, state, 503 if state.state == "failed" else 202)


# ── sinks and intake ─────────────────────────────────────────────────────────────────────────────


async def set_sink(request: web.Request) -> web.Response:
    """Every role with a sink; at the shop the stock lane and the order sink follow the same order."""
    role = request.match_info["role"]
    at = context(request)
    situation = await at.scene.situation()
    if role not in situation.sinks:
        raise RefusedError(404, f"No sink has the role {visible(role)}. There is: {', '.join(situation.sinks)}.")
    body = await act_bodies.read(request, SinkAct)
    mode: Mode = "paused" if body.mode == "pause" else body.mode
    order = situation.order(f"sink/{role}")
    before = situation.mode_of(role) or ("" if order is None else order.state)

    async def work(mandate: Mandate) -> Ended:
        if before == mode:
            return Ended("already", f"The sink {role} is in mode {mode} already{_by(order, situation.now)}.")
        await at.acts.set_sink(role, mode, before, mandate)
        return Ended("done", f"The sink {role} goes to mode {mode}, on every worker, until the next order.")

    return await carry_out(request, body, "set-sink", work)


async def resume(request: web.Request) -> web.Response:
    topic = request.match_info["topic"]
    if topic not in BY_NAME:
        raise RefusedError(404, f"No topic has the name {visible(topic)}.")
    body = await act_bodies.read(request, Act)
    at = context(request)
    situation = await at.scene.situation()

    async def work(mandate: Mandate) -> Ended:
        order = situation.order(f"intake/{topic}")
        if not situation.intake(topic).paused and (order is None or order.state != "paused"):
            return Ended("already", f"The intake of {topic} is open already{_by(order, situation.now)}.")
        await at.acts.resume(topic, mandate)
        return Ended("done", f"{topic} is read again from where it stood.")

    return await carry_out(request, body, "resume", work)


async def accept_gap(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, GapAct)
    at = context(request)
    situation = await at.scene.situation()
    gaps = [gap for facts in situation.fleet.answered for gap in facts.gaps]
    gap = next((one for one in gaps if (one.topic, one.partition) == (body.topic, body.partition)), None)

    async def work(mandate: Mandate) -> Ended:
        if gap is None:
            return Ended("already", f"There is no gap at {body.topic} [{body.partition}].")
        await at.acts.accept_gap(gap.topic, gap.partition, gap.last + 1, mandate)
        what = "Ask for a recount of the stock it names." if gap.topic in STOCK else "Have what was in it sent again."
        return Ended("done", f"Reading goes on at offset {gap.last + 1}. {what}")

    return await carry_out(request, body, "accept-gap", work)


def _by(order: OrderFact | None, now: int) -> str:
    return "" if order is None else f": {order.actor}, {ago(seconds_since(order.at, now))}"


# ── stock and letters ────────────────────────────────────────────────────────────────────────────


async def recount(request: web.Request) -> web.Response:
    body = await act_bodies.read(request, RecountAct)
    at, place = context(request), Place(act_bodies.sku_of(body.sku), body.location, body.bucket)

    async def work(mandate: Mandate) -> Ended:
        await at.acts.recount(place, mandate)
        return Ended("done", "Asked. The number changes when the WMS has stated it anew.")

    return await carry_out(request, body, "recount", work)


async def reveal(request: web.Request) -> web.Response:
    """The look is audited before anything is shown; hidden again by the page after five minutes."""
    body = await act_bodies.read(request, Act)
    at, asked, who = context(request), asked_letter(request), visitor(request)
    found = asked if isinstance(asked, Letter) else asked.letter
    mandate = Mandate(body.act or at.clock.nonce(), who.actor, body.reason.strip())
    try:
        async with asyncio.timeout(WITHIN_S):
            await at.acts.reveal(found.id, mandate)
    except (ActFailedError, TimeoutError):
        raise RefusedError(503, "The look could not be audited, so nothing is shown. Try again.") from None
    return json_answer(await letter_envelope(request, await at.scene.situation(), revealed=True))
