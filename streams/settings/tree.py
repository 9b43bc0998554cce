"""Every setting: its name, type, unit, default, and what it is for.  docs/configuration.md is written from here."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from streams.settings.comparisons import CompletenessSettings, ReconcileSettings
from streams.settings.entrances import GatewaySettings, PollSettings
from streams.settings.frozen import Frozen
from streams.settings.inventory import InventorySettings
from streams.settings.orders import OrderSettings
from streams.settings.secret_files import Readers
from streams.settings.worker import KafkaSettings, LogSettings, SchemaRegistrySettings, TraceSettings, WebSettings


class SinkSettings(Frozen):
    """How targets are spoken to."""

    mode: Literal["run", "shadow", "paused"] = Field(
        "run", description="At first start; afterwards what `commerce-streams sinks` said last."
    )
    calls_per_s: float = Field(0, ge=0, description="At most so many calls a second to one target; 0: no limit.")


class RoleSettings(Frozen):
    """Which connector plays which part."""

    commerce: str = Field("adobe_commerce", description="The shop.")


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
