"""The same as JSON, for programs, for other workers, and for the pages' own script."""

from aiohttp import web

from streams.web.act_bodies import NOT_A_SKU
from streams.web.answers import json_answer, own_answer
from streams.web.context import context
from streams.web.letters_view import letters_page
from streams.web.look_up import asked_sku, group_envelope, letter_envelope, stock_envelope
from streams.web.refusal import RefusedError
from streams.web.settings_view import settings_page


async def worker(request: web.Request) -> web.Response:
    """This worker's own facts; the others ask for them."""
    return own_answer(request, context(request).introspection.facts())


def _sku(request: web.Request) -> str:
    sku = asked_sku(request)
    if sku is None:
        raise RefusedError(400, f"Name a SKU: ?sku=… {NOT_A_SKU}")
    return sku


async def stock(request: web.Request) -> web.Response:
    situation = await context(request).scene.situation()
    return json_answer(await stock_envelope(request, situation, _sku(request), ask_shop=False))


async def stock_in_shop(request: web.Request) -> web.Response:
    """With one call to Commerce, three seconds at most."""
    situation = await context(request).scene.situation()
    return json_answer(await stock_envelope(request, situation, _sku(request), ask_shop=True))


async def own_stock(request: web.Request) -> web.Response:
    """What this worker holds of a SKU: asked by the worker that was asked; it asks nobody else."""
    at, sku = context(request), request.query.get("sku", "")
    if not sku:
        raise RefusedError(400, "Name a SKU: ?sku=…")
    if not at.peer_look_ups.take(str(request.remote)):
        raise RefusedError(429, "More than 100 look-ups in a second.", headers={"Retry-After": "1"})
    return json_answer(await at.stock.own(sku))


async def letters(request: web.Request) -> web.Response:
    at = context(request)
    situation = await at.scene.situation()
    return json_answer(letters_page(situation, at.scene.index, request.query.get("topic", "")))


async def group(request: web.Request) -> web.Response:
    return json_answer(group_envelope(request, await context(request).scene.situation()))


async def letter(request: web.Request) -> web.Response:
    return json_answer(await letter_envelope(request, await context(request).scene.situation()))


async def settings(request: web.Request) -> web.Response:
    return json_answer(settings_page(await context(request).scene.situation()))


async def act(request: web.Request) -> web.Response:
    """How an act stands; acts are remembered by the worker that took them."""
    found = context(request).book.get(request.match_info["act"])
    if found is None:
        raise RefusedError(404, "This worker knows no act of this id; audit.v1 holds every act.")
    return own_answer(request, found)
