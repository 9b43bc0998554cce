"""Opens the connector of each role, by name: swapping a product changes a folder and a setting."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.ports import StockTarget
from connectors.core.registry import Connector, Ports
from connectors.core.settings import ConnectorSettings
from streams.domain.batch_size import BatchSize
from streams.domain.governor import Limits
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.lease import Lease
from streams.runtime.traces import NO_TRACES, Traces
from streams.settings import LiveConnector, LiveSettings, Settings, SettingsError, read_connector

MOST_ROWS = 5000
"""Of one call, where the target does not say: the highest that the setting allows."""


class Choice(NamedTuple):
    """The connector that plays a role, with its settings: checked, and nothing opened; `setting` named it.

    `renewed` gives the settings with the secrets of the moment; without it they never change.
    """

    connector: Connector
    settings: ConnectorSettings
    setting: str
    renewed: Callable[[], ConnectorSettings] | None = None


class ShopTarget(NamedTuple):
    """The shop, ready to be called; opening makes no call."""

    port: StockTarget
    ports: Ports
    gate: Gate
    settings: ConnectorSettings

    @property
    def channel(self) -> str:
        """What the shop's orders are called."""
        return str(getattr(self.settings, "channel", "commerce"))

    @property
    def size(self) -> BatchSize:
        """Rows of one call to begin with, and at most."""
        most = self.port.most_rows or MOST_ROWS
        return BatchSize(min(getattr(self.settings, "rows_per_call", 100), most), most)


class Choices(NamedTuple):
    """Who plays which part; `orders` by role, empty where orders are left alone."""

    shop: Choice
    orders: Mapping[str, Choice]


def choose(settings: Settings) -> Choices:
    """Raises SettingsError with one line that names the setting."""
    return Choices(_choice(settings, settings.roles.commerce, "STREAMS_ROLES__COMMERCE"), _order_roles(settings))


def choose_live(live: LiveSettings) -> Choices:
    """As `choose`; the connectors sign in with new secrets once their files were replaced."""
    shop, orders = choose(live.at_start)
    return Choices(alive(shop, live), {role: alive(choice, live) for role, choice in orders.items()})


def alive(choice: Choice, live: LiveSettings) -> Choice:
    return choice._replace(renewed=LiveConnector(live, choice.connector.name, choice.settings).now)


def certificate_files(settings: Settings, choices: Choices) -> dict[str, Path]:
    """Setting → file, of every certificate that this process was given."""
    files = {
        "STREAMS_KAFKA__SSL_CAFILE": settings.kafka.ssl_cafile,
        "STREAMS_KAFKA__SSL_CERTFILE": settings.kafka.ssl_certfile,
        "STREAMS_SCHEMA_REGISTRY__SSL_CAFILE": settings.schema_registry.ssl_cafile,
        **{
            f"STREAMS_CONNECTORS__{choice.connector.name.upper()}__CA_FILE": choice.settings.ca_file
            for choice in (choices.shop, *choices.orders.values())
        },
    }
    return {setting: path for setting, path in files.items() if path is not None}


def choose_one(settings: Settings, name: str, setting: str) -> Choice:
    """The connector of that name; raises SettingsError that says which setting named it."""
    return _choice(settings, name, setting)


def _order_roles(settings: Settings) -> Mapping[str, Choice]:
    orders = settings.orders
    named = {
        "erp": orders.erp,
        "wms": orders.wms,
        "crm": orders.crm,
        "carrier": orders.carrier,
        "finance": orders.finance,
    }
    given = {role: name for role, name in named.items() if name}
    if given and "erp" not in given:
        first = next(iter(given))
        raise SettingsError(f"STREAMS_ORDERS__{first.upper()} is set, STREAMS_ORDERS__ERP is not: name the ERP too")
    return {role: _choice(settings, name, f"STREAMS_ORDERS__{role.upper()}") for role, name in given.items()}


def _choice(settings: Settings, name: str, setting: str) -> Choice:
    try:
        connector = registry.load(name)
    except ConfigurationError as error:
        raise SettingsError(f"{setting}: {error.message}") from None
    return Choice(connector, read_connector(connector.settings, name, settings.connectors.get(name, {})), setting)


def open_shop(choice: Choice, settings: Settings, clock: Clock, lease: Lease, traces: Traces = NO_TRACES) -> ShopTarget:
    """Raises SettingsError where the connector cannot show stock."""
    gate, ports = open_target(choice, settings, clock, lease, traces)
    if ports.stock is None:
        raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} does not show stock")
    return ShopTarget(ports.stock, ports, gate, choice.settings)


def limits_of(choice: Choice, settings: Settings) -> Limits:
    """What is configured of a target: of two bounds on its calls a second the smaller one."""
    given = choice.settings
    rates = [rate for rate in (settings.sinks.calls_per_s, given.calls_per_s) if rate]
    return Limits(
        at_once=given.max_connections,
        calls_per_s=min(rates, default=0.0),
        calls_per_day=getattr(given, "calls_per_day", 0),
        reserve=getattr(given, "calls_kept_for_orders_percent", 0) / 100,
    )


def open_target(
    choice: Choice,
    settings: Settings,
    clock: Clock,
    lease: Lease,
    traces: Traces = NO_TRACES,
    *,
    at_once: int | None = None,
) -> tuple[Gate, Ports]:
    """Its door and its ports; makes no call.  `at_once` is how many calls there can be, where that is fewer."""
    limits = limits_of(choice, settings)
    gate = Gate(choice.connector.name, clock, limits._replace(at_once=at_once or limits.at_once))
    observe = traces.observed(gate.observe)
    dependencies = Dependencies(clock=clock, permit=lease.check, observe=observe, renewed=choice.renewed)
    return gate, choice.connector.open(choice.settings, dependencies)
