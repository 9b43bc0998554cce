"""Input records of a SKU end in one state each, and the sums close."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.cause import Cause
from streams.domain import stock_closing
from streams.domain.closing import Kind, State
from streams.domain.lane_rows import Row, RowState, Shown
from streams.domain.order_closing import Record
from streams.domain.stock_closing import LedgerSeen, SkuEvidence, SkuRecords, SourceSeen
from streams.domain.version import Version

TOPIC = "wms.stock-change.v1"
NOW = 1_000


def _row(state: RowState = RowState.CLEAN, changes: int = 3) -> Row:
    return Row("north", Shown(5, True), Version(1, 3), changes, 0, Cause(TOPIC, 0, 2), state)  # noqa: FBT003  as Shown has it


def _records(number: int, *, at: int = 10) -> SkuRecords:
    records = SkuRecords()
    for offset in range(number):
        records = stock_closing.noted(records, Record(TOPIC, 0, offset, at), NOW, is_dead=False)
    return records


def _whole() -> SkuEvidence:
    ledger = LedgerSeen({TOPIC: 3}, (SourceSeen("north", shown=True, contained=3),))
    return SkuEvidence("PUMP", _records(3), ledger, {"north": 3}, rows=(_row(),))


def test_the_newest_record_is_delivered_and_those_before_it_are_contained() -> None:
    closed = stock_closing.closed(_whole())
    assert (closed.states, closed.findings) == ({State.DELIVERED: 1, State.SUPERSEDED: 2}, ())


def test_a_changelog_without_the_entry_is_named() -> None:
    [finding] = stock_closing.closed(_whole()._replace(ledger=None)).findings
    assert finding.key == (Kind.NOT_IN_STATE, "PUMP", "changelog of stock-ledger")
    assert finding.detail == f"{TOPIC}[0] offset 2"


def test_a_changelog_with_an_older_entry_is_named() -> None:
    older = LedgerSeen({TOPIC: 2}, (SourceSeen("north", shown=True, contained=2),))
    assert [one.kind for one in stock_closing.closed(_whole()._replace(ledger=older)).findings] == [Kind.NOT_IN_STATE]


def test_a_snapshot_that_nobody_sent_is_named() -> None:
    closed = stock_closing.closed(_whole()._replace(snapshot=None))
    assert [one.kind for one in closed.findings] == [Kind.SNAPSHOT_GONE]
    assert closed.states[State.MISSING] == 1


def test_a_row_that_the_lane_no_longer_has_is_named() -> None:
    [finding] = stock_closing.closed(_whole()._replace(rows=None)).findings
    assert finding.where == "changelog of stock-write"


def test_records_that_only_repeat_what_was_known_are_superseded() -> None:
    """Of them nothing is sent, and the row may be of long ago."""
    known = LedgerSeen({TOPIC: 3}, (SourceSeen("north", shown=True, contained=9, is_new=False),))
    closed = stock_closing.closed(_whole()._replace(ledger=known, snapshot=None, rows=None))
    assert (closed.states, closed.findings) == ({State.SUPERSEDED: 3}, ())


def test_a_source_that_nobody_counted_parks_its_records() -> None:
    unknown = LedgerSeen({TOPIC: 3}, (SourceSeen("north", shown=False, contained=3),))
    assert stock_closing.closed(_whole()._replace(ledger=unknown, snapshot=None)).states[State.PARKED] == 1


def test_a_snapshot_that_the_lane_has_not_taken_yet_is_in_flight_since_its_first_record() -> None:
    waiting = _whole()._replace(is_snapshot_taken=False)

    assert stock_closing.closed(waiting).states == {State.IN_FLIGHT: 1, State.SUPERSEDED: 2}
    assert stock_closing.closed(waiting).since == 10
    assert stock_closing.closed(waiting._replace(rows=None)).findings == ()


def test_a_sku_that_the_lane_has_no_row_of_yet_is_in_flight() -> None:
    """What is too young to be judged may still be on its way."""
    young = _whole()._replace(records=_records(3, at=NOW), rows=None)

    assert stock_closing.closed(young).states == {State.IN_FLIGHT: 1, State.SUPERSEDED: 2}


@pytest.mark.parametrize(
    ("acked_at", "told", "may_lack"),
    [
        (50, {}, True),
        (50, {"north": Version(1, 2)}, True),
        (50, {"south": Version(1, 3)}, True),
        (50, {"north": Version(1, 3)}, False),
        (50, {"north": Version(2, 1)}, False),
        (49, {}, False),
    ],
)
def test_a_row_that_was_acknowledged_in_a_version_of_which_nothing_was_told_may_lack_an_outcome(
    acked_at: int, told: dict[str, Version], *, may_lack: bool
) -> None:
    """Outcomes were read from 50 on: of what was acknowledged before, they are not looked for."""
    row = msgspec.structs.replace(_row(), acked_at=acked_at, acked_version=Version(1, 3))
    one = _whole()._replace(rows=(row,), told=told, told_from=50)

    assert stock_closing.may_lack_an_outcome(one) is may_lack
    assert not stock_closing.may_lack_an_outcome(one._replace(rows=None))


@given(
    read=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20),
    row=st.sampled_from(list(RowState)),
    has_ledger=st.booleans(),
)
def test_every_record_ends_in_exactly_one_state(
    read: list[tuple[bool, bool]], row: RowState, *, has_ledger: bool
) -> None:
    """`read`: whether a record is a dead letter, and how many were taken; a reader takes a log from its beginning."""
    taken_to = sum(is_taken for _dead, is_taken in read)
    records = SkuRecords()
    for offset, (is_dead, _taken) in enumerate(read):
        record = Record(TOPIC, 0, offset, 10, is_taken=offset < taken_to)
        records = stock_closing.noted(records, record, NOW, is_dead=is_dead)
    one = _whole()._replace(records=records, rows=(_row(row),), ledger=_whole().ledger if has_ledger else None)
    assert sum(stock_closing.closed(one).states.values()) == len(read)


@given(st.integers(1, 50))
def test_what_is_younger_than_the_settle_time_is_not_judged(at: int) -> None:
    young = _whole()._replace(records=_records(1, at=NOW + at), ledger=None)
    assert stock_closing.closed(young).findings == ()
