"""Answers as they leave: JSON, pages, and the headers that stand on every one of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from streams.web.alerts_view import number_firing
from streams.web.context import WebContext, context, visitor
from streams.web.envelope import Envelope, Workers, to_json
from streams.web.needs import for_a_person, needs
from streams.web.render import Times, render
from streams.web.situation import Situation
from streams.web.words import absolute, moment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Server": "commerce-streams",
}
UTC = ZoneInfo("UTC")
ViewT = TypeVar("ViewT")


async def set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Called for every answer, errors and files included; only files with a hashed name may be kept."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        body=to_json(value), status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def own_answer(request: web.Request, data: object, status: int = 200) -> web.Response:
    """An envelope around what this worker alone answers for."""
    at = context(request)
    own = at.introspection.facts()
    return json_answer(Envelope(moment(at.clock.micros()), own.worker, "ok", data, Workers(1, 1)), status)


def page(
    request: web.Request,
    situation: Situation,
    template: str,
    envelope: Envelope[ViewT],
    *,
    status: int = 200,
    **values: object,
) -> web.Response:
    """A page of one envelope; everything on it is of the same moment."""
    at = context(request)
    shared = frame(request, at, envelope.as_of)
    shared |= {
        "workers": envelope.workers,
        "answered_by": envelope.answered_by,
        "version": situation.fleet.own.version,
        "counters": counters(situation),
        "view": envelope.data,
        "state": envelope.state,
    }
    return html(render(template, shared | values), status)


def bare_page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """A page without figures: sign-in and errors."""
    at = context(request)
    shared = frame(request, at, moment(at.clock.micros()))
    return html(render(template, shared | {"counters": {}} | values), status)


def html(text: str, status: int) -> web.Response:
    return web.Response(body=text.encode("utf-8", "replace"), status=status, content_type="text/html", charset="utf-8")


def counters(situation: Situation) -> dict[str, str]:
    """What needs a person, by page; `?` where that is not known."""
    letters = situation.letters
    known = letters.state.known and not letters.state.building
    found = needs(situation)
    return {
        "/": f"{for_a_person(found):,}" if for_a_person(found) else "?" if found else "",
        "/orders": _held(situation),
        "/alerts": number_firing(situation),
        "/dead-letters": f"{letters.total:,}" if known and letters.total else "" if known else "?",
    }


def _held(situation: Situation) -> str:
    """Orders that wait for a decision; empty where orders are off."""
    sums = situation.orders
    if sums is None:
        return ""
    return f"{sums.held:,}" if sums.held else "" if sums.is_whole else "?"


def frame(request: web.Request, at: WebContext, as_of: datetime) -> dict[str, object]:
    """What stands around every page."""
    wants_utc = request.query.get("zone") == "utc" or at.look.zone.key == "UTC"
    zone = UTC if wants_utc else at.look.zone
    who = visitor(request)

    def link(path: str) -> str:
        """Keeps the zone that was chosen."""
        if request.query.get("zone") != "utc":
            return path
        bare, hash_sign, fragment = path.partition("#")
        return f"{bare}{'&' if '?' in bare else '?'}zone=utc{hash_sign}{fragment}"

    return {
        "t": Times(as_of, zone),
        "as_of": as_of,
        "as_of_told": absolute(as_of, zone),
        "zone": zone.key,
        "other_zone": _other_zone(request, at.look.zone),
        "environment": at.look.environment,
        "here": request.path.rstrip("/") or "/",
        "link": link,
        "statics": at.statics.urls,
        "who": who,
        "csrf": at.sessions.csrf(who.session) if who.session else "",
        "has_tokens": at.tokens.any_set,
        "operate_token": at.tokens.can_anybody("operate"),
        "reveal_token": at.tokens.can_anybody("reveal"),
        "orders_on": at.orders is not None,
    }


def _other_zone(request: web.Request, zone: ZoneInfo) -> tuple[str, str] | None:
    """Label and address that show the times in the other zone; None where there is only UTC."""
    if zone.key == "UTC":
        return None
    rest = {name: value for name, value in request.query.items() if name != "zone"}
    if request.query.get("zone") == "utc":
        return f"show {zone.key}", str(request.rel_url.with_query(rest))
    return "show UTC", str(request.rel_url.with_query({**rest, "zone": "utc"}))


def remembered(response: web.Response, cookie: str, value: str, lasts: timedelta, *, secure: bool) -> web.Response:
    """The session cookie: not for scripts, not for other sites."""
    response.set_cookie(
        cookie, value, max_age=int(lasts.total_seconds()), httponly=True, samesite="Strict", path="/", secure=secure
    )
    return response
