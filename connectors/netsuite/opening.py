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
from connectors.netsuite.reference import ReferenceRows
from connectors.netsuite.reference_mapping import ReferenceWords
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
    reference = ReferenceRows(client, listing, reference_words_of(settings), dependencies.clock, close)
    return Ports(
        orders=SalesOrders(client, words_of(settings), close),
        order_events=OrderEvents(client, listing, dependencies.clock, close),
        products=reference,
        prices=reference,
        accounts=reference,
        close=close,
    )


def reference_words_of(settings: Settings) -> ReferenceWords:
    groups: dict[str, str | None] = {level: group for group, level in settings.group_price_levels.items()}
    return ReferenceWords(
        groups={**groups, settings.base_price_level: None},
        units={number: word for word, number in settings.units.items()},
        terms={number: word for word, number in settings.terms.items()},
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
