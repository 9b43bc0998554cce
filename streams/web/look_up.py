"""What pages and JSON share: one SKU, one group of letters, one letter, from what the request asks for."""

from typing import TypeVar

import msgspec
from aiohttp import web

from streams.runtime.operating.letter_edits import EDITABLE
from streams.runtime.operating.letters import AT_THE_SHOP
from streams.topics import WITHOUT_PEOPLE
from streams.web.act_bodies import sku_of
from streams.web.context import context, visitor
from streams.web.envelope import Envelope
from streams.web.letter_groups import Letter
from streams.web.letter_index import ClosedLetter
from streams.web.letter_log import StoredLetter
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
        reservations=(),
        promisable=None,
        asked_shop=False,
        shop_error="",
    )
    return Envelope(moment(situation.now), situation.fleet.own.worker, "unknown", view, situation.fleet.workers)


def asked_group(request: web.Request) -> str:
    """Raises RefusedError 404 where no letter of it is known, be it open or over."""
    asked = request.match_info["group"]
    index = context(request).scene.index
    if index.group(asked) is None and not index.closed(asked):
        raise RefusedError(
            404, f"No group of dead letters has the id {visible(asked)}. Its letters may have left the topic (90 days)."
        )
    return asked


def asked_letter(request: web.Request) -> Letter | ClosedLetter:
    """Raises RefusedError 404 also where the letter is of another group."""
    asked, index = request.match_info["letter"], context(request).scene.index
    found, over = index.letter(asked), index.closed_letter(asked)
    letter = found or (None if over is None else over.letter)
    if letter is None or letter.group != request.match_info["group"]:
        raise RefusedError(
            404,
            f"No dead letter {visible(asked)} in this group. Letters are named by topic, partition and offset of the "
            "record that was set aside.",
        )
    return found or over or letter


def group_envelope(request: web.Request, situation: Situation) -> Envelope[GroupView]:
    """Raises RefusedError 404."""
    group, index = asked_group(request), context(request).scene.index
    limit = request.query.get("limit", "")
    after = request.query.get("after")
    view = group_view(group, index, situation.now, after=after, limit=int(limit) if limit.isdecimal() else PAGE)
    return _letters_envelope(situation, view)


async def letter_envelope(
    request: web.Request, situation: Situation, *, revealed: bool = False
) -> Envelope[LetterView]:
    """Raises RefusedError 404."""
    at, asked = context(request), asked_letter(request)
    found, closing = (asked, None) if isinstance(asked, Letter) else asked
    sight = Sight(operate=visitor(request).may("operate"), revealed=revealed)
    stored = await at.letters.letter(found)
    view = await letter_view(found, stored, at.decode, sight, closing)
    if sight.operate and closing is None:
        view = msgspec.structs.replace(view, correctable=await _correctable(request, found, stored))
    return _letters_envelope(situation, view)


async def _correctable(
    request: web.Request, letter: Letter, stored: StoredLetter | None
) -> tuple[tuple[str, str | None], ...]:
    """Fields that may be corrected, as they stand; without their values where the record can name people."""
    topic = letter.origin_topic
    if letter.reason in AT_THE_SHOP or stored is None or stored.value is None or topic not in EDITABLE:
        return ()
    found = await context(request).letter_acts.correctable(topic, stored.value)
    return tuple((name, value if topic in WITHOUT_PEOPLE else None) for name, value in found.items())


def _letters_envelope(situation: Situation, view: ViewT) -> Envelope[ViewT]:
    return Envelope(moment(situation.now), situation.fleet.own.worker, "attention", view, situation.fleet.workers)
