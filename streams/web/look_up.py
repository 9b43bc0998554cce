"""What pages and JSON share: one SKU, one group of letters, one letter, from what the request asks for."""

from typing import TypeVar

from aiohttp import web

from streams.web.act_bodies import sku_of
from streams.web.context import context, visitor
from streams.web.envelope import Envelope
from streams.web.letter_groups import Letter
from streams.web.letter_index import GroupState
from streams.web.letter_view import LetterView, Sight, letter_view
from streams.web.letters_view import PAGE, GroupView, group_view
from streams.web.refusal import RefusedError
from streams.web.situation import Situation
from streams.web.stock_view import StockView, stock_page
from streams.web.words import moment, visible

ViewT = TypeVar("ViewT")


def asked_sku(request: web.Request) -> str | None:
    """None where none was given.  Raises RefusedError 400 for what cannot be one, 429 for too many look-ups."""
    sku = request.query.get("sku", "")
    if not sku:
        return None
    sku_of(sku)
    at = context(request)
    if not at.look_ups.take(visitor(request).session or str(request.remote)):
        raise RefusedError(429, "More than 10 look-ups in a second. Wait a second.", headers={"Retry-After": "1"})
    return sku


async def stock_envelope(
    request: web.Request, situation: Situation, sku: str, *, ask_shop: bool
) -> Envelope[StockView]:
    """Raises nothing for what does not answer: it is named in the view."""
    at = context(request)
    parts = await at.stock.look_up(sku, ask_shop=ask_shop)
    letters = at.scene.index.of_key(sku)
    return stock_page(parts, letters, situation)


def not_asked(situation: Situation, sku: str, why: str) -> Envelope[StockView]:
    """The form alone, or with why the text is no SKU."""
    view = StockView(
        sku=sku,
        state="unknown",
        icon="unknown",
        headline="This is not a SKU" if why else "",
        sentence=why,
        owner=None,
        lane_owner=None,
        missing=(),
        found=False,
        version="",
        sources=(),
        locations=(),
        causes=(),
        dead_letters=(),
        near=(),
        asked_shop=False,
        shop_error="",
    )
    return Envelope(moment(situation.now), situation.fleet.own.worker, "unknown", view, situation.fleet.workers)


def _group(request: web.Request) -> GroupState:
    asked = request.match_info["group"]
    found = context(request).scene.index.group(asked)
    if found is None:
        raise RefusedError(
            404, f"No group of dead letters has the id {visible(asked)}. Its letters may have left the topic (90 days)."
        )
    return found


def asked_letter(request: web.Request) -> Letter:
    """Raises RefusedError 404 also where the letter is of another group."""
    asked = request.match_info["letter"]
    found = context(request).scene.index.letter(asked)
    if found is None or found.group != request.match_info["group"]:
        raise RefusedError(
            404,
            f"No dead letter {visible(asked)} in this group. Letters are named by topic, partition and offset of the "
            "record that was set aside.",
        )
    return found


def group_envelope(request: web.Request, situation: Situation) -> Envelope[GroupView]:
    """Raises RefusedError 404."""
    found, index = _group(request), context(request).scene.index
    limit = request.query.get("limit", "")
    after = request.query.get("after")
    view = group_view(found, index, situation.now, after=after, limit=int(limit) if limit.isdecimal() else PAGE)
    return _letters_envelope(situation, view)


async def letter_envelope(
    request: web.Request, situation: Situation, *, revealed: bool = False
) -> Envelope[LetterView]:
    """Raises RefusedError 404."""
    at, found = context(request), asked_letter(request)
    sight = Sight(operate=visitor(request).may("operate"), revealed=revealed)
    view = await letter_view(found, await at.letters.letter(found), at.decode, sight)
    return _letters_envelope(situation, view)


def _letters_envelope(situation: Situation, view: ViewT) -> Envelope[ViewT]:
    return Envelope(moment(situation.now), situation.fleet.own.worker, "attention", view, situation.fleet.workers)
