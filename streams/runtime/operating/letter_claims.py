"""Of two people who begin with the same letter at once, one goes on: `audit.v1` puts them into an order.

Records of one letter have one key, so they lie in one partition.  Whoever begins says so there first and then reads up
to its own word: somebody else's word before it, or an end that came meanwhile, and the letter is theirs.  A word that
nothing followed within `LASTS` is forgotten: whoever gave it was killed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.catalogue import AUDIT as AUDIT_CONTRACT
from schemas.models.operations import Audit
from streams.runtime.lookback import Place
from streams.runtime.operating.acts import Acts
from streams.runtime.operating.brokers import Brokers
from streams.runtime.operating.letter_closings import CLAIM, LETTER, Closing, closes, note
from streams.runtime.operating.letters import DeadLetter
from streams.runtime.operating.log_reader import LogReader
from streams.runtime.operating.places import Partition, Span
from streams.runtime.operating.posting import Posting
from streams.runtime.operating.wire import Wire
from streams.topics import AUDIT

LASTS = 120_000_000
"""µs: longer than a sender that is alive needs between its word and the end of the letter."""


class Claim(NamedTuple):
    """Somebody's word; `at` is the broker's time in µs, `letter` the letter that it is about."""

    at: int
    actor: str
    place: Place
    letter: Place | None


def rival(letter: Place, ours: Place, given: Sequence[Claim], ended: Closing | None) -> Claim | None:
    """Whoever gave a word for this letter before ours; None where it is ours.

    `ended` is what had closed it when we looked: of a word before that only the end counts, as for a letter that was
    discarded and is retried now.
    """
    own = next((one.at for one in given if one.place == ours), None)
    for one in given:
        is_first = one.place.offset < ours.offset and one.letter == letter
        is_alive = own is None or own - one.at < LASTS
        if is_first and is_alive and (ended is None or ended.at < one.at):
            return one
    return None


class Claims:
    """Follows what is said about letters; `closed` is what had closed them when it was made."""

    def __init__(self, brokers: Brokers, reader: LogReader, wire: Wire, posting: Posting, acts: Acts) -> None:
        self._brokers, self._reader, self._wire = brokers, reader, wire
        self._posting, self._acts = posting, acts
        self._reached: dict[Partition, int] = {}
        self._given: dict[str, list[Claim]] = {}
        self._later: dict[str, Closing] = {}
        self.closed: Mapping[str, Closing] = {}

    def begin(self, since: int) -> None:
        """Reads what was said from then on (µs) up to now: a letter is closed after it was written."""
        parts = self._brokers.partitions(AUDIT.name)
        ends = {part: span.end for part, span in self._brokers.spans(parts).items()}
        firsts = self._brokers.at(parts, since)
        self._reached = {part: end if (first := firsts[part]) is None else first for part, end in ends.items()}
        found: dict[str, Closing] = {}
        self._read(ends, found)
        self.closed = found

    def take(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], dict[str, str]]:
        """Those that are ours now, and for each of the others who has it.  Raises NotWrittenError."""
        words = [self._acts.audit(CLAIM, (LETTER, letter.letter_id), cause=letter.place) for letter in letters]
        places = self._posting.post(words)
        ends = dict(self._reached)
        for place in places:
            part = Partition(place.topic, place.partition)
            ends[part] = max(ends.get(part, 0), place.offset + 1)
        self._read(ends, self._later)
        ours: list[DeadLetter] = []
        theirs: dict[str, str] = {}
        for letter, place in zip(letters, places, strict=True):
            if why := self._why_not(letter, place):
                theirs[letter.letter_id] = f"{letter.letter_id}: {why}"
            else:
                ours.append(letter)
        return ours, theirs

    def _why_not(self, letter: DeadLetter, ours: Place) -> str:
        ended = self._later.get(letter.letter_id)
        if ended is not None and closes(ended, letter.place, letter.at):
            return f"{ended.state} meanwhile by {ended.actor}"
        given = self._given.get(letter.letter_id, [])
        first = rival(letter.place, ours, given, self.closed.get(letter.letter_id))
        if first is None:
            return ""
        return f"{first.actor} has begun with it; it can be tried again in {LASTS // 60_000_000} min"

    def _read(self, ends: Mapping[Partition, int], closed: dict[str, Closing]) -> None:
        spans = {part: Span(self._reached.get(part, end), end) for part, end in ends.items()}
        for record in self._reader.read(spans):
            audit = self._wire.decode(AUDIT_CONTRACT, record.value)
            if not isinstance(audit, Audit) or audit.entity_type != LETTER:
                continue
            if audit.action == CLAIM:
                about = (
                    None if audit.cause is None else Place(audit.cause.topic, audit.cause.partition, audit.cause.offset)
                )
                claim = Claim(record.at, audit.actor, record.place, about)
                self._given.setdefault(audit.entity, []).append(claim)
            else:
                note(closed, record.at, audit)
        self._reached.update(ends)
