"""What a carrier says of parcels: by the shipment that their number belongs to."""

from schemas.models.order_event import Track
from tests.unit.streams.domain.labelled_orders import (
    TRACK,
    booked,
    delivered,
    packed,
    ready,
    shipped,
)
from tests.unit.streams.domain.order_histories import (
    UNIT,
    event,
    with_rules,
)


def test_a_parcel_is_the_shipment_that_its_number_belongs_to() -> None:
    own = Track(number="1Z9")
    one = booked(ready(with_rules(), packed(units=1)))
    one.take(shipped(units=1), shipped("S2", at=7, units=2, tracks=(own,)))

    one.take(delivered("1Z9"))
    assert [(part.part, part.is_done) for part in one.entry.parts] == [("S1", False), ("S2", True)]
    assert one.entry.lines[0].delivered == 2 * UNIT

    one.take(delivered(at=10))
    assert (one.state, one.entry.lines[0].delivered) == ("delivered", 3 * UNIT)


def test_a_number_of_no_shipment_waits_for_one() -> None:
    one = booked(ready())

    assert one.take(delivered()).verdict == "parked"
    one.take(shipped(at=10))
    assert one.state == "delivered"


def test_a_number_that_the_order_does_not_know_waits_and_then_a_person_must_look() -> None:
    one = booked(ready())
    one.take(shipped(), delivered("UNKNOWN"))
    one.wait(3601)

    assert one.reasons == ["predecessor-missing"]


def test_on_its_way_and_not_delivered_move_nothing_and_are_kept() -> None:
    one = booked(ready())
    one.take(shipped())
    for told in (
        event("IN_TRANSIT", 7, part="S1", tracks=(TRACK,), source_system="parcelex"),
        event("DELIVERY_FAILED", 8, part="S1", tracks=(TRACK,), source_system="parcelex"),
    ):
        assert one.take(told).verdict == "applied"

    assert (one.state, one.reasons) == ("shipped", [])
    assert {"IN_TRANSIT", "DELIVERY_FAILED"} <= {fact.kind for fact in one.entry.facts}


def test_a_parcel_that_comes_back_is_for_a_person_who_settles_it() -> None:
    one = booked(ready())
    one.take(shipped(), event("SENT_BACK", 8, part="S1", source_system="parcelex"))

    assert [(hold.reason, hold.detail) for hold in one.entry.holds] == [("sent-back", "parcelex: S1")]
    one.take(event("RELEASED", 9))
    assert one.reasons == []
