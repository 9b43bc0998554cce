"""Reads the dead letters and what closed them, each topic once, up to where it ended when asked."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.catalogue import AUDIT as AUDIT_CONTRACT
from schemas.models.operations import Audit
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.letter_closings import Closing, closings, is_open
from streams.runtime.operating.letters import DeadLetter, GroupOf, letter_of, ungrouped
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.wire import Wire
from streams.topics import AUDIT, DEAD_LETTER

Tick = Callable[[int, int], None]
"""Told now and then: records read, records in all."""
TICK_EVERY = 5000


def untold(_done: int, _total: int) -> None:
    """For who does not want to know."""


class Wanted(NamedTuple):
    """Which letters; what is None does not matter.  `since` in µs."""

    reason: str | None = None
    topic: str | None = None
    key: str | None = None
    group: str | None = None
    ids: frozenset[str] = frozenset()
    since: int | None = None
    closed_too: bool = False

    def takes(self, letter: DeadLetter) -> bool:
        """Whether the letter is one of them, open or not."""
        return (
            (not self.ids or letter.letter_id in self.ids)
            and self.reason in (None, letter.reason)
            and self.topic in (None, letter.origin.topic)
            and (self.key is None or letter.key == self.key.encode())
            and (self.group is None or letter.group.startswith(self.group))
        )


class LetterBook:
    """`closed` is read once; `strange` counts records of the topic that are no letters of this application."""

    def __init__(
        self, brokers: Brokers, reader: LogReader, wire: Wire, *, app_id: str, group_of: GroupOf = ungrouped
    ) -> None:
        self._brokers, self._reader, self._wire, self._app_id = brokers, reader, wire, app_id
        self._group_of = group_of
        self.closed: dict[str, Closing] = {}
        self.strange = 0

    def letters(self, wanted: Wanted, tick: Tick = untold) -> Iterator[DeadLetter]:
        """Those that are wanted, in log order; a letter that was written twice comes twice.

        Raises TopicMissingError, ClusterUnavailableError, KafkaException, RegistryUnavailableError.
        """
        self.closed = closings(self._audits(tick))
        spans = self._since(self._brokers.spans(self._brokers.partitions(DEAD_LETTER.name)), wanted.since)
        total = sum(span.records for span in spans.values())
        for number, record in enumerate(self._reader.read(spans), 1):
            if number % TICK_EVERY == 0:
                tick(number, total)
            letter = letter_of(record, self._group_of)
            if letter is None or letter.app not in ("", self._app_id):
                self.strange += 1
            elif wanted.takes(letter) and (wanted.closed_too or is_open(letter, self.closed)):
                yield letter
        tick(total, total)

    def _audits(self, tick: Tick) -> Iterator[tuple[int, Audit]]:
        spans = self._brokers.spans(self._brokers.partitions(AUDIT.name))
        total = sum(span.records for span in spans.values())
        for number, record in enumerate(self._reader.read(spans), 1):
            if number % TICK_EVERY == 0:
                tick(number, total)
            audit = self._wire.decode(AUDIT_CONTRACT, record.value)
            if isinstance(audit, Audit):
                yield record.at, audit

    def _since(self, spans: dict[Partition, Span], since: int | None) -> dict[Partition, Span]:
        if since is None:
            return spans
        firsts = self._brokers.at(list(spans), since)
        return {
            one: Span(span.end if (first := firsts[one]) is None else max(first, span.first), span.end)
            for one, span in spans.items()
        }


def newest_of_each(letters: Iterator[DeadLetter], at_most: int) -> tuple[list[DeadLetter], int]:
    """A frozen set, the oldest first, at most so many; and how many more there are."""
    found: dict[str, DeadLetter] = {}
    more = 0
    for letter in letters:
        if letter.letter_id in found or len(found) < at_most:
            found[letter.letter_id] = letter
        else:
            more += 1
    return sorted(found.values(), key=lambda letter: (letter.at, letter.place)), more
