"""Every setting: its name, type, unit, default, and what it is for.  docs/configuration.md is written from here."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.core.settings import BaseUrl, refuse_plain
from streams.domain.order_names import SHOP_NUMBERS
from streams.settings.entrances import GatewaySettings, PollSettings
from streams.settings.forms import (
    Brokers,
    Channel,
    ChannelOrAny,
    CheckName,
    Country,
    EventKind,
    Factor,
    Milliseconds,
    Name,
    OrderRole,
    Pairs,
    Pattern,
    Port,
    Quantity,
    Seconds,
    SkusOrAll,
    TimeZone,
    Word,
)
from streams.settings.frozen import Frozen
from streams.settings.order_tables import CutOffSettings, LabelSettings, RoutingSettings, WordSettings
from streams.settings.secret_files import Readers

YEAR_S = 366 * 86_400


class KafkaSettings(Frozen):
    """How to reach the brokers."""

    bootstrap_servers: Brokers = Field(description="Brokers, as host:port separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to the brokers."
    )
    sasl_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How to sign in, where the protocol has SASL."
    )
    sasl_username: str | None = Field(None, description="User, where the protocol has SASL.")
    sasl_password: SecretStr | None = Field(None, description="Password, where the protocol has SASL.")
    ssl_cafile: Path | None = Field(None, description="PEM file of the authority behind the brokers' certificates.")
    ssl_certfile: Path | None = Field(None, description="PEM file of this client's certificate.")
    ssl_keyfile: Path | None = Field(None, description="PEM file of this client's key.")
    ssl_key_password: SecretStr | None = Field(None, description="Password of the key file.")
    session_timeout_s: Seconds = Field(
        10, ge=6, le=300, description="Seconds without a heartbeat until the group gives the partitions to others."
    )
    partitions: int = Field(8, ge=1, le=1000, description="Partitions of the topics that `topics apply` creates.")
    replication_factor: int = Field(
        0, ge=0, le=7, description="Copies of each topic; 0: three, or as many as there are brokers."
    )

    @model_validator(mode="after")
    def _sasl_needs_a_user(self) -> "KafkaSettings":
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError("SASL needs SASL_USERNAME and SASL_PASSWORD (or SASL_PASSWORD_FILE)")
        return self


class SchemaRegistrySettings(Frozen):
    """How to reach the schema registry (Confluent protocol)."""

    url: BaseUrl = Field(description="Address, e.g. http://127.0.0.1:8081/apis/ccompat/v7")
    username: str | None = Field(None, description="User for basic authentication.")
    password: SecretStr | None = Field(None, description="Password for basic authentication.")
    ssl_cafile: Path | None = Field(None, description="PEM file of the authority that signed its certificate.")
    plain_http: bool = Field(default=False, description="Whether an address beyond this machine may be http://.")

    @model_validator(mode="after")
    def _nobody_listens(self) -> "SchemaRegistrySettings":
        if not self.plain_http:
            refuse_plain("url", self.url)
        return self


class WebSettings(Frozen):
    """The worker's own pages and interfaces."""

    host: str = Field("127.0.0.1", description="Address to listen on; loopback unless you protect it.")
    port: Port = Field(6066, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    advertised_url: BaseUrl | None = Field(
        None, description="How other workers reach this one; default http://HOST:PORT."
    )
    token: SecretStr | None = Field(None, description="Token for the role operate; without it nobody can act.")
    read_token: SecretStr | None = Field(None, description="Token for the role read.")
    reveal_token: SecretStr | None = Field(None, description="Token for the role reveal (personal data).")
    prometheus_url: BaseUrl | None = Field(
        None, description="Prometheus that judges our rules; the page of alerts then says what it says."
    )
    alertmanager_url: BaseUrl | None = Field(None, description="Alertmanager, which the pages then lead to.")
    runbooks_url: BaseUrl | None = Field(
        None, description="Where your copy of this project is served: alerts then lead to its docs/runbooks.md."
    )
    time_zone: TimeZone = Field("UTC", description="Zone of the times on the pages, e.g. Europe/Berlin.")
    environment: str = Field("", description="Name shown in the header of every page, e.g. production.")


class SkuClass(Frozen):
    """How long a change of a SKU may wait for others before it is written."""

    window_ms: Milliseconds | None = Field(None, ge=0, le=3_600_000, description="Wait at most this long.")
    at: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Or: once a day at this UTC time.")
    skus: tuple[str, ...] = Field((), description="SKUs of the class; `*` at an end stands for anything.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "SkuClass":
        if (self.window_ms is None) == (self.at is None):
            raise ValueError("a class needs window_ms or at, not both")
        return self


class OwnerSettings(Frozen):
    """Who alone may state a bucket of a location."""

    source_system: str = Field(description="The system, as its records name it.")
    owner_code: str = Field("", description="The goods owner, as its records name it; empty: none.")


class InventorySettings(Frozen):
    """The stock flow."""

    locations: dict[str, str] = Field(
        default_factory=dict,
        description="WMS location code (or source_system/location) → Commerce source code; empty: codes are the same.",
    )
    items: dict[str, str] = Field(
        default_factory=dict, description="Item number of the source → Commerce SKU, one to one; empty: the same."
    )
    units: dict[str, Factor] = Field(
        default_factory=dict,
        description="Unit of measure (or item/unit) → sales units in one of it; empty: units are not converted.",
    )
    owners: dict[str, OwnerSettings] = Field(
        default_factory=dict,
        description="Location (or location/BUCKET) → who alone may state it; otherwise the first one to do so.",
    )
    allocations: dict[str, Literal["other", "all"]] = Field(
        default_factory=dict,
        description="Source system → what its ALLOCATED totals contain: `other` channels only, or `all`, web too.",
    )
    negative_allowed: tuple[str, ...] = Field((), description="Source systems whose counts may be below zero.")
    window_ms: Milliseconds = Field(
        1000, ge=0, le=3_600_000, description="How long a change may wait for others of the same SKU."
    )
    latency_target_s: Seconds = Field(
        10,
        gt=0,
        le=86_400,
        description="So long after its window a change should be in the shop; measured only.",
    )
    classes: dict[str, SkuClass] = Field(
        default_factory=dict, description="Classes of SKU with windows of their own, e.g. fast, slow, nightly."
    )
    buffer: Quantity = Field(Decimal(0), description="Units held back at every source.")
    buffers: Pairs = Field(
        default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → units held back there."
    )
    threshold: Quantity = Field(Decimal(0), description="A source is in stock above this quantity.")
    thresholds: Pairs = Field(default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → threshold.")
    low_stock: Quantity = Field(Decimal(0), description="An alert is raised at or below this quantity.")
    low_stocks: Pairs = Field(default_factory=dict, description="`source|sku`, `*|sku` or `source|*` → low stock.")
    last_units: Quantity = Field(Decimal(3), description="At or below this quantity a row goes out first.")
    reserve_from: tuple[Name, ...] = Field(
        (), description="Sources in the order in which reservations are held there; others follow by their codes."
    )
    backorders: SkusOrAll = Field((), description="SKUs that stay in stock at any quantity; `*` for all.")
    count_wip: bool = Field(default=False, description="Whether work in progress counts as on hand.")
    assume_zero_base: bool = Field(
        default=False, description="Whether a location without a count begins at zero instead of being parked."
    )
    horizon_s: Seconds = Field(
        86_400,
        ge=60,
        le=604_800,
        description="How late a record may come, by event time, and still count.",
    )
    future_tolerance_s: Seconds = Field(300, ge=0, le=86_400, description="How far a sender's clock may be ahead.")
    base_alert_s: Seconds = Field(
        86_400, gt=0, le=YEAR_S, description="A source whose records wait so long for a first count raises an alert."
    )
    hold_limit_s: Seconds = Field(
        86_400, gt=0, le=YEAR_S, description="A shipment that is not posted for so long no longer adds to the stock."
    )
    posted_rest_s: Seconds = Field(
        60,
        ge=0,
        le=86_400,
        description="So long after a posting the WMS's own change may still come before stock is written up again.",
    )
    reservation_check_s: Seconds = Field(
        1, gt=0, le=3600, description="How often it is looked whether a reservation has expired."
    )
    check_every_s: Seconds = Field(600, gt=0, le=86_400, description="How often these limits are checked.")
    max_record_bytes: int = Field(262_144, ge=1024, description="Records beyond this are set aside undecoded.")

    @field_validator("items")
    @classmethod
    def _one_to_one(cls, items: dict[str, str]) -> dict[str, str]:
        taken = [sku for sku in items.values() if list(items.values()).count(sku) > 1 or sku in items]
        if taken:
            raise ValueError(f"two items for one SKU cannot be kept in order: {sorted(set(taken))[:3]}")
        return items


class SinkSettings(Frozen):
    """How targets are spoken to."""

    mode: Literal["run", "shadow", "paused"] = Field(
        "run", description="At first start; afterwards what `commerce-streams sinks` said last."
    )
    calls_per_s: float = Field(0, ge=0, description="At most so many calls a second to one target; 0: no limit.")


class ReconcileSettings(Frozen):
    """The comparison of what the shop shows with what it acknowledged, by the worker that writes stock."""

    every_s: Seconds = Field(
        300, ge=0, le=86_400, description="So often what was written since is read and compared; 0: not by itself."
    )
    full_at: str = Field(
        "02:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time everything is compared; empty: not by itself.",
    )
    reservations_at: str = Field(
        "03:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the shop's reservations are compared with its open orders; "
        "empty: not by itself.",
    )
    snapshot_patience_s: Seconds = Field(
        30,
        ge=0,
        le=3600,
        description="So old a warehouse's statement is when it is compared: what happened before it may still come.",
    )
    calls_at_once: int = Field(3, ge=1, le=16, description="Reads side by side, one per source.")
    repair: tuple[Literal["missing", "stale", "foreign-edit"], ...] = Field(
        (), description="Kinds of drift that are written again; all others are only reported."
    )


class CompletenessSettings(Frozen):
    """The daily closing of each flow, by the worker that writes stock."""

    at: str = Field(
        "03:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the day before is closed; empty: not by itself.",
    )
    orders_at: str = Field(
        "04:30",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="Once a day at this UTC time the orders of the last week are compared; empty: not by itself.",
    )
    settle_s: Seconds = Field(
        60,
        ge=1,
        le=3600,
        description="What is younger is not judged, and what was found is looked at again after so long.",
    )


class RoleSettings(Frozen):
    """Which connector plays which part."""

    commerce: str = Field("adobe_commerce", description="The shop.")


class OrderSettings(Frozen):
    """The orders flow; off until an ERP is named."""

    erp: str = Field("", description="Connector of the ERP, e.g. netsuite; empty: orders are left alone.")
    wms: str = Field("", description="Connector of the WMS that takes pick tasks; empty: none is told.")
    crm: str = Field("", description="Connector of the CRM; empty: none is told.")
    finance: str = Field("", description="Connector of the accounting system; empty: nothing is booked.")
    carrier: str = Field("", description="Connector of the carrier that labels are booked at; empty: none are.")
    labels: LabelSettings = LabelSettings()
    shop: bool = Field(
        default=True, description="Whether the shop is told what becomes of its orders: number, shipments, invoices, …"
    )
    notify: tuple[Literal["shipment", "promise", "packed", "delivered", "tracking", "cancel", "return"], ...] = Field(
        ("shipment",), description="What the shop mails the customer about."
    )
    at_once: int = Field(16, ge=1, le=256, description="Orders that are worked on side by side at one target.")
    cut_offs: dict[ChannelOrAny, CutOffSettings] = Field(
        default_factory=dict,
        description="Channel (or `*`) → by when its orders must have reached the ERP; empty: there is no cut-off.",
    )
    latency_targets_s: dict[OrderRole, Seconds] = Field(
        default_factory=dict,
        description="Role → so soon after it was decided a command should be done; see docs/orders.md; measured only.",
    )
    shop_channels: tuple[Channel, ...] = Field(
        (), description="Channels whose orders the shop knows and is told of, beside its connector's own channel."
    )
    channels: tuple[Channel, ...] = Field(
        (), description="Other channels of whose orders WMS and ERP speak; what names another is set aside."
    )
    shop_numbers: Pattern = Field(
        SHOP_NUMBERS,
        description="Regular expression of the shop's order numbers, where a WMS may carry the unified id as well.",
    )
    words: WordSettings = WordSettings()
    own_lines: tuple[Name, ...] = Field(
        (), description="Source systems whose line numbers are their own: their lines are known by SKU."
    )
    speakers: dict[EventKind, tuple[Name, ...]] = Field(
        default_factory=dict, description="Kind of event → source systems that may state it; not listed: any may."
    )
    furthest: tuple[Name, ...] = Field(
        (), description="Source systems that state the furthest step only: their SHIPPED implies PICKED."
    )
    patience_s: Seconds = Field(
        14_400, gt=0, le=YEAR_S, description="How long an event waits for the one before it until a person must look."
    )
    routing: tuple[RoutingSettings, ...] = Field(
        (), description="Rules, the first that holds decides which warehouse gets a line; empty: the ERP decides."
    )
    routing_by_stock: bool = Field(
        default=False, description="Whether a line goes to the first source of its rule that has it in stock."
    )
    checks: tuple[CheckName, ...] = Field(
        (), description="Checks before the ERP is asked, for channels without a list of their own; see docs/orders.md."
    )
    checks_by_channel: dict[Channel, tuple[CheckName, ...]] = Field(
        default_factory=dict, description="Channel → its checks instead; an empty list: none."
    )
    complete_from_account: bool = Field(
        default=False, description="Whether the customer's account fills in what the channel left out for the ERP."
    )
    price_tolerance_ppm: int = Field(
        0, ge=0, le=1_000_000, description="How far a price may be off the ERP's, in millionths of that (10000 = 1 %)."
    )
    approved_words: tuple[Word, ...] = Field(
        ("", "approved"), description="What channels say of an order that may go on; an empty word: they say nothing."
    )
    countries: tuple[Country, ...] = Field(
        (), description="Countries that an address may name; empty: those of ISO 3166-1, and XK."
    )
    region_countries: tuple[Country, ...] = Field(
        ("AU", "CA", "US"), description="Countries whose addresses need a region."
    )
    postcode_patterns: dict[Country, Pattern] = Field(
        default_factory=dict, description="Country → the regular expression of its whole postcodes; others: form only."
    )


class LogSettings(Frozen):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level logged.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text for people.")


class TraceSettings(Frozen):
    """Traces of records over OTLP; needs the packages of the extra `otel`."""

    url: BaseUrl | None = Field(
        None, description="Where a collector takes OTLP over HTTP, e.g. http://127.0.0.1:4318/v1/traces; without: off."
    )
    share: float = Field(
        0,
        ge=0,
        le=1,
        description="Share of records without a traceparent that begin a trace; others say it themselves.",
    )
    plain_http: bool = Field(default=False, description="Whether an address beyond this machine may be http://.")

    @model_validator(mode="after")
    def _nobody_listens(self) -> "TraceSettings":
        if not self.plain_http:
            refuse_plain("url", self.url)
        return self


class Settings(Frozen):
    """The whole tree.  Names in the environment: STREAMS_ and the path, parts joined by `__`."""

    kafka: KafkaSettings
    schema_registry: SchemaRegistrySettings
    data_dir: Path = Field(Path(".data"), description="Where this worker keeps its state; one worker per directory.")
    app_id: str = Field(
        "commerce-streams", pattern=r"^[a-zA-Z0-9._-]{1,80}$", description="Consumer group and prefix of changelogs."
    )
    worker_id: str = Field("", description="Name of this worker on pages and in logs; default host-port.")
    credential_files: Readers = Field(
        "owner",
        description="Who may be able to read files that hold secrets; see docs/security.md for Kubernetes and Docker.",
    )
    web: WebSettings = WebSettings()
    inventory: InventorySettings = InventorySettings()
    sinks: SinkSettings = SinkSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    completeness: CompletenessSettings = CompletenessSettings()
    roles: RoleSettings = RoleSettings()
    orders: OrderSettings = OrderSettings()
    gateway: GatewaySettings = GatewaySettings()
    poll: PollSettings = PollSettings()
    logs: LogSettings = LogSettings()
    traces: TraceSettings = TraceSettings()
    connectors: dict[str, dict[str, Any]] = Field(  # Any: raw, each connector has its own model
        default_factory=dict,
        repr=False,  # what is not read yet is not known to be secret
        description="Settings of each connector; see its README.",
    )
