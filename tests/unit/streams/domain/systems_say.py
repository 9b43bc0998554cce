"""What WMS, ERP and channels say, and the events that order news makes of it."""

from typing import Any, get_args

from schemas.models.cause import Cause
from schemas.models.erp_order_event import ErpOrderEvent, ErpOrderEventKind
from schemas.models.fulfilment_event import FulfilmentEvent, FulfilmentStep
from schemas.models.order_event import OrderEvent
from schemas.models.returned import Return, ReturnState
from streams.domain.order_names import KnownOrders
from streams.domain.order_news import Arrival, NewsRules, of_erp, of_fulfilment
from streams.domain.order_words import ERP, OrderWords
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.domain.stock_rules import StockRules
from tests.unit.streams.domain.order_histories import ORDER_ID, T0, UNIT

CAUSE = Cause("wms.fulfilment-event.v1", 3, 41)
ARRIVAL = Arrival(CAUSE, T0)
RULES = NewsRules(
    orders=KnownOrders(frozenset({"commerce", "dealer"}), "commerce", frozenset({"east"})),
    stock=StockRules(
        locations={"WH-1": "east", "wms:3pl/WH-1": "west"}, items={"4711": "PUMP"}, future_tolerance=60 * UNIT
    ),
    words=OrderWords(erp={**ERP, "billed": "INVOICED"}),
    own_lines=frozenset({"wms:3pl"}),
)
STEPS: tuple[FulfilmentStep, ...] = get_args(FulfilmentStep)
RETURN_STATES: tuple[ReturnState, ...] = get_args(ReturnState)
KINDS: tuple[ErpOrderEventKind, ...] = get_args(ErpOrderEventKind)


def step(**fields: Any) -> FulfilmentEvent:  # noqa: ANN401  any field of the model
    plain: dict[str, Any] = {
        "event_id": "ff-1",
        "source_system": "wms:main",
        "order_id": "T0000007",
        "commerce_order": ORDER_ID,
        "step": "PICKED",
        "effective_at": T0 - UNIT,
        "recorded_at": T0,
        **fields,
    }
    return FulfilmentEvent(**plain)


def said(**fields: Any) -> ErpOrderEvent:  # noqa: ANN401  as above
    plain: dict[str, Any] = {
        "event_id": "so-1",
        "source_system": "netsuite",
        "erp_number": "SO-1",
        "order_id": ORDER_ID,
        "effective_at": T0 - UNIT,
        "recorded_at": T0,
        **fields,
    }
    return ErpOrderEvent(**plain)


def returned(**fields: Any) -> Return:  # noqa: ANN401  as above
    plain: dict[str, Any] = {
        "event_id": "rma-1",
        "source_system": "commerce",
        "return_id": "17",
        "order_number": "000000123",
        "state": "REQUESTED",
        "effective_at": T0 - UNIT,
        "recorded_at": T0,
        **fields,
    }
    return Return(**plain)


def of_wms(**fields: Any) -> OrderEvent:  # noqa: ANN401  as above
    made = of_fulfilment(step(**fields), ARRIVAL, RULES)
    assert isinstance(made, OrderEvent), made
    return made


def of_the_erp(**fields: Any) -> OrderEvent:  # noqa: ANN401  as above
    made = of_erp(said(**fields), ARRIVAL, RULES)
    assert isinstance(made, OrderEvent), made
    return made


def refused(made: object) -> tuple[DeadReason, str]:
    assert isinstance(made, Refused), made
    return made.reason, made.detail
