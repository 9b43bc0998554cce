"""Opens the connector of each role, by name: swapping a product changes a folder and a setting."""

from typing import NamedTuple

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.ports import StockTarget
from connectors.core.registry import Connector, Ports
from connectors.core.settings import ConnectorSettings
from streams.domain.batch_size import BatchSize
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.lease import Lease
from streams.settings import Settings, SettingsError, read_connector

MOST_ROWS = 5000
"""Of one call, where the target does not say: the highest that the setting allows."""


class ShopChoice(NamedTuple):
    """The connector that plays the shop, with its settings: checked, and nothing opened."""

    connector: Connector
    settings: ConnectorSettings


class ShopTarget(NamedTuple):
    """The shop, ready to be called; opening makes no call."""

    port: StockTarget
    ports: Ports
    gate: Gate
    settings: ConnectorSettings

    @property
    def size(self) -> BatchSize:
        """Rows of one call to begin with, and at most."""
        most = self.port.most_rows or MOST_ROWS
        return BatchSize(min(getattr(self.settings, "rows_per_call", 100), most), most)


def choose_shop(settings: Settings) -> ShopChoice:
    """Raises SettingsError with one line that names the setting."""
    name = settings.roles.commerce
    try:
        connector = registry.load(name)
    except ConfigurationError as error:
        raise SettingsError(f"STREAMS_ROLES__COMMERCE: {error.message}") from None
    return ShopChoice(connector, read_connector(connector.settings, name, settings.connectors.get(name, {})))


def open_shop(choice: ShopChoice, settings: Settings, clock: Clock, lease: Lease) -> ShopTarget:
    """Raises SettingsError where the connector cannot show stock."""
    name = settings.roles.commerce
    gate = Gate(name, clock, settings.sinks.calls_per_s)
    dependencies = Dependencies(clock=clock, permit=lease.check, observe=gate.observe)
    ports = choice.connector.open(choice.settings, dependencies)
    if ports.stock is None:
        raise SettingsError(f"STREAMS_ROLES__COMMERCE: connector {name!r} does not show stock")
    return ShopTarget(ports.stock, ports, gate, choice.settings)
