"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.adobe_commerce.client import CommerceClient
from connectors.adobe_commerce.orders.client import OrderClient
from connectors.adobe_commerce.orders.holdings import OrderHoldings
from connectors.adobe_commerce.orders.target import ShopOrders
from connectors.adobe_commerce.reservations.client import ReservationClient
from connectors.adobe_commerce.reservations.source import ShopReservations
from connectors.adobe_commerce.settings import Settings
from connectors.adobe_commerce.signin import auth_of
from connectors.adobe_commerce.single_stock import SingleStock
from connectors.adobe_commerce.stock import SourceStock
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("adobe_commerce is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, auth_of)
    sender = Sender(settings, dependencies, target="adobe_commerce", auth=auth)
    client = CommerceClient(sender, settings)

    async def close() -> None:
        await auth.close()
        await client.close()

    orders = OrderClient(sender, settings)
    reservations = ReservationClient(sender, settings)
    stock = SingleStock if settings.single_stock else SourceStock
    return Ports(
        stock=stock(client, settings, close),
        shop_orders=ShopOrders(orders, settings, close),
        reservations=None if settings.single_stock else ShopReservations(reservations, client, settings, close),
        holdings=OrderHoldings(orders, settings),
        close=close,
    )
