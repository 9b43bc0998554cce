"""Who may do what: tokens give roles, and are compared in constant time; a session remembers roles, never a token."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Literal

from pydantic import SecretStr

from streams.settings import WebSettings

Role = Literal["read", "operate", "reveal"]
Roles = frozenset[Role]
NOBODY: Roles = frozenset()
_GIVES: dict[Role, Roles] = {
    "read": frozenset({"read"}),
    "operate": frozenset({"read", "operate"}),
    "reveal": frozenset({"read", "reveal"}),
}


class Tokens:
    """The tokens that are set at this moment, by role; never shown, never logged."""

    def __init__(self, now: Callable[[], WebSettings]) -> None:
        self._now = now

    @classmethod
    def of(cls, settings: WebSettings) -> "Tokens":
        """Those that never change."""
        return cls(lambda: settings)

    @property
    def by_role(self) -> tuple[tuple[Role, str], ...]:
        settings = self._now()
        given: tuple[tuple[Role, SecretStr | None], ...] = (
            ("read", settings.read_token),
            ("operate", settings.token),
            ("reveal", settings.reveal_token),
        )
        return tuple((role, one.get_secret_value()) for role, one in given if one is not None and len(one))

    def __repr__(self) -> str:
        return f"Tokens({[role for role, _token in self.by_role]})"

    @property
    def any_set(self) -> bool:
        return bool(self.by_role)

    def can_anybody(self, role: Role) -> bool:
        """Whether a token for the role is set at all."""
        return any(known == role for known, _token in self.by_role)

    def roles_of(self, presented: str) -> Roles:
        """Every token is compared, so that the time tells nothing."""
        given: Roles = NOBODY
        for role, token in self.by_role:
            if hmac.compare_digest(_bytes(presented), _bytes(token)):
                given |= _GIVES[role]
        return given

    def for_peers(self) -> str | None:
        """The least that other workers need of this one: reading."""
        known = dict(self.by_role)
        return next((known[role] for role in ("read", "operate", "reveal") if role in known), None)

    def for_reveal(self) -> str | None:
        """Who may see people here may see them at another worker."""
        return dict(self.by_role).get("reveal")

    def key(self) -> bytes:
        """Signs sessions: the same on every worker with these tokens, another one once a token changes."""
        digest = hashlib.sha256(b"commerce-streams session key 1")
        for role, token in self.by_role:
            digest.update(f"\0{role}\0{len(_bytes(token))}\0".encode() + _bytes(token))
        return digest.digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
