"""What is stored can be read again, and what another release stored is refused instead of guessed."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.cause import Cause
from streams.domain import lane_rows, stock_entry
from streams.domain.lane_rows import Row, RowState, Shown, SkuRows, Unposted
from streams.domain.scope import NEVER, Scope
from streams.domain.stock_entry import SourceState, StockEntry
from streams.domain.stock_hold import OpenHold
from streams.domain.version import Version
from tests.unit.streams.domain.ledger import count, delta, ledger_of

times = st.integers(NEVER, 2**63 - 1)
sums = st.integers(-(4 * 10**18), 4 * 10**18)
names = st.text(max_size=20).filter(lambda text: text.isascii())
small = st.integers(0, 10**6)
buckets = st.sampled_from(["ON_HAND", "ALLOCATED", "ON_HOLD", "IN_TRANSIT", "WIP", "ON_ORDER", "AVAILABLE"])
versions = st.builds(Version, st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1))
shown = st.builds(Shown, sums, st.booleans())
causes = st.builds(Cause, names, small, small)

scopes = st.builds(
    Scope, small, names, buckets, names, names, times, times, times, small, sums, sums, sums, times, times, small, times
)
sources = st.builds(SourceState, names, st.booleans(), sums, st.booleans(), small, small, small, small, small)
entries = st.builds(
    StockEntry,
    small,
    st.lists(st.tuples(small, small, small), max_size=3).map(tuple),
    st.lists(scopes, max_size=4).map(tuple),
    st.lists(sources, max_size=4).map(tuple),
    small,
    st.lists(small, max_size=20).map(tuple),
)
unposted = st.builds(Unposted, names, names, sums, times, st.booleans(), st.booleans())
rows = st.builds(
    Row,
    names,
    shown,
    versions,
    small,
    small,
    causes,
    st.sampled_from(RowState),
    times,
    names,
    st.none() | shown,
    versions,
    times,
    small,
    small,
    names,
    times,
    small,
    st.lists(unposted, max_size=3).map(tuple),
    times,
)


@settings(max_examples=100, deadline=None)
@given(entries)
def test_an_entry_of_the_ledger_survives_storage(entry: StockEntry) -> None:
    assert stock_entry.decode(stock_entry.encode(entry)) == entry


@settings(max_examples=100, deadline=None)
@given(st.builds(SkuRows, versions, st.lists(rows, max_size=4).map(tuple)))
def test_the_rows_of_the_lane_survive_storage(entry: SkuRows) -> None:
    found = lane_rows.decode(lane_rows.encode(entry))

    assert found == entry
    assert {type(row.version) for row in found.rows} <= {Version}


@given(st.builds(OpenHold, names, small, names, names, sums, times, names))
def test_a_hold_survives_storage(hold: OpenHold) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(hold), type=OpenHold) == hold


def test_a_folded_entry_survives_storage() -> None:
    ledger = ledger_of([count(10), delta(1, 1), count(3, 2, bucket="ALLOCATED", location_code="W2")])

    assert stock_entry.decode(stock_entry.encode(ledger.entry)) == ledger.entry


def test_what_was_stored_before_fields_were_added_can_still_be_read() -> None:
    """New fields stand at the end and have defaults: this is how a format grows without a new number."""
    row = Row("W1", Shown(1, in_stock=True), Version(1, 1), 1, 0, Cause("t", 0, 0))
    for fields in (1, 2, 4):
        older: list[Any] = [msgspec.to_builtins(Version(1, 1)), [msgspec.to_builtins(row)[:-fields]]]

        assert lane_rows.decode(msgspec.msgpack.encode(older)) == SkuRows(Version(1, 1), (row,))


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\x93\x01", msgspec.msgpack.encode({"a": 1})])
def test_bytes_that_are_no_entry_are_refused(stored: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        stock_entry.decode(stored)
    with pytest.raises(msgspec.MsgspecError):
        lane_rows.decode(stored)
