"""Orders over HTTP: one of them, those that wait, and what operators do with a held one."""

import asyncio
import re

import msgspec
from aiohttp import web

from streams.web import act_bodies
from streams.web.act_api import WITHIN_S, Ended, carry_out
from streams.web.act_bodies import Act, CorrectAct, RevealAct
from streams.web.acts import ActFailedError, Mandate, OrderAct
from streams.web.answers import json_answer, own_answer, page
from streams.web.context import context, visitor
from streams.web.envelope import Envelope
from streams.web.fleet import PeerSilentError
from streams.web.introspection import NotOwnedError
from streams.web.order_facts import STUCK_AFTER_S, Queue
from streams.web.order_json import read_order
from streams.web.order_parts import OrderLookup, People
from streams.web.order_view import OrderView, not_an_order, order_page
from streams.web.orders_view import OFF, QueueView, orders_off, orders_page, queue_envelope, queue_view
from streams.web.refusal import RefusedError
from streams.web.situation import Situation

LONGEST_NUMBER = 128
NOT_A_NUMBER = "An order's number has 1 to 128 characters, no control characters and no blank at either end."
_NUMBER = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd]{1,128}")
_SPAN_S = re.compile(r"[0-9]{1,7}")


def _lookup(request: web.Request) -> OrderLookup:
    """Raises RefusedError 404 where orders are off."""
    found = context(request).orders
    if found is None:
        raise RefusedError(404, OFF)
    return found


def _number(text: str) -> str:
    """Raises RefusedError 400."""
    if not _NUMBER.fullmatch(text) or text != text.strip():
        raise RefusedError(400, NOT_A_NUMBER)
    return text


def _take_look_up(request: web.Request) -> None:
    if not context(request).look_ups.take(visitor(request).session or str(request.remote)):
        raise RefusedError(429, "More than 10 look-ups in a second. Wait a second.", headers={"Retry-After": "1"})


async def _found(request: web.Request, situation: Situation, text: str) -> Envelope[OrderView]:
    lookup = _lookup(request)
    _take_look_up(request)
    return order_page(await lookup.look_up(_number(text)), situation)


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


async def order(request: web.Request) -> web.Response:
    """404 where every worker was asked and none knows it."""
    situation = await context(request).scene.situation()
    found = await _found(request, situation, request.match_info["id"])
    lost = not found.data.found and not found.data.missing and not found.data.several
    return json_answer(found, 404 if lost else 200)


async def orders(request: web.Request) -> web.Response:
    """`?state=held|stuck`, or `?q=` and a number."""
    at = context(request)
    situation = await at.scene.situation()
    if "q" in request.query:
        return json_answer(await _found(request, situation, request.query["q"]))
    lookup, state = _lookup(request), request.query.get("state", "held")
    if state not in ("held", "stuck"):
        raise RefusedError(400, "Ask for ?state=held, ?state=stuck, or ?q= and a number.")
    _take_look_up(request)
    queue: Queue = "held" if state == "held" else "stuck"
    found = await lookup.waiting(queue)
    return json_answer(queue_envelope(queue_view(found, queue, _longer_s(request)), found, situation))


def _longer_s(request: web.Request) -> float:
    text = request.query.get("longer_s", str(STUCK_AFTER_S))
    if not _SPAN_S.fullmatch(text):
        raise RefusedError(400, "longer_s is a number of seconds.")
    return float(text)


async def own(request: web.Request) -> web.Response:
    """What this worker holds of an order: asked by the worker that was asked; it asks nobody else."""
    return json_answer(await _peer(request).own(_number(request.query.get("id", ""))))


async def own_shipments(request: web.Request) -> web.Response:
    return json_answer(await _peer(request).own_shipments(_number(request.query.get("id", ""))))


async def own_find(request: web.Request) -> web.Response:
    return json_answer(await _peer(request).source.find(_number(request.query.get("q", ""))))


async def own_queue(request: web.Request) -> web.Response:
    queue: Queue = "stuck" if request.query.get("queue") == "stuck" else "held"
    return json_answer(await _peer(request).source.queue(queue))


def _peer(request: web.Request) -> OrderLookup:
    lookup = _lookup(request)
    if not context(request).peer_look_ups.take(str(request.remote)):
        raise RefusedError(429, "More than 100 look-ups in a second.", headers={"Retry-After": "1"})
    return lookup


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


async def queue_page(request: web.Request) -> web.Response:
    """`/orders`: both queues; with `?q=` the order, or the choice between several."""
    at = context(request)
    situation = await at.scene.situation()
    if at.orders is None:
        return page(request, situation, "orders.html", orders_off(situation), asked="")
    if text := request.query.get("q", "").strip():
        found = await _page_of(request, situation, text)
        if found.data.found:
            raise web.HTTPSeeOther(f"/orders/{found.data.id}{'?zone=utc' if 'zone' in request.query else ''}")
        return page(request, situation, "order.html", found, status=400 if _is_refused(found) else 200)
    held, stuck = await asyncio.gather(at.orders.waiting("held"), at.orders.waiting("stuck"))
    queues: tuple[QueueView, ...] = (
        queue_view(held, "held", STUCK_AFTER_S),
        queue_view(stuck, "stuck", STUCK_AFTER_S),
    )
    return page(request, situation, "orders.html", orders_page(queues, situation), asked="")


