"""What a folded entry tells the rest: versions, records handed on, and lines that were crossed."""

from types import MappingProxyType

from streams.domain.stock_rules import PairTable, StockRules
from streams.domain.stock_snapshot import Level, level_of
from tests.unit.streams.domain.ledger import UNIT, Ledger, count, delta, ledger_of

LOW = StockRules(low_stock=PairTable(5 * UNIT))


def _crossed(ledger: Ledger) -> list[tuple[str, str, float, float]]:
    return [(one.source_code, one.level.name, one.quantity / UNIT, one.threshold / UNIT) for one in ledger.crossings]


# ── versions ─────────────────────────────────────────────────────────────────────────────────────


def test_the_counter_rises_with_every_batch() -> None:
    ledger = Ledger()

    counters = [(ledger.take(count(10, at)), ledger.entry.counter)[1] for at in range(3)]

    assert counters == [1, 2, 3]


def test_a_source_takes_the_new_version_only_where_something_of_it_changed() -> None:
    ledger = Ledger(StockRules(locations={"W1": "a", "W2": "b"}))
    ledger.take(count(10), count(10, location_code="W2"))

    ledger.take(delta(1, 1), delta(0, 1, location_code="W2"))

    assert (ledger.source("a").version, ledger.source("b").version) == (2, 1)
    assert ledger.source("b").changes == 2


def test_the_newest_record_is_the_cause_and_the_last_twenty_are_kept() -> None:
    ledger = ledger_of([count(10), *(delta(1, at) for at in range(1, 30))])

    assert (ledger.source().cause_input, ledger.source().cause_offset) == (0, ledger.offset)
    assert ledger.entry.causes == tuple(range(ledger.offset - 19, ledger.offset + 1))


def test_sources_are_kept_in_order_of_their_codes() -> None:
    ledger = Ledger(StockRules(locations={"W1": "z", "W2": "a", "W3": "m"}))

    ledger.take(*(count(1, location_code=code) for code in ("W1", "W2", "W3")))

    assert [state.code for state in ledger.entry.sources] == ["a", "m", "z"]


def test_what_an_entry_has_seen_is_known_per_input_and_incarnation() -> None:
    entry = Ledger().entry.seen_to(0, 1, 50).seen_to(1, 0, 7).seen_to(0, 1, 60)

    assert [entry.next_offset(0, 1), entry.next_offset(1, 0), entry.next_offset(2, 0)] == [60, 7, 0]
    assert entry.next_offset(0, 2) == 0
    assert entry.seen_to(0, 2, 5).next_offset(0, 1) == 0


# ── records handed on or parked ──────────────────────────────────────────────────────────────────


def test_each_source_hands_on_its_own_records() -> None:
    ledger = Ledger(StockRules(locations={"W1": "a", "W2": "b"}))

    ledger.take(count(10), delta(1, 1), delta(1, 1, location_code="W2"))
    assert (ledger.moved.handed, ledger.moved.parked) == (2, 1)

    ledger.take(count(5, 2, location_code="W2"))
    assert (ledger.moved.handed, ledger.moved.parked) == (4, 0)


def test_ignored_records_are_neither_handed_on_nor_parked() -> None:
    ledger = ledger_of([count(10, 5)])

    ledger.take(delta(1, 4), count(1, 4))

    assert (ledger.moved.handed, ledger.moved.parked) == (1, 0)


# ── lines ────────────────────────────────────────────────────────────────────────────────────────


def test_levels_are_zero_then_low_up_to_the_line_then_plenty() -> None:
    assert [level_of(quantity, 5) for quantity in (-1, 0, 1, 5, 6)] == [
        Level.ZERO,
        Level.ZERO,
        Level.LOW,
        Level.LOW,
        Level.PLENTY,
    ]
    assert level_of(1, 0) is Level.PLENTY


def test_a_source_that_falls_crosses_low_and_then_zero() -> None:
    ledger = ledger_of([count(10), delta(-5, 1), delta(-5, 2), delta(-1, 3)], LOW)

    assert _crossed(ledger) == [("W1", "LOW", 5, 5), ("W1", "ZERO", 0, 0)]


def test_a_source_that_comes_back_crosses_to_plenty() -> None:
    ledger = ledger_of([count(0), count(10, 1), count(20, 2)], LOW)

    assert _crossed(ledger) == [("W1", "ZERO", 0, 0), ("W1", "PLENTY", 10, 5)]


def test_one_batch_tells_of_its_result_only() -> None:
    ledger = ledger_of([count(10)], LOW)

    ledger.take(delta(-10, 1), delta(10, 2))

    assert _crossed(ledger) == []


def test_a_source_that_is_first_shown_with_plenty_crosses_nothing() -> None:
    assert _crossed(ledger_of([count(10)], LOW)) == []


def test_a_source_without_a_base_crosses_nothing() -> None:
    assert _crossed(ledger_of([delta(-5)], LOW)) == []
    assert ledger_of([delta(-5)], LOW).source().level == Level.UNKNOWN


def test_the_line_is_that_of_the_pair() -> None:
    rules = StockRules(low_stock=PairTable(0, MappingProxyType({"W1|A": 8 * UNIT})))

    assert _crossed(ledger_of([count(10), delta(-2, 1)], rules)) == [("W1", "LOW", 8, 8)]
