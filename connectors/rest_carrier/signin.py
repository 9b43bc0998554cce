"""Signing in to a carrier: a credential that stands in every request, so there is no token to fetch or renew."""

from base64 import b64encode
from collections.abc import AsyncGenerator

from connectors.core.auth import Auth
from connectors.core.calls import Method
from connectors.rest_carrier.settings import BasicSettings, BearerSettings, Settings


def auth_of(settings: Settings) -> Auth:
    match settings.auth:
        case BearerSettings() as bearer:
            token = bearer.token.get_secret_value()
            return Standing(f"Bearer {token}", token)
        case BasicSettings() as basic:
            password = basic.password.get_secret_value()
            pair = b64encode(f"{basic.username}:{password}".encode()).decode()
            return Standing(f"Basic {pair}", pair, password)


class Standing:
    """The same header each time; a 401 is tried once more, because a gateway that has just begun refuses everybody."""

    def __init__(self, header: str, *hidden: str) -> None:
        self._header = header
        self._hidden = hidden

    async def flow(self, method: Method, url: str) -> AsyncGenerator[dict[str, str], None]:  # noqa: ARG002  # not signed
        yield {"Authorization": self._header}
        yield {"Authorization": self._header}

    def secrets(self) -> tuple[str, ...]:
        return (self._header, *self._hidden)

    async def close(self) -> None:
        return None
