"""What must be reserved for an order, read from its rows: whose goods they are, and how many of them are gone."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce.reservations import mapping, wire
from schemas.models.reservation import PromisedLine, SellingRules

UNIT = 1_000_000


def _lines(*rows: dict[str, object], **order: object) -> list[PromisedLine]:
    """Of one order, as the shop sends it."""
    plain = {"entity_id": 7, "increment_id": "000000007", "state": "processing", "items": rows}
    [read] = wire.decode_open_orders(json.dumps({"items": [plain | order], "total_count": 1})).items
    return list(mapping.lines_of(read, 3))


def _row(number: object, sku: str, ordered: float = 4, **fields: object) -> dict[str, object]:
    return {"item_id": number, "sku": sku, "qty_ordered": ordered, **fields}


def test_a_row_says_whose_it_is_in_which_stock_and_what_became_of_its_goods() -> None:
    [line] = _lines(_row(1, "PUMP", 9.5, qty_shipped=2, qty_canceled=1.5, qty_refunded=0))

    assert line == PromisedLine(
        order_number="000000007",
        entity_id=7,
        state="processing",
        is_over=False,
        stock_id=3,
        sku="PUMP",
        ordered=9_500_000,
        shipped=2 * UNIT,
        cancelled=1_500_000,
    )
    assert line.open == 6 * UNIT


@pytest.mark.parametrize(
    ("state", "is_over"),
    [
        *(("complete", True), ("closed", True), ("canceled", True)),
        *(("new", False), ("processing", False), ("holded", False), ("pending_payment", False), (None, False)),
    ],
)
def test_nothing_of_an_order_in_a_final_state_is_reserved_any_longer(state: str | None, *, is_over: bool) -> None:
    [line] = _lines(_row(1, "PUMP"), state=state)

    assert (line.is_over, line.state, line.open) == (is_over, state or "", 0 if is_over else 4 * UNIT)


@pytest.mark.parametrize(("shipped", "refunded", "unshipped"), [(0, 3, 3), (2, 3, 1), (4, 3, 0), (4, 4, 0)])
def test_only_what_was_refunded_before_it_was_shipped_gives_a_reservation_free(
    shipped: int, refunded: int, unshipped: int
) -> None:
    [line] = _lines(_row(1, "PUMP", qty_shipped=shipped, qty_refunded=refunded))

    assert line.unshipped_refunded == unshipped * UNIT


def test_a_parent_has_no_goods_and_its_parts_move_with_it_in_proportion() -> None:
    """A bundle that is shipped together: the shop counts at the parent's row and leaves those of its parts."""
    bolts, plate = _lines(
        _row(1, "SET", 2, qty_shipped=1, qty_canceled=1),
        _row(2, "BOLT", 12, parent_item_id=1, qty_shipped=0),
        _row(3, "PLATE", 2, parent_item_id=1),
    )

    assert (bolts.sku, bolts.ordered, bolts.shipped, bolts.cancelled, bolts.open) == (
        *("BOLT", 12 * UNIT, 6 * UNIT, 6 * UNIT),
        0,
    )
    assert (plate.sku, plate.shipped, plate.cancelled) == ("PLATE", UNIT, UNIT)


def test_parts_that_are_shipped_by_themselves_are_told_by_their_own_rows() -> None:
    bolts, plate = _lines(
        _row(1, "SET", 2),
        _row(2, "BOLT", 12, parent_item_id=1, qty_shipped=5),
        _row(3, "PLATE", 2, parent_item_id=1),
    )

    assert (bolts.shipped, plate.shipped) == (5 * UNIT, 0)


def test_of_a_part_and_its_parent_that_which_moved_further_counts() -> None:
    rows = (_row(1, "SET", 2, qty_shipped=1), _row(2, "BOLT", 12, parent_item_id=1, qty_shipped=8))

    assert [line.shipped for line in _lines(*rows)] == [8 * UNIT]


def test_a_refund_at_the_parent_is_weighed_against_what_was_shipped_of_the_part() -> None:
    rows = (
        _row(1, "SET", 4, qty_shipped=1, qty_refunded=2),
        _row(2, "BOLT", 8, parent_item_id=1),
    )

    assert [line.unshipped_refunded for line in _lines(*rows)] == [2 * UNIT]


def test_ids_that_come_as_text_find_their_parent() -> None:
    rows = (_row("1", "SET", 2, qty_shipped=2), _row("2", "BOLT", 6, parent_item_id=1))

    assert [(line.sku, line.shipped) for line in _lines(*rows)] == [("BOLT", 6 * UNIT)]


def test_a_parent_of_which_nothing_was_ordered_says_nothing_of_its_parts() -> None:
    rows = (_row(1, "SET", 0, qty_shipped=3), _row(2, "BOLT", 6, parent_item_id=1, qty_shipped=2))

    assert [line.shipped for line in _lines(*rows)] == [2 * UNIT]


@given(st.data(), st.integers(1, 500), st.integers(1, 10**9))
def test_a_part_never_moves_further_than_it_was_ordered_and_is_done_with_its_parent(
    data: st.DataObject, parent: int, micros: int
) -> None:
    """With a parent of `parent` units; the part's quantity in millionths is any."""
    moved = data.draw(st.integers(0, parent))
    [line] = _lines(
        _row(1, "SET", parent, qty_shipped=moved), _row(2, "BOLT", micros / UNIT, parent_item_id=1), state="new"
    )

    assert 0 <= line.shipped <= line.ordered == micros
    assert (line.open == 0) == (moved == parent)


@given(st.decimals(min_value=0, max_value=10**9, places=8))
def test_what_stands_beyond_six_decimals_is_cut_off(quantity: Decimal) -> None:
    assert 0 <= quantity - Decimal(mapping.micros(quantity)).scaleb(-6) < Decimal("0.000001")


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1E+40"])
def test_a_quantity_that_nobody_has_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="finite number"):
        mapping.micros(Decimal(quantity))


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        ({}, SellingRules()),
        ({"min_qty": None, "backorders": 0}, SellingRules()),
        ({"min_qty": 2.5, "backorders": 0, "manage_stock": True}, SellingRules(threshold=2_500_000)),
        ({"min_qty": "-5.0000", "backorders": 1}, SellingRules(threshold=-5 * UNIT, backorders=True)),
        ({"backorders": 2, "manage_stock": False}, SellingRules(backorders=True, manages_stock=False)),
    ],
)
def test_how_a_product_is_sold_is_read_from_its_stock_item(answer: dict[str, object], rules: SellingRules) -> None:
    """Backorders: 0 none, 1 quantity below zero, 2 the same with a word to the customer."""
    assert mapping.from_selling(wire.decode_selling(json.dumps(answer))) == rules
