"""The closing of a day as page and as JSON; `?date=2026-03-02` shows the pages that end on that day (UTC)."""

from datetime import UTC, date, datetime, timedelta

from aiohttp import web

from streams.web.answers import json_answer, own_answer, page
from streams.web.completeness_view import CompletenessView, completeness
from streams.web.context import context
from streams.web.envelope import Envelope
from streams.web.refusal import RefusedError
from streams.web.situation import Situation
from streams.web.words import visible

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def show(request: web.Request) -> web.Response:
    """The page."""
    situation = await context(request).scene.situation()
    return page(request, situation, "completeness.html", await _view(request, situation))


async def told(request: web.Request) -> web.Response:
    """The same as JSON."""
    return json_answer(await _view(request, await context(request).scene.situation()))


async def own_run(request: web.Request) -> web.Response:
    """One run of this worker with everything that it found."""
    asked = request.query.get("run", "")
    found = context(request).introspection.closing(asked)
    if found is None:
        raise RefusedError(404, f"This worker knows no run {visible(asked)}.")
    return own_answer(request, found)


async def kept(request: web.Request) -> web.Response:
    """The pages themselves, as they are kept; null where they cannot be read."""
    asked = request.query.get("date", "")
    since, before = _day(asked) if asked else (0, 0)
    return own_answer(request, await context(request).introspection.pages(since, before))


async def _view(request: web.Request, situation: Situation) -> Envelope[CompletenessView]:
    asked = request.query.get("date", "")
    since, before = _day(asked) if asked else (0, 0)
    found = await context(request).introspection.pages(since, before)
    return completeness(situation, found, asked)


def _day(text: str) -> tuple[int, int]:
    """Its beginning and its end (µs)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RefusedError(400, f"{visible(text)} is no date; write it like 2026-03-02.") from None
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH
    micro = timedelta(microseconds=1)
    return begin // micro, (begin + timedelta(days=1)) // micro
