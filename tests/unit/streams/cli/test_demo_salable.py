"""The demo's own model of what may be sold."""

from collections import Counter
from decimal import Decimal

from simulators.wms.truth import Shown
from streams.cli.demo.salable import Placed, compared, modelled, placed, promised, shipped

ORDERS = {"web-1": Placed(Counter({"A": 3, "B": 1})), "web-2": Placed(Counter({"A": 2}))}
NONE: frozenset[str] = frozenset()


def test_an_order_waits_for_what_has_not_left() -> None:
    left = {"web-1": Counter({"A": 1}), "dealer-9": Counter({"A": 7})}

    assert promised(ORDERS, left, {}, NONE) == Counter({"A": 4, "B": 1})


def test_what_is_cancelled_or_given_back_before_it_left_is_waited_for_no_longer() -> None:
    refunded = {"web-1": Counter({"A": 2})}

    assert promised(ORDERS, {"web-1": Counter({"A": 1})}, refunded, frozenset({"web-2"})) == Counter({"A": 1, "B": 1})


def test_sources_add_up_and_what_no_source_has_in_stock_is_sold_as_nothing() -> None:
    on_hand = {
        ("north", "A"): Shown(Decimal(5), 1),
        ("south", "A"): Shown(Decimal("2.5"), 1),
        ("north", "B"): Shown(Decimal(0), 0),
    }

    assert modelled(on_hand, Counter({"A": 4, "B": 1})) == {"A": Decimal("3.5"), "B": Decimal(0)}


def test_a_sku_that_differs_is_named_with_both_numbers() -> None:
    found = compared({"A": Decimal(3), "B": Decimal(1)}, {"A": Decimal("3.0"), "B": Decimal(2)})

    assert str(found) == "salable stock equals the model for 1 of 2 SKUs (not: B 2 instead of 1)"
    assert not found.holds
    assert str(compared({"A": Decimal(3)}, {"A": Decimal(3)})) == "salable stock equals the model for 1 of 1 SKUs"


def test_the_same_shipment_in_several_lines_adds_up_and_other_steps_do_not_count() -> None:
    line = {"sku": "A", "quantity": "2"}
    events = [
        {"step": "PARTIALLY_SHIPPED", "order_id": "web-1", "lines": [line, line]},
        {"step": "DELIVERED", "order_id": "web-1", "lines": [line]},
    ]

    assert shipped(events, frozenset({"SHIPPED", "PARTIALLY_SHIPPED"})) == {"web-1": Counter({"A": 4})}


def test_an_order_is_known_by_its_rows_as_the_shop_shows_them() -> None:
    made = placed(
        {"items": [{"item_id": 7, "sku": "A", "qty_ordered": 2}, {"item_id": 8, "sku": "A", "qty_ordered": 1}]}
    )

    assert made == Placed(Counter({"A": 3}), {7: "A", 8: "A"})
