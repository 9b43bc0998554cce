"""Which word of ours a document's state is."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.netsuite import event_mapping
from connectors.netsuite.wire import ChangeRow, LineRow
from schemas.models.erp_order_event import ErpOrderEvent

PACIFIC = ZoneInfo("America/Los_Angeles")


def row(kind: str = "SalesOrd", status: str = "B", **given: Any) -> ChangeRow:
    times = {"created": "2026-03-01 12:00:00", "modified": "2026-03-02 00:15:30"}
    usual = {"id": "7", "tranid": "SO7", "order_number": "SO7", "order_id": "web-1", **times}
    return ChangeRow(**{**usual, "type": kind, "status": status, **given})


def line(**given: Any) -> LineRow:
    usual = {"document": "7", "key": "1", "sku": "PUMP-200", "quantity": Decimal(-2), "description": "#501\nPump"}
    return LineRow(**{**usual, "expected": date(2026, 3, 20), **given})


def events(one: ChangeRow, *lines: LineRow) -> list[ErpOrderEvent]:
    return list(event_mapping.to_events(one, lines, PACIFIC))


@pytest.mark.parametrize(
    ("status", "given", "kinds"),
    [
        ("A", {}, [None]),
        ("A", {"hold": "ON"}, ["CREDIT_HELD"]),
        ("B", {}, ["CREDIT_RELEASED", "CONFIRMED"]),
        ("C", {}, ["CANCELLED"]),
        ("D", {}, [None]),
        ("E", {}, [None]),
        ("F", {}, [None]),
        ("G", {}, [None]),
        ("H", {}, ["CANCELLED"]),
        ("Z", {}, [None]),
    ],
)
def test_the_state_of_an_order(status: str, given: dict[str, str], kinds: list[str | None]) -> None:
    assert [one.kind for one in events(row(status=status, **given), line())] == kinds


def test_a_closed_order_of_which_something_was_delivered_is_not_cancelled() -> None:
    (told,) = events(row(status="H"), line(delivered=Decimal(1)))

    assert (told.kind, told.status) == (None, "Closed")


def test_an_order_with_an_undated_line_has_no_date_and_closed_lines_do_not_count() -> None:
    undated, closed = line(expected=None), line(expected=date(2030, 1, 1), closed="T")

    assert [one.expected_at for one in events(row(), line(), undated)] == [None, None]
    assert [one.kind for one in events(row(), line(), undated)] == ["CREDIT_RELEASED", None]
    assert events(row(), line(), closed)[-1].expected_at == 1_773_964_800_000_000


def test_what_is_delivered_is_promised_no_more() -> None:
    gone, half = line(delivered=Decimal(2)), line(expected=date(2026, 3, 19), delivered=Decimal(1))

    assert [one.expected_at for one in events(row(status="G"), gone)] == [None]
    assert [one.expected_at for one in events(row(status="D"), gone, half)] == [1_773_878_400_000_000]


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("CustInvc", "A", ["INVOICED"]),
        ("CustCred", "B", ["REFUNDED"]),
        ("RtnAuth", "B", ["RETURN_REQUESTED"]),
        ("RtnAuth", "C", ["RETURN_REQUESTED", "RETURN_REJECTED"]),
        ("RtnAuth", "D", ["RETURN_REQUESTED"]),
        ("RtnAuth", "G", ["RETURN_REQUESTED", "RETURN_RECEIVED"]),
        ("WorkOrd", "B", ["WORK_ORDER_OPENED"]),
        ("WorkOrd", "G", ["WORK_ORDER_OPENED", "WORK_ORDER_DONE"]),
        ("WorkOrd", "H", ["WORK_ORDER_OPENED"]),
        ("ItemShip", "C", []),
    ],
)
def test_the_state_of_what_follows_from_an_order(kind: str, status: str, words: list[str]) -> None:
    found = events(row(kind, status, id="9", tranid="X9", total=Decimal("35.5")), line())

    assert [one.kind for one in found] == words
    for told in found:
        assert (told.document, told.erp_number, told.order_id, told.status) == ("X9", "SO7", "web-1", None)
        assert told.amount == (35_500_000 if kind in {"CustInvc", "CustCred"} else None)
        assert told.part == ("X9" if kind == "RtnAuth" else None)
        assert [(one.line_id, one.sku, one.quantity) for one in told.lines] == [("501", "PUMP-200", 2_000_000)]


def test_the_beginning_of_a_document_is_the_same_statement_whatever_became_of_it() -> None:
    first = events(row("RtnAuth", "B"), line())
    later = events(row("RtnAuth", "G", modified="2026-03-09 00:00:00"), line())

    assert later[0] == first[0]
    assert later[0].effective_at < later[1].effective_at


def test_an_id_changes_with_state_time_and_date_and_with_nothing_else() -> None:
    same = events(row(), line())[-1].event_id

    assert events(row(total=Decimal(5), order_number="SO8"), line())[-1].event_id == same
    others = {
        events(row(modified="2026-03-02 00:15:31"), line())[-1].event_id,
        events(row(), line(expected=date(2026, 3, 21)))[-1].event_id,
        events(row(status="C"), line())[-1].event_id,
        events(row(id="8"), line())[-1].event_id,
    }
    assert len(others - {same}) == 4


def test_a_time_that_is_none_is_an_error_and_no_event() -> None:
    with pytest.raises(ValueError, match="does not match"):
        events(row(modified="3/2/2026"), line())
