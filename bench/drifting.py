"""Drift of every kind, planted in a shop behind the worker's back, and what a comparison must say of it."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bench.opening import OPENED, sku_of
from bench.shop import Shop, ShopRow

Pair = tuple[str, str]
"""Source, SKU."""
Planted = Mapping[Pair, str]
"""Pair → kind."""
MISSING, STALE, FOREIGN, ORPHAN = KINDS = ("missing", "stale", "foreign-edit", "orphan")


def chosen(skus: int, sources: Sequence[str], *, share: float, seed: int, stale_at: str) -> Planted:
    """So many of all rows, kinds in turn; no SKU is chosen twice.

    Stale ones are at `stale_at`, where a second value was written; orphans are new SKUs.
    """
    count = round(skus * len(sources) * share)
    rng = Random(seed)
    planted: dict[Pair, str] = {}
    for index, number in enumerate(rng.sample(range(skus), count)):
        kind = KINDS[index % len(KINDS)]
        source = stale_at if kind == STALE else rng.choice(sources)
        planted[source, f"ORPHAN-{index:06d}" if kind == ORPHAN else sku_of(number)] = kind
    return planted


def of_kind(planted: Planted, kind: str) -> list[Pair]:
    return [pair for pair, one in planted.items() if one == kind]


def plant(shop: Shop, planted: Planted) -> None:
    """What was stale goes back to the opening; a foreign edit is what nobody ever wanted."""
    quantities = {STALE: OPENED, FOREIGN: OPENED + 7, ORPHAN: 5}
    put: list[ShopRow] = [(*pair, quantities[kind], 1) for pair, kind in planted.items() if kind != MISSING]
    shop.edit(put=put, delete=of_kind(planted, MISSING))


def judged(planted: Planted, told: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many were found by their name, and how many were told that nobody planted, or by another name.

    `told` is the list of differences as the command prints it (Any: JSON).
    """
    by_pair = {(one["source_code"], one["sku"]): one["kind"] for one in told}
    found = sum(by_pair.get(pair) == kind for pair, kind in planted.items())
    return found, len(by_pair) - found
