"""What a carrier says of a parcel, in the language of orders."""

from typing import Any, get_args

import pytest

from schemas.models.carrier_event import CarrierEvent, CarrierStep
from schemas.models.cause import Cause
from schemas.models.order_event import OrderEvent, Track
from streams.domain.order_names import KnownOrders
from streams.domain.order_news import Arrival, NewsRules, of_carrier
from streams.domain.order_words import CARRIER
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.domain.stock_rules import StockRules
from streams.domain.unknown_words import of_carrier as word_of
from tests.unit.streams.domain.order_histories import ORDER_ID, T0, UNIT

CAUSE = Cause("carrier.event.v1", 3, 41)
ARRIVAL = Arrival(CAUSE, T0)
RULES = NewsRules(orders=KnownOrders(frozenset({"commerce"}), "commerce"), stock=StockRules(future_tolerance=60 * UNIT))
STEPS: tuple[CarrierStep, ...] = get_args(CarrierStep)


def said(**fields: Any) -> CarrierEvent:  # noqa: ANN401  any field of the model
    plain: dict[str, Any] = {
        "event_id": "px-1",
        "source_system": "parcelex",
        "tracking_number": "PX1",
        "carrier_code": "parcelex",
        "order_reference": ORDER_ID,
        "what": "DELIVERED",
        "effective_at": T0 - UNIT,
        "recorded_at": T0,
        **fields,
    }
    return CarrierEvent(**plain)


def news(**fields: Any) -> OrderEvent:  # noqa: ANN401  as above
    made = of_carrier(said(**fields), ARRIVAL, RULES)
    assert isinstance(made, OrderEvent)
    return made


def test_a_parcel_is_its_shipment_where_the_label_names_that_else_its_number() -> None:
    named, bare = news(shipment_reference="S1"), news()

    assert (named.part, bare.part) == ("S1", "PX1")
    assert bare.tracks == (Track(carrier_code="parcelex", number="PX1"),)
    assert (bare.kind, bare.order_id, bare.source_system, bare.cause) == ("DELIVERED", ORDER_ID, "parcelex", CAUSE)


@pytest.mark.parametrize("reference", [ORDER_ID, "000000123"])
def test_the_order_is_known_by_our_id_and_by_the_shops_number(reference: str) -> None:
    assert news(order_reference=reference).order_id == ORDER_ID


@pytest.mark.parametrize("reference", [None, "", "SO-77", "dealer-9"])
def test_a_tracking_number_alone_is_of_no_order(reference: str | None) -> None:
    refused = of_carrier(said(order_reference=reference), ARRIVAL, RULES)

    assert isinstance(refused, Refused)
    assert refused.reason == DeadReason.UNKNOWN_ORDER
    assert "tracking_number 'PX1'" in refused.detail


def test_every_word_has_a_meaning_and_an_unknown_one_keeps_its_code() -> None:
    assert set(STEPS) == set(CARRIER)
    assert [news(what=step).kind for step in STEPS] == list(STEPS)
    assert news(what="UNKNOWN").reason == "UNKNOWN"
    assert news(what="UNKNOWN", code="Q9").reason == "Q9"
    assert news(code="D1" * 99).reason == ("D1" * 99)[:64]
    assert news().reason is None


def test_a_repeat_is_the_same_event_wherever_it_stands() -> None:
    again = of_carrier(said(), Arrival(Cause("carrier.event.v1", 3, 99), T0 + UNIT), RULES)

    assert isinstance(again, OrderEvent)
    assert again.event_id == news().event_id != news(event_id="px-2").event_id


def test_what_happens_later_than_now_is_refused() -> None:
    refused = of_carrier(said(effective_at=T0 + 3600 * UNIT), ARRIVAL, RULES)

    assert isinstance(refused, Refused)


def test_an_unknown_word_is_told_without_what_stands_beside_it() -> None:
    assert word_of(said(what="UNKNOWN", code="left with Jane")) == ("parcelex", "UNKNOWN", "release")
