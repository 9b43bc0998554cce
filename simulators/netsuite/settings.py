"""Every switch of the simulated NetSuite, in one frozen value; README.md says which rule each one belongs to."""

from typing import Annotated, Literal

import msgspec

from simulators.core.life import Rate, Step

Count = Annotated[int, msgspec.Meta(ge=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]

Permission = Literal["view", "edit", "query"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults: a small account.  Who holds the private key of `public_key` may sign in; None makes a key at start."""

    seed: int = 0

    # credentials
    client_id: str = "simulated-client"
    certificate_id: str = "simulated-certificate"
    public_key: str | None = None
    token_life_s: Seconds = 3600.0
    denied: tuple[Permission, ...] = ()

    # limits
    concurrency: Count = 5
    retry_after_s: Count | None = None
    longest_memo: Count = 999
    longest_description: Count = 4000

    # orders
    number_prefix: str = "SO"
    first_number: Count = 1001
    needs_approval: bool = False
    zone: str = "America/Los_Angeles"

    # life after the making
    life: bool = False
    life_rate: Rate = 1.0
    life_plan: tuple[Step, ...] | None = None
    query_lag_s: Seconds = 0.0

    # time
    save_ms: Milliseconds = 1.0


def changed(settings: Settings, changes: object) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    if not isinstance(changes, dict):
        raise ValueError("settings must be an object")  # noqa: TRY004 - the control routes answer 400 to ValueError
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | changes
    return msgspec.convert(msgspec.to_builtins(document), Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page; nothing here is secret."""
    shown_settings: dict[str, object] = msgspec.to_builtins(settings)
    return shown_settings
