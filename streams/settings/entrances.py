"""Settings of the processes beside the workers: the gateway that takes orders in, and the poll that asks for them."""

from pydantic import Field, SecretStr, field_validator

from streams.settings.forms import (
    Channel,
    Moment,
    PollerName,
    PollSeconds,
    Port,
    PublicKey,
    SafeUrl,
    Seconds,
    WebhookSecret,
)
from streams.settings.frozen import Frozen
from streams.settings.reservations import ReservationSettings


class AdobeEventsSettings(Frozen):
    """What Adobe I/O Events delivers; off until the client id is named."""

    client_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_-]{0,128}$",
        description="Client id of the credential in the Adobe Developer Console that events are for; empty: not taken.",
    )
    static_url: SafeUrl = Field(
        "https://static.adobeioevents.com", description="Where Adobe serves its public keys; only this is asked."
    )
    max_body_bytes: int = Field(
        2_500_000, ge=1024, le=8_000_000, description="Deliveries beyond this are refused; a batch of Adobe has 2 MB."
    )


class CommerceWebhookSettings(Frozen):
    """What the shop's own webhooks send; off until its public key is named."""

    public_key: PublicKey = Field(
        "", description="The shop's public key (PEM, RSA), from its webhook settings; empty: not taken."
    )


class GatewaySettings(Frozen):
    """The gateway, which takes orders over HTTP; a process of its own."""

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless a proxy with TLS is before it.")
    port: Port = Field(6067, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    secrets: dict[Channel, tuple[WebhookSecret, ...]] = Field(
        default_factory=dict,
        description="Channel → its secret (`whsec_…`), or two of them while one is replaced by the other.",
    )
    max_body_bytes: int = Field(262_144, ge=1024, le=800_000, description="Bodies beyond this are refused.")
    read_s: Seconds = Field(10, gt=0, le=60, description="How long a sender may take for a request.")
    append_s: Seconds = Field(5, gt=0, le=60, description="How long Kafka may take to acknowledge an order.")
    in_flight: int = Field(256, ge=1, le=1000, description="Requests at once; more are told to come again.")
    remember_s: Seconds = Field(
        3600, ge=600, le=86_400, description="How long the id of an event is known, so that a repeat adds nothing."
    )
    remember_ids: int = Field(50_000, ge=1000, le=1_000_000, description="How many such ids are known at most.")

    shop_read_s: Seconds = Field(
        5, gt=0, le=60, description="How long the shop may take to show an order that an event or a webhook names."
    )
    reservations: ReservationSettings = ReservationSettings()
    adobe_events: AdobeEventsSettings = AdobeEventsSettings()
    commerce_webhook: CommerceWebhookSettings = CommerceWebhookSettings()

    @property
    def reads_the_shop(self) -> bool:
        """Whether anything is taken that only names an order."""
        return bool(self.adobe_events.client_id or self.commerce_webhook.public_key)

    @field_validator("secrets")
    @classmethod
    def _one_channel_each(cls, secrets: dict[str, tuple[SecretStr, ...]]) -> dict[str, tuple[SecretStr, ...]]:
        wrong = [channel for channel, known in secrets.items() if not 1 <= len(known) <= 2]
        if wrong:
            raise ValueError(f"channel {wrong[0]}: a channel has one secret, or two while one replaces the other")
        every = [one.get_secret_value() for known in secrets.values() for one in known]
        if len(set(every)) != len(every):
            raise ValueError("each channel has secrets of its own, and one of them stands twice")
        return secrets


class PollSettings(Frozen):
    """What events missed is looked for by `commerce-streams poll`; a process of its own."""

    host: str = Field("127.0.0.1", description="Address of its probes; loopback unless you protect it.")
    port: Port = Field(6068, ge=0, le=65535, description="Port of its probes; 0 takes a free one.")
    pollers: tuple[PollerName, ...] = Field(
        (), description="Which run; empty: those of orders whose connector is configured."
    )
    interval_s: Seconds = Field(60, ge=1, le=86_400, description="From the end of a round to the next one.")
    reference_interval_s: Seconds = Field(
        300, ge=1, le=86_400, description="The same for products, prices and accounts."
    )
    reread_s: Seconds = Field(
        86_400, ge=1, le=2_592_000, description="So often all products, prices and accounts are read anew."
    )
    remove_at_most: float = Field(
        0.1,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Share of a topic's rows that one such reading may take away; more is left for a person.",
    )
    intervals_s: dict[PollerName, PollSeconds] = Field(
        default_factory=dict, description="Poller → its own interval, where it has one."
    )
    overlap_s: Seconds = Field(
        300,
        ge=10,
        le=86_400,
        description="So far back each round begins: for changes that become visible late, and clocks that differ.",
    )
    gap_after_s: Seconds = Field(
        600, ge=10, le=604_800, description="A number that is missing for so long is asked for at the shop."
    )
    since: Moment = Field("", description="Where the very first round begins, e.g. 2026-03-01T00:00:00Z; empty: now.")
    append_s: Seconds = Field(10, gt=0, le=60, description="How long Kafka may take to acknowledge a record.")
