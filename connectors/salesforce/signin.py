"""Signing in to an org: a token for an assertion or for client credentials; there are no refresh tokens.

A token does not say how long it lives: it is replaced after `session_s`, and at once when the org refuses it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from connectors.core.auth import Anonymous, Auth, Bearer, Token, TokenCache
from connectors.core.calls import Answer, Call, Dependencies
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.core.tokens import read_sign_in
from connectors.salesforce.assertion import assertion, read_key
from connectors.salesforce.settings import ClientCredentialsSettings, JwtSettings, Settings

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Form = dict[str, str]


class _Grant(msgspec.Struct):
    access_token: str

    def __post_init__(self) -> None:
        if not self.access_token:
            raise ValueError("an empty token")


_decode_grant = msgspec.json.Decoder(_Grant).decode


def auth_of(settings: Settings, dependencies: Dependencies) -> Auth:
    """Makes no call: the first token is fetched with the first call."""
    match settings.auth:
        case JwtSettings() as jwt:
            hidden, form = jwt.private_key, _assertions(jwt, dependencies)
        case ClientCredentialsSettings() as client:
            hidden, form = client.consumer_secret, _credentials(client)
    sender = Sender(settings, dependencies, target="salesforce", auth=Anonymous(hidden))
    life = timedelta(seconds=settings.session_s)

    async def fetch() -> Token:
        fields = form()
        call = Call(
            operation="sign-in",
            method="POST",
            path=path("/services/oauth2/token"),
            effect=False,
            content_type="application/x-www-form-urlencoded",
            body=urlencode(fields).encode(),
        )
        return await sender.send(call, lambda answer: _granted(call, _without(fields, answer), life))

    return Bearer(TokenCache(fetch, dependencies.clock), hidden=(hidden,), release=sender.close)


def _assertions(jwt: JwtSettings, dependencies: Dependencies) -> Callable[[], Form]:
    key = read_key(jwt.private_key, is_checked=True)  # by the settings

    def form() -> Form:
        made = assertion(
            key, issuer=jwt.consumer_key, subject=jwt.username, audience=jwt.audience, now=dependencies.clock.now()
        )
        return {"grant_type": _JWT_BEARER, "assertion": made}

    return form


def _credentials(client: ClientCredentialsSettings) -> Callable[[], Form]:
    return lambda: {
        "grant_type": "client_credentials",
        "client_id": client.consumer_key,
        "client_secret": client.consumer_secret.get_secret_value(),
    }


def _without(fields: Form, answer: Answer) -> Answer:
    """An assertion is a credential for as long as it lives, and a refusal may repeat it."""
    given = fields.get("assertion", "").encode()
    return replace(answer, body=answer.body.replace(given, b"***")) if given else answer


def _granted(call: Call, answer: Answer, life: timedelta) -> Token:
    grant = read_sign_in(call, answer, _decode_grant)
    return Token(value=grant.access_token, life=life)
