"""Random histories of one SKU: legal records in any order, and the plain way to add them up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from schemas.models.stock_change import StockChange
from tests.unit.streams.domain.ledger import UNIT, stock_change

PLACES = (("W1", "ON_HAND"), ("W1", "ON_HOLD"), ("W1", "ALLOCATED"), ("W2", "ON_HAND"), ("W2", "AVAILABLE"))


class Sketch(NamedTuple):
    """What is random about a record; `at` in microseconds after T0."""

    place: tuple[str, str]
    is_count: bool
    at: int
    units: int
    is_web: bool


def records_of(sketches: Sequence[Sketch]) -> list[StockChange]:
    """Each with an identity of its own in its scope, and recorded at a moment of its own: no tie is left open."""
    return [
        stock_change(
            at=sketch.at / UNIT,
            location_code=sketch.place[0],
            bucket=sketch.place[1],
            kind="ABSOLUTE" if sketch.is_count else "DELTA",
            units=abs(sketch.units) if sketch.is_count else sketch.units,
            commerce_order="1" if sketch.is_web and sketch.place[1] == "ALLOCATED" and not sketch.is_count else None,
            source_sequence=number if number % 3 else None,
            event_id=f"e{number}",
            recorded_at=number,
        )
        for number, sketch in enumerate(sketches)
    ]


def sketches(latest: int, *, places: Sequence[tuple[str, str]] = PLACES) -> st.SearchStrategy[Sketch]:
    """Records effective within `latest` microseconds; few different moments, so that many coincide."""
    return st.builds(
        Sketch,
        st.sampled_from(places),
        st.integers(0, 3).map(lambda number: number == 0),
        st.integers(0, latest),
        st.integers(-20, 20),
        st.booleans(),
    )


def plain_values(changes: Sequence[StockChange]) -> Mapping[tuple[str, str], int]:
    """The rule as it is written: the newest count, plus every delta effective after it."""
    scopes: dict[tuple[str, str], list[StockChange]] = defaultdict(list)
    for change in changes:
        scopes[change.location_code, change.bucket].append(change)
    return {place: _plain_value(records) for place, records in scopes.items()}


def _plain_value(records: Sequence[StockChange]) -> int:
    counts = [one for one in records if one.kind == "ABSOLUTE"]
    deltas = [one for one in records if one.kind == "DELTA" and one.commerce_order is None]
    if not counts:
        return sum(one.quantity for one in deltas)
    newest = max(counts, key=lambda one: (one.effective_at, one.recorded_at))
    return newest.quantity + sum(one.quantity for one in deltas if one.effective_at > newest.effective_at)


def disordered(changes: Sequence[StockChange], delays: Sequence[int]) -> list[StockChange]:
    """In order of arrival, each record `delays[n]` late: none comes later than the greatest delay."""
    arrival = sorted(zip(changes, delays, strict=True), key=lambda pair: pair[0].effective_at + pair[1])
    return [change for change, _delay in arrival]
