"""The token endpoint and the sessions it opens; there are no refresh tokens.

Facts: help.salesforce.com remoteaccess_oauth_jwt_flow (claims iss, sub, aud, exp; RS256; the user approved beforehand).
The wording of the refusals is as users report them.
"""

import binascii
import json
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from simulators.core.clock import Clock
from simulators.core.exchange import Answer, Call, json_answer
from simulators.salesforce.errors import ApiError, invalid_session
from simulators.salesforce.settings import Settings

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class TokenRefusalError(Exception):
    """A refusal in OAuth's own form (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error

    def answer(self) -> Answer:
        return json_answer(400, {"error": self.error, "error_description": str(self)})


class Doorkeeper:
    """Holds the tokens that were handed out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._made = 0
        self._pair: RSAPrivateKey | None = None

    def expire_sessions(self) -> None:
        self._tokens.clear()

    def private_key(self) -> str:
        """The private half of the pair that this simulator made for itself, in PEM."""
        pem = self._own_pair().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return pem.decode()

    def check(self, call: Call) -> None:
        """Raises ApiError for a token that opens nothing."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._clock.now() >= self._tokens.get(token.strip(), 0.0):
            raise invalid_session()

    def token(self, call: Call, settings: Settings) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", errors="replace")).items()}
        try:
            self._check_grant(form, settings)
        except TokenRefusalError as refusal:
            return refusal.answer()
        self._made += 1
        token = f"00DSIMULATED!{self._made:012d}"
        self._tokens[token] = self._clock.now() + settings.session_s
        instance = f"http://{call.headers.get('host', 'localhost')}"
        return json_answer(
            200,
            {
                "access_token": token,
                "scope": "api",
                "instance_url": instance,
                "id": f"{instance}/id/00DSIMULATED/005SIMULATED",
                "token_type": "Bearer",
            },
        )

    def _check_grant(self, form: dict[str, str], settings: Settings) -> None:
        kind = form.get("grant_type")
        if kind == JWT_BEARER and "jwt" in settings.auth_kinds:
            self._check_assertion(form.get("assertion", ""), settings)
        elif kind == "client_credentials" and "client_credentials" in settings.auth_kinds:
            _check_secret(form, settings)
        else:
            raise TokenRefusalError("unsupported_grant_type", "grant type not supported")

    def _check_assertion(self, assertion: str, settings: Settings) -> None:
        """Signature first: nothing of a forged assertion is believed."""
        head, claims = self._verified(assertion, settings)
        if head.get("alg") != "RS256":
            raise TokenRefusalError("invalid_grant", "invalid assertion")
        if claims.get("iss") != settings.consumer_key:
            raise TokenRefusalError("invalid_client_id", "client identifier invalid")
        if claims.get("aud") not in settings.audiences:
            raise TokenRefusalError("invalid_grant", "audience is invalid")
        if claims.get("sub") != settings.username or not settings.approved:
            raise TokenRefusalError("invalid_grant", "user hasn't approved this consumer")
        ends_at, now = claims.get("exp"), self._clock.now()
        if not isinstance(ends_at, int) or not now < ends_at <= now + settings.assertion_s:
            raise TokenRefusalError("invalid_grant", "expired authorization code")

    def _verified(self, assertion: str, settings: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
        signed, _, signature = assertion.rpartition(".")
        try:
            self._public_key(settings).verify(_bytes(signature), signed.encode(), PKCS1v15(), SHA256())
            head, claims = (json.loads(_bytes(part)) for part in signed.split("."))
        except (InvalidSignature, ValueError, binascii.Error) as problem:
            raise TokenRefusalError("invalid_grant", "invalid assertion") from problem
        if not isinstance(head, dict) or not isinstance(claims, dict):
            raise TokenRefusalError("invalid_grant", "invalid assertion")
        return head, claims

    def _public_key(self, settings: Settings) -> RSAPublicKey:
        if settings.certificate_key is None:
            return self._own_pair().public_key()
        key = load_pem_public_key(settings.certificate_key.encode())
        if not isinstance(key, RSAPublicKey):
            raise ValueError("certificate_key is not an RSA key")  # noqa: TRY004 - a wrong setting
        return key

    def _own_pair(self) -> RSAPrivateKey:
        if self._pair is None:
            self._pair = generate_private_key(public_exponent=65537, key_size=2048)
        return self._pair


def refused_login() -> Answer:
    return TokenRefusalError("invalid_grant", "authentication failure").answer()


def refused_session() -> Answer:
    return invalid_session().answer()


def _check_secret(form: dict[str, str], settings: Settings) -> None:
    if form.get("client_id") != settings.consumer_key:
        raise TokenRefusalError("invalid_client_id", "client identifier invalid")
    if form.get("client_secret") != settings.consumer_secret:
        raise TokenRefusalError("invalid_client", "invalid client credentials")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


__all__ = ["TOKEN_PATH", "ApiError", "Doorkeeper", "refused_login", "refused_session"]
