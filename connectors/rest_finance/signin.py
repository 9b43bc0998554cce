"""Signing in to an accounting system: a token for client id and secret, renewed before its end."""

from connectors.core.auth import Anonymous, Auth, Bearer, TokenCache
from connectors.core.calls import Dependencies
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.core.tokens import ClientCredentials
from connectors.rest_finance.settings import Settings


def auth_of(settings: Settings, dependencies: Dependencies) -> Auth:
    """Makes no call: the first token is fetched with the first call."""
    given = settings.auth
    sender = Sender(settings, dependencies, target="rest_finance", auth=Anonymous(given.client_secret))
    fetch = ClientCredentials(
        sender,
        path("/v1/token"),
        client_id=given.client_id,
        client_secret=given.client_secret,
        scope=given.scope,
    )
    return Bearer(TokenCache(fetch, dependencies.clock), hidden=(given.client_secret,), release=sender.close)
