"""Every switch of the simulated org, in one frozen value; README.md says which rule each one belongs to."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

AuthKind = Literal["jwt", "client_credentials"]
Category = Literal["Draft", "Activated"]
Count = Annotated[int, msgspec.Meta(ge=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]

SECRETS = frozenset({"consumer_secret"})


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The credentials open nothing but this simulator.

    `certificate_key` is the public key in PEM that assertions are checked with; None makes a pair at the start, whose
    private half `GET /_sim/private-key` tells.
    """

    auth_kinds: tuple[AuthKind, ...] = ("jwt", "client_credentials")
    consumer_key: str = "simulated-consumer-key"
    consumer_secret: str = "simulated-consumer-secret"  # noqa: S105 - published in README.md
    username: str = "integration@example.com"
    approved: bool = True
    audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://test.salesforce.com")
    certificate_key: str | None = None
    assertion_s: Seconds = 180.0
    session_s: Seconds = 7200.0

    # limits
    daily_calls: Count = 100_000
    most_rows: Count = 200
    page_rows: Count = 2000

    # the org's own rules
    api_versions: tuple[str, ...] = ("62.0",)
    case_sensitive_ids: bool = True
    demanded_order_field: str | None = None
    read_only_objects: tuple[str, ...] = ()
    statuses: dict[str, Category] = msgspec.field(default_factory=lambda: {"Draft": "Draft", "Activated": "Activated"})

    # quirks and time
    update_status: Literal[200, 204] = 200
    write_ms: Milliseconds = 1.0


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """The settings with some of them replaced.  Raises ValueError that names the wrong one."""
    document = {name: getattr(settings, name) for name in settings.__struct_fields__} | dict(changes)
    return msgspec.convert(document, Settings)


def shown(settings: Settings) -> dict[str, object]:
    """For the state page: everything but secrets."""
    return {name: getattr(settings, name) for name in settings.__struct_fields__ if name not in SECRETS}
