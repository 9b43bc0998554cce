"""Who may come in: a user with a password, or a token; and the security sessions that guard writes."""

import random
from base64 import b64decode
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from simulators.core.exchange import Answer, Call, json_answer
from simulators.sap_s4hana.settings import Settings

TOKEN_PATH = "/sap/bc/sec/oauth2/token"  # noqa: S105 - an address


class _Session(NamedTuple):
    token: str
    ends_at: float


class Doors:
    """Holds tokens and sessions; both end with time, or all at once."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tokens: dict[str, float] = {}
        self._sessions: dict[str, _Session] = {}

    def expire(self) -> None:
        self._tokens.clear()
        self._sessions.clear()

    def expire_sessions_only(self) -> None:
        """As the session time-out does, while tokens live on."""
        self._sessions.clear()

    def is_open(self, call: Call, settings: Settings) -> bool:
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and "oauth2" in settings.auth_kinds:
            return call.at < self._tokens.get(value, 0.0)
        if scheme.lower() == "basic" and "basic" in settings.auth_kinds:
            return _decoded(value) == (settings.username, settings.password)
        return False

    def grant(self, call: Call, settings: Settings) -> Answer:
        """Client credentials in the header or in the form."""
        form = {name: values[0] for name, values in parse_qs(call.body.decode(errors="replace")).items()}
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        given = _unquoted(_decoded(value)) if scheme.lower() == "basic" else _form(form)
        if given != (settings.oauth_client_id, settings.oauth_client_secret):
            return json_answer(401, {"error": "invalid_client"})
        if form.get("grant_type") != "client_credentials":
            return json_answer(400, {"error": "unsupported_grant_type"})
        token = f"{self._rng.getrandbits(160):040x}"
        self._tokens[token] = call.at + settings.token_life_s
        return json_answer(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": str(int(settings.token_life_s))}
        )

    def fetch(self, call: Call, settings: Settings) -> Mapping[str, str]:
        """Headers of an answer to `X-CSRF-Token: Fetch`: of the session that the cookie names, else of a new one."""
        name = cookie_name(settings)
        known = self._sessions.get(_cookie(call, name))
        if known is not None and call.at < known.ends_at:
            return {"x-csrf-token": known.token}
        session, token = f"{self._rng.getrandbits(128):032x}", f"{self._rng.getrandbits(128):032x}"
        self._sessions[session] = _Session(token, call.at + settings.session_life_s)
        return {"x-csrf-token": token, "set-cookie": f"{name}={session}; path=/; HttpOnly"}

    def may_write(self, call: Call, settings: Settings) -> bool:
        """Token and cookie of one living session."""
        if not settings.csrf:
            return True
        known = self._sessions.get(_cookie(call, cookie_name(settings)))
        return known is not None and call.at < known.ends_at and call.headers.get("x-csrf-token") == known.token


def cookie_name(settings: Settings) -> str:
    return f"SAP_SESSIONID_SIM_{settings.sap_client}"


def _cookie(call: Call, name: str) -> str:
    found = SimpleCookie(call.headers.get("cookie", "")).get(name)
    return found.value if found is not None else ""


def _decoded(value: str) -> tuple[str, str]:
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def _unquoted(given: tuple[str, str]) -> tuple[str, str]:
    return unquote(given[0]), unquote(given[1])


def _form(form: Mapping[str, str]) -> tuple[str, str]:
    return form.get("client_id", ""), form.get("client_secret", "")
