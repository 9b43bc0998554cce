"""Every switch of the simulated Commerce, in one frozen value; README.md says which rule each one belongs to."""

from typing import Annotated, Literal

import msgspec

AuthKind = Literal["token", "oauth1", "ims"]
AUTH_OF_MODE: dict[str, tuple[AuthKind, ...]] = {"paas": ("token", "oauth1"), "saas": ("ims",)}

Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]

SECRETS = frozenset(
    {"password", "oauth_consumer_secret", "oauth_access_token", "oauth_access_token_secret", "ims_client_secret"}
)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults: Adobe Commerce 2.4 with MSI as it is installed.  The credentials open nothing but this simulator."""

    mode: Literal["paas", "saas"] = "paas"
    tenant: str = "tenant-1"
    store_codes: tuple[str, ...] = ("default", "all")
    seed: int = 0

    # credentials; None takes what suits the mode
    auth_kinds: tuple[AuthKind, ...] | None = None
    denied_resources: tuple[str, ...] = ()
    username: str = "integration"
    password: str = "simulated-password-1"  # noqa: S105 - published in README.md
    token_life_s: Seconds = 4 * 3600.0
    oauth_consumer_key: str = "simulatedconsumerkey000000000001"
    oauth_consumer_secret: str = "simulatedconsumersecret000000001"  # noqa: S105 - same
    oauth_access_token: str = "simulatedaccesstoken000000000001"  # noqa: S105 - same
    oauth_access_token_secret: str = "simulatedaccesssecret00000000001"  # noqa: S105 - same
    oauth_future_s: Seconds = 600.0
    oauth_past_s: Seconds | None = None
    integration_as_bearer: bool = False
    ims_client_id: str = "simulated-client"
    ims_client_secret: str = "simulated-client-secret"  # noqa: S105 - same
    ims_org_id: str = "SIMULATED@AdobeOrg"
    ims_token_life_s: Seconds = 24 * 3600.0

    # events; nothing is sent without an address
    events_url: str | None = None
    events_client_id: str = "simulated-client"
    events_first_wait_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0

    # limits
    input_limit: bool = False
    input_list_limit: Count = 20
    maximum_page_size: Count = 300
    default_page_size: Count = 20
    rate_limit_calls: Count | None = None
    rate_limit_window_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    rate_limit_hint: Literal["seconds", "date", "none"] = "seconds"

    # quirks
    repeat_last_page: bool = True
    export_total: Literal["all", "page"] = "all"
    unknown_sku: Literal["orphan", "masked", "refused"] = "orphan"
    validation_errors: Literal["first", "all"] = "first"
    wrong_method_status: Literal[404, 405] = 405
    document_ids_as_strings: bool = False
    custom_statuses: dict[str, str] = {}

    # time and concurrency of writes
    call_base_ms: Milliseconds = 1.0
    call_per_row_ms: Milliseconds = 0.02
    ship_ms: Milliseconds = 1.0
    writes: Literal["overlap", "serial"] = "overlap"
    deadlock_chance: Chance = 0.25

    @property
    def accepted_auth(self) -> tuple[AuthKind, ...]:
        return AUTH_OF_MODE[self.mode] if self.auth_kinds is None else self.auth_kinds

    @property
    def list_limit(self) -> int | None:
        return self.input_list_limit if self.input_limit else None


def changed(settings: Settings, changes: object) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    if not isinstance(changes, dict):
        raise ValueError("settings must be an object")  # noqa: TRY004 - the control routes answer 400 to ValueError
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | changes
    return msgspec.convert(document, Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    return {name: getattr(settings, name) for name in settings.__struct_fields__ if name not in SECRETS}
