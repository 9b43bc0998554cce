"""From settings to ports; `connectors.core.registry` calls this."""

from datetime import timedelta

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.rest_finance.client import FinanceClient
from connectors.rest_finance.documents import FinanceDocuments
from connectors.rest_finance.holdings import DocumentHoldings
from connectors.rest_finance.settings import Settings
from connectors.rest_finance.signin import auth_of


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("rest_finance is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, auth_of)
    client = FinanceClient(Sender(settings, dependencies, target="rest_finance", auth=auth))

    async def close() -> None:
        """Signing in holds a connection of its own."""
        await auth.close()
        await client.close()

    documents = FinanceDocuments(client, close, read_lag=timedelta(seconds=settings.read_lag_s))
    return Ports(finance=documents, holdings=DocumentHoldings(client), close=close)
