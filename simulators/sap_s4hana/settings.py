"""Every switch of the simulated S/4HANA, in one frozen value; README.md says which rule each one belongs to."""

from typing import Annotated, Literal

import msgspec

from simulators.core.life import Rate, Step

Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]

SECRETS = frozenset({"password", "oauth_client_secret"})


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Master data and customizing of a small company.  The credentials open nothing but this simulator."""

    seed: int = 0

    # credentials
    auth_kinds: tuple[Literal["basic", "oauth2"], ...] = ("basic", "oauth2")
    username: str = "SHOP_SYNC"
    password: str = "simulated-password-1"  # noqa: S105 - published in README.md
    oauth_client_id: str = "simulated-client"
    oauth_client_secret: str = "simulated-client-secret"  # noqa: S105 - same
    token_life_s: Seconds = 3600.0
    session_life_s: Seconds = 1800.0
    csrf: bool = True

    # master data and customizing
    sap_client: str = "100"
    sales_area: tuple[str, str, str] = ("1710", "10", "00")
    order_types: tuple[str, ...] = ("OR",)
    currencies: tuple[str, ...] = ("USD", "EUR")
    customers: tuple[str, ...] = ("17100001", "C-1004")
    materials: tuple[str, ...] = ("TG11", "PUMP-200", "SEAL-7", "CABLE-3X15", "MOTOR-M2")
    made_to_order: tuple[str, ...] = ("MOTOR-M2",)
    payment_terms: tuple[str, ...] = ("0001", "0004", "NT30")
    condition_types: tuple[str, ...] = ("PMP0", "DRV1", "TTX1", "HD00", "HDT1")
    text_ids: tuple[str, ...] = ("TX01", "TX02")
    rejection_reasons: tuple[str, ...] = ("00", "50")
    credit_held: tuple[str, ...] = ()
    first_number: Count = 1
    confirm: Literal["all", "half", "none"] = "all"
    delivery_days: Annotated[int, msgspec.Meta(ge=0)] = 7
    work_order_category: str = "WO"

    # life after the making
    life: bool = False
    life_rate: Rate = 1.0
    life_plan: tuple[Step, ...] | None = None
    delivery_category: str = "J"
    returns_refer_to: Literal["order", "invoice"] = "order"

    # behaviour
    read_lag_s: Seconds = 0.0
    idempotent: bool = False
    request_life_s: Seconds = 6 * 3600.0
    item_etags: bool = False
    etag_in_change_answer: bool = False
    largest_page: Count = 5000
    rate_limit_calls: Count | None = None
    rate_limit_window_s: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    rate_limit_hint: bool = True


def changed(settings: Settings, changes: object) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    if not isinstance(changes, dict):
        raise ValueError("settings must be an object")  # noqa: TRY004 - the control routes answer 400 to ValueError
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | changes
    return msgspec.convert(msgspec.to_builtins(document), Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    everything: dict[str, object] = msgspec.to_builtins(settings)
    return {name: value for name, value in everything.items() if name not in SECRETS}
