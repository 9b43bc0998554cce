"""One frozen tree of settings, read once: environment over TOML file over defaults; unknown names are errors."""

from streams.settings.inventory import InventorySettings
from streams.settings.live import LiveConnector, LiveSettings
from streams.settings.read import SettingsError, read_connector, read_settings, read_without_targets, shown
from streams.settings.tree import Settings
from streams.settings.worker import KafkaSettings, SchemaRegistrySettings, WebSettings

__all__ = [
    "InventorySettings",
    "KafkaSettings",
    "LiveConnector",
    "LiveSettings",
    "SchemaRegistrySettings",
    "Settings",
    "SettingsError",
    "WebSettings",
    "read_connector",
    "read_settings",
    "read_without_targets",
    "shown",
]
