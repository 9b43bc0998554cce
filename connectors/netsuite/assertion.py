"""The signed statement by which this client gets a token: a JSON Web Token of RFC 7515 and 7519, nothing more of it.

Source: Oracle's help, section_162790605110: PS256 or ES256 and their longer kinds, `kid` is the certificate id,
`exp` less than 60 minutes after `iat`, `scope` rest_webservices.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

LIFE = timedelta(minutes=5)
"""Of the statement, not of the token: long enough for a clock that is a little wrong."""
SCOPE = "rest_webservices"
_SMALLEST_RSA = 2048
_CURVES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "secp256r1": ("ES256", hashes.SHA256()),
    "secp384r1": ("ES384", hashes.SHA384()),
    "secp521r1": ("ES512", hashes.SHA512()),
}


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """`algorithm` follows from the kind of the key."""

    algorithm: str
    sign: Callable[[bytes], bytes] = field(repr=False)


class _Header(msgspec.Struct):
    typ: str
    alg: str
    kid: str


class _Claims(msgspec.Struct):
    iss: str
    scope: str
    aud: str
    iat: int
    exp: int


def load(pem: SecretStr) -> SigningKey:
    """Raises ValueError, without any part of the key, for what is no private key that can sign here."""
    try:
        key = load_pem_private_key(pem.get_secret_value().replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("private_key is not a PEM private key without password") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return SigningKey(algorithm="PS256", sign=_rsa(key))
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _elliptic(key)
    raise ValueError(f"private_key must be RSA of {_SMALLEST_RSA} bits or more, or EC P-256, P-384 or P-521")


def _rsa(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    digest = hashes.SHA256()
    pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
    return lambda content: key.sign(content, pss, digest)


def _elliptic(key: ec.EllipticCurvePrivateKey) -> SigningKey:
    algorithm, digest = _CURVES[key.curve.name]
    size = (key.curve.key_size + 7) // 8

    def sign(content: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(content, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return SigningKey(algorithm=algorithm, sign=sign)


def statement(key: SigningKey, *, client_id: str, certificate_id: str, audience: str, now: datetime) -> str:
    """Good for `LIFE` at `audience`, the address of the token route."""
    issued = int(now.timestamp())
    expires = issued + int(LIFE.total_seconds())
    head = _part(_Header(typ="JWT", alg=key.algorithm, kid=certificate_id))
    claims = _part(_Claims(iss=client_id, scope=SCOPE, aud=audience, iat=issued, exp=expires))
    return f"{head}.{claims}.{_text(key.sign(f'{head}.{claims}'.encode()))}"


def _part(content: msgspec.Struct) -> str:
    return _text(msgspec.json.encode(content))


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
