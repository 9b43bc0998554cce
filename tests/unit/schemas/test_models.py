"""What the models add to their fields."""

from decimal import Decimal

import pytest

from schemas.models.cause import Cause
from schemas.models.source_item import SourceItem, StockPair


def test_a_source_item_is_known_by_source_and_sku() -> None:
    item = SourceItem("PUMP-200", "east", Decimal("4.5"), in_stock=True)

    assert item.pair == StockPair("east", "PUMP-200")


def test_a_model_does_not_change() -> None:
    cause = Cause("wms.stock-change.v1", 3, 7)

    with pytest.raises(AttributeError):
        cause.offset = 8  # type: ignore[misc]  # frozen: that is the point
