"""Words of systems that stand in no table: which they are, and how often they were said.

Only the word is kept, never what a system wrote beside it: a reason can be a sentence about a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from schemas.models.carrier_event import CarrierEvent
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.fulfilment_event import FulfilmentEvent
from schemas.models.returned import Return
from streams.domain.order_words import NEED_LINES, plain_word

MOST_WORDS = 50
"""Words that one worker keeps; records with further ones are counted together."""
WORD_LIMIT, SYSTEM_LIMIT = 60, 60
Cure = Literal["table", "lines", "release"]
"""What would make it known: an entry in the table of words, lines beside it, or another release of ours."""


class UnknownWord(NamedTuple):
    """A word, cut to so many characters."""

    system: str
    word: str
    cure: Cure


@dataclass(frozen=True, slots=True)
class Heard:
    """How many records said it, and when the broker took the first of them (µs)."""

    first_at: int
    records: int


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """`others` are records whose word is beyond those that are kept."""

    words: Mapping[UnknownWord, Heard]
    others: int = 0

    def with_word(self, word: UnknownWord, at: int) -> "WordsHeard":
        known = self.words.get(word)
        if known is None and len(self.words) >= MOST_WORDS:
            return WordsHeard(self.words, self.others + 1)
        heard = Heard(at, 1) if known is None else Heard(known.first_at, known.records + 1)
        return WordsHeard({**self.words, word: heard}, self.others)


def of_fulfilment(step: FulfilmentEvent) -> UnknownWord:
    """Every step of this release is in the table."""
    return _word(step.source_system, step.step, "lines" if step.step in NEED_LINES else "release")


def of_erp(said: ErpOrderEvent) -> UnknownWord:
    """Its kind, which goes before its status; the status without regard to case."""
    if said.kind is not None:
        return _word(said.source_system, said.kind, "lines" if said.kind in NEED_LINES else "release")
    return _word(said.source_system, plain_word(said.status or ""), "table")


def of_return(one: Return) -> UnknownWord:
    """Its state; why somebody returns goods is nobody's business here."""
    return _word(one.source_system, one.state, "release")


def of_carrier(said: CarrierEvent) -> UnknownWord:
    """What happened; its code is the carrier's own."""
    return _word(said.source_system, said.what, "release")


def _word(system: str, word: str, cure: Cure) -> UnknownWord:
    return UnknownWord(system[:SYSTEM_LIMIT], word[:WORD_LIMIT], cure)
