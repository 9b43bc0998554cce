"""Settings of reservations and availability, which the gateway answers."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator, model_validator

from streams.settings.forms import Bearer, Channel, Milliseconds, Quantity, Seconds
from streams.settings.frozen import Frozen

Components = Annotated[dict[str, Quantity], Field(min_length=1, max_length=100)]


class ReservationSettings(Frozen):
    """Reservations and availability; off until a client has a token."""

    tokens: dict[Channel, tuple[Bearer, ...]] = Field(
        default_factory=dict,
        description="Client (its channel) → its bearer token, or two of them while one is replaced by the other.",
    )
    checkouts: tuple[Channel, ...] = Field(
        (), description="Clients that are the shop's own checkout: what they reserve is not taken off what it shows."
    )
    ttl_s: Seconds = Field(900, ge=10, le=86_400, description="How long a reservation holds that says nothing itself.")
    longest_ttl_s: Seconds = Field(7200, ge=10, le=86_400, description="How long one may hold at most.")
    answer_ms: Milliseconds = Field(
        500, ge=50, le=10_000, description="How long the owner of a SKU may take to decide; then 503."
    )
    firm_ms: Milliseconds = Field(
        3000,
        ge=0,
        le=20_000,
        description="How long an answer waits for the shop to show the lower quantity, where few units are left.",
    )
    per_s: float = Field(
        50, gt=0, le=10_000, allow_inf_nan=False, description="Requests a second of one client; more are answered 429."
    )
    ask_shop: bool = Field(
        default=True, description="Whether the shop is asked how much of a SKU its own open orders have."
    )
    shop_ms: Milliseconds = Field(300, ge=20, le=10_000, description="How long the shop may take to tell.")
    check_at: str = Field(
        "",
        description="Connector of the WMS or ERP that is asked for the last units, e.g. rest_wms; empty: none is.",
    )
    check_ms: Milliseconds = Field(300, ge=20, le=10_000, description="How long it may take to tell.")
    components: dict[str, Components] = Field(
        default_factory=dict,
        description="SKU of a configured product → its components with the quantity of each in one of it.",
    )

    @field_validator("tokens")
    @classmethod
    def _one_client_each(cls, tokens: dict[str, tuple[SecretStr, ...]]) -> dict[str, tuple[SecretStr, ...]]:
        wrong = [client for client, known in tokens.items() if not 1 <= len(known) <= 2]
        if wrong:
            raise ValueError(f"client {wrong[0]}: a client has one token, or two while one replaces the other")
        every = [one.get_secret_value() for known in tokens.values() for one in known]
        if len(set(every)) != len(every):
            raise ValueError("each client has tokens of its own, and one of them stands twice")
        return tokens

    @model_validator(mode="after")
    def _fits(self) -> "ReservationSettings":
        unknown = [client for client in self.checkouts if client not in self.tokens]
        if unknown:
            raise ValueError(f"checkouts names {unknown[0]}, which has no token")
        if self.ttl_s > self.longest_ttl_s:
            raise ValueError("ttl_s must not be above longest_ttl_s")
        return self
