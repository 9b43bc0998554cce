"""Opens what a process that only reads the shop needs of it: its orders, and what those have of a SKU."""

from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from connectors.core.ports import PromiseSource
from connectors.core.registry import Ports
from streams.app.targets import Choice, choose_live
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.settings import LiveSettings, SettingsError


def open_shop_orders(live: LiveSettings, clock: Clock) -> ShopOrderTarget:
    """The connector that the worker's settings name, with its measures; makes no call.  Raises SettingsError."""
    choice, ports = _open(live, clock)
    if ports.shop_orders is None:
        raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} has no orders of a shop")
    return ports.shop_orders


def open_promises(live: LiveSettings, clock: Clock) -> PromiseSource:
    """As `open_shop_orders`."""
    choice, ports = _open(live, clock)
    if ports.promises is None:
        raise SettingsError(
            f"{choice.setting}: connector {choice.connector.name!r}, as it is set up, does not tell what its open "
            "orders have; set STREAMS_GATEWAY__RESERVATIONS__ASK_SHOP=false where it has none"
        )
    return ports.promises


def _open(live: LiveSettings, clock: Clock) -> tuple[Choice, Ports]:
    choice = choose_live(live).shop
    gate = Gate(choice.connector.name, clock)
    dependencies = Dependencies(clock=clock, observe=gate.observe, renewed=choice.renewed)
    return choice, choice.connector.open(choice.settings, dependencies)
