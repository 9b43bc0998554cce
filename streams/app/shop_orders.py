"""Opens the orders of the shop for a process that only reads them."""

from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from streams.app.targets import choose_live
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.settings import LiveSettings, SettingsError


def open_shop_orders(live: LiveSettings, clock: Clock) -> ShopOrderTarget:
    """The connector that the worker's settings name, with its measures; makes no call.  Raises SettingsError."""
    choice = choose_live(live).shop
    gate = Gate(choice.connector.name, clock)
    dependencies = Dependencies(clock=clock, observe=gate.observe, renewed=choice.renewed)
    ports = choice.connector.open(choice.settings, dependencies)
    if ports.shop_orders is None:
        raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} has no orders of a shop")
    return ports.shop_orders
