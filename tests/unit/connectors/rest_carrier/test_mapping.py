"""Between orders and parcels, labels and what the carrier says of them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.core.errors import RejectedPayloadError
from connectors.rest_carrier import mapping
from schemas.models.document import Label
from tests.contract.carrier_target import LINES
from tests.contract.orders import ORDER

LABEL = Label(
    reference="r1",
    tracking_number="PX1",
    carrier_code="parcelex",
    service="ground",
    price=2_500_000,
    currency="USD",
    document="https://carrier.example/labels/1",
)


@pytest.mark.parametrize("label", [LABEL, msgspec.structs.replace(LABEL, price=None, currency=None, document=None)])
def test_a_label_comes_back_as_it_was_stated(label: Label) -> None:
    assert mapping.from_state(mapping.to_state(label, "BOOKED")) == label


def test_an_address_goes_over_without_its_tax_id() -> None:
    address = ORDER.shipping
    assert address is not None

    there = mapping.from_address(mapping.to_address(msgspec.structs.replace(address, vat_id="DE1")))

    assert there == msgspec.structs.replace(address, vat_id=None)


def test_an_order_that_is_not_shipped_has_no_parcel() -> None:
    unshipped = msgspec.structs.replace(ORDER, shipping=None)

    with pytest.raises(RejectedPayloadError, match="no shipping address"):
        mapping.to_inquiry(unshipped, source_code="east", lines=LINES)


@given(st.integers(-(10**15), 10**15))
def test_money_is_written_whole_and_comes_back(micros: int) -> None:
    assert mapping.to_micros(mapping.micros_text(micros)) == micros
