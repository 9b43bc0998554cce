"""Planted drift is of every kind, once per SKU; what a comparison says is judged by name."""

from collections import Counter
from typing import Any

from bench.drifting import KINDS, ORPHAN, STALE, chosen, judged, of_kind

SOURCES = ("north", "south", "east")


def test_the_share_is_of_all_rows_and_kinds_take_turns() -> None:
    planted = chosen(400, SOURCES, share=0.01, seed=7, stale_at="east")

    assert len(planted) == 12
    assert Counter(planted.values()) == dict.fromkeys(KINDS, 3)
    assert planted == chosen(400, SOURCES, share=0.01, seed=7, stale_at="east")


def test_stale_rows_are_where_a_second_value_was_written_and_orphans_are_unknown_skus() -> None:
    planted = chosen(400, SOURCES, share=0.05, seed=7, stale_at="east")

    assert {source for source, _ in of_kind(planted, STALE)} == {"east"}
    assert all(sku.startswith("ORPHAN-") for _, sku in of_kind(planted, ORPHAN))
    assert len({sku for _, sku in planted}) == len(planted)


def told(source: str, sku: str, kind: str) -> dict[str, Any]:
    return {"source_code": source, "sku": sku, "kind": kind}


def test_what_was_not_planted_or_goes_by_another_name_is_false() -> None:
    planted = {("north", "A"): "missing", ("north", "B"): "stale", ("south", "C"): "orphan"}
    drift = [
        told("north", "A", "missing"),
        told("north", "B", "foreign-edit"),
        told("south", "A", "missing"),
    ]

    assert judged(planted, drift) == (1, 2)
    assert judged(planted, [told(*pair, kind) for pair, kind in planted.items()]) == (3, 0)
