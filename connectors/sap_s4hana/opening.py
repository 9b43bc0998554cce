"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.sap_s4hana.client import SalesOrderClient
from connectors.sap_s4hana.document_client import DocumentClient
from connectors.sap_s4hana.events import OrderEvents
from connectors.sap_s4hana.holdings import OrderHoldings
from connectors.sap_s4hana.orders import SalesOrders
from connectors.sap_s4hana.products import Products
from connectors.sap_s4hana.settings import Settings
from connectors.sap_s4hana.signin import auth_of


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("sap_s4hana is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, auth_of)
    client = SalesOrderClient(Sender(settings, dependencies, target="sap_s4hana", auth=auth), settings)

    async def close() -> None:
        await auth.close()
        await client.close()

    return Ports(
        orders=SalesOrders(client, settings, close),
        order_events=OrderEvents(client, DocumentClient(client, settings), settings, dependencies.clock, close),
        products=Products(client, settings, dependencies.clock, close),
        holdings=OrderHoldings(client),
        close=close,
    )
