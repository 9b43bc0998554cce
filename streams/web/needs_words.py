"""Needs around words that stand in no table: whose, which, how often, and what would make them known."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from schemas.catalogue import ERP_ORDER_EVENT
from streams.web.facts import WordFact, WorkerFacts
from streams.web.need import Link, Need
from streams.web.situation import Situation
from streams.web.words import count, many, moment, visible

WORDS_NAMED = 5
WORD_SHOWN = 60
ERP_WORDS = "STREAMS_ORDERS__WORDS__ERP"
_CHANGES_NOTHING = "It changes nothing of its orders and stands in their time lines."


class _Cure(NamedTuple):
    """What is said of words with the same way out."""

    what: str
    steps: tuple[str, ...]


_LINES = _Cure(
    "comes without lines, which it needs",
    ("Have the system, or its bridge, name the lines: without them the step would be taken for all of the order.",),
)
_RELEASE = _Cure(
    "is none that this release knows",
    ("Update the workers, or have the bridge say a word of docs/order-words.md.",),
)
_CURES: Mapping[str, _Cure] = MappingProxyType({"lines": _LINES, "release": _RELEASE})


def _unknown_words(at: Situation) -> Iterator[Need]:
    """One need for each system and way out."""
    found = sorted(told(at.fleet.answered), key=lambda one: (one.system, one.cure, one.first_at, one.word))
    for (system, cure), group in groupby(found, lambda one: (one.system, one.cure)):
        yield _need(system, cure, list(group))
    others = sum(facts.other_words for facts in at.fleet.answered)
    if others:
        yield _attention(
            f"{many(others, 'record')} said further words that nobody knows.",
            None,
            "So many different words are no words: a system may write text where its status belongs.",
            ("The log names the first of them: `unknown-word`.",),
        )


def told(workers: Sequence[WorkerFacts]) -> tuple[WordFact, ...]:
    """Each word once, over all workers."""
    found: dict[tuple[str, str, str], WordFact] = {}
    for one in (word for facts in workers for word in facts.unknown_words):
        key = (one.topic, one.system, one.word)
        before = found.get(key)
        found[key] = one if before is None else _added(before, one)
    return tuple(found.values())


def _added(one: WordFact, other: WordFact) -> WordFact:
    first_at, records = min(one.first_at, other.first_at), one.records + other.records
    return msgspec.structs.replace(one, first_at=first_at, records=records)


def _need(system: str, cure: str, words: list[WordFact]) -> Need:
    named = ", ".join(f"“{_shown(one.word)}” ({many(one.records, 'record')})" for one in words[:WORDS_NAMED])
    more = f" and {count(len(words) - WORDS_NAMED)} more" if len(words) > WORDS_NAMED else ""
    known = _CURES.get(cure) or _of_table(words)
    return _attention(
        f"{_shown(system)} says {named}{more}: {known.what}.",
        min(one.first_at for one in words),
        f"{_CHANGES_NOTHING} Heard since the workers began.",
        known.steps,
    )


def _of_table(words: list[WordFact]) -> _Cure:
    """An example with the word itself: what it means is for a person to say."""
    if words[0].topic != ERP_ORDER_EVENT.topic:
        return _RELEASE
    example = shlex.quote(msgspec.json.encode({_shown(words[0].word): "CONFIRMED"}).decode())
    return _Cure(
        "no table says what that means",
        (
            "Look up at that system what it means, and add it to what the setting has; an empty text: says nothing.",
            f"`{ERP_WORDS}={example}`",
            "Restart the workers.",
        ),
    )


def _attention(what: str, since: int | None, why: str, steps: tuple[str, ...]) -> Need:
    at = None if not since else moment(since)
    return Need("attention", "Unknown word", what, at, why, Link("See the intake", "/#intake"), steps=steps)


def _shown(text: str) -> str:
    return visible(text, WORD_SHOWN)


RULES = (_unknown_words,)
