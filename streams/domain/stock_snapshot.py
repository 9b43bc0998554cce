"""What a folded entry tells the rest: the snapshot for Commerce, and the lines that were crossed on the way."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

import msgspec

from streams.domain.stock_entry import SourceState, StockEntry
from streams.domain.stock_position import Terms, terms_of
from streams.domain.stock_rules import StockRules


class Level(IntEnum):
    """How a source's quantity stands to its lines; stored, so the numbers stay as they are."""

    UNKNOWN = 0
    PLENTY = 1
    LOW = 2
    ZERO = 3


class Crossing(NamedTuple):
    """A source crossed a line: from plenty to low, to zero, or back."""

    source_code: str
    level: Level
    quantity: int
    threshold: int


class Moved(NamedTuple):
    """Records that were handed on in a snapshot, and (below zero: no longer) parked for want of a base."""

    handed: int = 0
    parked: int = 0


class Settled(NamedTuple):
    """The entry with its new quantities, and what changed on the way; `promisable` is what may still be reserved."""

    entry: StockEntry
    crossings: tuple[Crossing, ...]
    changes: Moved
    holds: Moved
    promisable: int = 0


def settle(before: StockEntry, folded: StockEntry, sku: str, rules: StockRules) -> Settled:
    """Works out every source anew and gives the entry its next version; `before` is the entry as stored."""
    counter = before.counter + 1
    terms = terms_of(folded, sku, rules)
    states = tuple(_settled(state, terms[state.code], sku, rules, counter) for state in folded.sources)
    crossings = tuple(_crossings(before, states, sku, rules))
    pairs = [(before.source(state.code), state) for state in states]
    changes = _moved((old.shown, new.shown, old.changes, new.changes) for old, new in pairs)
    holds = _moved((old.shown, new.shown, old.holds, new.holds) for old, new in pairs)
    left = sum(one.promisable for one in terms.values()) - folded.checkouts
    entry = msgspec.structs.replace(folded, sources=states, counter=counter)
    return Settled(entry, crossings, changes, holds, left)


def _moved(sources: Iterable[tuple[bool, bool, int, int]]) -> Moved:
    """(was shown, is shown, records before, records now) of each source."""
    handed = parked = 0
    for was_shown, is_shown, before, now in sources:
        if not is_shown:
            parked += now - before
        elif was_shown:
            handed += now - before
        else:
            handed += now
            parked -= before
    return Moved(handed, parked)


def level_of(quantity: int, low: int) -> Level:
    if quantity <= 0:
        return Level.ZERO
    return Level.LOW if quantity <= low else Level.PLENTY


def _settled(state: SourceState, terms: Terms, sku: str, rules: StockRules, counter: int) -> SourceState:
    quantity = terms.quantity
    in_stock = quantity > rules.thresholds.of(state.code, sku) or rules.allows_backorders(sku)
    shown = state.shown or terms.has_base
    level = level_of(quantity, rules.low_stock.of(state.code, sku)) if shown else Level.UNKNOWN
    if (quantity, in_stock, shown, level) == (state.quantity, state.in_stock, state.shown, state.level):
        return state
    return msgspec.structs.replace(
        state, quantity=quantity, in_stock=in_stock, shown=shown, level=int(level), version=counter
    )


def _crossings(before: StockEntry, states: tuple[SourceState, ...], sku: str, rules: StockRules) -> list[Crossing]:
    old: Mapping[str, SourceState] = {state.code: state for state in before.sources}
    found = []
    for state in states:
        was = Level(old[state.code].level) if state.code in old else Level.UNKNOWN
        now = Level(state.level)
        worse = now in (Level.LOW, Level.ZERO) and now != was
        better = was in (Level.LOW, Level.ZERO) and now is Level.PLENTY
        if worse or better:
            low = rules.low_stock.of(state.code, sku)
            found.append(Crossing(state.code, now, state.quantity, low if now is not Level.ZERO else 0))
    return found
