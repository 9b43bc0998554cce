"""Connectors by name, so that nobody imports a vendor: swapping a product changes a folder and a setting.

A connector's folder has, beside its manifest, `settings.py` with `Settings` and `opening.py` with `open_ports`.
"""

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from types import ModuleType

from connectors.core import manifest as manifests
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError
from connectors.core.holding_ports import Holdings
from connectors.core.manifest import Manifest
from connectors.core.order_ports import (
    CarrierTarget,
    CrmTarget,
    FinanceTarget,
    OrderEventSource,
    OrderTarget,
    ShopOrderTarget,
    TaskTarget,
)
from connectors.core.ports import AvailabilitySource, StockTarget
from connectors.core.reference_ports import AccountSource, PriceSource, ProductSource
from connectors.core.reservation_ports import ReservationSource
from connectors.core.settings import ConnectorSettings

_PACKAGE = "connectors"


@dataclass(frozen=True, kw_only=True)
class Ports:
    """What an open connector offers, by role; None where the product plays no such role.

    `close` releases what the ports share; closing one port does the same.
    """

    close: Callable[[], Awaitable[None]]
    stock: StockTarget | None = None
    availability: AvailabilitySource | None = None
    orders: OrderTarget | None = None
    tasks: TaskTarget | None = None
    crm: CrmTarget | None = None
    finance: FinanceTarget | None = None
    carrier: CarrierTarget | None = None
    shop_orders: ShopOrderTarget | None = None
    order_events: OrderEventSource | None = None
    products: ProductSource | None = None
    prices: PriceSource | None = None
    accounts: AccountSource | None = None
    reservations: ReservationSource | None = None
    holdings: Holdings | None = None
    """What it holds of ours, in the role in which orders are written to it."""


OpenPorts = Callable[[ConnectorSettings, Dependencies], Ports]


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A connector that can be opened; opening makes no call."""

    name: str
    manifest: Manifest
    settings: type[ConnectorSettings]
    open: OpenPorts


def names() -> tuple[str, ...]:
    """Every folder with a manifest, in order."""
    folders = files(_PACKAGE).iterdir()
    return tuple(sorted(folder.name for folder in folders if (folder / manifests.FILE_NAME).is_file()))


def load(name: str) -> Connector:
    """The connector of that name.

    Raises:
        ConfigurationError: no such folder, or one that does not keep the form above.
    """
    if name not in names():
        raise ConfigurationError(f"there is no connector {name!r}; there are: {', '.join(names())}")
    manifest = manifests.read(files(_PACKAGE) / name)
    settings = _part(importlib.import_module(f"{_PACKAGE}.{name}.settings"), "Settings")
    open_ports = _part(importlib.import_module(f"{_PACKAGE}.{name}.opening"), "open_ports")
    if not (isinstance(settings, type) and issubclass(settings, ConnectorSettings)):
        raise ConfigurationError(f"connectors/{name}/settings.py: Settings must extend ConnectorSettings")
    if not callable(open_ports):
        raise ConfigurationError(f"connectors/{name}/opening.py: open_ports must be callable")
    return Connector(name=name, manifest=manifest, settings=settings, open=open_ports)


def _part(module: ModuleType, name: str) -> object:
    try:
        return getattr(module, name)
    except AttributeError as exc:
        raise ConfigurationError(f"{module.__name__} has no {name}") from exc
