"""Assertions for the JWT bearer flow: RS256 over the claims that Salesforce reads (RFC 7515, RFC 7523)."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

# Salesforce takes at most 3 minutes, by its own clock.
LIFE = timedelta(minutes=2)
_LEAST_BITS = 2048


def read_key(pem: SecretStr, *, is_checked: bool = False) -> RSAPrivateKey:
    """The key, never quoted in a message; `is_checked` leaves out arithmetic that was done once (0.1 s).

    Raises:
        ValueError: not an RSA key of at least 2048 bits in PEM without a password.
    """
    try:
        key = load_pem_private_key(
            pem.get_secret_value().encode(), password=None, unsafe_skip_rsa_key_validation=is_checked
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("is not a private key in PEM without a password") from None  # its text may hold the key
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
        raise ValueError(f"must be an RSA key of at least {_LEAST_BITS} bits")
    return key


def assertion(key: RSAPrivateKey, *, issuer: str, subject: str, audience: str, now: datetime) -> str:
    """Good for `LIFE` from `now`, by our clock."""
    claims = {"iss": issuer, "sub": subject, "aud": audience, "exp": int((now + LIFE).timestamp())}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_text(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(value: dict[str, object]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
