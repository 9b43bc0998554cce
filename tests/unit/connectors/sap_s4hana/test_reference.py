"""Our id in 35 characters."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.sap_s4hana.reference import MOST, reference, request_id

IDS = st.text("abcABC019_-", min_size=1, max_size=80)


@given(IDS)
def test_a_reference_always_fits_and_a_short_id_stands_as_it_is(order_id: str) -> None:
    carried = reference(order_id)

    assert len(carried) <= MOST
    assert (carried == order_id) is (len(order_id) <= MOST)
    assert "'" not in carried


@given(IDS, IDS)
def test_two_ids_have_two_references(one: str, other: str) -> None:
    assert (reference(one) == reference(other)) is (one == other)


@given(st.text("ab", min_size=36, max_size=60))
def test_a_long_id_is_never_taken_for_a_short_one(order_id: str) -> None:
    carried = reference(order_id)

    assert "." in carried
    assert carried.startswith(order_id[:8])


def test_long_ids_that_begin_alike_differ() -> None:
    assert reference("web-" + "0" * 40 + "1") != reference("web-" + "0" * 40 + "2")


@given(IDS, st.binary(max_size=20))
def test_the_id_of_a_request_is_derived_from_the_order_and_its_content(order_id: str, body: bytes) -> None:
    derived = request_id(order_id, body)

    assert derived == request_id(order_id, body)
    assert len(derived) == 32
    assert int(derived, 16) >= 0
    assert derived != request_id(order_id, body + b"x")
    assert derived != request_id(f"{order_id}x", body)
