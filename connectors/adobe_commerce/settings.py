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

    kind: Literal["oauth1"]
    consumer_key: Secret
    consumer_secret: Secret
    access_token: Secret
    access_token_secret: Secret


class ImsSettings(_Credential):
    """OAuth server-to-server of the Adobe Developer Console."""

    kind: Literal["ims"]
    client_id: Name
    client_secret: Secret
    org_id: Name
    token_url: BaseUrl = IMS_TOKEN_URL
    scope: Name = IMS_SCOPE


class TokenSettings(_Credential):
    """An admin user without two-factor sign-in; `life_s` is the admin token life time of the shop (4 h by default)."""

    kind: Literal["token"]
    username: Name
    password: Secret
    life_s: Annotated[float, Field(gt=0, le=30 * 86_400)] = 4 * 3600


_KINDS: Mapping[str, type[_Credential]] = {"oauth1": OAuth1Settings, "ims": ImsSettings, "token": TokenSettings}


class Settings(ConnectorSettings):
    """One Adobe Commerce.

    `base_url` is what stands before `/rest`; `store` is the scope of every call (`all` = global values).
    `single_stock`: the shop has no multi-source inventory, or must be written through the legacy stock item; its only
    source is then called `single_stock_source` and its only stock `single_stock_id`.
    `max_url_bytes` bounds look-ups by list: Apache and nginx take about 8,000.
    """

    deployment: Literal["paas", "saas"] = "paas"
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    store: Code = "all"
    auth: Annotated[OAuth1Settings | ImsSettings | TokenSettings, Field(discriminator="kind")]
    rows_per_call: Annotated[int, Field(ge=1, le=5000)] = 100
    page_size: Annotated[int, Field(ge=1, le=300)] = 300
    max_url_bytes: Annotated[int, Field(ge=1024, le=16_000)] = 4000
    single_stock: bool = False
    single_stock_source: Name = "default"
    single_stock_id: Annotated[int, Field(ge=1)] = 1

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
