"""What time alone makes wrong is found when its limit is passed, and not before."""

import pytest

from streams.domain.stock_entry import SourceState, StockEntry
from streams.domain.stock_hold import OpenHold
from streams.domain.stock_overdue import FORGOTTEN_AFTER, is_expired, is_forgotten, without_base

SECOND = 1_000_000
LIMIT = 60 * SECOND
T0 = 1_700_000_000 * SECOND


def _hold(*, kind: str = "SHIPPED_NOT_POSTED", quantity: int = 5) -> OpenHold:
    return OpenHold("h1", 3, "north", kind, quantity, T0)


def test_a_source_that_nobody_counted_for_longer_than_the_limit_is_named() -> None:
    waiting = SourceState("north", changes=4, since=T0)
    counted = SourceState("south", shown=True, changes=4, since=T0)
    only_a_hold = SourceState("west", holds=1)
    entry = StockEntry(sources=(waiting, counted, only_a_hold))

    assert without_base(entry, T0 + LIMIT + 1, LIMIT) == (waiting,)
    assert without_base(entry, T0 + LIMIT, LIMIT) == ()


@pytest.mark.parametrize(
    ("hold", "after", "expired"),
    [
        (_hold(), LIMIT + 1, True),
        (_hold(), LIMIT, False),
        (_hold(quantity=0), LIMIT + 1, False),
        (_hold(kind="ALLOCATION"), LIMIT + 1, False),
    ],
    ids=["too long", "at the limit", "lifted already", "of another channel: it has no limit"],
)
def test_a_shipment_that_is_not_posted_expires(hold: OpenHold, after: int, *, expired: bool) -> None:
    assert is_expired(hold, T0 + after, LIMIT) is expired


def test_a_lifted_hold_is_forgotten_after_a_week_and_an_open_one_never() -> None:
    assert is_forgotten(_hold(quantity=0), T0 + FORGOTTEN_AFTER + 1)
    assert not is_forgotten(_hold(quantity=0), T0 + FORGOTTEN_AFTER)
    assert not is_forgotten(_hold(), T0 + FORGOTTEN_AFTER + 1)
