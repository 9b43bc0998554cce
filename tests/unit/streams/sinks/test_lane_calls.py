"""One call of the stock lane: order of its rows, its id, its halves, and what counts as shown."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.models.cause import Cause
from schemas.models.source_item import SourceItem, StockPair
from streams.domain.lane_rows import Row, Shown
from streams.domain.version import Version
from streams.sinks.lane_calls import Item, call_id, halves, in_write_order, shows


def item(sku: str = "A", source: str = "north", micros: int = 190_700_000, counter: int = 1) -> Item:
    return Item(sku, Row(source, Shown(micros, micros > 0), Version(1, counter), 1, 0, Cause("t", 0, 0)))


items = st.lists(
    st.builds(
        item, st.sampled_from("ABCDE"), st.sampled_from(["north", "south"]), st.integers(0, 99), st.integers(1, 9)
    ),
    min_size=1,
    max_size=12,
)


def test_a_row_is_written_with_its_exact_quantity() -> None:
    assert item().source_item == SourceItem("A", "north", Decimal("190.7"), in_stock=True)
    assert str(item(micros=100_000_000).source_item.quantity) == "100"
    assert item(micros=0).source_item == SourceItem("A", "north", Decimal(0), in_stock=False)
    assert item().pair == StockPair("north", "A")


def test_rows_are_written_by_source_and_then_by_sku() -> None:
    some = [item("B", "south"), item("C", "north"), item("A", "south"), item("A", "north")]

    assert [one.pair for one in in_write_order(some)] == [
        ("north", "A"),
        ("north", "C"),
        ("south", "A"),
        ("south", "B"),
    ]


def test_the_same_rows_in_the_same_versions_are_the_same_call() -> None:
    assert call_id([item(), item("B")]) == call_id([item(), item("B")])
    assert len(call_id([item()])) == 16


@given(items)
def test_another_version_row_or_order_is_another_call(some: list[Item]) -> None:
    first = some[0]
    changed = [
        [first._replace(sku=f"{first.sku}x"), *some[1:]],
        [Item(first.sku, item(counter=first.row.version.counter + 1).row), *some[1:]],
        [*some, item("Z")],
        some[1:],
    ]

    assert call_id(some) not in [call_id(one) for one in changed]


@given(items)
def test_halves_hold_every_row_once_and_come_down_to_single_rows(some: list[Item]) -> None:
    first, second = halves(some)

    assert [*first, *second] == some
    if len(some) > 1:
        assert 0 < len(first) <= len(second) < len(some)


def test_a_row_is_shown_where_quantity_and_status_are_what_was_wanted() -> None:
    wanted = item()

    assert shows(wanted, SourceItem("A", "north", Decimal("190.7000"), in_stock=True))
    assert not shows(wanted, SourceItem("A", "north", Decimal("190.7"), in_stock=False))
    assert not shows(wanted, SourceItem("A", "north", Decimal("190.6999"), in_stock=True))
    assert not shows(wanted, None)
