"""Signing in to Commerce: an integration's signature, Adobe's identity service, or an admin user's token."""

from datetime import timedelta
from urllib.parse import urlsplit

from connectors.adobe_commerce import scope, wire
from connectors.adobe_commerce.settings import ImsSettings, OAuth1Settings, Settings, TokenSettings
from connectors.core.auth import Anonymous, Auth, Bearer, OAuth1, OAuth1Credential, Token, TokenCache
from connectors.core.calls import Call, Dependencies
from connectors.core.http import Sender
from connectors.core.paths import Path
from connectors.core.settings import ConnectorSettings
from connectors.core.tokens import ClientCredentials, read_sign_in


def auth_of(settings: Settings, dependencies: Dependencies) -> Auth:
    """Makes no call: the first token is fetched with the first call."""
    match settings.auth:
        case OAuth1Settings() as integration:
            return _integration(integration, dependencies)
        case ImsSettings() as ims:
            return _ims(ims, settings, dependencies)
        case TokenSettings() as admin:
            return _admin(admin, settings, dependencies)


def _integration(credential: OAuth1Settings, dependencies: Dependencies) -> Auth:
    parts = OAuth1Credential(
        consumer_key=credential.consumer_key,
        consumer_secret=credential.consumer_secret,
        access_token=credential.access_token,
        access_token_secret=credential.access_token_secret,
    )
    return OAuth1(parts, dependencies.clock)


def _ims(ims: ImsSettings, settings: Settings, dependencies: Dependencies) -> Auth:
    """Another origin, so another sender: the shop's credential never goes to Adobe's identity service or back."""
    address = urlsplit(ims.token_url)
    bounds = ConnectorSettings(
        base_url=f"{address.scheme}://{address.netloc}",
        timeout_s=settings.timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        proxy=settings.proxy,
        ca_file=settings.ca_file,
        plain_http=settings.plain_http,
    )
    sender = Sender(bounds, dependencies, target="adobe_ims", auth=Anonymous(ims.client_secret))
    fetch = ClientCredentials(
        sender,
        Path(address.path, address.path),
        client_id=ims.client_id,
        client_secret=ims.client_secret,
        scope=ims.scope,
    )
    return Bearer(
        TokenCache(fetch, dependencies.clock),
        beside={"x-api-key": ims.client_id, "x-gw-ims-org-id": ims.org_id},
        hidden=(ims.client_secret,),
        release=sender.close,
    )


def _admin(admin: TokenSettings, settings: Settings, dependencies: Dependencies) -> Auth:
    sender = Sender(settings, dependencies, target="adobe_commerce", auth=Anonymous(admin.password))
    life = timedelta(seconds=admin.life_s)

    async def fetch() -> Token:
        call = Call(
            operation="sign-in",
            method="POST",
            path=scope.route(settings, "integration/admin/token"),
            effect=False,
            body=wire.encode(wire.AdminSignIn(admin.username, admin.password.get_secret_value())),
        )
        return await sender.send(call, lambda answer: read_sign_in(call, answer, lambda body: _issued(body, life)))

    return Bearer(TokenCache(fetch, dependencies.clock), hidden=(admin.password,), release=sender.close)


def _issued(body: bytes, life: timedelta) -> Token:
    value = wire.decode_text(body)
    if not value:
        raise ValueError("an empty token")
    return Token(value=value, life=life)
