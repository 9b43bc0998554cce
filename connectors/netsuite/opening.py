"""From settings to ports; `connectors.core.registry` calls this."""

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.events import Listing, OrderEvents
from connectors.netsuite.holdings import OrderHoldings
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
    auth = renewed_auth(settings, dependencies, auth_of)
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
        holdings=OrderHoldings(client),
        close=close,
    )


def reference_words_of(settings: Settings) -> ReferenceWords:
    """Groups may share a level with each other and with everybody: each has its price.

    Of several of our words for one unit or one kind of terms the first by the alphabet is said, because a row has one:
    an order goes out with the same id for each of them.
    """
    groups: dict[str, tuple[str | None, ...]] = {settings.base_price_level: (None,)}
    for group, level in sorted(settings.group_price_levels.items()):
        groups[level] = (*groups.get(level, ()), group)
    return ReferenceWords(groups=groups, units=_inverted(settings.units), terms=_inverted(settings.terms))


def _inverted(ids: Mapping[str, str]) -> dict[str, str]:
    return {number: word for word, number in sorted(ids.items(), reverse=True)}


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
