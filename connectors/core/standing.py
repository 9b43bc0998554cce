"""Signing in with a credential that stands in every request, so that there is no token to fetch or renew."""

from base64 import b64encode
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.core.auth import Auth
from connectors.core.calls import Method


def _fit_for_a_header(value: SecretStr) -> SecretStr:
    """A token file that ends with a line feed would otherwise blame every call."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("must be printable ASCII without blanks or line ends")
    return value


Secret = Annotated[SecretStr, Field(min_length=1)]
HeaderSecret = Annotated[Secret, AfterValidator(_fit_for_a_header)]


class _Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BearerSettings(_Credential):
    """A token that the system issued for good (RFC 6750)."""

    kind: Literal["bearer"] = Field(description="A lasting token in the Authorization header.")
    token: HeaderSecret = Field(description="The token.")


class BasicSettings(_Credential):
    """User and password (RFC 7617)."""

    kind: Literal["basic"] = Field(description="User and password in the Authorization header.")
    username: Annotated[str, Field(min_length=1, pattern=r"^[^:]+$")] = Field(description="User, without a colon.")
    password: Secret = Field(description="Password of the user.")


StandingSettings = Annotated[BearerSettings | BasicSettings, Field(discriminator="kind")]


def standing_auth(settings: BearerSettings | BasicSettings) -> Auth:
    match settings:
        case BearerSettings():
            token = settings.token.get_secret_value()
            return _Standing(f"Bearer {token}", token)
        case BasicSettings():
            password = settings.password.get_secret_value()
            pair = b64encode(f"{settings.username}:{password}".encode()).decode()
            return _Standing(f"Basic {pair}", pair, password)


class _Standing:
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
