"""Lets a request in or not: who asks, with which roles, and whether a change really comes from our own page."""

import ipaddress
from enum import Enum
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from streams.runtime.clock import Clock
from streams.web.refusal import RefusedError
from streams.web.roles import NOBODY, Role, Roles, Tokens
from streams.web.sessions import COOKIE, Sessions

CSRF = "X-Streams-CSRF"
BEARER = "Bearer "
_LOCAL_NAMES = frozenset({"localhost", "ip6-localhost"})


class Access(Enum):
    """Who may use a route: PROBE always, PUBLIC where the worker is open at all, else a role."""

    PROBE = "probe"
    PUBLIC = "public"
    READ = "read"
    OPERATE = "operate"
    REVEAL = "reveal"


class Visitor(NamedTuple):
    """Who asks.  `session` is empty for programs, and where no token is set."""

    roles: Roles
    name: str = ""
    session: str = ""

    def may(self, role: Role) -> bool:
        return role in self.roles

    @property
    def actor(self) -> str:
        """As the audit names them."""
        role = "operate" if self.may("operate") else "reveal" if self.may("reveal") else "read"
        return f"{self.name or ('operator' if self.session else 'token')} ({role})"


class Door:
    """One for all routes."""

    def __init__(self, tokens: Tokens, sessions: Sessions, host: str, clock: Clock) -> None:
        self._tokens, self._sessions, self._clock = tokens, sessions, clock
        self._loopback = is_loopback(host)

    def visitor(self, request: web.Request) -> Visitor:
        """Raises RefusedError 401 for a token that is none."""
        if not self._tokens.any_set:
            return Visitor(frozenset({"read"})) if self._loopback else Visitor(NOBODY)
        header = request.headers.get("Authorization", "")
        if header:
            return Visitor(self._of_bearer(header))
        session = self._sessions.open(request.cookies.get(COOKIE), self._clock.micros())
        return Visitor(NOBODY) if session is None else Visitor(frozenset(session.roles), session.name, session.id)

    def _of_bearer(self, header: str) -> Roles:
        roles = self._tokens.roles_of(header.removeprefix(BEARER)) if header.startswith(BEARER) else NOBODY
        if not roles:
            raise RefusedError(401, "This token is none of ours.", headers={"WWW-Authenticate": "Bearer"})
        return roles

    def let_in(self, request: web.Request, access: Access) -> Visitor:
        """Raises RefusedError: 403 closed or without the role, 401 where signing in would help."""
        if access is Access.PROBE:
            return Visitor(NOBODY)
        self._check_open(request)
        if access is Access.PUBLIC:
            return self._visitor_or_nobody(request)
        visitor = self.visitor(request)
        role: Role = access.value
        if not visitor.may(role):
            raise self._lacking(visitor, role)
        return visitor

    def _visitor_or_nobody(self, request: web.Request) -> Visitor:
        """The way to the sign-in is open also with a token that is over."""
        try:
            return self.visitor(request)
        except RefusedError:
            return Visitor(NOBODY)

    def _check_open(self, request: web.Request) -> None:
        """Without a token only this machine is answered, by a name of its own (names elsewhere can point here)."""
        if self._tokens.any_set:
            return
        if not self._loopback:
            raise RefusedError(
                403,
                "This worker listens beyond its own machine and has no token: only /healthz, /readyz and /metrics "
                "answer. Set STREAMS_WEB__TOKEN or STREAMS_WEB__READ_TOKEN.",
            )
        if not is_loopback(host_of(request)):
            raise RefusedError(403, "Without a token this worker answers only under a name of its own machine.")

    def _lacking(self, visitor: Visitor, role: Role) -> RefusedError:
        if not visitor.roles:
            return RefusedError(401, "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
        if not self._tokens.can_anybody(role):
            name = {"operate": "STREAMS_WEB__TOKEN", "reveal": "STREAMS_WEB__REVEAL_TOKEN"}.get(role, "")
            return RefusedError(403, f"Nobody has the role {role} here: set {name} and restart the worker.")
        have = "reveal" if visitor.may("reveal") else "operate" if visitor.may("operate") else "read"
        return RefusedError(403, f"Needs the role {role}. You are signed in with {have}.")

    def check_same_site(self, request: web.Request) -> None:
        """Raises RefusedError for a request that another site made the browser send."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise RefusedError(403, "This request comes from another site.")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("Host", ""):
            raise RefusedError(403, "This request comes from another origin.")

    def check_change(self, request: web.Request, visitor: Visitor) -> None:
        """A change is JSON, from our own page, with the token that the page was given."""
        self.check_same_site(request)
        if request.content_type != "application/json":
            raise RefusedError(415, "Send JSON.")
        if visitor.session and not self._sessions.is_csrf(visitor.session, request.headers.get(CSRF, "")):
            raise RefusedError(403, f"The header {CSRF} is not that of this session: load the page anew.")


def host_of(request: web.Request) -> str:
    """The name under which we were asked, without the port."""
    return urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""


def is_loopback(host: str) -> bool:
    if host in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
