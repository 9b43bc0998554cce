"""What an operator tells this connector: `STREAMS_CONNECTORS__REST_FINANCE__…`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.core.settings import ConnectorSettings


class ClientCredentialsSettings(BaseModel):
    """A client that the accounting system knows (RFC 6749, 4.4)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["client_credentials"] = Field(description="A token for client id and secret.")
    client_id: Annotated[str, Field(min_length=1)] = Field(description="Id of the client.")
    client_secret: Annotated[SecretStr, Field(min_length=1)] = Field(description="Secret of the client.")
    scope: Annotated[str, Field(min_length=1)] = Field("documents", description="What the token is asked for.")


class Settings(ConnectorSettings):
    """One accounting system; `base_url` is what stands before `/v1`."""

    auth: ClientCredentialsSettings
    read_lag_s: float = Field(
        0, ge=0, le=86_400, allow_inf_nan=False, description="How long what was put may stay unseen by a read."
    )
