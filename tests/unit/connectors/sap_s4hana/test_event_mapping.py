"""Which word of ours an order's letters are, and whose order it is."""

from typing import Any

import pytest

from connectors.sap_s4hana import event_mapping, facts, wire
from connectors.sap_s4hana.reference import reference
from connectors.sap_s4hana.settings import Settings
from schemas.models.erp_order_event import ErpOrderEvent

SETTINGS = Settings.model_validate(
    {
        "base_url": "https://sap.example",
        "auth": {"kind": "basic", "username": "user", "password": "secret"},
        "sales_organization": "1710",
        "distribution_channel": "10",
        "organization_division": "00",
        "rejection_reason": "50",
        "work_order_category": "WO",
        "time_zone": "Europe/Berlin",
    }
)
LONG = "dealer-portal-" + "9" * 40


def row(**given: Any) -> wire.OrderRow:
    usual = {"purchase_order_by_customer": "web-1", "last_change_date_time": "/Date(1772439330250+0000)/"}
    return wire.OrderRow(sales_order="1", **(usual | given))


def text(told: str) -> wire.Results[wire.TextRow]:
    return wire.Results((wire.TextRow(long_text_id="TX02", long_text=told),))


def flow(number: str, category: str, status: str = "A") -> wire.FlowRow:
    return wire.FlowRow(
        subsequent_document=number,
        subsequent_document_category=category,
        process_status=status,
        creation_date="/Date(1772409600000)/",
        creation_time="PT09H15M30S",
    )


def item(number: str = "10", *rows: wire.FlowRow, confirmed: str = "2", **given: Any) -> wire.ItemRow:
    promised = wire.ScheduleLineRow(
        confirmed_delivery_date="/Date(1774310400000)/", schedule_line_order_quantity="2", confirmed_quantity=confirmed
    )
    usual: dict[str, Any] = {"material": "PUMP-200", "requested_quantity": "2.000", "texts": text(f"line: 50{number}")}
    lists = {"schedule_lines": wire.Results((promised,)), "flow": wire.Results(rows)}
    return wire.ItemRow(sales_order_item=number, **(usual | lists | given))


def events(one: wire.OrderRow, *items: wire.ItemRow) -> list[ErpOrderEvent]:
    return list(event_mapping.to_events(one, items or (item(),), SETTINGS))


@pytest.mark.parametrize(
    ("letters", "kinds"),
    [
        ({}, ["CONFIRMED"]),
        ({"total_credit_check_status": "B"}, ["CREDIT_HELD"]),
        ({"total_credit_check_status": "D"}, ["CREDIT_RELEASED", "CONFIRMED"]),
        ({"total_credit_check_status": "A"}, ["CONFIRMED"]),
    ],
)
def test_the_letters_of_an_order(letters: dict[str, str], kinds: list[str]) -> None:
    assert [one.kind for one in events(row(**letters))] == kinds


def test_a_promise_counts_for_what_is_still_to_come_only() -> None:
    assert events(row(), item(confirmed="1"))[0].kind is None
    assert events(row(), item(delivery_status="C"))[0].kind is None
    assert events(row(), item(delivery_status="C"), item("20"))[0].expected_at == 1_774_310_400_000_000


def test_a_rejected_order_is_cancelled_by_our_reason_and_rejected_by_another() -> None:
    ours, theirs = item(rejection_reason="50"), item("20", rejection_reason="07")

    assert [(one.kind, one.reason) for one in events(row(rejection_status="C"), ours)] == [("CANCELLED", "50")]
    assert [(one.kind, one.reason) for one in events(row(rejection_status="C"), ours, theirs)] == [("REJECTED", "07")]


def test_a_work_order_keeps_the_id_of_its_opening_when_the_order_changes() -> None:
    first = events(row(), item("10", flow("7", "WO")))[-1]
    later = events(row(last_change_date_time="/Date(1772439399000+0000)/"), item("10", flow("7", "WO", "C")))

    assert later[-2] == first
    assert (later[-1].kind, later[-1].effective_at) == ("WORK_ORDER_DONE", 1_772_439_399_000_000)


def test_an_id_that_sap_wrote_in_capitals_or_as_a_hash_is_read_from_the_text() -> None:
    told = text(facts.text_of([("order", LONG), ("channel", "dealer")]) or "")

    assert event_mapping.order_id_of(row(purchase_order_by_customer=reference(LONG), texts=told), SETTINGS) == LONG
    assert (
        event_mapping.order_id_of(row(purchase_order_by_customer="WEB-A", texts=text("order: web-a")), SETTINGS)
        == "web-a"
    )


def test_a_text_that_does_not_fit_the_reference_is_not_believed() -> None:
    assert event_mapping.order_id_of(row(texts=text("order: web-2")), SETTINGS) == "web-1"


@pytest.mark.parametrize("words", ["", "as agreed by telephone", reference(LONG)])
def test_an_order_without_an_id_of_ours_says_nothing(words: str) -> None:
    assert events(row(purchase_order_by_customer=words)) == []


def test_a_value_of_a_text_is_read_as_it_was_written() -> None:
    awkward = 'a: b\\n\nc\r"'
    told = facts.text_of([("line", awkward), ("note: x", "y")]) or ""

    assert facts.value_in(told, "line") == awkward
    assert facts.value_in(told, "note: x") == "y"
    assert facts.value_in(told, "other") is None


@pytest.mark.parametrize("moment", [None, "", "2026-03-02"])
def test_an_order_without_a_time_of_change_is_an_error(moment: str | None) -> None:
    with pytest.raises(ValueError, match="not a date"):
        events(row(last_change_date_time=moment))
