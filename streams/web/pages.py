"""The pages that people read; each has its JSON beside it, made of the same value."""

from aiohttp import web

from streams.web.alerts_view import alerts
from streams.web.answers import json_answer, page
from streams.web.context import context
from streams.web.letters_view import letters_page
from streams.web.look_up import asked_sku, group_envelope, letter_envelope, not_asked, stock_envelope
from streams.web.overview import overview
from streams.web.refusal import RefusedError
from streams.web.settings_view import settings_page


async def overview_page(request: web.Request) -> web.Response:
    situation = await context(request).scene.situation()
    return page(request, situation, "overview.html", overview(situation))


async def status(request: web.Request) -> web.Response:
    """`/status`: the overview as JSON."""
    return json_answer(overview(await context(request).scene.situation()))


async def stock_look_up(request: web.Request) -> web.Response:
    """Without a SKU only the form."""
    situation = await context(request).scene.situation()
    try:
        sku = asked_sku(request)
    except RefusedError as error:
        empty = not_asked(situation, request.query.get("sku", ""), error.sentence)
        return page(request, situation, "stock.html", empty, status=error.status, asked=True)
    if sku is None:
        return page(request, situation, "stock.html", not_asked(situation, "", ""), asked=False)
    found = await stock_envelope(request, situation, sku, ask_shop="ask" in request.query)
    return page(request, situation, "stock.html", found, asked=True)


async def letters(request: web.Request) -> web.Response:
    at = context(request)
    situation = await at.scene.situation()
    found = letters_page(situation, at.scene.index, request.query.get("topic", ""))
    return page(request, situation, "letters.html", found)


async def group(request: web.Request) -> web.Response:
    situation = await context(request).scene.situation()
    return page(request, situation, "group.html", group_envelope(request, situation))


async def letter(request: web.Request) -> web.Response:
    situation = await context(request).scene.situation()
    return page(request, situation, "letter.html", await letter_envelope(request, situation))


async def settings(request: web.Request) -> web.Response:
    situation = await context(request).scene.situation()
    return page(request, situation, "settings.html", settings_page(situation))


async def alerts_page(request: web.Request) -> web.Response:
    """What fires."""
    at = context(request)
    situation = await at.scene.situation()
    return page(request, situation, "alerts.html", alerts(situation, at.look.runbooks, at.look.alertmanager))


async def alerts_told(request: web.Request) -> web.Response:
    """The same as JSON."""
    at = context(request)
    return json_answer(alerts(await at.scene.situation(), at.look.runbooks, at.look.alertmanager))


async def static(request: web.Request) -> web.Response:
    """Style sheet and script; their names change with their content."""
    found = context(request).statics.get(request.match_info["name"])
    if found is None:
        raise RefusedError(404, "No such file.")
    forever = {"Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=found.body, content_type=found.content_type, charset="utf-8", headers=forever)
