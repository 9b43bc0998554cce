from typing import Any

import msgspec
import pytest

from streams.domain.ledger_differences import entry_differences
from streams.domain.scope import NEVER, Scope
from streams.domain.stock_entry import SourceState, StockEntry

UNIT = 1_000_000


def _scope(**fields: Any) -> Scope:  # noqa: ANN401  any field
    plain: dict[str, Any] = {
        "number": 0,
        "location": "W1",
        "bucket": "ON_HAND",
        "source_system": "wms",
        "owner_code": "",
        "base_at": 1,
        "base": 7 * UNIT,
    }
    return Scope(**{**plain, **fields})


EAST = SourceState("east", shown=True, quantity=7 * UNIT, in_stock=True, version=3, cause_offset=9)
LIVE = StockEntry(counter=5, guards=((0, 0, 12),), scopes=(_scope(),), sources=(EAST,))


def _with(**fields: Any) -> StockEntry:  # noqa: ANN401  any field of the source
    return msgspec.structs.replace(LIVE, sources=(msgspec.structs.replace(EAST, **fields),))


def test_numbers_that_count_batches_or_name_offsets_are_no_difference() -> None:
    fresh = msgspec.structs.replace(
        LIVE,
        counter=1,
        guards=((0, 1, 4),),
        sources=(msgspec.structs.replace(EAST, version=1, cause_offset=2, since=8),),
        scopes=(_scope(base_offset=4, remembered=3, number=2),),
    )

    assert list(entry_differences("A", LIVE, fresh)) == []


@pytest.mark.parametrize(
    ("fields", "kind", "after"),
    [
        ({"quantity": 8 * UNIT}, "quantity", "8 in stock"),
        ({"in_stock": False}, "status", "7 out of stock"),
        ({"shown": False}, "shown", "not shown"),
    ],
)
def test_what_the_shop_would_see_comes_first(fields: dict[str, Any], kind: str, after: str) -> None:
    fresh = msgspec.structs.replace(_with(**fields), scopes=())

    (found,) = entry_differences("A", LIVE, fresh)

    assert (found.kind, found.about) == (kind, "east")
    assert (found.example.name, found.example.before, found.example.after) == ("A", "7 in stock", after)


def test_a_source_that_only_one_of_them_has_is_shown_by_one_only() -> None:
    west = msgspec.structs.replace(EAST, code="west")
    (found,) = entry_differences("A", LIVE, msgspec.structs.replace(LIVE, sources=(EAST, west)))

    assert (found.kind, found.about, found.example.before) == ("shown", "west", "not shown")


def test_a_sku_that_only_one_of_them_knows_is_told_with_what_it_would_show() -> None:
    (gone,) = entry_differences("A", LIVE, None)
    (new,) = entry_differences("A", None, LIVE)
    (empty,) = entry_differences("A", StockEntry(), None)

    assert (gone.kind, gone.example.before, gone.example.after) == ("sku-only-live", "east: 7 in stock", None)
    assert (new.kind, new.example.before, new.example.after) == ("sku-only-rebuilt", None, "east: 7 in stock")
    assert empty.example.before == "nothing shown"


@pytest.mark.parametrize(
    ("scope", "after"),
    [
        (_scope(after_base=UNIT), "8, counted, by wms"),
        (_scope(base_at=NEVER), "7, never counted, by wms"),
        (_scope(source_system="erp"), "7, counted, by erp"),
        (_scope(web=UNIT), "7, counted, by wms"),
    ],
)
def test_a_bucket_can_differ_although_the_shop_would_show_the_same(scope: Scope, after: str) -> None:
    (found,) = entry_differences("A", LIVE, msgspec.structs.replace(LIVE, scopes=(scope,)))

    assert (found.kind, found.about, found.example.place) == ("bucket", "ON_HAND", "W1 ON_HAND")
    assert (found.example.before, found.example.after) == ("7, counted, by wms", after)


def test_a_bucket_that_only_one_of_them_has_is_named() -> None:
    (found,) = entry_differences("A", LIVE, msgspec.structs.replace(LIVE, scopes=()))

    assert (found.kind, found.example.before, found.example.after) == ("bucket", "7, counted, by wms", None)
