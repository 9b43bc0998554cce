"""Signed sessions: what a cookie says is believed because of its signature, on every worker, for twelve hours."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

import msgspec

from streams.web.roles import Role

COOKIE = "streams_session"
LASTS = timedelta(hours=12)
_LARGEST = 2048


class Session(msgspec.Struct, frozen=True):
    """`until` in µs, UTC; `name` is what the person called themself at sign-in, for the audit."""

    id: str
    roles: tuple[Role, ...]
    until: int
    name: str = ""


class Sessions:
    """`key` comes from the tokens of the moment: changing one ends every session."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def seal(self, session: Session) -> str:
        payload = _encoded(msgspec.json.encode(session))
        return f"{payload}.{self._signature('session', payload)}"

    def open(self, cookie: str | None, now: int) -> Session | None:
        """None for a cookie that is absent, foreign, changed or over."""
        if not cookie or len(cookie) > _LARGEST:
            return None
        payload, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature("session", payload).encode()):
            return None
        try:
            session = msgspec.json.decode(_decoded(payload), type=Session)
        except msgspec.MsgspecError:
            return None  # of another release
        return session if session.until > now else None

    def csrf(self, session_id: str) -> str:
        """Goes into the page and comes back in a header: another site cannot read it."""
        return self._signature("csrf", session_id)

    def is_csrf(self, session_id: str, presented: str) -> bool:
        return hmac.compare_digest(presented.encode("utf-8", "replace"), self.csrf(session_id).encode())

    def _signature(self, purpose: str, text: str) -> str:
        made = hmac.new(self._key(), f"{purpose}\0{text}".encode("utf-8", "replace"), hashlib.sha256)
        return _encoded(made.digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
