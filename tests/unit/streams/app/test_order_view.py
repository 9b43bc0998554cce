"""What a page is told of an order's facts."""

from schemas.models.operations import Outcome
from schemas.models.order_event import Track
from streams.app.order_view import entry_fact
from streams.domain import order_state
from tests.unit.streams.domain.order_histories import ORDER_ID, T0, after, placed


def test_a_booked_label_stands_in_the_time_line_with_carrier_number_service_and_price() -> None:
    one = after([placed()])
    one.answer(
        Outcome(
            command_id="c1",
            role="carrier",
            kind="BOOK_LABEL",
            entity=ORDER_ID,
            part="S1",
            epoch=1,
            counter=1,
            state="APPLIED",
            external_id="PX1",
            started_at=T0,
            at=T0,
            tracks=(Track(carrier_code="parcelex", title="ground", number="PX1"),),
            amount=8_250_000,
            currency="USD",
        )
    )

    told = entry_fact(ORDER_ID, 0, "1", order_state.decode(order_state.encode(one.entry)), ())

    [answer] = [said for said in told.said if said.kind == "ANSWERED"]
    assert (answer.part, answer.document) == ("carrier/BOOK_LABEL/S1", "parcelex PX1 ground, 8.25 USD")
