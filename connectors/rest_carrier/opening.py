"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.renewal import renewed_auth
from connectors.core.settings import ConnectorSettings
from connectors.core.standing import standing_auth
from connectors.rest_carrier.client import CarrierClient
from connectors.rest_carrier.labels import RestLabels
from connectors.rest_carrier.settings import Settings


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("rest_carrier is opened with its own Settings")
    auth = renewed_auth(settings, dependencies, lambda found, _dependencies: standing_auth(found.auth))
    client = CarrierClient(Sender(settings, dependencies, target="rest_carrier", auth=auth))
    return Ports(carrier=RestLabels(client, client.close), close=client.close)
