"""The words of the systems for where an order is, and ours: tables with defaults that a shop may replace.

A word with None is known and says nothing to us; a word that is in no table is UNKNOWN, which the state machine
refuses, so that a new word is seen instead of being taken for another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from schemas.models.fulfilment_event import FulfilmentStep
from schemas.models.order_event import OrderEventKind
from streams.domain.order_table import OrderState

SHOP: Mapping[OrderState, str | None] = MappingProxyType(
    {
        OrderState.EXPECTED: None,
        OrderState.PLACED: None,
        OrderState.HELD: None,
        OrderState.ACCEPTED: None,
        OrderState.ACKNOWLEDGED: None,
        OrderState.IN_FULFILMENT: None,
        OrderState.PARTIALLY_SHIPPED: None,
        OrderState.SHIPPED: None,
        OrderState.DELIVERED: None,
        OrderState.CLOSED: None,
        OrderState.CANCELLING: None,
        OrderState.CANCELLED: None,
        OrderState.REJECTED: None,
    }
)
"""The shop's state follows its documents and cannot be set; a status must be made there before it can be named here."""

CRM: Mapping[OrderState, str | None] = MappingProxyType({state: state.value for state in OrderState})

ERP: Mapping[str, OrderEventKind | None] = MappingProxyType(
    {
        "open": None,
        "pending approval": None,
        "open order": "CONFIRMED",
        "confirmed": "CONFIRMED",
        "pending fulfillment": "CONFIRMED",
        "partially fulfilled": None,
        "pending billing": None,
        "credit hold": "CREDIT_HELD",
        "credit released": "CREDIT_RELEASED",
        "delivered": None,
        "billed": "INVOICED",
        "invoiced": "INVOICED",
        "rejected": "REJECTED",
        "canceled": "CANCELLED",
        "cancelled": "CANCELLED",
        "closed": None,
    }
)
"""Of the ERP's life cycle, which is about money; what leaves the house the warehouse says."""

WMS: Mapping[FulfilmentStep, OrderEventKind | None] = MappingProxyType(
    {
        "RELEASED": None,
        "ALLOCATED": "ALLOCATED",
        "BACKORDERED": "BACKORDERED",
        "PICKING": None,
        "PICKED": "PICKED",
        "SHORTED": "BACKORDERED",
        "PACKED": "PACKED",
        "LOADED": None,
        "SHIPPED": "SHIPPED",
        "PARTIALLY_SHIPPED": "SHIPPED",
        "DELIVERED": "DELIVERED",
        "CANCELLED": "CANCELLED",
        "RETURN_RECEIVED": "RETURN_RECEIVED",
        "RETURN_REJECTED": "RETURN_REJECTED",
        "ON_HOLD": None,
        "UNKNOWN": "UNKNOWN",
    }
)
"""RELEASED is the warehouse's word for a task that went to the floor, not a person's for an order."""

_NEED_LINES = frozenset({"PARTIALLY_SHIPPED", "SHORTED"})
"""Steps that without lines would be taken for all of the order."""


@dataclass(frozen=True, slots=True)
class OrderWords:
    """Keys of `erp` are in lower case."""

    shop: Mapping[OrderState, str | None] = field(default_factory=lambda: SHOP)
    crm: Mapping[OrderState, str | None] = field(default_factory=lambda: CRM)
    erp: Mapping[str, OrderEventKind | None] = field(default_factory=lambda: ERP)
    wms: Mapping[FulfilmentStep, OrderEventKind | None] = field(default_factory=lambda: WMS)

    def status_of(self, role: str, state: OrderState) -> str | None:
        """What a target shall show for a state; None where it is told none."""
        table = {"commerce": self.shop, "crm": self.crm}.get(role, {})
        return table.get(state)

    def kind_of_erp(self, word: str) -> OrderEventKind | None:
        return self.erp.get(" ".join(word.split()).lower(), "UNKNOWN")

    def kind_of_wms(self, step: FulfilmentStep, *, has_lines: bool) -> OrderEventKind | None:
        return "UNKNOWN" if step in _NEED_LINES and not has_lines else self.wms.get(step, "UNKNOWN")
