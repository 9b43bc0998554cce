"""What differs from shop to shop in the orders flow, and what is looked up beside an event: frozen, passed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from streams.domain.order_routing import RoutingRules

MINUTE = 60_000_000
"""A minute in microseconds."""

ROLES = frozenset({"erp", "wms", "crm", "carrier", "commerce", "finance"})


@dataclass(frozen=True, slots=True)
class OrderRules:
    """`roles` are the targets that are connected: nobody else is asked for anything.

    `speakers` names, per kind of event, the systems that may state it; a kind that is not in it may be stated by any.
    A date that comes with another step is DATE_MOVED of its own.
    `furthest` are the systems that state the furthest step only (SHIPPED without PICKED).  `patience` is how long an
    event waits for its predecessor before a person must look (µs).  `shop_channels` are the channels whose orders the
    shop knows: of others it is told nothing.  `label_at` is the warehouse's step after which the carrier is asked for a
    label; `services` the carrier's service by the order's shipping method.
    """

    roles: frozenset[str] = ROLES
    speakers: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    shop_channels: frozenset[str] = frozenset({"commerce"})
    furthest: frozenset[str] = frozenset()
    patience: int = 4 * 60 * MINUTE
    routing: RoutingRules = field(default_factory=RoutingRules)
    label_at: str = "PACKED"
    services: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def may_say(self, system: str, kind: str) -> bool:
        return kind not in self.speakers or system in self.speakers[kind]


@dataclass(frozen=True, slots=True)
class Given:
    """What the flow looked up.

    `failing` is what the checks said of the order in the event (PLACED, CORRECTED), None where they were not made yet.
    `filled` names the fields of that order which its account filled in.
    `available` is what every source has of every SKU, in micros, None where routing shall not look at it.
    """

    failing: tuple[str, ...] | None = ()
    available: Mapping[tuple[str, str], int] | None = None
    filled: tuple[str, ...] = ()


DEFAULTS = OrderRules()
NOTHING_GIVEN = Given()
