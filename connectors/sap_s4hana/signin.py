"""Signing in to SAP: client credentials of a communication arrangement, or a user with a password."""

from base64 import b64encode
from collections.abc import AsyncGenerator
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from pydantic import SecretStr

from connectors.core.auth import Anonymous, Auth, Bearer, Token, TokenCache
from connectors.core.calls import Call, Dependencies, Method
from connectors.core.http import Sender
from connectors.core.paths import Path
from connectors.core.settings import ConnectorSettings
from connectors.core.tokens import read_sign_in
from connectors.sap_s4hana.settings import BasicSettings, OAuth2Settings, Settings

_LONGEST_LIFE = 365 * 86_400.0


def auth_of(settings: Settings, dependencies: Dependencies) -> Auth:
    """Makes no call: the first token is fetched with the first call."""
    match settings.auth:
        case OAuth2Settings() as client:
            return _client_credentials(client, settings, dependencies)
        case BasicSettings() as user:
            return Basic(user)


class Basic:
    """A user and a password; offered once only, because SAP locks a user after a few failed logons."""

    def __init__(self, user: BasicSettings) -> None:
        self._password = user.password
        self._header = _basic(user.username, user.password)

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # not signed
        yield {"Authorization": self._header.get_secret_value()}

    def secrets(self) -> tuple[str, ...]:
        return _forms(self._password, self._header)

    async def close(self) -> None:
        return None


def _client_credentials(client: OAuth2Settings, settings: Settings, dependencies: Dependencies) -> Auth:
    """The token service may be another origin, so it has a sender of its own."""
    address = urlsplit(client.token_url)
    bounds = ConnectorSettings(
        base_url=f"{address.scheme}://{address.netloc}",
        timeout_s=settings.timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
        plain_http=settings.plain_http,
    )
    header = _basic(
        quote(client.client_id, safe=""), SecretStr(quote(client.client_secret.get_secret_value(), safe=""))
    )
    hidden = tuple(SecretStr(form) for form in _forms(client.client_secret, header))
    sender = Sender(bounds, dependencies, target="sap_s4hana_token", auth=Anonymous(*hidden))
    call = _sign_in(client, header, Path(address.path, address.path))

    async def fetch() -> Token:
        return await sender.send(call, lambda answer: read_sign_in(call, answer, _granted))

    return Bearer(TokenCache(fetch, dependencies.clock), hidden=hidden, release=sender.close)


def _sign_in(client: OAuth2Settings, header: SecretStr, path: Path) -> Call:
    """RFC 6749, 2.3.1: a header or the form, never both."""
    form = {"grant_type": "client_credentials", **({"scope": client.scope} if client.scope else {})}
    headers: dict[str, str] = {}
    if client.client_authentication == "basic":
        headers["Authorization"] = header.get_secret_value()
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret.get_secret_value()}
    return Call(
        operation="sign-in",
        method="POST",
        path=path,
        effect=False,
        headers=headers,
        content_type="application/x-www-form-urlencoded",
        body=urlencode(form).encode(),
    )


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float


_grants = msgspec.json.Decoder(_Grant, strict=False)


def _granted(body: bytes) -> Token:
    grant = _grants.decode(body)
    if not grant.access_token:
        raise ValueError("an empty token")
    return Token(value=grant.access_token, life=timedelta(seconds=min(max(grant.expires_in, 0.0), _LONGEST_LIFE)))


def _basic(name: str, secret: SecretStr) -> SecretStr:
    """RFC 7617, in UTF-8."""
    return SecretStr(f"Basic {b64encode(f'{name}:{secret.get_secret_value()}'.encode()).decode()}")


def _forms(secret: SecretStr, header: SecretStr) -> tuple[str, ...]:
    whole = header.get_secret_value()
    return secret.get_secret_value(), whole, whole.removeprefix("Basic ")
