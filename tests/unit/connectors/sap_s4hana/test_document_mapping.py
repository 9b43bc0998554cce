"""What returns and billing documents say of an order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sap_s4hana import document_mapping, document_wire, wire
from connectors.sap_s4hana.document_mapping import OurOrder, PlacedBilling, PlacedReturn
from schemas.micros import micros_of_text
from schemas.models.erp_order_event import ErpOrderEvent
from tests.unit.connectors.sap_s4hana.support import settings

BERLIN = settings(time_zone="Europe/Berlin")
AT = 1_772_439_330_000_000
"""09:15:30 in Berlin on 2 March 2026."""
CHANGED = "/Date(1772525730250+0000)/"


def flow(number: str) -> wire.FlowRow:
    return wire.FlowRow(
        subsequent_document=number,
        subsequent_document_category="H",
        creation_date="/Date(1772409600000)/",
        creation_time="PT09H15M30S",
    )


def order(*flows: wire.FlowRow) -> OurOrder:
    def item(number: str) -> wire.ItemRow:
        text = wire.TextRow(long_text_id="TX02", long_text=f"line: 50{number}")
        lists: dict[str, Any] = {"texts": wire.Results((text,)), "flow": wire.Results(flows)}
        return wire.ItemRow(sales_order_item=number, material="PUMP-200", **lists)

    return OurOrder("web-1", "1", {number: item(number) for number in ("10", "20")})


def billing_item(number: str = "10", quantity: str = "1.000", **given: Any) -> PlacedBilling:
    fields = {"material": "PUMP-200", "net_amount": "10.00", "tax_amount": "1.90"} | given
    return PlacedBilling(document_wire.BillingItemRow(item=number, quantity=quantity, **fields), number)


def billings(*placed: PlacedBilling, **given: Any) -> list[ErpOrderEvent]:
    usual: dict[str, Any] = {
        "number": "9",
        "category": "M",
        "creation_date": "/Date(1772409600000)/",
        "creation_time": "PT09H15M30S",
    }
    made = document_wire.BillingRow(**(usual | given))
    return list(document_mapping.billing_events(made, placed or (billing_item(),), order(), BERLIN))


def return_item(number: str = "10", **given: Any) -> PlacedReturn:
    fields = {"material": "PUMP-200", "quantity": "1.000"} | given
    return PlacedReturn(document_wire.ReturnItemRow(item=number, **fields), number)


def returns(*placed: PlacedReturn, known: OurOrder | None = None) -> list[ErpOrderEvent]:
    made = document_wire.ReturnRow(number="60", creation_date="/Date(1772409600000)/", last_change_date_time=CHANGED)
    ours = order(flow("60")) if known is None else known
    return list(document_mapping.return_events(made, placed or (return_item(),), ours, BERLIN))


def test_an_invoice_is_told_with_its_own_quantities_and_amounts_at_its_own_time() -> None:
    (invoiced,) = billings(billing_item("10", "1.500"), billing_item("20", "2", net_amount="5.00", tax_amount="0"))

    assert (invoiced.kind, invoiced.document, invoiced.amount) == ("INVOICED", "9", 16_900_000)
    assert [(one.line_id, one.sku, one.quantity) for one in invoiced.lines] == [
        ("5010", "PUMP-200", 1_500_000),
        ("5020", "PUMP-200", 2_000_000),
    ]
    assert (invoiced.order_id, invoiced.erp_number, invoiced.effective_at) == ("web-1", "1", AT)


def test_a_credit_memo_is_told_above_zero_whatever_its_sign() -> None:
    (above,) = billings(category="O")
    (below,) = billings(billing_item(quantity="-1", net_amount="-10.00", tax_amount="-1.90"), category="O")

    assert (above.kind, above.amount) == ("REFUNDED", 11_900_000)
    assert (below.amount, below.lines) == (above.amount, above.lines)


def test_a_discount_of_an_invoice_stays_below_zero_within_its_sum() -> None:
    (invoiced,) = billings(billing_item(), billing_item("20", "0", net_amount="-4.00", tax_amount="0"))

    assert invoiced.amount == 7_900_000
    assert [one.line_id for one in invoiced.lines] == ["5010"]


@pytest.mark.parametrize("given", [{"category": "U"}, {"category": "N"}, {"category": None}, {"is_cancelled": True}])
def test_what_is_cancelled_cancels_or_is_no_bill_says_nothing(given: dict[str, Any]) -> None:
    assert billings(**given) == []


def test_documents_of_two_orders_and_of_two_kinds_have_ids_of_their_own() -> None:
    other = OurOrder("web-2", "2", {})
    made = document_wire.BillingRow(number="9", category="M", creation_date="/Date(0)/")
    (theirs,) = document_mapping.billing_events(made, [billing_item()], other, BERLIN)

    ids = {theirs.event_id, billings()[0].event_id, billings(category="O")[0].event_id, returns()[0].event_id}
    assert len(ids) == 4


def test_a_return_is_told_at_the_time_of_the_process_flow_or_at_its_day() -> None:
    (exact,) = returns()
    (day,) = returns(known=order())

    assert (exact.kind, exact.part, exact.document, exact.effective_at) == ("RETURN_REQUESTED", "60", "60", AT)
    assert [(one.line_id, one.quantity) for one in exact.lines] == [("5010", 1_000_000)]
    assert day.effective_at == AT - (9 * 3600 + 15 * 60 + 30) * 1_000_000
    assert day.event_id == exact.event_id


@pytest.mark.parametrize("come", [{"received": "X"}, {"process_status": "C"}])
def test_a_return_has_come_when_every_item_has_that_is_not_rejected(come: dict[str, str]) -> None:
    gone = return_item("20", rejection_reason="00")

    kinds = [one.kind for one in returns(return_item(**come), return_item("20"))]
    assert kinds == ["RETURN_REQUESTED"]
    asked, received = returns(return_item(**come), gone)
    assert received.kind == "RETURN_RECEIVED"
    assert [len(one.lines) for one in (asked, received)] == [2, 1]
    assert (received.part, received.effective_at) == (asked.part, 1_772_525_730_250_000)


def test_a_return_whose_items_are_all_rejected_is_refused_with_the_reason() -> None:
    _, refused = returns(return_item(rejection_reason="07"), return_item("20", rejection_reason="00"))

    assert (refused.kind, refused.reason, refused.part) == ("RETURN_REJECTED", "00", "60")


def test_an_item_that_the_order_does_not_have_keeps_its_material_and_has_no_line() -> None:
    (invoiced,) = billings(billing_item("30", material="FREIGHT"), billing_item("40", material=None))

    assert [(one.line_id, one.sku) for one in invoiced.lines] == [(None, "FREIGHT")]


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(-(10**12), 10**12)), min_size=1, max_size=6))
def test_the_parts_of_a_document_are_all_in_its_event(parts: list[tuple[int, int]]) -> None:
    placed = [
        billing_item("10", f"{quantity / 1000:.3f}", net_amount=f"{net / 1000:.3f}", tax_amount="0")
        for quantity, net in parts
    ]

    (told,) = billings(*placed)

    assert [one.quantity for one in told.lines] == [micros_of_text(one.row.quantity) for one in placed]
    assert told.amount == abs(sum(micros_of_text(one.row.net_amount) for one in placed))


@pytest.mark.parametrize("wrong", [{"creation_date": None}, {"creation_time": "noon"}])
def test_a_bill_without_a_time_of_its_making_is_an_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of OData V2"):
        billings(**wrong)
