"""Who may call: a lasting token (RFC 6750) or user and password (RFC 7617)."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from typing import Literal, Protocol

AuthKind = Literal["bearer", "basic"]
SECRETS = frozenset({"token", "password"})


class Credentials(Protocol):
    """What opens a simulator, and nothing else."""

    @property
    def auth_kinds(self) -> Sequence[AuthKind]: ...

    @property
    def token(self) -> str: ...

    @property
    def username(self) -> str: ...

    @property
    def password(self) -> str: ...


def knows(authorization: str, given: Credentials) -> AuthKind | None:
    """The kind of the credential, None for one that opens nothing."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer" and "bearer" in given.auth_kinds and value.strip() == given.token:
        return "bearer"
    pair = f"{given.username}:{given.password}"
    if scheme.lower() == "basic" and "basic" in given.auth_kinds and _decoded(value.strip()) == pair:
        return "basic"
    return None


def _decoded(value: str) -> str | None:
    try:
        return b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
