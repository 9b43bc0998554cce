"""Opens the orders of the shop for a process that only reads them."""

from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from streams.app.targets import choose
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.settings import Settings, SettingsError


def open_shop_orders(settings: Settings, clock: Clock) -> ShopOrderTarget:
    """The connector that the worker's settings name, with its measures; makes no call.  Raises SettingsError."""
    choice = choose(settings).shop
    gate = Gate(choice.connector.name, clock)
    ports = choice.connector.open(choice.settings, Dependencies(clock=clock, observe=gate.observe))
    if ports.shop_orders is None:
        raise SettingsError(f"{choice.setting}: connector {choice.connector.name!r} has no orders of a shop")
    return ports.shop_orders
