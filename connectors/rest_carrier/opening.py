"""From settings to ports; `connectors.core.registry` calls this."""

from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.http import Sender
from connectors.core.registry import Ports
from connectors.core.settings import ConnectorSettings
from connectors.rest_carrier.client import CarrierClient
from connectors.rest_carrier.labels import RestLabels
from connectors.rest_carrier.settings import Settings
from connectors.rest_carrier.signin import auth_of


def open_ports(settings: ConnectorSettings, dependencies: Dependencies) -> Ports:
    """Makes no call."""
    if not isinstance(settings, Settings):
        raise ConfigurationError("rest_carrier is opened with its own Settings")
    client = CarrierClient(Sender(settings, dependencies, target="rest_carrier", auth=auth_of(settings)))
    return Ports(carrier=RestLabels(client, client.close), close=client.close)
