"""The tables of the order's life: its states, what may be said in which, and what each thing said waits for.

Everything else of the state machine reads these tables; docs/order-states.md is written from them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, get_args

from schemas.models.order_event import OrderEventKind

KINDS: tuple[str, ...] = get_args(OrderEventKind)
ANSWERED = "ANSWERED"
"""Our own kind beside them: how a command ended at its target."""


class OrderState(StrEnum):
    """Stored, so the values stay as they are."""

    EXPECTED = "expected"
    PLACED = "placed"
    HELD = "held"
    ACCEPTED = "accepted"
    ACKNOWLEDGED = "acknowledged"
    IN_FULFILMENT = "in-fulfilment"
    PARTIALLY_SHIPPED = "partially-shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CLOSED = "closed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


ABOUT: Mapping[OrderState, str] = MappingProxyType(
    {
        OrderState.EXPECTED: "Something was said of the order, but the order itself has not come.",
        OrderState.PLACED: "The order is known and waits for its checks.",
        OrderState.HELD: "A person must look: every reason is listed, and work already under way is kept.",
        OrderState.ACCEPTED: "It passed its checks; the ERP is asked to make it.",
        OrderState.ACKNOWLEDGED: "The ERP has it, under a number of its own.",
        OrderState.IN_FULFILMENT: "A warehouse works on it.",
        OrderState.PARTIALLY_SHIPPED: "Some of it has left.",
        OrderState.SHIPPED: "All that was not cancelled has left.",
        OrderState.DELIVERED: "All that was not cancelled has arrived.",
        OrderState.CLOSED: "It arrived, the money is settled, and no return is open.",
        OrderState.CANCELLING: "Its cancellation was asked for and is not answered yet.",
        OrderState.CANCELLED: "Nothing of it will be shipped.",
        OrderState.REJECTED: "A person refused it.",
    }
)


class Await(StrEnum):
    """How a predecessor is looked for."""

    ANY = "any"
    """One of its kind was said."""
    PART = "part"
    """It was said of the same part."""
    LINES = "lines"
    """It covers every line's quantity, over all parts."""


class Predecessor(NamedTuple):
    """What must have been said before; any one of the kinds will do."""

    kinds: tuple[str, ...]
    how: Await


_ERP_HAS_IT = Predecessor(("ACKNOWLEDGED",), Await.ANY)
_LEFT = Predecessor(("SHIPPED",), Await.LINES)

AWAITS: Mapping[str, Predecessor | None] = MappingProxyType(
    {
        "PLACED": None,
        "RELEASED": None,
        "CORRECTED": None,
        "REFUSED": None,
        "CANCEL_REQUESTED": None,
        "CANCELLED": None,
        "ACKNOWLEDGED": None,
        "REJECTED": None,
        "CONFIRMED": _ERP_HAS_IT,
        "DATE_MOVED": _ERP_HAS_IT,
        "CREDIT_HELD": _ERP_HAS_IT,
        "CREDIT_RELEASED": _ERP_HAS_IT,
        "WORK_ORDER_OPENED": _ERP_HAS_IT,
        "ALLOCATED": _ERP_HAS_IT,
        "BACKORDERED": _ERP_HAS_IT,
        "PICKED": _ERP_HAS_IT,
        "PACKED": Predecessor(("PICKED",), Await.LINES),
        "SHIPPED": Predecessor(("PICKED",), Await.LINES),
        "IN_TRANSIT": None,
        "DELIVERY_FAILED": None,
        "DELIVERED": _LEFT,
        "SENT_BACK": None,
        "AUTHORISED": None,
        "CAPTURED": None,
        "INVOICED": _ERP_HAS_IT,
        "RETURN_REQUESTED": _LEFT,
        "RETURN_RECEIVED": _LEFT,
        "RETURN_REJECTED": Predecessor(("RETURN_REQUESTED",), Await.PART),
        "REFUNDED": Predecessor(("CAPTURED", "INVOICED"), Await.ANY),
        ANSWERED: None,
    }
)
"""What each kind waits for, beside the order itself, which all but PLACED wait for."""

IMPLIED: frozenset[str] = frozenset({"PACKED", "SHIPPED"})
"""Kinds that imply PICKED where their system states the furthest step only; then they wait for the ERP alone."""

RANK: Mapping[str, int] = MappingProxyType({kind: rank for rank, kind in enumerate(AWAITS)})
"""Order in which what was said is weighed: a predecessor always before what waits for it, whatever came first."""

_CANCEL = frozenset({"CANCEL_REQUESTED", "CANCELLED"})
_PROMISE = frozenset({"CONFIRMED", "DATE_MOVED", "WORK_ORDER_OPENED"})
_WAREHOUSE = frozenset({"ALLOCATED", "BACKORDERED", "PICKED", "PACKED"})
_PARCEL = frozenset({"IN_TRANSIT", "DELIVERY_FAILED", "SENT_BACK"})
"""What a carrier says of a parcel on its way; it moves no order."""
_RETURN = frozenset({"RETURN_REQUESTED", "RETURN_RECEIVED", "RETURN_REJECTED"})
_WITH_THE_ERP = frozenset({"CORRECTED", "REFUSED"})

