"""Goods that have left and are not posted: what a row of the stock lane makes of them."""

import msgspec

from schemas.models.cause import Cause
from schemas.models.desired_stock import DesiredStock, SourceQuantity
from streams.domain import lane_rows, lane_shipments
from streams.domain.lane_rows import CHANGES, Row, RowState, Shown, SkuRows, Unposted
from streams.domain.reasons import DeadReason
from streams.domain.version import Version

NOW, REST = 1_763_700_000_000_000, 60_000_000


def shown(quantity: int) -> Shown:
    return Shown(quantity, in_stock=quantity > 0)


def row(wanted: int, *, acked: int | None = None, state: RowState = RowState.CLEAN) -> Row:
    """What the last snapshot says, and what the shop acknowledged."""
    return Row(
        "W1",
        shown(wanted),
        Version(1, 1),
        1,
        0,
        Cause(CHANGES, 0, 0),
        state=state,
        acked=shown(wanted if acked is None else acked),
    )


def left(quantity: int, reference: str = "s1") -> Unposted:
    return Unposted(reference, "web-1", quantity, NOW)


def folded(before: Row, quantity: int) -> Row:
    """After the next snapshot."""
    source = SourceQuantity("W1", quantity, int(quantity > 0), 2, 2, 0, Cause(CHANGES, 0, 1))
    after = lane_rows.fold(SkuRows(Version(1, 1), (before,)), DesiredStock("A", 1, 2, 5, (source,)), NOW).entry
    found = after.row("W1")
    assert found is not None
    return found


def posted(before: Row, *, is_sure: bool = True, rest: int = REST) -> Row:
    return lane_shipments.posted(before, "s1", NOW, rest, is_sure=is_sure)


# ── raised ───────────────────────────────────────────────────────────────────────────────────────


def test_goods_that_left_are_to_be_shown_until_they_are_posted_but_are_no_reason_to_write() -> None:
    after = lane_shipments.raised(row(10), left(3))

    assert (after.state, after.to_write, after.wanted) == (RowState.CLEAN, shown(13), shown(10))


def test_a_shipment_is_raised_once() -> None:
    once = lane_shipments.raised(row(10), left(3))

    assert lane_shipments.raised(once, left(3)) == once


def test_the_wms_taking_them_off_afterwards_changes_nothing_at_the_shop() -> None:
    after = folded(lane_shipments.raised(row(10), left(3)), 7)

    assert (after.state, after.to_write, after.acked) == (RowState.CLEAN, shown(10), shown(10))
    assert after.open_changes == 0


def test_a_source_that_is_sold_out_stays_in_stock_until_the_last_ones_are_posted() -> None:
    after = folded(lane_shipments.raised(row(3), left(3)), 0)

    assert (after.state, after.to_write) == (RowState.CLEAN, Shown(3, in_stock=True))


def test_a_source_that_is_kept_out_of_stock_with_goods_in_it_stays_so() -> None:
    """Its threshold is above what it holds: goods that left do not change that."""
    below = msgspec.structs.replace(row(2), wanted=Shown(2, in_stock=False))

    assert lane_shipments.raised(below, left(3)).to_write == Shown(5, in_stock=False)


def test_the_next_write_for_another_reason_contains_them() -> None:
    after = folded(lane_shipments.raised(row(10), left(3)), 12)

    assert (after.state, after.to_write) == (RowState.DIRTY, shown(15))


def test_a_snapshot_that_says_the_same_of_the_row_is_no_other_reason() -> None:
    after = folded(lane_shipments.raised(row(10), left(3)), 10)

    assert (after.state, after.acked, after.open_changes) == (RowState.CLEAN, shown(10), 0)


def test_goods_that_left_while_a_call_was_under_way_are_no_reason_to_write_again() -> None:
    written = row(7, acked=10, state=RowState.DIRTY)

    after = lane_rows.acknowledged(lane_shipments.raised(written, left(3)), written, NOW).row

    assert (after.state, after.acked) == (RowState.CLEAN, shown(7))


def test_what_a_call_carried_too_much_is_written_again() -> None:
    written = lane_shipments.raised(row(7, acked=9, state=RowState.DIRTY), left(3))

    after = lane_rows.acknowledged(lane_shipments.expired(written, "s1", NOW), written, NOW).row

    assert (after.state, after.acked, after.to_write) == (RowState.DIRTY, shown(10), shown(7))


# ── before it is posted ──────────────────────────────────────────────────────────────────────────


def test_the_shop_is_short_where_the_wms_change_was_written_before_the_shipment_was_known() -> None:
    after = lane_shipments.raised(row(2), left(3))

    assert lane_shipments.is_short(after, 3)
    assert lane_shipments.due(after, NOW).state is RowState.DIRTY
    assert lane_shipments.due(after, NOW).to_write == shown(5)


def test_the_shop_is_short_where_others_under_way_take_what_is_left() -> None:
    one = lane_shipments.posting(lane_shipments.raised(row(4), left(3)), "s1", is_posting=True)
    both = lane_shipments.raised(one, left(2, "s2"))

    assert not lane_shipments.is_short(lane_shipments.posting(both, "s1", is_posting=False), 2)
    assert lane_shipments.is_short(both, 2)


