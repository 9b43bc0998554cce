"""The way out of a wrong base: first what would change, then, with the value that was shown, the change."""

import msgspec
from aiohttp import web

from streams.domain.quantities import to_decimal
from streams.web import act_bodies
from streams.web.act_api import Ended, carry_out
from streams.web.act_bodies import RebaseAct
from streams.web.acts import Mandate, Place
from streams.web.answers import own_answer
from streams.web.context import context
from streams.web.refusal import RefusedError
from streams.web.stock_facts import ScopeFact

BUCKETS = ("ON_HAND", "AVAILABLE", "ALLOCATED", "ON_HOLD")


class Preview(msgspec.Struct, frozen=True):
    """What a rebase would change: one bucket of one location; the formula does the rest."""

    sku: str
    location: str
    bucket: str
    before: str
    after: str
    says: str


async def preview(request: web.Request) -> web.Response:
    """GET: changes nothing."""
    asked = request.query
    place = _place(asked.get("sku", ""), asked.get("location", ""), asked.get("bucket", ""))
    after = str(to_decimal(act_bodies.quantity_of(asked.get("quantity", ""))))
    scope = await _scope(request, place)
    says = (
        f"{place.bucket} at {place.location}: {scope.value} → {after}. Older records of this bucket no longer count; "
        "newer movements still do. Commerce is written with what the formula gives then."
    )
    shown = Preview(place.sku, place.location or "", place.bucket or "", scope.value, after, says)
    return own_answer(request, shown)


async def rebase(request: web.Request) -> web.Response:
    """409 where the value is no longer the one that the preview showed."""
    body = await act_bodies.read(request, RebaseAct)
    place = _place(body.sku, body.location, body.bucket)
    quantity = act_bodies.quantity_of(body.quantity)
    at = context(request)
    if at.book.get(body.act) is None:
        scope = await _scope(request, place)
        if scope.value != body.before:
            raise RefusedError(
                409, f"The value changed since the preview: {body.before} then, {scope.value} now. Look again."
            )

    async def work(mandate: Mandate) -> Ended:
        await at.acts.rebase(place, f"{place.location}/{place.bucket}: {body.before}", quantity, mandate)
        return Ended("done", f"{place.bucket} at {place.location} is stated as {to_decimal(quantity)}.")

    return await carry_out(request, body, "rebase", work)


def _place(sku: str, location: str, bucket: str) -> Place:
    if bucket not in BUCKETS:
        raise RefusedError(400, f"A rebase states one of {', '.join(BUCKETS)}.")
    return Place(act_bodies.sku_of(sku), location, bucket)


async def _scope(request: web.Request, place: Place) -> ScopeFact:
    """Raises RefusedError 503 where the owner does not answer, 404 where the ledger knows no such bucket."""
    parts = await context(request).stock.look_up(place.sku)
    if not parts.ledger_known:
        raise RefusedError(503, " ".join(parts.missing) or "The ledger is not known.")
    scopes = () if parts.ledger is None else parts.ledger.scopes
    for scope in scopes:
        if (scope.location, scope.bucket) == (place.location, place.bucket):
            return scope
    raise RefusedError(
        404, f"No record of {place.bucket} at {place.location} for this SKU: there is nothing to rebase."
    )
