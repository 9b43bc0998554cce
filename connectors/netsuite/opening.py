"""From settings to ports; `connectors.core.registry` calls this."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.settings import ConnectorSettings
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.events import Listing, OrderEvents
from connectors.netsuite.mapping import Vocabulary
from connectors.netsuite.orders import SalesOrders
from connectors.netsuite.settings import Settings
from connectors.netsuite.signin import auth_of


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("netsuite is opened with its own Settings")
    auth = auth_of(settings, dependencies)
    client = NetSuiteClient(Sender(settings, dependencies, target="netsuite", auth=auth))

    async def close() -> None:
        await auth.close()
        await client.close()

    listing = Listing(ZoneInfo(settings.time_zone), timedelta(seconds=settings.overlap_s), settings.page_size)
    return Ports(
        orders=SalesOrders(client, words_of(settings), close),
        order_events=OrderEvents(client, listing, dependencies.clock, close),
        close=close,
    )


def words_of(settings: Settings) -> Vocabulary:
    return Vocabulary(
        discount_item=settings.discount_item,
        price_level=settings.price_level,
        subsidiary=settings.subsidiary,
        location=settings.location,
        guest_account=settings.guest_account,
        currencies=settings.currencies,
        terms=settings.terms,
        units=settings.units,
        ship_methods=settings.ship_methods,
    )
