"""Opens what a process that only reads needs of shop and warehouse: orders, what those have of a SKU, what is there."""

from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from connectors.core.ports import AvailabilitySource
from connectors.core.registry import Ports
from connectors.core.reservation_ports import ReservedSource
from streams.app.targets import Choice, alive, choose_live, choose_one
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.settings import LiveSettings, SettingsError


def open_shop_orders(live: LiveSettings, clock: Clock) -> ShopOrderTarget:
    """The connector that the worker's settings name, with its measures; makes no call.  Raises SettingsError."""
    choice, ports = _open(live, clock)
    if ports.shop_orders is None:
        raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} has no orders of a shop")
    return ports.shop_orders


def open_reserved(live: LiveSettings, clock: Clock) -> ReservedSource:
    """As `open_shop_orders`."""
    choice, ports = _open(live, clock)
    if ports.reservations is None:
        raise SettingsError(
            f"{choice.setting}: connector {choice.connector.name!r}, as it is set up, does not tell what its open "
            "orders have; set STREAMS_GATEWAY__RESERVATIONS__ASK_SHOP=false where it has none"
        )
    return ports.reservations


def open_availability(live: LiveSettings, clock: Clock) -> AvailabilitySource:
    """The WMS or ERP that is asked for the last units; makes no call.  Raises SettingsError."""
    setting = "STREAMS_GATEWAY__RESERVATIONS__CHECK_AT"
    chosen = choose_one(live.at_start, live.at_start.gateway.reservations.check_at, setting)
    ports = _ports(alive(chosen, live), clock)
    if ports.availability is None:
        raise SettingsError(f"{setting}: connector {chosen.connector.name!r} does not tell what it has of one SKU")
    return ports.availability


def _open(live: LiveSettings, clock: Clock) -> tuple[Choice, Ports]:
    choice = choose_live(live).shop
    return choice, _ports(choice, clock)


def _ports(choice: Choice, clock: Clock) -> Ports:
    gate = Gate(choice.connector.name, clock)
    dependencies = Dependencies(clock=clock, observe=gate.observe, renewed=choice.renewed)
    return choice.connector.open(choice.settings, dependencies)
