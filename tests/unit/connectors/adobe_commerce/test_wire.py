"""Numbers keep their digits on the way out and in; what cannot be a quantity is refused before it is written out."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.adobe_commerce import mapping, wire
from schemas.models.source_item import SourceItem

quantities = st.decimals(min_value=0, max_value=Decimal("99999999.9999"), places=4) | st.integers(0, 10**8).map(Decimal)
items = st.builds(SourceItem, st.text(min_size=1), st.sampled_from(["default", "wh-1"]), quantities, st.booleans())


@given(items)
def test_a_row_survives_the_way_out_and_back(item: SourceItem) -> None:
    row = mapping.to_source_item_row(item)

    assert mapping.from_source_item_row(row) == item
    assert mapping.from_source_item_row(msgspec.json.decode(wire.encode(row), type=wire.SourceItemRow)) == item


@given(items)
def test_the_legacy_row_survives_too(item: SourceItem) -> None:
    change = mapping.to_stock_item_change(item)
    read = wire.decode_stock_item(wire.encode({"qty": change.qty, "is_in_stock": change.is_in_stock, "item_id": 7}))

    assert mapping.from_stock_item_row(read, item.sku, item.source_code) == item


@pytest.mark.parametrize(
    ("quantity", "written"),
    [
        ("190.7", b"190.7"),
        ("190.7000", b"190.7"),
        ("1000", b"1000"),
        ("1E+3", b"1000"),
        ("0.0000", b"0"),
        ("0E-4", b"0"),
        ("1E-4", b"0.0001"),
        ("100.10", b"100.1"),
        ("12345678901234567890.1234", b"12345678901234567890.1234"),
    ],
)
def test_a_quantity_is_written_as_people_write_it(quantity: str, written: bytes) -> None:
    row = mapping.to_source_item_row(SourceItem("A", "default", Decimal(quantity), in_stock=True))

    assert wire.encode(wire.SourceItemsBody((row,))) == (
        b'{"sourceItems":[{"sku":"A","source_code":"default","quantity":%s,"status":1}]}' % written
    )


@pytest.mark.parametrize(
    ("text", "quantity"), [("190.7", "190.7"), ('"190.7000"', "190.7"), ("1e2", "100"), ("0.1", "0.1"), ("7", "7")]
)
def test_a_quantity_is_read_from_a_number_or_a_text(text: str, quantity: str) -> None:
    body = f'{{"items":[{{"sku":"A","source_code":"d","quantity":{text},"status":"1"}}],"total_count":1}}'

    (row,) = wire.decode_source_items(body.encode()).items

    assert mapping.from_source_item_row(row) == SourceItem("A", "d", Decimal(quantity), in_stock=True)


@pytest.mark.parametrize("text", ["NaN", '"NaN"', '"Infinity"', "1e999999999", "1e31", "null", '"five"', "[]", "true"])
def test_what_is_no_quantity_is_refused_when_read(text: str) -> None:
    body = f'{{"items":[{{"sku":"A","source_code":"d","quantity":{text},"status":1}}],"total_count":1}}'

    with pytest.raises(msgspec.MsgspecError):
        wire.decode_source_items(body.encode())


@pytest.mark.parametrize("quantity", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")])
def test_what_is_no_quantity_is_not_written(quantity: Decimal) -> None:
    with pytest.raises(ValueError, match="finite"):
        mapping.to_source_item_row(SourceItem("A", "default", quantity, in_stock=True))


def test_a_product_without_a_stock_row_shows_nothing() -> None:
    assert mapping.from_stock_item_row(wire.decode_stock_item(b'{"qty":5}'), "A", "default") is None
    assert mapping.from_stock_item_row(wire.decode_stock_item(b'{"item_id":3,"qty":null}'), "A", "default") is None


def test_fields_that_are_not_ours_are_passed_over() -> None:
    row = wire.decode_stock_item(b'{"item_id":"3","qty":"2.0000","is_in_stock":true,"min_qty":0,"low_stock_date":null}')

    assert row == wire.StockItemRow(qty=Decimal(2), is_in_stock=True, item_id=3)


def test_status_is_in_stock_only_when_it_is_1() -> None:
    def row(status: int) -> SourceItem:
        return mapping.from_source_item_row(wire.SourceItemRow("A", "d", Decimal(1), status))

    assert [row(status).in_stock for status in (0, 1, 2)] == [False, True, False]


def test_a_listed_row_keeps_its_digits_and_one_that_no_warehouse_has_is_refused() -> None:
    listed = wire.ListedItemRow("A", Decimal("5.5000"), 1)

    assert mapping.from_listed_row(listed, "north") == SourceItem("A", "north", Decimal("5.5"), in_stock=True)
    assert str(mapping.from_listed_row(listed, "north").quantity) == "5.5000"
    with pytest.raises(ValueError, match="30 digits"):
        mapping.from_listed_row(wire.ListedItemRow("A", Decimal("1e99"), 1), "north")
