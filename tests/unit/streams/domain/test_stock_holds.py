"""Holds: absolute per hold id, the newest revision wins; what they add to, or take from, a source."""

from typing import Any

import pytest

from schemas.models.inventory import HoldKind
from streams.domain import stock_overdue
from streams.domain.stock_hold import OpenHold, lifted
from tests.unit.streams.domain.ledger import HOUR, SKU, T0, UNIT, Ledger, count, delta, hold_record, ledger_of


def _held(*holds: dict[str, Any]) -> Ledger:
    ledger = ledger_of([count(10)])
    for hold in holds:
        ledger.hold(hold_record(**hold))
    return ledger


def test_what_is_shipped_and_not_posted_raises_the_quantity() -> None:
    assert _held({"units": 3}).quantity() == 13


def test_an_allocation_of_another_channel_lowers_the_quantity() -> None:
    assert _held({"units": 3, "kind": "ALLOCATION"}).quantity() == 7


def test_holds_add_up_and_each_counts_once() -> None:
    ledger = _held({"units": 3}, {"units": 2, "hold_id": "h2"}, {"units": 4, "hold_id": "h3", "kind": "ALLOCATION"})

    assert ledger.quantity() == 10 + 3 + 2 - 4
    assert ledger.source().holds == 3


@pytest.mark.parametrize(("units", "shown"), [(5, 15), (1, 11), (0, 10)])
def test_a_newer_revision_replaces_what_the_hold_contributed(units: float, shown: float) -> None:
    assert _held({"units": 3}, {"units": units, "revision": 2}).quantity() == shown


def test_the_same_revision_again_is_a_duplicate() -> None:
    ledger = _held({"units": 3})

    assert ledger.hold(hold_record(3)) == "duplicate"
    assert ledger.quantity() == 13
    assert ledger.source().holds == 1


def test_an_older_revision_is_stale() -> None:
    ledger = _held({"units": 3, "revision": 5})

    assert ledger.hold(hold_record(9, revision=4)) == "stale"
    assert ledger.quantity() == 13


def test_a_lifted_hold_knows_its_older_revisions() -> None:
    ledger = _held({"units": 3}, {"units": 0, "revision": 2})

    assert ledger.hold(hold_record(3)) == "stale"
    assert ledger.quantity() == 10


def test_a_revision_can_move_a_hold_to_another_source_or_kind() -> None:
    moved = _held({"units": 3}, {"units": 3, "revision": 2, "source_code": "W2"})
    turned = _held({"units": 3}, {"units": 3, "revision": 2, "kind": "ALLOCATION"})

    assert (moved.quantity("W1"), moved.source("W2").shipped) == (10, 3 * UNIT)
    assert turned.quantity() == 7


def test_a_hold_at_a_source_without_a_base_is_parked_until_there_is_one() -> None:
    ledger = Ledger()
    ledger.hold(hold_record(3))

    assert (ledger.moved_holds.handed, ledger.moved_holds.parked) == (0, 1)
    ledger.take(count(10))
    assert (ledger.moved_holds.handed, ledger.moved_holds.parked) == (1, 0)
    assert ledger.quantity() == 13


def test_a_hold_is_named_as_the_cause_of_the_new_quantity() -> None:
    ledger = _held({"units": 3})

    assert ledger.source().cause_input == 1


@pytest.mark.parametrize("kind", ["SHIPPED_NOT_POSTED", "ALLOCATION"])
def test_lifting_is_the_next_revision_with_nothing_left(kind: HoldKind) -> None:
    ledger = _held({"units": 3, "order_id": "100001", "kind": kind}, {"units": 1, "hold_id": "h2", "kind": kind})

    first, second = (lifted(ledger.holds[name], SKU, T0 + UNIT) for name in ("h1", "h2"))

    assert (first.revision, first.quantity, first.order_id, first.effective_at) == (2, 0, "100001", T0 + UNIT)
    assert (first.sku, first.kind, second.order_id) == (SKU, kind, None)
    assert ledger.hold(first) == ledger.hold(second) == "accepted"
    assert ledger.quantity() == 10


# ── what stood still for too long ────────────────────────────────────────────────────────────────

LIMIT = 24 * HOUR


def _opened(**fields: Any) -> OpenHold:  # noqa: ANN401  any field of a hold
    ledger = _held(fields)
    return ledger.holds["h1"]


@pytest.mark.parametrize(("age", "is_expired"), [(LIMIT, False), (LIMIT + 1, True)])
def test_a_shipment_that_is_not_posted_in_time_expires(age: int, is_expired: bool) -> None:  # noqa: FBT001
    assert stock_overdue.is_expired(_opened(units=1), T0 + age, LIMIT) is is_expired


def test_an_allocation_and_a_lifted_hold_never_expire() -> None:
    late = T0 + 9 * LIMIT

    assert not stock_overdue.is_expired(_opened(units=1, kind="ALLOCATION"), late, LIMIT)
    assert not stock_overdue.is_expired(_opened(units=0), late, LIMIT)


@pytest.mark.parametrize(("age", "is_forgotten"), [(7 * LIMIT, False), (7 * LIMIT + 1, True)])
def test_a_lifted_hold_is_forgotten_after_a_week(age: int, is_forgotten: bool) -> None:  # noqa: FBT001
    assert stock_overdue.is_forgotten(_opened(units=0), T0 + age) is is_forgotten
    assert not stock_overdue.is_forgotten(_opened(units=1), T0 + age)


def test_a_source_is_overdue_where_its_records_wait_for_a_base_for_too_long() -> None:
    ledger = ledger_of([delta(1, 5), delta(1, 9)])
    limit_at = T0 + 5 * UNIT + LIMIT

    assert stock_overdue.without_base(ledger.entry, limit_at, LIMIT) == ()
    assert [state.code for state in stock_overdue.without_base(ledger.entry, limit_at + 1, LIMIT)] == ["W1"]
    ledger.take(count(10, 10))
    assert stock_overdue.without_base(ledger.entry, limit_at + 1, LIMIT) == ()