def test_what_the_shop_shows_is_not_judged_where_it_is_unknown_or_cannot_be_written() -> None:
    unknown = msgspec.structs.replace(row(2), acked=None)

    assert not lane_shipments.is_short(unknown, 3)
    assert not lane_shipments.is_short(row(2, state=RowState.DEAD), 3)


def test_a_row_that_is_dirty_or_dead_does_not_become_due() -> None:
    for state in (RowState.DIRTY, RowState.DEAD, RowState.PARKED):
        before = row(2, state=state)
        assert lane_shipments.due(before, NOW) == before


# ── posted ───────────────────────────────────────────────────────────────────────────────────────


def test_a_clean_row_that_showed_the_goods_stays_clean_once_they_are_posted() -> None:
    after = posted(folded(lane_shipments.raised(row(10), left(3)), 7))

    assert (after.state, after.acked, after.to_write) == (RowState.CLEAN, shown(7), shown(7))
    assert (after.unposted, after.rest_until) == ((), 0)


def test_posted_before_the_wms_said_so_the_lower_number_stays_until_it_does() -> None:
    after = posted(lane_shipments.raised(row(10), left(3)))

    assert (after.state, after.acked, after.rest_until) == (RowState.CLEAN, shown(7), NOW + REST)
    settled = folded(after, 7)
    assert (settled.state, settled.acked, settled.rest_until) == (RowState.CLEAN, shown(7), 0)


def test_posted_after_the_wms_change_was_written_the_row_is_written_up_after_its_rest() -> None:
    after = posted(lane_shipments.raised(row(7), left(3)))

    assert lane_shipments.rested(after, NOW + REST - 1) == after
    due = lane_shipments.rested(after, NOW + REST)
    assert (due.state, due.acked, due.to_write, due.rest_until) == (RowState.DIRTY, shown(4), shown(7), 0)


def test_without_a_rest_it_is_written_up_at_once() -> None:
    assert posted(lane_shipments.raised(row(7), left(3)), rest=0).state is RowState.DIRTY


def test_a_second_posting_does_not_prolong_the_rest() -> None:
    once = posted(lane_shipments.raised(row(9), left(3)))
    twice = lane_shipments.raised(once, left(1, "s2"))

    after = lane_shipments.posted(twice, "s2", NOW + 5, REST, is_sure=True)

    assert (after.acked, after.rest_until) == (shown(5), NOW + REST)


def test_a_row_that_another_change_made_due_stays_due_with_what_the_shop_deducted_taken_off() -> None:
    dirty = folded(lane_shipments.raised(row(10), left(3)), 12)

    after = posted(dirty)

    assert (after.state, after.acked, after.to_write) == (RowState.DIRTY, shown(7), shown(12))


def test_a_shipment_that_was_found_at_the_shop_has_its_row_written_anew() -> None:
    known = folded(lane_shipments.raised(row(10), left(3)), 7)

    assert posted(known, is_sure=False).state is RowState.DIRTY


def test_a_shipment_is_posted_once_and_one_that_is_not_known_changes_nothing() -> None:
    once = posted(lane_shipments.raised(row(10), left(3)))

    assert posted(once) == once


def test_what_the_shop_shows_stays_unknown_where_it_was() -> None:
    unknown = lane_shipments.raised(msgspec.structs.replace(row(10, state=RowState.DIRTY), acked=None), left(3))

    assert posted(unknown).acked is None


def test_the_shop_takes_a_source_off_sale_by_itself_when_the_last_ones_leave() -> None:
    after = posted(folded(lane_shipments.raised(row(3), left(3)), 0))

    assert (after.state, after.acked) == (RowState.CLEAN, Shown(0, in_stock=False))


# ── dropped ──────────────────────────────────────────────────────────────────────────────────────


def test_a_refused_shipment_leaves_the_row_and_the_row_is_due_where_the_shop_shows_too_much() -> None:
    after = lane_shipments.dropped(folded(lane_shipments.raised(row(10), left(3)), 7), "s1", NOW)

    assert (after.state, after.to_write, after.unposted) == (RowState.DIRTY, shown(7), ())


def test_a_refused_shipment_that_was_never_shown_writes_nothing() -> None:
    after = lane_shipments.dropped(lane_shipments.raised(row(7), left(3)), "s1", NOW)

    assert (after.state, after.unposted) == (RowState.CLEAN, ())


def test_an_expired_shipment_counts_no_longer_and_is_not_raised_again() -> None:
    known = lane_shipments.posting(folded(lane_shipments.raised(row(10), left(3)), 7), "s1", is_posting=True)

    after = lane_shipments.expired(known, "s1", NOW)

    assert (after.state, after.to_write) == (RowState.DIRTY, shown(7))
    assert lane_shipments.raised(after, left(3)) == after
    item = lane_shipments.find(after, "s1")
    assert item is not None
    assert (item.is_expired, item.is_posting) == (True, False)


def test_a_row_that_a_shipment_left_is_refused_and_tried_again_like_any() -> None:
    known = lane_shipments.raised(row(7, state=RowState.DIRTY), left(3))

    refused = lane_rows.refused(known, known, DeadReason.REJECTED).row

    assert (refused.state, refused.unposted) == (RowState.DEAD, known.unposted)
    assert lane_shipments.dropped(refused, "s1", NOW).state is RowState.DEAD
