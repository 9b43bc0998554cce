"""The laws of the ledger: a function of the set of records, deaf to repeats, and the same however it is folded."""

from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain import scope as scope_rules
from streams.domain.stock_rules import PairTable, StockRules
from tests.unit.streams.domain.histories import Sketch, disordered, plain_values, records_of, sketches
from tests.unit.streams.domain.ledger import HOUR, UNIT, Ledger, ledger_of

LATEST = 1000
HORIZON = 64
RULES = StockRules(allocations={"wms": "other"}, buffers=PairTable(UNIT))
SHORT = StockRules(allocations={"wms": "other"}, horizon=HORIZON)
"""A horizon far below the length of the histories, so that every one is folded many times."""

histories = st.lists(sketches(LATEST), min_size=1, max_size=30)
"""Far within RULES' horizon: no order of them is too late."""


@st.composite
def disorders(draw: st.DrawFn) -> tuple[list[Sketch], list[list[int]]]:
    """A long history, and two ways in which it may arrive with less than the horizon of lateness."""
    history = draw(st.lists(sketches(LATEST), min_size=5, max_size=60))
    delay = st.integers(0, HORIZON - 1)
    ways = [draw(st.lists(delay, min_size=len(history), max_size=len(history))) for _ in range(2)]
    return history, ways


# ── a function of the set ────────────────────────────────────────────────────────────────────────


