"""People sign in with a token once and get a session; the token itself is in no page, no cookie and no address."""

import re
from urllib.parse import parse_qs, quote

from aiohttp import web

from streams.web.act_bodies import body_of
from streams.web.answers import bare_page, remembered
from streams.web.context import WebContext, context, visitor
from streams.web.refusal import RefusedError
from streams.web.roles import Roles
from streams.web.sessions import COOKIE, LASTS, Session
from streams.web.words import MICROS

AGAIN = "again"
_NAME = re.compile(r"[\w .@-]{0,40}")
_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f\\]*")


def next_of(text: str) -> str:
    """Only a path of our own."""
    return text if _PATH.fullmatch(text) and len(text) < 2000 else "/"


def form(request: web.Request, *, status: int = 200, problem: str = "", goes_to: str = "/") -> web.Response:
    """A link from elsewhere comes without the strict cookie: the page loads itself once more, and then it is there."""
    again = AGAIN not in request.query and request.method == "GET"
    reload_to = f"/sign-in?next={quote(goes_to, safe='')}&{AGAIN}=1" if again else ""
    return bare_page(request, "sign_in.html", status=status, problem=problem, goes_to=goes_to, reload_to=reload_to)


async def show(request: web.Request) -> web.Response:
    goes_to = next_of(request.query.get("next", "/"))
    if visitor(request).may("read") and AGAIN in request.query:
        raise web.HTTPSeeOther(goes_to)
    return form(request, goes_to=goes_to)


async def sign_in(request: web.Request) -> web.Response:
    """A second token adds its role to the session, e.g. reveal to operate."""
    at = context(request)
    at.door.check_same_site(request)
    fields = parse_qs((await body_of(request)).decode("utf-8", "replace"), max_num_fields=10)
    goes_to = next_of(_first(fields, "next") or "/")
    if not at.sign_ins.take(str(request.remote)):
        return form(request, status=429, problem="Five tries a minute. Wait a minute, then try again.", goes_to=goes_to)
    roles = at.tokens.roles_of(_first(fields, "token").strip())
    if not roles:
        return form(request, status=401, problem="This token is none of ours.", goes_to=goes_to)
    return _signed_in(request, at, roles, _name(fields), goes_to)


def _signed_in(request: web.Request, at: WebContext, roles: Roles, name: str, goes_to: str) -> web.Response:  # noqa: PLR0917
    who = visitor(request)
    held = who.roles if who.session else frozenset()
    until = at.clock.micros() + int(LASTS.total_seconds()) * MICROS
    session = Session(at.clock.nonce(), tuple(sorted(held | roles)), until, name or who.name)
    response = web.Response(status=303, headers={"Location": goes_to})
    return remembered(response, COOKIE, at.sessions.seal(session), LASTS, secure=is_secure(request))


async def sign_out(request: web.Request) -> web.Response:
    context(request).door.check_same_site(request)
    response = web.Response(status=303, headers={"Location": "/sign-in"})
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


def is_secure(request: web.Request) -> bool:
    """Also behind a proxy that ends TLS: what it claims only makes the cookie stricter."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _first(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]


def _name(fields: dict[str, list[str]]) -> str:
    name = _first(fields, "name").strip()
    if not _NAME.fullmatch(name):
        raise RefusedError(400, "A name has at most 40 letters, digits, blanks or . @ - _")
    return name
