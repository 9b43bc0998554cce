"""What becomes of letters that were sent again: seen from the logs, so that it holds for whoever reads them.

A worker acknowledges a new letter, and its word that newer state has overtaken one, before it commits what it read.
So once the group's offset has passed a record, and both topics are read up to that moment, the record is a new letter,
was overtaken, or was taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.catalogue import AUDIT as AUDIT_CONTRACT
from schemas.catalogue import outcome_contract
from schemas.models.operations import Audit, Outcome
from streams.domain.stock_rules import StockRules
from streams.runtime.lookback import Place
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.letter_closings import closing_of
from streams.runtime.operating.letter_retry import Fate
from streams.runtime.operating.letters import AT_THE_SHOP, DeadLetter, letter_of
from streams.runtime.operating.log_reader import LogReader, LogRecord
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.wire import Wire
from streams.topics import AUDIT, COMMERCE_OUTCOME, DEAD_LETTER

OUTCOMES = outcome_contract("commerce")
CATCH_UP_ROUNDS = 30
"""Fetches until the letters and outcomes up to a moment must have been read; otherwise nothing is said."""
_ENDS = {"APPLIED": Fate.APPLIED, "SUPERSEDED": Fate.APPLIED}


class LogWatch:
    """Made before the first letter is sent, with a reader of its own; `placed` says where each one was sent to."""

    def __init__(self, brokers: Brokers, reader: LogReader, wire: Wire, *, group: str, rules: StockRules) -> None:
        self._brokers, self._reader, self._wire, self._group, self._rules = brokers, reader, wire, group, rules
        topics = (DEAD_LETTER.name, COMMERCE_OUTCOME.name, AUDIT.name)
        self._followed = [part for topic in topics for part in brokers.partitions(topic)]
        self._reached = {one: span.end for one, span in brokers.spans(self._followed).items()}
        self._reader.follow(self._reached)
        self._places: dict[str, Place] = {}
        self._letters: dict[str, DeadLetter] = {}
        self._rows: dict[Row, list[DeadLetter]] = {}
        self._passed: set[str] = set()
        self._fates: dict[str, Fate] = {}

    def placed(self, places: Mapping[str, Place]) -> None:
        """Letter id → where its record lies now."""
        self._places.update(places)

    def sent(self, letters: Sequence[DeadLetter]) -> None:
        self._letters.update({letter.letter_id: letter for letter in letters})
        for row, found in rows_of(letters, self._rules).items():
            self._rows.setdefault(row, []).extend(found)

    def fate(self, letter: DeadLetter) -> Fate:
        """The shop's word counts for what the shop had refused; for the rest, that it was read."""
        known = self._fates.get(letter.letter_id)
        if known is not None:
            return known
        if letter.letter_id in self._passed and letter.reason not in AT_THE_SHOP:
            return Fate.TAKEN
        return Fate.WAITING

    def look(self, within_s: float) -> None:
        for record in self._reader.poll(within_s):
            self._take(record)
        passed = self._just_passed()
        if not passed:
            return
        ends = {one: span.end for one, span in self._brokers.spans(self._followed).items()}
        for _ in range(CATCH_UP_ROUNDS):
            if all(self._reached[one] >= end for one, end in ends.items()):
                self._passed |= passed
                return
            for record in self._reader.poll(1.0):
                self._take(record)

    def _just_passed(self) -> set[str]:
        waiting = {name: place for name, place in self._places.items() if name not in self._passed}
        parts = {Partition(place.topic, place.partition) for place in waiting.values()}
        committed = self._brokers.committed(self._group, parts)
        return {
            name
            for name, place in waiting.items()
            if (committed.get(Partition(place.topic, place.partition)) or 0) > place.offset
        }

    def _take(self, record: LogRecord) -> None:
        part = Partition(record.topic, record.partition)
        self._reached[part] = max(self._reached[part], record.offset + 1)
        if record.topic == DEAD_LETTER.name:
            self._take_letter(record)
        elif record.topic == AUDIT.name:
            self._take_audit(record)
        else:
            self._take_outcome(record)

    def _take_letter(self, record: LogRecord) -> None:
        letter = letter_of(record)
        for name in () if letter is None else (letter.letter_id, letter.retry_of):
            if name in self._letters:
                self._fates[name] = Fate.FAILED

    def _take_audit(self, record: LogRecord) -> None:
        """A worker that found newer state says so before it commits what it read."""
        audit = self._wire.decode(AUDIT_CONTRACT, record.value)
        if not isinstance(audit, Audit) or audit.entity not in self._letters:
            return
        closing = closing_of(record.at, audit)
        if closing is not None and closing.is_mark:
            self._fates[audit.entity] = Fate.SUPERSEDED

    def _take_outcome(self, record: LogRecord) -> None:
        """The lane says how each row ended; only those that the shop had refused before matter here."""
        outcome = self._wire.decode(OUTCOMES, record.value)
        if not isinstance(outcome, Outcome) or outcome.state not in _ENDS:
            return
        for letter in self._rows.get(Row(outcome.entity, outcome.part or ""), ()):
            if _holds(outcome, letter):
                self._fates[letter.letter_id] = _ENDS[outcome.state]


class Row(NamedTuple):
    """One source of one SKU, as the lane writes it."""

    sku: str
    source: str


def row_of(letter: DeadLetter, rules: StockRules) -> Row:
    """The lane begins its letters with the source."""
    return Row(rules.sku_of((letter.key or b"").decode("utf-8", "replace")), letter.detail.partition(": ")[0])


def rows_of(letters: Iterable[DeadLetter], rules: StockRules) -> dict[Row, list[DeadLetter]]:
    """Of the letters that the shop had refused."""
    found: dict[Row, list[DeadLetter]] = {}
    for letter in letters:
        if letter.reason in AT_THE_SHOP:
            found.setdefault(row_of(letter, rules), []).append(letter)
    return found


def moved_on(
    letters: Sequence[DeadLetter], brokers: Brokers, reader: LogReader, wire: Wire, rules: StockRules
) -> frozenset[str]:
    """Ids of letters whose row the shop has taken since: sending their snapshot again would change nothing."""
    rows = rows_of(letters, rules)
    if not rows:
        return frozenset()
    parts = brokers.partitions(COMMERCE_OUTCOME.name)
    since = brokers.at(parts, min(letter.at for found in rows.values() for letter in found))
    spans = {
        part: Span(span.end if (first := since[part]) is None else first, span.end)
        for part, span in brokers.spans(parts).items()
    }
    taken: dict[str, bool] = {}
    for record in reader.read(spans):
        outcome = wire.decode(OUTCOMES, record.value)
        if isinstance(outcome, Outcome):
            for letter in rows.get(Row(outcome.entity, outcome.part or ""), ()):
                if letter.at <= record.at and _holds(outcome, letter):
                    taken[letter.letter_id] = outcome.state in _ENDS
    return frozenset(letter_id for letter_id, is_taken in taken.items() if is_taken)


def _holds(outcome: Outcome, letter: DeadLetter) -> bool:
    """Whether the letter's record is in what the outcome tells of."""
    origin, cause = letter.origin, outcome.cause
    return (
        cause is not None
        and (origin.topic, origin.partition) == (cause.topic, cause.partition)
        and origin.offset <= cause.offset
    )
