"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.salesforce.accounts import SalesforceAccounts
from connectors.salesforce.answers import used_of_day
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.holdings import OrderHoldings
from connectors.salesforce.records import SalesforceRecords
from connectors.salesforce.settings import Settings
from connectors.salesforce.signin import auth_of


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("salesforce is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, auth_of)
    sender = Sender(settings, dependencies, target="salesforce", auth=auth, usage=used_of_day)
    client = SalesforceClient(sender, settings.api_version)

    async def close() -> None:
        await auth.close()
        await client.close()

    return Ports(
        crm=SalesforceRecords(client, settings, close),
        accounts=SalesforceAccounts(client, settings, close),
        holdings=OrderHoldings(client),
        close=close,
    )
