"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.core.standing import standing_auth
from connectors.rest_wms.client import WmsClient
from connectors.rest_wms.holdings import TaskHoldings
from connectors.rest_wms.settings import Settings
from connectors.rest_wms.stock import WmsStock
from connectors.rest_wms.tasks import WmsTasks


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("rest_wms is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, lambda found, _dependencies: standing_auth(found.auth))
    client = WmsClient(Sender(settings, dependencies, target="rest_wms", auth=auth))
    return Ports(
        tasks=WmsTasks(client, client.close),
        availability=WmsStock(client, client.close),
        holdings=TaskHoldings(client),
        close=client.close,
    )
