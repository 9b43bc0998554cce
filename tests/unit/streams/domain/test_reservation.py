"""Reservations: decided in the order of the log, never more than there is, given back exactly once."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.models.stock_reservation import Reservation, ReservationRequest, ReservedPart
from streams.domain import reservation as rules_of
from streams.domain import reservation_goods as goods
from streams.domain.reasons import IgnoreReason
from streams.domain.reservation import OPEN, Asked, Kept, ReservationStep, fold_reservation, promisable
from streams.domain.reservation_goods import Taken
from streams.domain.stock_entry import StockEntry
from streams.domain.stock_rules import StockRules
from streams.domain.version import Version
from tests.unit.streams.domain.ledger import SKU, T0, UNIT, count, delta, hold_record, ledger_of

RULES = StockRules(last_units=3 * UNIT)
SECOND = 1_000_000


def _entry(*records: Any, **holds: float) -> StockEntry:  # noqa: ANN401  records of the ledger
    ledger = ledger_of(list(records))
    for kind, units in holds.items():
        ledger.hold(hold_record(units, kind=kind, hold_id=kind))
    return ledger.entry


def asked(action: str = "CREATE", *, at: float = 0, late: float = 0, **fields: Any) -> Asked:  # noqa: ANN401
    """At so many seconds after T0, decided `late` seconds after that."""
    plain: dict[str, Any] = {
        "request_id": "q",
        "reservation_id": "r1",
        "sku": SKU,
        "action": action,
        "client": "pos",
        "quantity": round(fields.pop("units", 1) * UNIT),
        "ttl_ms": 900_000,
        "patience_ms": 500,
        "shop_reserved": None if (taken := fields.pop("shop_reserved", 0)) is None else round(taken * UNIT),
        "at": T0,
        **fields,
    }
    taken_at = T0 + round(at * SECOND)
    return Asked(ReservationRequest(**plain), taken_at, taken_at + round(late * SECOND), Version(7, 42))


def _fold(entry: StockEntry, known: Kept | None, one: Asked, rules: StockRules = RULES) -> ReservationStep:
    return fold_reservation(entry, known, one, SKU, rules)


def _told(step: ReservationStep) -> Reservation:
    assert step.kept is not None
    return step.kept.told


# ── created ──────────────────────────────────────────────────────────────────────────────────────


def test_what_is_there_is_held_at_its_source_until_the_time_is_over() -> None:
    step = _fold(_entry(count(10)), None, asked(units=4))

    told = _told(step)
    assert (told.state, told.left, told.is_last) == ("HELD", 6 * UNIT, False)
    assert told.parts == (ReservedPart("W1", 4 * UNIT),)
    assert told.expires_at == T0 + 900 * SECOND
    assert (told.epoch, told.counter) == (7, 42)
    assert step.entry.source("W1").allocated == 4 * UNIT


@pytest.mark.parametrize(("units", "is_last"), [(6, False), (7, True), (10, True)])
def test_few_units_left_are_marked(units: float, *, is_last: bool) -> None:
    assert _told(_fold(_entry(count(10)), None, asked(units=units))).is_last is is_last


def test_more_than_there_is_is_refused_with_what_there_is() -> None:
    step = _fold(_entry(count(2)), None, asked(units=3))

    assert (_told(step).state, _told(step).left, _told(step).parts) == ("REFUSED", 2 * UNIT, ())
    assert step.entry.source("W1").allocated == 0


def test_open_orders_of_the_shop_are_taken_off_although_the_shop_still_shows_their_goods() -> None:
    entry = _entry(count(10))

    assert _told(_fold(entry, None, asked(units=3, shop_reserved=8))).state == "REFUSED"
    assert _told(_fold(entry, None, asked(units=2, shop_reserved=8))).left == 0


def test_what_the_shop_shows_as_out_of_stock_is_promised_to_nobody() -> None:
    assert _told(_fold(_entry(count(10)), None, asked(shop_reserved=None))).state == "REFUSED"


def test_goods_that_have_left_are_not_promised_although_they_are_still_shown() -> None:
    entry = _entry(count(1), SHIPPED_NOT_POSTED=5)

    assert promisable(entry, SKU, RULES) == UNIT


def test_a_place_without_a_count_promises_nothing() -> None:
    assert promisable(_entry(delta(5)), SKU, RULES) == 0


def test_work_in_progress_is_promised_where_the_setting_counts_it() -> None:
    entry = _entry(count(1), count(4, bucket="WIP"))

    assert promisable(entry, SKU, RULES) == UNIT
    assert promisable(entry, SKU, StockRules(count_wip=True)) == 5 * UNIT


def test_a_request_that_comes_after_its_time_holds_nothing_and_may_be_made_again() -> None:
    late = _fold(_entry(count(1)), None, asked(late=0.6))
    again = _fold(late.entry, late.kept, asked(at=2))

    assert (_told(late).state, late.entry.source("W1").allocated) == ("LATE", 0)
    assert (_told(again).state, _told(again).revision) == ("HELD", 2)


def test_a_checkout_of_the_shop_holds_the_pool_and_leaves_what_the_shop_shows() -> None:
    step = _fold(_entry(count(3)), None, asked(units=2, is_checkout=True))

    assert (_told(step).state, _told(step).parts) == ("HELD", ())
    assert step.entry.source("W1").allocated == 0
    assert promisable(step.entry, SKU, RULES) == UNIT


@pytest.mark.parametrize(
    ("order", "units", "parts"),
    [
        ((), 3, {"a": 3}),
        ((), 4, {"b": 4}),
        (("c", "b"), 3, {"b": 3}),
        (("c",), 6, {"c": 2, "a": 3, "b": 1}),
        ((), 9, {"a": 3, "b": 4, "c": 2}),
    ],
)
def test_one_source_that_has_all_goes_before_several_and_the_setting_says_which_first(
    order: tuple[str, ...], units: int, parts: Mapping[str, int]
) -> None:
    found = rules_of.allot({"a": 3, "b": 4, "c": 2}, units, order)

    assert {part.source_code: part.quantity for part in found} == parts


def test_a_source_that_has_nothing_gets_no_part() -> None:
    parts = rules_of.allot({"a": 0, "b": 3, "c": 2, "d": 4}, 8, ("c",))

    assert parts == (ReservedPart("c", 2), ReservedPart("b", 3), ReservedPart("d", 3))


# ── what becomes of it ───────────────────────────────────────────────────────────────────────────


def _held(**fields: Any) -> ReservationStep:  # noqa: ANN401  as `asked`
    return _fold(_entry(count(10)), None, asked(units=4, **fields))


def test_a_repeat_changes_nothing_even_with_another_quantity() -> None:
    step = _held()

    again = _fold(step.entry, step.kept, asked(units=1, at=3))

    assert (again.ignored, again.kept, again.entry) == (IgnoreReason.DUPLICATE, None, step.entry)


def test_a_confirmed_one_names_its_order_holds_on_and_no_longer_expires() -> None:
    step = _held()

    done = _fold(step.entry, step.kept, asked("CONFIRM", order_id="pos-1"))
    over = _fold(done.entry, done.kept, asked("EXPIRE", revision=_told(step).revision))

    assert (_told(done).state, _told(done).order_id, _told(done).expires_at) == ("CONFIRMED", "pos-1", None)
    assert done.entry.source("W1").allocated == 4 * UNIT
    assert over.ignored is IgnoreReason.STALE
    assert rules_of.due_at(_told(done)) == 0


def test_what_was_promised_at_a_till_ends_with_its_goods_and_never_by_time() -> None:
    """Although the request names the revision that it has."""
    done = _confirmed()

    over = _fold(done.entry, done.kept, asked("EXPIRE", at=10**6, revision=_told(done).revision))

    assert (over.ignored, over.kept, over.entry) == (IgnoreReason.STALE, None, done.entry)


@pytest.mark.parametrize(("action", "state"), [("RELEASE", "RELEASED"), ("EXPIRE", "EXPIRED")])
def test_what_ends_gives_back_exactly_what_it_held(action: str, state: str) -> None:
    step = _held()

    done = _fold(step.entry, step.kept, asked(action, revision=1))
    again = _fold(done.entry, done.kept, asked(action, revision=1))

    assert (_told(done).state, _told(done).parts, done.entry.source("W1").allocated) == (state, (), 0)
    assert (again.ignored, again.entry) == (IgnoreReason.STALE, done.entry)


def test_a_confirmed_checkout_counts_until_the_shop_tells_of_its_order_and_then_ends_by_itself() -> None:
    step = _held(is_checkout=True)

    done = _fold(step.entry, step.kept, asked("CONFIRM", at=10, order_id="1001"))
    due = rules_of.due_at(_told(done))
    over = _fold(done.entry, done.kept, asked("EXPIRE", at=140, revision=2))

    assert due == T0 + 10 * SECOND + rules_of.HANDED_OVER_AFTER
    assert promisable(done.entry, SKU, RULES) == 6 * UNIT
    assert (_told(over).state, promisable(over.entry, SKU, RULES)) == ("FULFILLED", 10 * UNIT)


def test_what_nobody_made_cannot_be_confirmed() -> None:
    assert _fold(_entry(count(1)), None, asked("CONFIRM", order_id="x")).ignored is IgnoreReason.TOO_OLD


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────

ACTIONS = st.sampled_from(["CREATE", "CREATE", "CREATE", "CONFIRM", "RELEASE", "EXPIRE"])
REQUESTS = st.tuples(
    ACTIONS,
    st.sampled_from(["a", "b", "c", "d"]),
    st.integers(0, 6),
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from([0.0, 0.4, 0.6]),
    st.integers(1, 4),
)


@given(st.integers(0, 12), st.integers(0, 12), st.lists(REQUESTS, max_size=25))
@settings(max_examples=150)
def test_never_more_is_promised_than_is_there_and_what_ends_comes_back(
    here: int, there: int, history: list[tuple[str, str, int, int, bool, float, int]]
) -> None:
    entry = before = _entry(count(here), count(there, location_code="W2"))
    known: dict[str, Kept] = {}
    for action, name, units, in_shop, checkout, late, revision in history:
        one = asked(
            action,
            reservation_id=name,
            units=units,
            shop_reserved=in_shop,
            is_checkout=checkout,
            late=late,
            revision=revision,
            order_id="o",
        )
        was_open = known.get(name) is not None and known[name].told.state in OPEN
        step = _fold(entry, known.get(name), one)
        if step.kept is not None:
            known[name] = step.kept
            if not was_open and step.kept.told.state in OPEN:
                assert _open(known) + in_shop * UNIT <= (here + there) * UNIT
        else:
            assert step.entry == entry
        entry = step.entry
        again = _fold(entry, known.get(name), one)  # a repeat of the same request
        if known.get(name) is not None and known[name].told.state != "LATE" and action != "EXPIRE":
            assert again.entry == entry
        assert entry.checkouts == sum(k.told.quantity for k in known.values() if _checks_out(k))
        assert sum(state.allocated for state in entry.sources) == sum(
            part.quantity for k in known.values() for part in k.told.parts
        )
        assert promisable(entry, SKU, RULES) == (here + there) * UNIT - _open(known)

    for name, kept in known.items():
        entry = _fold(entry, kept, asked("RELEASE", reservation_id=name)).entry
    assert entry == before


def _checks_out(kept: Kept) -> bool:
    return kept.told.is_checkout and kept.told.state in OPEN


def _open(known: Mapping[str, Kept]) -> int:
    return sum(kept.told.quantity for kept in known.values() if kept.told.state in OPEN)


# ── goods are taken ──────────────────────────────────────────────────────────────────────────────

STEPS = {"allocated": ("ALLOCATED", 1), "given up": ("ALLOCATED", -1), "shipped": ("ON_HAND", -1)}


def _confirmed(units: int = 4) -> ReservationStep:
    step = _fold(_entry(count(10)), None, asked(units=units))
    return _fold(step.entry, step.kept, asked("CONFIRM", order_id="pos-1"))


def _taken(bucket: str, units: float, order: str = "pos-1") -> Taken:
    return Taken((order,), bucket, round(units * UNIT), "W1", T0 + 5)


@pytest.mark.parametrize(
    "story",
    [
        ["shipped"],
        ["allocated", "shipped", "given up"],
        ["allocated", "given up", "shipped"],
        ["allocated", "given up", "allocated", "shipped", "given up"],
    ],
)
def test_what_records_of_stock_take_the_reservation_holds_no_longer(story: list[str]) -> None:
    """Held and taken together stay what was promised, until all of it has left."""
    step, ledger = _confirmed(), {"ALLOCATED": 0, "ON_HAND": 0}
    for name in story:
        bucket, sign = STEPS[name]
        ledger[bucket] += sign * 4
        assert step.kept is not None
        if not goods.waits_for(step.kept, _taken(bucket, sign * 4)):
            continue
        step = goods.goods_taken(step.entry, step.kept, _taken(bucket, sign * 4))
        held = step.entry.source("W1").allocated
        assert held == max(0, 4 - (ledger["ALLOCATED"] - ledger["ON_HAND"])) * UNIT

    assert (_told(step).state, _told(step).parts, step.entry.promised) == ("FULFILLED", (), 0)


def test_goods_that_leave_in_two_parts_lower_it_twice() -> None:
    first = _confirmed()
    assert first.kept is not None
    half = goods.goods_taken(first.entry, first.kept, _taken("ON_HAND", -1.5))
    assert half.kept is not None

    assert (_told(half).state, half.entry.source("W1").allocated) == ("CONFIRMED", round(2.5 * UNIT))
    whole = goods.goods_taken(half.entry, half.kept, _taken("ON_HAND", -2.5))
    assert (_told(whole).state, whole.entry.source("W1").allocated) == ("FULFILLED", 0)


@pytest.mark.parametrize(("bucket", "order"), [("ON_HAND", "pos-2"), ("ON_HOLD", "pos-1")])
def test_other_orders_and_other_buckets_are_not_its_goods(bucket: str, order: str) -> None:
    step = _confirmed()
    assert step.kept is not None

    assert not goods.waits_for(step.kept, _taken(bucket, -1, order))


def test_what_left_from_another_source_is_no_longer_held_where_it_was_held() -> None:
    step = _confirmed()
    assert step.kept is not None
    elsewhere = _taken("ON_HAND", -4)._replace(source_code="W9")

    done = goods.goods_taken(step.entry, step.kept, elsewhere)

    assert (_told(done).state, done.entry.source("W1").allocated) == ("FULFILLED", 0)


# ── beside everything else that moves the stock ──────────────────────────────────────────────────

MOVES = st.one_of(
    st.tuples(st.just("count"), st.sampled_from(["W1", "W2"]), st.integers(0, 12)),
    st.tuples(st.just("delta"), st.sampled_from(["W1", "W2"]), st.integers(-4, 4)),
    st.tuples(st.just("hold"), st.sampled_from(["ALLOCATION", "SHIPPED_NOT_POSTED"]), st.integers(0, 4)),
    st.tuples(ACTIONS, st.sampled_from(["a", "b", "c"]), st.integers(0, 6)),
    st.tuples(st.just("ship"), st.sampled_from(["a", "b", "c"]), st.integers(1, 4)),
)


@given(st.lists(MOVES, max_size=30), st.integers(0, 3))
@settings(max_examples=200)
def test_whatever_moves_the_stock_what_is_held_adds_up_and_nothing_is_granted_beyond_it(
    history: list[tuple[str, str, int]], in_shop: int
) -> None:
    """Stock may shrink below what was promised; then nothing more is, and what was held stays exactly held."""
    ledger = ledger_of([count(10), count(3, location_code="W2")])
    known: dict[str, Kept] = {}
    revision = 1
    for at, (what, name, units) in enumerate(history, 1):
        if what == "count":
            ledger.take(count(units, at, location_code=name))
        elif what == "delta":
            ledger.take(delta(units, at, location_code=name))
        elif what == "hold":
            revision += 1
            ledger.hold(hold_record(units, kind=name, hold_id=name, revision=revision))
        elif what == "ship":
            ledger.entry = _shipped(ledger.entry, known, name, units)
        else:
            there = promisable(ledger.entry, SKU, RULES) - in_shop * UNIT
            one = asked(what, reservation_id=name, units=units, shop_reserved=in_shop, order_id=name, revision=1)
            step = _fold(ledger.entry, known.get(name), one)
            if step.kept is not None:
                is_new = name not in known
                known[name] = step.kept
                if is_new:
                    assert (step.kept.told.state == "HELD") == (0 < units * UNIT <= there)
            ledger.entry = step.entry
        ours = sum(part.quantity for kept in known.values() for part in kept.told.parts)
        theirs = ledger.holds["ALLOCATION"].quantity if "ALLOCATION" in ledger.holds else 0
        assert sum(state.allocated for state in ledger.entry.sources) == ours + theirs
        assert ledger.entry.promised == sum(kept.told.state == "CONFIRMED" for kept in known.values())


def _shipped(entry: StockEntry, known: dict[str, Kept], name: str, units: int) -> StockEntry:
    """A record of stock takes goods of the order, if one was confirmed for it."""
    taken, kept = _taken("ON_HAND", -units, name), known.get(name)
    if kept is None or not goods.waits_for(kept, taken):
        return entry
    step = goods.goods_taken(entry, kept, taken)
    assert step.kept is not None
    known[name] = step.kept
    return step.entry
