"""Signing in to NetSuite: a signed statement for a token of an hour."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from urllib.parse import urlencode

from connectors.core.auth import Auth, Bearer, Token, TokenCache
from connectors.core.calls import Call, Dependencies, Method
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.core.tokens import read_sign_in
from connectors.netsuite import assertion, wire
from connectors.netsuite.settings import Settings

TOKEN_ROUTE = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  # an address, not a secret
_ASSERTION_KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_LIFE_S = 86_400.0


def auth_of(settings: Settings, dependencies: Dependencies) -> Auth:
    """Makes no call: the first token is fetched with the first call."""
    statements = _Statements(settings, dependencies)
    sender = Sender(settings, dependencies, target="netsuite", auth=statements)

    async def fetch() -> Token:
        call = Call(
            operation="sign-in",
            method="POST",
            path=path(TOKEN_ROUTE),
            effect=False,
            content_type="application/x-www-form-urlencoded",
            body=urlencode(statements.form()).encode(),
        )
        return await sender.send(call, lambda answer: read_sign_in(call, answer, _granted))

    return Bearer(TokenCache(fetch, dependencies.clock), hidden=(settings.auth.private_key,), release=sender.close)


class _Statements:
    """The sign-in call carries its proof in the body: no headers, but something to keep out of messages."""

    def __init__(self, settings: Settings, dependencies: Dependencies) -> None:
        self._credential = settings.auth
        self._audience = f"{settings.base_url}{TOKEN_ROUTE}"
        self._key = assertion.load(settings.auth.private_key)
        self._clock = dependencies.clock
        self._last = ""

    def form(self) -> dict[str, str]:
        self._last = assertion.statement(
            self._key,
            client_id=self._credential.client_id,
            certificate_id=self._credential.certificate_id,
            audience=self._audience,
            now=self._clock.now(),
        )
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_KIND,
            "client_assertion": self._last,
        }

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # the protocol's
        yield {}

    def secrets(self) -> tuple[str, ...]:
        return (self._last,)

    async def close(self) -> None:
        return None


def _granted(body: bytes) -> Token:
    grant = wire.decode_grant(body)
    if not grant.access_token:
        raise ValueError("an empty token")
    return Token(value=grant.access_token, life=timedelta(seconds=min(max(grant.expires_in, 0.0), _LONGEST_LIFE_S)))
