"""Every switch of the simulated warehouse, in one frozen value; README.md says what each does."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from simulators.core.life import Rate, Step
from simulators.plain_rest.doors import SECRETS, AuthKind


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials open nothing but this simulator.  None takes every warehouse and every SKU."""

    auth_kinds: tuple[AuthKind, ...] = ("bearer", "basic")
    token: str = "simulated-wms-token-1"  # noqa: S105 - published in README.md
    username: str = "integration"
    password: str = "simulated-password-1"  # noqa: S105 - same
    read_only: bool = False
    source_codes: tuple[str, ...] | None = None
    skus: tuple[str, ...] | None = None
    last_cancellable: Literal["RELEASED", "ALLOCATED", "PICKING", "PICKED", "PACKED", "LOADED"] = "ALLOCATED"
    first_status: Literal["RELEASED", "ALLOCATED"] = "RELEASED"

    # life of a task, and what is told of it
    seed: int = 0
    life: bool = False
    life_rate: Rate = 1.0
    life_plan: tuple[Step, ...] | None = None
    source_system: str = "rest_wms"
    location_codes: Mapping[str, str] = {}

    # what is there, by SKU, as decimal text; other SKUs are unknown
    stock: Mapping[str, str] = {}


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | dict(changes)
    return msgspec.convert(msgspec.to_builtins(document), Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    everything: dict[str, object] = msgspec.to_builtins(settings)
    return {name: value for name, value in everything.items() if name not in SECRETS}