@settings(max_examples=150, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_the_log_does_not_matter_within_the_horizon(history: list[Sketch], random: Random) -> None:
    changes = records_of(history)
    shuffled = list(changes)
    random.shuffle(shuffled)

    one, other = ledger_of(changes, RULES), ledger_of(shuffled, RULES)

    assert one.result == other.result
    assert _bases(one) == _bases(other)


def _bases(ledger: Ledger) -> dict[tuple[str, str], tuple[int, int, int]]:
    return {(one.location, one.bucket): (one.base, one.base_at, one.web) for one in ledger.entry.scopes}


@settings(max_examples=100, deadline=None)
@given(histories)
def test_a_bucket_holds_its_newest_count_and_every_delta_after_it(history: list[Sketch]) -> None:
    changes = records_of(history)

    assert ledger_of(changes, RULES).values() == plain_values(changes)


@settings(max_examples=100, deadline=None)
@given(disorders())
def test_no_order_with_less_lateness_than_the_horizon_matters_however_much_was_folded(
    disorder: tuple[list[Sketch], list[list[int]]],
) -> None:
    changes = records_of(disorder[0])
    one, other = (ledger_of(disordered(changes, delays), SHORT) for delays in disorder[1])

    assert one.values() == other.values() == plain_values(changes)
    assert one.result == other.result


@settings(max_examples=60, deadline=None)
@given(disorders(), st.sampled_from(["other", "all"]))
def test_web_orders_of_an_allocated_total_are_a_function_of_the_set_too(
    disorder: tuple[list[Sketch], list[list[int]]], contents: Literal["other", "all"]
) -> None:
    place = ("W1", "ALLOCATED")
    changes = records_of([sketch._replace(place=place) for sketch in disorder[0]])
    rules = StockRules(allocations={"wms": contents}, horizon=HORIZON)

    one, other = (ledger_of(disordered(changes, delays), rules) for delays in disorder[1])

    assert one.scope(*place).web == other.scope(*place).web
    assert one.scope(*place).web == sum(one.quantity for one in changes if one.commerce_order)
    assert one.result == other.result


# ── repeats ──────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=120, deadline=None)
@given(disorders(), st.data())
def test_no_repeat_changes_anything_whenever_it_comes(
    disorder: tuple[list[Sketch], list[list[int]]], data: st.DataObject
) -> None:
    log = disordered(records_of(disorder[0]), disorder[1][0])
    ledger = Ledger(SHORT)

    for number, change in enumerate(log):
        ledger.take(change)
        before, accepted = ledger.result, ledger.accepted
        repeats = data.draw(st.lists(st.integers(0, number), max_size=3))
        ledger.take(*(log[index] for index in repeats))

        assert ledger.result == before
        assert ledger.accepted == accepted


@settings(max_examples=60, deadline=None)
@given(histories, st.data())
def test_repeats_within_one_batch_change_nothing(history: list[Sketch], data: st.DataObject) -> None:
    changes = records_of(history)
    repeated = [one for one in changes for _ in range(data.draw(st.integers(1, 3)))]
    once, often = Ledger(RULES), Ledger(RULES)

    once.take(*changes)
    often.take(*repeated)

    assert often.result == once.result
    assert often.accepted == once.accepted


# ── folding ──────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=80, deadline=None)
@given(disorders())
def test_folding_by_the_horizon_changes_no_value_at_any_step(disorder: tuple[list[Sketch], list[list[int]]]) -> None:
    log = disordered(records_of(disorder[0]), disorder[1][0])
    folding, keeping = Ledger(SHORT), Ledger(RULES)

    for change in log:
        folding.take(change)
        keeping.take(change)

        assert folding.values() == keeping.values()
        assert _remembered(folding) == _held(folding)


@settings(max_examples=80, deadline=None)
@given(st.lists(sketches(LATEST), min_size=10, max_size=60), st.integers(2, 12))
def test_folding_by_the_bound_changes_no_value_and_keeps_the_bound(history: list[Sketch], bound: int) -> None:
    changes = sorted(records_of(history), key=lambda change: change.effective_at)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scope_rules, "REMEMBERED_AT_MOST", bound)
        patched.setattr(scope_rules, "FOLDED_AT_ONCE", max(1, bound // 3))
        ledger, accepted = Ledger(StockRules(allocations={"wms": "other"}, horizon=HOUR)), []
        for change in changes:
            accepted += [change] if ledger.take(change) == ["accepted"] else []

            assert ledger.values() == plain_values(accepted)
            assert all(scope.remembered <= bound for scope in ledger.entry.scopes)
            assert _remembered(ledger) == _held(ledger)


def _remembered(ledger: Ledger) -> dict[int, tuple[int, int, int]]:
    """What the entry says of its movements: how many, the time of the oldest, and what they add to the base."""
    return {
        one.number: (one.remembered, one.oldest_at if one.remembered else 0, one.after_base)
        for one in ledger.entry.scopes
    }


def _held(ledger: Ledger) -> dict[int, tuple[int, int, int]]:
    """What the movements say themselves."""
    books = {one.number: (ledger.book.of(one.number), one.base_at) for one in ledger.entry.scopes}
    return {
        number: (len(book), book.oldest(1)[0].at if len(book) else 0, book.sum_after(base_at))
        for number, (book, base_at) in books.items()
    }


# ── batches and accounting ───────────────────────────────────────────────────────────────────────


@settings(max_examples=60, deadline=None)
@given(histories, st.data())
def test_where_a_batch_ends_does_not_matter(history: list[Sketch], data: st.DataObject) -> None:
    changes = records_of(history)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(changes)), max_size=5)))
    cut, single = Ledger(RULES), ledger_of(changes, RULES)

    for start, end in zip([0, *cuts], [*cuts, len(changes)], strict=True):
        cut.take(*changes[start:end])

    assert cut.result == single.result
    assert cut.entry.scopes == single.entry.scopes
    assert cut.moved == single.moved


@settings(max_examples=80, deadline=None)
@given(disorders())
def test_every_accepted_record_is_handed_on_or_parked_at_every_step(
    disorder: tuple[list[Sketch], list[list[int]]],
) -> None:
    ledger = Ledger(SHORT)

    for change in disordered(records_of(disorder[0]), disorder[1][1]):
        ledger.take(change)

        assert ledger.accepted == ledger.moved.handed + ledger.moved.parked
        assert min(ledger.moved) >= 0
        assert ledger.moved.handed == sum(state.changes for state in ledger.entry.sources if state.shown)
