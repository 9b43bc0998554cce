"""The reconciliation as page, as JSON, and as an act."""

from aiohttp import web

from streams.web import act_bodies
from streams.web.act_api import Ended, carry_out
from streams.web.act_bodies import ReconcileAct
from streams.web.acts import Mandate
from streams.web.answers import json_answer, own_answer, page
from streams.web.context import context
from streams.web.reconcile_view import RESERVATIONS, reconciliation
from streams.web.refusal import RefusedError
from streams.web.words import visible


async def show(request: web.Request) -> web.Response:
    """The page."""
    situation = await context(request).scene.situation()
    return page(request, situation, "reconciliation.html", reconciliation(situation))


async def told(request: web.Request) -> web.Response:
    """The same as JSON; of each run the first differences."""
    return json_answer(reconciliation(await context(request).scene.situation()))


async def own_run(request: web.Request) -> web.Response:
    """One run of this worker with every difference that is kept."""
    asked = request.query.get("run", "")
    found = context(request).introspection.run(asked)
    if found is None:
        raise RefusedError(404, f"This worker knows no run {visible(asked)}.")
    return own_answer(request, found)


async def run(request: web.Request) -> web.Response:
    """409 with the reason where none may begin now; nothing is ordered then."""
    body = await act_bodies.read(request, ReconcileAct)
    at = context(request)
    view = reconciliation(await at.scene.situation()).data
    refusal = view.reservations_refusal if body.scope == RESERVATIONS else view.refusal
    if refusal and at.book.get(body.act) is None:
        raise RefusedError(409, f"{refusal[:1].upper()}{refusal[1:]}.")

    async def work(mandate: Mandate) -> Ended:
        await at.acts.reconcile(body.scope, body.repair, mandate)
        return Ended("done", "Asked. The worker with the stock lane begins within some seconds.")

    return await carry_out(request, body, "reconcile", work)
