"""Bookings become documents and lose nothing on the way."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.rest_finance import mapping, wire
from schemas.micros import micros_of_text
from schemas.models.document import BookedDocument, Booking
from tests.contract.finance_target import booking

texts = st.text(min_size=1, max_size=20)
maybe = st.none() | texts
amounts = st.integers(0, 10**18)
kinds = st.sampled_from(["invoice", "payment", "credit"])
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - aware by timezones
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
bookings = st.builds(
    Booking,
    reference=texts,
    kind=kinds,
    order_id=texts,
    order_number=texts,
    channel=texts,
    document=texts,
    account=texts,
    currency=texts,
    amount=amounts,
    happened_at=moments.map(lambda moment: (moment - EPOCH) // timedelta(microseconds=1)),
    cost_centre=maybe,
    purchase_order=maybe,
    payment_method=maybe,
    terms=maybe,
    order_total=st.none() | amounts,
    order_tax=st.none() | amounts,
)
SAME = (
    "kind",
    "order_id",
    "order_number",
    "channel",
    "document",
    "account",
    "currency",
    "cost_centre",
    "purchase_order",
    "payment_method",
    "terms",
)


@given(bookings)
def test_a_booking_arrives_whole(made: Booking) -> None:
    over = msgspec.json.decode(wire.encode(mapping.to_document(made)), type=wire.Document)

    assert [getattr(over, name) for name in SAME] == [getattr(made, name) for name in SAME]
    assert datetime.fromisoformat(over.happened_at) == EPOCH + timedelta(microseconds=made.happened_at)
    sums = [None if text is None else micros_of_text(text) for text in (over.amount, over.order_total, over.order_tax)]
    assert sums == [made.amount, made.order_total, made.order_tax]


@given(
    st.builds(BookedDocument, reference=texts, kind=kinds, number=texts, amount=amounts, currency=texts, status=texts)
)
def test_a_state_maps_both_ways(document: BookedDocument) -> None:
    state = wire.decode_state(msgspec.json.encode(mapping.to_state(document)))

    assert mapping.from_state(state) == document


@given(amounts)
def test_money_keeps_its_digits_and_has_no_others(micros: int) -> None:
    text = mapping.money_text(micros, "amount")

    assert Decimal(text) * 1_000_000 == micros
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": -1}, "amount"),
        ({"order_tax": -1}, "order_tax"),
        ({"order_total": -1}, "order_total"),
        ({"happened_at": 10**19}, "happened_at"),
        ({"happened_at": -(10**19)}, "happened_at"),
    ],
)
def test_what_the_contract_cannot_say_is_refused_by_name(changes: dict[str, int], field: str) -> None:
    with pytest.raises(RejectedPayloadError) as told:
        mapping.to_document(booking(**changes))

    assert told.value.fields == (field,)


@pytest.mark.parametrize("text", ["", "many", "1.0000001", "NaN"])
def test_an_amount_that_is_no_money_is_no_answer(text: str) -> None:
    state = wire.DocumentState(reference="r", kind="credit", number="1", currency="USD", amount=text, status="POSTED")

    with pytest.raises(ValueError, match="amount"):
        mapping.from_state(state)
