"""What an operator tells this connector: `STREAMS_CONNECTORS__NETSUITE__…`."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.core.settings import ConnectorSettings, Seconds
from connectors.netsuite import assertion

Name = Annotated[str, Field(min_length=1)]
Number = Annotated[str, Field(pattern=r"^-?[0-9]+$")]
"""An internal id, as NetSuite shows it."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ValueError("is no time zone of the IANA database") from exc
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class M2MSettings(BaseModel):
    """OAuth 2.0 client credentials (Setup → Integration → OAuth 2.0 Client Credentials).

    The certificate's private key signs; NetSuite takes RSA of at least 3072 bits and EC keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["m2m"] = Field(description="OAuth 2.0 client credentials, machine to machine.")
    client_id: Name = Field(description="Client id (consumer key) of the integration record.")
    certificate_id: Name = Field(description="Certificate id that NetSuite gave to the uploaded certificate.")
    private_key: Annotated[SecretStr, Field(min_length=1)] = Field(
        description="PEM of the certificate's private key, without password; `\\n` may stand for line ends."
    )

    @model_validator(mode="after")
    def _key_can_sign(self) -> "M2MSettings":
        assertion.load(self.private_key)
        return self


class Settings(ConnectorSettings):
    """One NetSuite account; `base_url` is `https://<account>.suitetalk.api.netsuite.com`.

    NetSuite knows things by internal ids or by the external ids that somebody gave them.  The maps hold internal ids
    by our words; what is not in a map is named by our word as external id.
    A call may run for 15 minutes at NetSuite (Oracle's help, subsect_1559222360), hence `settle_s`.
    """

    timeout_s: Seconds = Field(60, description="How long one call may take in all.")
    settle_s: float = Field(
        900,
        ge=0,
        le=86_400,
        allow_inf_nan=False,
        description="How long after its time-out a call without an answer may still be running at NetSuite.",
    )
    max_connections: int = Field(
        4, ge=1, le=1024, description="Calls at once at most; the account's limit counts all its integrations."
    )
    auth: M2MSettings
    subsidiary: Number | None = Field(None, description="Internal id of the subsidiary of every order.")
    location: Number | None = Field(None, description="Internal id of the location of every order.")
    guest_account: Name | None = Field(
        None, description="External id of the customer for orders without an account code; without it they are refused."
    )
    discount_item: Name = Field(
        "commerce-discount", description="External id of the discount item that carries an order's discount."
    )
    price_level: Number = Field("-1", description="Internal id of the price level of lines with a stated price.")
    currencies: dict[str, str] = Field(default_factory=dict, description="Internal ids by ISO 4217 code.")
    terms: dict[str, str] = Field(default_factory=dict, description="Internal ids by terms of payment.")
    units: dict[str, str] = Field(default_factory=dict, description="NetSuite's ids of units by our unit.")
    ship_methods: dict[str, str] = Field(
        default_factory=dict, description="Internal ids of shipping items by shipping method; others go into the memo."
    )

    time_zone: Zone = Field(
        "America/Los_Angeles", description="The account's time zone (Company Information), in which SuiteQL says times."
    )
    overlap_s: int = Field(
        300, ge=0, le=86_400, description="How far before the newest change that was seen changes are read again."
    )
    page_size: int = Field(1000, ge=1, le=1000, description="Rows of one answer to a query.")
    base_price_level: Number = Field("1", description="Internal id of the price level for everybody.")
    group_price_levels: dict[Name, Number] = Field(
        default_factory=dict, description="Internal ids of price levels by the channels' customer group."
    )

    @model_validator(mode="after")
    def _address_ends_at_the_host(self) -> "Settings":
        if "/services" in self.base_url:
            raise ValueError("base_url ends before /services")
        return self
