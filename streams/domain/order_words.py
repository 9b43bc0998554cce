"""The words of the systems for where an order is, and ours: tables with defaults that a shop may replace.

A word with None is known and says nothing to us; a word that is in no table is UNKNOWN, which the state machine
refuses, so that a new word is seen instead of being taken for another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from schemas.models.carrier_event import CarrierStep
from schemas.models.erp_order_event import ErpOrderEventKind
from schemas.models.fulfilment_event import FulfilmentStep
from schemas.models.order_event import OrderEventKind
from schemas.models.returned import ReturnState
from streams.domain.order_table import OrderState

_OURS: tuple[OrderEventKind, ...] = get_args(OrderEventKind)
SAID_BY_SYSTEMS: Mapping[str, OrderEventKind] = MappingProxyType(
    {kind: kind for kind in _OURS if kind not in {"PLACED", "RELEASED", "CORRECTED", "REFUSED", "UNKNOWN"}}
)
"""Kinds that a system's word may stand for: the others are the word of a channel or of a person."""

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
        "pending billing/partially fulfilled": None,
        "in-process": None,
        "blocked": None,
        "completed": None,
        "credit hold": "CREDIT_HELD",
        "credit-held": "CREDIT_HELD",
        "credit released": "CREDIT_RELEASED",
        "delivered": None,
        "billed": None,
        "invoiced": None,
        "rejected": "REJECTED",
        "canceled": "CANCELLED",
        "cancelled": "CANCELLED",
        "closed": None,
    }
)
"""Of the ERP's life cycle; what leaves the house the warehouse says.

What was billed each invoice says, with its number and amount: a status would say it a second time, as another one.
"""

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

ERP_KINDS: Mapping[ErpOrderEventKind, OrderEventKind] = MappingProxyType(
    {
        "ACKNOWLEDGED": "ACKNOWLEDGED",
        "REJECTED": "REJECTED",
        "CONFIRMED": "CONFIRMED",
        "DATE_MOVED": "DATE_MOVED",
        "CREDIT_HELD": "CREDIT_HELD",
        "CREDIT_RELEASED": "CREDIT_RELEASED",
        "WORK_ORDER_OPENED": "WORK_ORDER_OPENED",
        "WORK_ORDER_DONE": "ALLOCATED",
        "ALLOCATED": "ALLOCATED",
        "BACKORDERED": "BACKORDERED",
        "PICKED": "PICKED",
        "PACKED": "PACKED",
        "SHIPPED": "SHIPPED",
        "DELIVERED": "DELIVERED",
        "CAPTURED": "CAPTURED",
        "INVOICED": "INVOICED",
        "REFUNDED": "REFUNDED",
        "CANCELLED": "CANCELLED",
        "RETURN_REQUESTED": "RETURN_REQUESTED",
        "RETURN_RECEIVED": "RETURN_RECEIVED",
        "RETURN_REJECTED": "RETURN_REJECTED",
        "UNKNOWN": "UNKNOWN",
    }
)
"""What a bridge says in our word already.  What a work order made is there for the order, as if it were allocated."""

CARRIER: Mapping[CarrierStep, OrderEventKind] = MappingProxyType(
    {
        "IN_TRANSIT": "IN_TRANSIT",
        "DELIVERED": "DELIVERED",
        "DELIVERY_FAILED": "DELIVERY_FAILED",
        "SENT_BACK": "SENT_BACK",
        "UNKNOWN": "UNKNOWN",
    }
)
"""That goods left the warehouse says, not the carrier that first sees them."""

RETURNS: Mapping[ReturnState, OrderEventKind] = MappingProxyType(
    {
        "REQUESTED": "RETURN_REQUESTED",
        "AUTHORISED": "RETURN_REQUESTED",
        "RECEIVED": "RETURN_RECEIVED",
        "REJECTED": "RETURN_REJECTED",
        "UNKNOWN": "UNKNOWN",
    }
)
"""A return that is allowed is still one that is to come."""

NEED_LINES = frozenset({"PARTIALLY_SHIPPED", "SHORTED", "WORK_ORDER_DONE"})
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
        return self.erp.get(plain_word(word), "UNKNOWN")

    def kind_of_wms(self, step: FulfilmentStep, *, has_lines: bool) -> OrderEventKind | None:
        return "UNKNOWN" if step in NEED_LINES and not has_lines else self.wms.get(step, "UNKNOWN")


def kind_said(kind: ErpOrderEventKind, *, has_lines: bool) -> OrderEventKind:
    """Of what an ERP's bridge says in our word."""
    return "UNKNOWN" if kind in NEED_LINES and not has_lines else ERP_KINDS[kind]


def plain_word(word: str) -> str:
    """As the table of the ERP's words is keyed."""
    return " ".join(word.split()).lower()
