"""Who may call: a lasting token (RFC 6750) or user and password (RFC 7617)."""

import binascii
from base64 import b64decode

from simulators.rest_carrier.settings import Settings


def knows(authorization: str, settings: Settings) -> str | None:
    """The kind of the credential, None for one that opens nothing."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer" and "bearer" in settings.auth_kinds and value.strip() == settings.token:
        return "bearer"
    pair = f"{settings.username}:{settings.password}"
    if scheme.lower() == "basic" and "basic" in settings.auth_kinds and _decoded(value.strip()) == pair:
        return "basic"
    return None


def _decoded(value: str) -> str | None:
    try:
        return b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
