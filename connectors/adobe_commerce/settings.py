"""What an operator tells this connector: `STREAMS_CONNECTORS__ADOBE_COMMERCE__…`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.core.settings import BaseUrl, ConnectorSettings

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=32)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1)]

# What Adobe's server-to-server page asks for (cheat-sheet section 2).
IMS_TOKEN_URL = "https://ims-na1.adobelogin.com/ims/token/v3"  # noqa: S105  # an address, not a secret
IMS_SCOPE = "openid,AdobeID,email,profile,additional_info.roles,additional_info.projectedProductContext,commerce.accs"


class _Credential(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class OAuth1Settings(_Credential):
    """An integration (System → Integrations)."""

    kind: Literal["oauth1"] = Field(description="An integration of the shop, signed.")
    consumer_key: Secret = Field(description="Consumer key of the integration.")
    consumer_secret: Secret = Field(description="Consumer secret of the integration.")
    access_token: Secret = Field(description="Access token of the integration.")
    access_token_secret: Secret = Field(description="Access token secret of the integration.")


class ImsSettings(_Credential):
    """OAuth server-to-server of the Adobe Developer Console."""

    kind: Literal["ims"] = Field(description="OAuth server-to-server of the Adobe Developer Console.")
    client_id: Name = Field(description="Client id of the credential.")
    client_secret: Secret = Field(description="Client secret of the credential.")
    org_id: Name = Field(description="Organisation id, as in `…@AdobeOrg`.")
    token_url: BaseUrl = Field(IMS_TOKEN_URL, description="Where tokens are fetched.")
    scope: Name = Field(IMS_SCOPE, description="Scopes that a token is asked for.")


class TokenSettings(_Credential):
    """An admin user without two-factor sign-in; `life_s` is the admin token life time of the shop (4 h by default)."""

    kind: Literal["token"] = Field(description="An admin user without two-factor sign-in.")
    username: Name = Field(description="Name of the admin user.")
    password: Secret = Field(description="Password of the admin user.")
    life_s: float = Field(4 * 3600, gt=0, le=30 * 86_400, description="The shop's life time of admin tokens.")


_KINDS: Mapping[str, type[_Credential]] = {"oauth1": OAuth1Settings, "ims": ImsSettings, "token": TokenSettings}


class Settings(ConnectorSettings):
    """One Adobe Commerce.

    `base_url` is what stands before `/rest`; `store` is the scope of every call (`all` = global values).
    `single_stock`: the shop has no multi-source inventory, or must be written through the legacy stock item; its only
    source is then called `single_stock_source` and its only stock `single_stock_id`.
    `max_url_bytes` bounds look-ups by list: Apache and nginx take about 8,000.
    """

    deployment: Literal["paas", "saas"] = Field(
        "paas", description="Adobe Commerce or Magento Open Source on servers, or Adobe Commerce as a Cloud Service."
    )
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        None, description="Tenant id; with deployment `saas` only."
    )
    store: Code = Field("all", description="Store scope of every call; `all` writes global values.")
    auth: Annotated[OAuth1Settings | ImsSettings | TokenSettings, Field(discriminator="kind")]
    channel: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=32)] = Field(
        "web", description="What orders of this shop are called: the order id is `<channel>-<order number>`."
    )
    source_system: Name = Field("commerce", description="How orders of this shop name the system that spoke.")
    rows_per_call: int = Field(
        100, ge=1, le=5000, description="Rows of one stock write to begin with; with SINGLE_STOCK it is always 1."
    )
    page_size: int = Field(300, ge=1, le=300, description="Rows of one page when reading.")
    max_url_bytes: int = Field(4000, ge=1024, le=16_000, description="Bytes of a list of SKUs in an address.")
    single_stock: bool = Field(
        default=False, description="Write through the legacy stock item: the shop has no multi-source inventory."
    )
    single_stock_source: Name = Field("default", description="What its only source is called, with `SINGLE_STOCK`.")
    single_stock_id: int = Field(1, ge=1, description="Id of its only stock, with `SINGLE_STOCK`.")

    @model_validator(mode="before")
    @classmethod
    def _credential_is_complete(cls, given: object) -> object:
        """Names what is missing and what is allowed; pydantic alone would say "Field required" of a union's branch."""
        if isinstance(given, Mapping):
            _check_credential(given.get("auth"))
        return given

    @model_validator(mode="after")
    def _address_fits_deployment(self) -> "Settings":
        for wrong, message in (
            ("/rest/" in f"{self.base_url}/", "base_url ends before /rest"),
            (self.deployment == "saas" and self.tenant is None, "deployment saas needs tenant"),
            (self.deployment == "saas" and self.auth.kind != "ims", "deployment saas needs auth.kind=ims"),
            (self.deployment == "paas" and self.tenant is not None, "tenant belongs to deployment saas"),
            (self.single_stock and self.deployment == "saas", "single_stock belongs to deployment paas"),
        ):
            if wrong:
                raise ValueError(message)
        return self

    def addresses(self) -> Mapping[str, str]:
        own = super().addresses()
        return {**own, "auth.token_url": self.auth.token_url} if isinstance(self.auth, ImsSettings) else own


def _check_credential(given: object) -> None:
    if isinstance(given, _Credential):
        return
    kind = str(given.get("kind")) if isinstance(given, Mapping) else ""
    if not isinstance(given, Mapping) or kind not in _KINDS:
        raise ValueError(f"auth.kind is missing or unknown; allowed: {', '.join(sorted(_KINDS))}")
    fields = _KINDS[kind].model_fields
    needed = [name for name, field in fields.items() if field.is_required()]
    missing = [name for name in needed if given.get(name) in (None, "")]
    unknown = sorted(str(name) for name in given if name not in fields)
    if missing or unknown:
        wanted = f"auth.kind={kind} needs {_listed(needed[1:])}"
        raise ValueError(f"{wanted}; missing: {_listed(missing)}; not allowed: {_listed(unknown)}")


def _listed(names: list[str]) -> str:
    return ", ".join(f"auth.{name}" for name in names) or "nothing"
