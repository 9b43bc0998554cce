"""Every switch of the simulated accounting system, in one frozen value; README.md says what each does."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

SECRETS = frozenset({"client_secret"})
Month = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credential opens nothing but this simulator.  None takes every account and every currency."""

    client_id: str = "integration"
    client_secret: str = "simulated-finance-secret-1"  # noqa: S105 - published in README.md
    token_life_s: Annotated[int, msgspec.Meta(ge=1)] = 3600
    read_only: bool = False
    accounts: tuple[str, ...] | None = None
    currencies: tuple[str, ...] | None = None
    closed_through: Month | None = None
    read_lag_s: Seconds = 0.0


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | dict(changes)
    return msgspec.convert(msgspec.to_builtins(document), Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    everything: dict[str, object] = msgspec.to_builtins(settings)
    return {name: value for name, value in everything.items() if name not in SECRETS}
