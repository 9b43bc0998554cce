"""Every switch of the simulated carrier, in one frozen value; README.md says what each does."""

from collections.abc import Mapping

import msgspec

from simulators.core.life import Rate, Step
from simulators.plain_rest.doors import SECRETS, AuthKind


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`price` is that of a parcel with one piece, `more` of each further one; decimal text.  No days: none promised."""

    name: str
    price: str
    more: str = "0"
    days: int | None = None


SERVICES = (
    Service(name="economy", price="4.90", more="0.40"),
    Service(name="ground", price="7.50", more="0.75", days=4),
    Service(name="express", price="19.00", more="1.25", days=1),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials open nothing but this simulator."""

    auth_kinds: tuple[AuthKind, ...] = ("bearer", "basic")
    token: str = "simulated-carrier-token-1"  # noqa: S105 - published in README.md
    username: str = "integration"
    password: str = "simulated-password-1"  # noqa: S105 - same
    read_only: bool = False
    services: tuple[Service, ...] = SERVICES
    currency: str = "USD"
    carrier_code: str = "parcelex"
    undeliverable: tuple[str, ...] = ("AQ",)
    """Countries that it does not go to."""
    undeliverable_postcodes: tuple[str, ...] = ()
    label_url: str = "https://labels.example/{number}.pdf"

    # life of a parcel, and what is told of it
    seed: int = 0
    life: bool = False
    life_rate: Rate = 1.0
    life_plan: tuple[Step, ...] | None = None
    source_system: str = "parcelex"
    echoes: bool = True
    """Whether events name the shipper's references."""


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | dict(changes)
    return msgspec.convert(msgspec.to_builtins(document), Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    everything: dict[str, object] = msgspec.to_builtins(settings)
    return {name: value for name, value in everything.items() if name not in SECRETS}
