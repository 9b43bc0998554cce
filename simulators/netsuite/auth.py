"""Who may call: a signed statement gets a token, a token opens the records.

Facts: Oracle's help, section_162790605110 (the statement) and section_162755359851 (the flow); the bodies of the
refusals are those of RFC 6749, which the flow follows.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from simulators.core.exchange import Answer, Call, json_answer
from simulators.netsuite.settings import Settings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE_S = 3600
NEEDED_SCOPE = "rest_webservices"
DIGESTS: Mapping[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


class RefusedError(Exception):
    """The statement is not believed; the text is for the journal, the code for the client."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


def check(call: Call, settings: Settings) -> None:
    """Raises RefusedError unless the form holds a statement for this address that the certificate's key signed."""
    form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", errors="replace")).items()}
    if form.get("grant_type") != "client_credentials":
        raise RefusedError("unsupported_grant_type", "grant_type")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise RefusedError("invalid_request", "client_assertion_type")
    header, claims, signed, signature = _parts(form.get("client_assertion", ""))
    if header.get("typ") != "JWT" or header.get("kid") != settings.certificate_id:
        raise RefusedError("invalid_client", "typ or kid")
    _check_signature(str(header.get("alg")), signed, signature, settings)
    _check_claims(claims, call, settings)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, body, signature = token.split(".")
        header, claims = (json.loads(_bytes(part)) for part in (head, body))
        if not (isinstance(header, dict) and isinstance(claims, dict)):
            raise RefusedError("invalid_request", "not a JWT")
        return header, claims, f"{head}.{body}".encode(), _bytes(signature)
    except ValueError:
        raise RefusedError("invalid_request", "not a JWT") from None


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check_signature(algorithm: str, signed: bytes, signature: bytes, settings: Settings) -> None:
    key = load_pem_public_key((settings.public_key or "").encode())
    digest = DIGESTS.get(algorithm[2:])
    try:
        if algorithm.startswith("PS") and digest is not None and isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            return key.verify(signature, signed, pss, digest)
        if algorithm.startswith("ES") and digest is not None and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signature) // 2
            pair = encode_dss_signature(
                int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            )
            return key.verify(pair, signed, ec.ECDSA(digest))
    except InvalidSignature:
        raise RefusedError("invalid_client", "signature") from None
    raise RefusedError("invalid_client", f"alg {algorithm} with this key")


def _check_claims(claims: Mapping[str, Any], call: Call, settings: Settings) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    scope = claims.get("scope", "")
    scopes = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
    if not (isinstance(issued, int) and isinstance(expires, int)):
        raise RefusedError("invalid_grant", "iat or exp")
    host = call.headers.get("host", "")
    for wrong, why in (
        (claims.get("iss") != settings.client_id, "iss"),
        (str(claims.get("aud")).partition("://")[2] != f"{host}{TOKEN_PATH}", "aud"),
        (NEEDED_SCOPE not in scopes, "scope"),
        (not 0 < expires - issued < LONGEST_LIFE_S, "exp is not within 60 minutes of iat"),
        (expires <= call.at, "exp is past"),
    ):
        if wrong:
            raise RefusedError("invalid_grant", why)


def granted(token: str, settings: Settings) -> Answer:
    """`expires_in` is text."""
    body = {"access_token": token, "expires_in": str(int(settings.token_life_s)), "token_type": "Bearer"}
    return json_answer(200, body)


def bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