async def one_page(request: web.Request) -> web.Response:
    at = context(request)
    situation = await at.scene.situation()
    if at.orders is None:
        return page(request, situation, "orders.html", orders_off(situation), asked="")
    found = await _page_of(request, situation, request.match_info["id"])
    lost = not found.data.found and not found.data.missing and not found.data.several
    return page(request, situation, "order.html", found, status=404 if lost else 200)


async def _page_of(request: web.Request, situation: Situation, text: str) -> Envelope[OrderView]:
    try:
        return await _found(request, situation, text)
    except RefusedError as error:
        return not_an_order(situation, text, "Not looked up", error.sentence)


def _is_refused(found: Envelope[OrderView]) -> bool:
    return found.data.headline == "Not looked up"


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────


async def _one(request: web.Request) -> OrderView:
    """The order that an act is about.  Raises RefusedError: 404 not there, 503 where that is not known."""
    order_id = _number(request.match_info["id"])
    parts = await _lookup(request).look_up(order_id)
    if parts.entry is None and parts.missing:
        raise RefusedError(503, " ".join(parts.missing))
    if parts.entry is None or parts.entry.order_id != order_id:
        raise RefusedError(404, "No order has this id. Acts take the unified id, e.g. commerce-000004711.")
    return order_page(parts, await context(request).scene.situation()).data


async def release(request: web.Request) -> web.Response:
    """Also where a sink holds it: it is looked up there again before anything is sent."""
    body = await act_bodies.read(request, Act)
    view = await _one(request)

    async def work(mandate: Mandate) -> Ended:
        if not view.release.may:
            return Ended("already", f"{view.id} is not held: it is {view.order_state}.")
        await context(request).acts.order(OrderAct(view.id, "RELEASED", _standing(view)), mandate)
        return Ended("done", f"{view.id} is released. What was refused is asked anew; watch it on its page.")

    return await carry_out(request, body, "release-order", work)


async def reject(request: web.Request) -> web.Response:
    """409 where others work on it already."""
    body = await act_bodies.read(request, Act)
    view = await _one(request)
    if not view.reject.may and context(request).book.get(body.act) is None:
        raise RefusedError(409, view.reject.why)

    async def work(mandate: Mandate) -> Ended:
        await context(request).acts.order(OrderAct(view.id, "REFUSED", _standing(view)), mandate)
        return Ended("done", f"{view.id} is rejected: nothing of it will be shipped.")

    return await carry_out(request, body, "reject-order", work)


async def cancel(request: web.Request) -> web.Response:
    """Asks back what has not left; 409 where all of it has, or where it is over."""
    body = await act_bodies.read(request, Act)
    view = await _one(request)
    if not view.cancel.may and context(request).book.get(body.act) is None:
        raise RefusedError(409, view.cancel.why)

    async def work(mandate: Mandate) -> Ended:
        await context(request).acts.order(OrderAct(view.id, "CANCEL_REQUESTED", _standing(view)), mandate)
        return Ended("done", f"The cancellation of {view.id} is asked for; its page says who has let it go.")

    return await carry_out(request, body, "cancel-order", work)


async def correct(request: web.Request) -> web.Response:
    """The whole order as it shall be; 409 where others work on it already."""
    body = await act_bodies.read(request, CorrectAct)
    view = await _one(request)
    if not view.correct.may and context(request).book.get(body.act) is None:
        raise RefusedError(409, view.correct.why)
    try:
        corrected = read_order(bytes(body.order).decode(), view.id)
    except ValueError as error:
        raise RefusedError(400, str(error)) from None

    async def work(mandate: Mandate) -> Ended:
        await context(request).acts.order(OrderAct(view.id, "CORRECTED", _standing(view), corrected), mandate)
        return Ended("done", f"{view.id} is corrected; its checks are made again.")

    return await carry_out(request, body, "correct-order", work)


def _standing(view: OrderView) -> str:
    """For the audit: what the order was, and why."""
    return " ".join((view.order_state, *dict.fromkeys(one.reason for one in view.holds)))


async def reveal(request: web.Request) -> web.Response:
    """The look is audited, by the order's owner, before anybody is named; hidden again after five minutes."""
    body = await act_bodies.read(request, Act)
    at, view = context(request), await _one(request)
    mandate = Mandate(body.act or at.clock.nonce(), visitor(request).actor, body.reason.strip())
    asked = RevealAct(reason=mandate.reason, act=mandate.id, order_id=view.id, actor=mandate.actor)
    try:
        people = await _lookup(request).people_elsewhere(view.id, msgspec.json.encode(asked))
    except PeerSilentError as error:
        raise RefusedError(503, f"The owner of this order does not answer ({error}), so nothing is shown.") from None
    people = people or await _revealed(request, view.id, mandate)
    return own_answer(request, msgspec.structs.replace(view, people=people.people or ()))


async def own_people(request: web.Request) -> web.Response:
    """Asked by the worker that a person asked."""
    body = await act_bodies.read(request, RevealAct)
    _peer(request)
    return json_answer(await _revealed(request, body.order_id, Mandate(body.act, body.actor, body.reason.strip())))


async def _revealed(request: web.Request, order_id: str, mandate: Mandate) -> People:
    at = context(request)
    try:
        async with asyncio.timeout(WITHIN_S):
            await at.acts.reveal_order(order_id, mandate)
    except (ActFailedError, TimeoutError):
        raise RefusedError(503, "The look could not be audited, so nothing is shown. Try again.") from None
    try:
        return People(_lookup(request).source.people(order_id))
    except NotOwnedError:
        raise RefusedError(503, "Another worker took this order over just now. Try again.") from None
