"""What an operator tells this connector: `STREAMS_CONNECTORS__REST_CARRIER__…`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.core.settings import ConnectorSettings


def _fit_for_a_header(value: SecretStr) -> SecretStr:
    """A token file that ends with a line feed would otherwise blame every label."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("must be printable ASCII without blanks or line ends")
    return value


Secret = Annotated[SecretStr, Field(min_length=1)]
HeaderSecret = Annotated[Secret, AfterValidator(_fit_for_a_header)]


class _Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class BearerSettings(_Credential):
    """A token that the carrier issued for good (RFC 6750)."""

    kind: Literal["bearer"] = Field(description="A lasting token in the Authorization header.")
    token: HeaderSecret = Field(description="The token.")


class BasicSettings(_Credential):
    """User and password (RFC 7617)."""

    kind: Literal["basic"] = Field(description="User and password in the Authorization header.")
    username: Annotated[str, Field(min_length=1, pattern=r"^[^:]+$")] = Field(description="User, without a colon.")
    password: Secret = Field(description="Password of the user.")


class Settings(ConnectorSettings):
    """One carrier or shipping system; `base_url` is what stands before `/v1`."""

    auth: Annotated[BearerSettings | BasicSettings, Field(discriminator="kind")]