REFUSED_IN: Mapping[OrderState, frozenset[str]] = MappingProxyType(
    {
        OrderState.EXPECTED: frozenset(),
        OrderState.PLACED: frozenset(),
        OrderState.ACCEPTED: _WITH_THE_ERP,
        OrderState.ACKNOWLEDGED: _WITH_THE_ERP,
        OrderState.IN_FULFILMENT: _WITH_THE_ERP,
        OrderState.PARTIALLY_SHIPPED: _WITH_THE_ERP,
        OrderState.SHIPPED: _WITH_THE_ERP | _CANCEL | {"REJECTED"},
        OrderState.DELIVERED: _WITH_THE_ERP | _CANCEL | {"REJECTED"} | _PROMISE | _WAREHOUSE,
        OrderState.CLOSED: _WITH_THE_ERP | _CANCEL | {"REJECTED"} | _PROMISE | _WAREHOUSE,
        OrderState.CANCELLING: _WITH_THE_ERP,
        OrderState.CANCELLED: _WITH_THE_ERP | {"CANCEL_REQUESTED", "REJECTED"} | _PROMISE | _WAREHOUSE | _RETURN,
        OrderState.REJECTED: _WITH_THE_ERP | {"CANCEL_REQUESTED"} | _PROMISE | _WAREHOUSE | _RETURN,
    }
)
"""What may not be said once the order was in a state, by the time at which it is said to have happened.

HELD refuses what the state beneath it refuses: that state is the one looked up here.  Goods that left are never
refused: that a cancelled order was shipped is a contradiction, and a person must look.
"""


def is_refused(stage: OrderState, kind: str) -> bool:
    return kind in REFUSED_IN[stage]


REFUSABLE: frozenset[str] = frozenset().union(*REFUSED_IN.values())
"""Kinds that some state refuses: only these need the order's past."""

MILESTONES: frozenset[str] = frozenset(AWAITS) - _WAREHOUSE - _PROMISE - _PARCEL - _RETURN - {"AUTHORISED", ANSWERED}
"""Kinds that may bring an order into a state that refuses more than the one before: the past is looked at there."""

_GOODS = (OrderState.PARTIALLY_SHIPPED, OrderState.SHIPPED)
_ENDS = (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.CLOSED)

MOVES: Mapping[OrderState, Mapping[str, tuple[OrderState, ...]]] = MappingProxyType(
    {
        OrderState.EXPECTED: {"PLACED": (OrderState.PLACED, OrderState.ACCEPTED)},
        OrderState.PLACED: {
            "PLACED": (OrderState.ACCEPTED,),
            "RELEASED": (OrderState.ACCEPTED,),
            "CORRECTED": (OrderState.ACCEPTED,),
            "REFUSED": (OrderState.REJECTED,),
            "ACKNOWLEDGED": (OrderState.ACKNOWLEDGED,),
            "CANCEL_REQUESTED": (OrderState.CANCELLED, OrderState.CANCELLING),
            "CANCELLED": (OrderState.CANCELLED, OrderState.CANCELLING),
        },
        OrderState.ACCEPTED: {
            "ACKNOWLEDGED": (OrderState.ACKNOWLEDGED,),
            "REJECTED": (OrderState.PLACED,),
            "CANCEL_REQUESTED": (OrderState.CANCELLING,),
            "CANCELLED": (OrderState.CANCELLED, OrderState.CANCELLING),
        },
        OrderState.ACKNOWLEDGED: {
            "ALLOCATED": (OrderState.IN_FULFILMENT,),
            "PICKED": (OrderState.IN_FULFILMENT,),
            "SHIPPED": _GOODS,
            "INVOICED": (OrderState.CLOSED,),
            "CAPTURED": (OrderState.CLOSED,),
            "CANCEL_REQUESTED": (OrderState.CANCELLING,),
            "CANCELLED": (OrderState.CANCELLED, OrderState.CANCELLING),
        },
        OrderState.IN_FULFILMENT: {
            "SHIPPED": _GOODS,
            "CANCEL_REQUESTED": (OrderState.CANCELLING,),
            "CANCELLED": (OrderState.CANCELLED, OrderState.CANCELLING),
        },
        OrderState.PARTIALLY_SHIPPED: {
            "SHIPPED": (OrderState.SHIPPED,),
            "CANCEL_REQUESTED": (OrderState.CANCELLING,),
            "CANCELLED": (*_ENDS, OrderState.CANCELLING),
        },
        OrderState.SHIPPED: {"DELIVERED": (OrderState.DELIVERED, OrderState.CLOSED)},
        OrderState.DELIVERED: {
            "INVOICED": (OrderState.CLOSED,),
            "CAPTURED": (OrderState.CLOSED,),
            "RETURN_RECEIVED": (OrderState.CLOSED,),
            "RETURN_REJECTED": (OrderState.CLOSED,),
        },
        OrderState.CLOSED: {"RETURN_REQUESTED": (OrderState.DELIVERED,)},
        OrderState.CANCELLING: {
            "CANCELLED": (OrderState.CANCELLED, *_ENDS),
            "REJECTED": (OrderState.CANCELLED,),
            "SHIPPED": (OrderState.SHIPPED,),
            ANSWERED: (OrderState.ACKNOWLEDGED, OrderState.IN_FULFILMENT, OrderState.PARTIALLY_SHIPPED),
        },
        OrderState.CANCELLED: {},
        OrderState.REJECTED: {},
    }
)
"""Where each kind may bring an order that hears its events in the order in which they happened; all else stays.

HELD is not in it: an order is held on top of the state it is in, and goes on from there.
"""
