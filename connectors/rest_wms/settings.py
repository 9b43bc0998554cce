"""What an operator tells this connector: `STREAMS_CONNECTORS__REST_WMS__…`."""

from connectors.core.settings import ConnectorSettings
from connectors.core.standing import StandingSettings


class Settings(ConnectorSettings):
    """One WMS; `base_url` is what stands before `/v1`."""

    auth: StandingSettings
