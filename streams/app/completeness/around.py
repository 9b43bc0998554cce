"""What a closing needs of the application around it."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from connectors.core.holding_ports import Holdings
from streams.app.parts import LanePart
from streams.app.targets import ShopTarget
from streams.domain.stock_rules import StockRules
from streams.runtime.clock import Clock
from streams.runtime.gate import Gate
from streams.runtime.lease import Lease
from streams.runtime.serde import Serde
from streams.runtime.writer import Writer
from streams.settings import Settings


class Door(NamedTuple):
    """A role's target: its gate, and what it can be asked; None where its product cannot be asked."""

    gate: Gate
    holdings: Holdings | None


class Around(Protocol):
    """The worker."""

    settings: Settings
    clock: Clock
    lease: Lease
    writer: Writer
    serde: Serde
    rules: StockRules
    shop: ShopTarget
    lane: LanePart

    @property
    def has_orders(self) -> bool:
        """Whether orders are on."""
        ...

    def doors(self) -> Mapping[str, Door]:
        """By role, of every target that orders are written to."""
        ...

    def partition_of(self, key: str) -> int:
        """Of a SKU or an order."""
        ...
