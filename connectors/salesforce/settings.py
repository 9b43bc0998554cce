"""What an operator tells this connector: `STREAMS_CONNECTORS__SALESFORCE__…`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.core.settings import BaseUrl, ConnectorSettings
from connectors.salesforce.assertion import read_key

Secret = Annotated[SecretStr, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]
RecordId = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$")]

# What an assertion for a production org is made out to; sandboxes have https://test.salesforce.com.
AUDIENCE = "https://login.salesforce.com"


def _is_a_key(value: SecretStr) -> SecretStr:
    """A key that cannot sign would otherwise show at the first order."""
    read_key(value)
    return value


class _Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class JwtSettings(_Credential):
    """The JWT bearer flow: the app knows our certificate, and the user is approved for it beforehand."""

    kind: Literal["jwt"] = Field(description="JWT bearer flow with a key of our own.")
    consumer_key: Name = Field(description="Consumer key of the connected app.")
    username: Name = Field(description="User that the calls are made as.")
    private_key: Annotated[Secret, AfterValidator(_is_a_key)] = Field(
        description="RSA private key in PEM, at least 2048 bits, whose certificate the app holds."
    )
    audience: BaseUrl = Field(AUDIENCE, description="Login host that the assertion is made out to.")


class ClientCredentialsSettings(_Credential):
    """The client credentials flow with the run-as user of the app."""

    kind: Literal["client_credentials"] = Field(description="Client credentials flow with a run-as user.")
    consumer_key: Name = Field(description="Consumer key of the connected app.")
    consumer_secret: Secret = Field(description="Consumer secret of the connected app.")


class Settings(ConnectorSettings):
    """One org; `base_url` is its My Domain, without `/services`."""

    auth: Annotated[JwtSettings | ClientCredentialsSettings, Field(discriminator="kind")]
    api_version: Annotated[str, Field(pattern=r"^[0-9]{2,3}\.0$")] = Field("62.0", description="Version of the API.")
    session_s: float = Field(
        3600, ge=60, le=86_400, description="A token is replaced after this time; at most the org's session time-out."
    )
    price_book_id: RecordId = Field(description="Price book that orders are recorded in, 15 or 18 characters.")
    draft_status: Name = Field("Draft", description="Status that a new order begins with; of the category Draft.")
    multi_currency: bool = Field(default=False, description="The org has several currencies: state the order's.")
    rows_per_call: int = Field(200, ge=1, le=200, description="Order lines of one call.")
    calls_per_day: int = Field(
        0, ge=0, description="Once the org has used so many calls in 24 hours, we make none; 0: all that it has."
    )
    calls_kept_for_orders_percent: int = Field(
        20, ge=0, le=90, description="So much of them is left to orders: other readings stop before."
    )
    overlap_s: int = Field(
        300, ge=0, le=86_400, description="How far before the newest change that was seen accounts are read again."
    )
    page_size: int = Field(1000, ge=1, le=2000, description="Accounts of one reading.")
