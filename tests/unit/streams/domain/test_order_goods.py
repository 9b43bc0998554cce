"""What an ERP is told of parents and their parts: every amount once, every good once, and nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.models.order import OrderLine
from streams.domain.order_goods import goods_of
from tests.unit.streams.domain.order_histories import UNIT, line, order


def money(units: float) -> int:
    return round(units * UNIT)


def told(*lines: OrderLine) -> list[tuple[str, int | None]]:
    return [(one.line_id, one.row_total) for one in goods_of(order(*lines)).lines]


def test_an_order_without_parents_stays_as_it_is() -> None:
    plain = order(line("1", row_total=money(30)), line("2", "B", row_total=money(10)))

    assert goods_of(plain) is plain


def test_of_a_configurable_the_child_goes_with_the_money_and_the_choices_of_its_parent() -> None:
    parent = line("1", "PUMP", 2, row_total=money(20), tax=money(3), options={"size": "DN50"}, note="blue")
    child = line("2", "PUMP-DN50", 2, parent_line_id="1", row_total=0, configuration={"seal": "EPDM"})

    [booked] = goods_of(order(parent, child)).lines

    assert (booked.line_id, booked.sku, booked.quantity, booked.parent_line_id) == ("2", "PUMP-DN50", money(2), None)
    assert (booked.price, booked.row_total, booked.tax) == (parent.price, parent.row_total, parent.tax)
    assert (booked.options, booked.configuration, booked.note) == ({"size": "DN50"}, {"seal": "EPDM"}, "blue")


def test_of_a_bundle_whose_parts_have_their_own_prices_the_parts_go() -> None:
    parent = line("1", "SET", 1, row_total=money(30))
    parts = (
        line("2", "A", 1, parent_line_id="1", row_total=money(10)),
        line("3", "B", 1, parent_line_id="1", row_total=money(20)),
    )

    assert told(parent, *parts) == [("2", money(10)), ("3", money(20))]


def test_of_a_bundle_with_a_price_of_its_own_the_parent_goes_with_the_money_and_the_parts_without() -> None:
    parent = line("1", "SET", 1, row_total=money(30))
    parts = (line("2", "A", 1, parent_line_id="1", row_total=0), line("3", "B", 2, parent_line_id="1", row_total=0))

    assert told(parent, *parts) == [("1", money(30)), ("2", 0), ("3", 0)]


def test_a_single_part_that_stands_for_other_units_does_not_take_its_parents_price() -> None:
    parent = line("1", "CASE", 1, row_total=money(30))

    assert told(parent, line("2", "BOTTLE", 6, parent_line_id="1", row_total=0)) == [("1", money(30)), ("2", 0)]


def test_lines_that_name_each_other_as_parent_all_go() -> None:
    ring = (
        line("1", "A", 1, parent_line_id="2", row_total=money(1)),
        line("2", "B", 1, parent_line_id="1", row_total=money(1)),
        line("3", "C", 1, parent_line_id="3", row_total=money(1)),
        line("4", "D", 1, parent_line_id="gone", row_total=money(1)),
    )
    bundle = (line("5", "SET", 1, row_total=money(2)), line("6", "E", 1, parent_line_id="5", row_total=money(2)))

    assert [one for one, _total in told(*ring)] == ["1", "2", "3", "4"]
    assert [one for one, _total in told(*ring, *bundle)] == ["1", "2", "3", "4", "6"]


@st.composite
def shop_lines(draw: st.DrawFn) -> list[OrderLine]:
    """Tops with up to three parts each, as a shop states them: money above, below, or both."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        top, parts, has_money = f"{number}", draw(st.integers(0, 3)), draw(st.booleans())
        per_part = money(draw(st.integers(1, 9))) if parts and has_money else 0
        total = per_part * parts if per_part else money(draw(st.integers(1, 90)))
        lines.append(line(top, f"TOP{number}", 2, row_total=total))
        lines += [line(f"{top}.{part}", f"P{part}", 2, parent_line_id=top, row_total=per_part) for part in range(parts)]
    return lines


@given(shop_lines())
def test_the_lines_add_up_to_what_the_shop_charges_and_every_good_goes_once(lines: list[OrderLine]) -> None:
    booked = goods_of(order(*lines)).lines
    parents = {one.parent_line_id for one in lines}

    assert sum(one.row_total or 0 for one in booked) == sum(
        one.row_total or 0 for one in lines if one.parent_line_id is None
    )
    assert {one.line_id for one in lines} - parents <= {one.line_id for one in booked}
    assert len({one.line_id for one in booked}) == len(booked)
