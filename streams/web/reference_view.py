"""The reference tables as the overview lists them: one line for each table of each worker."""

from datetime import datetime

import msgspec

from streams.web.envelope import State
from streams.web.facts import ReferenceFact
from streams.web.situation import Situation
from streams.web.words import moment_or_none


class ReferenceLine(msgspec.Struct, frozen=True):
    """`newest_at` is when its newest record came; None: there is none."""

    worker: str
    topic: str
    state: State
    word: str
    rows: int
    left: int
    unreadable: int
    newest_at: datetime | None


def reference_lines(at: Situation) -> tuple[ReferenceLine, ...]:
    return tuple(_line(facts.worker, one) for facts in at.fleet.answered for one in facts.reference)


def _line(worker: str, one: ReferenceFact) -> ReferenceLine:
    state, word = _standing(one)
    newest = moment_or_none(one.newest_at or None)
    return ReferenceLine(worker, one.topic, state, word, one.rows, one.lag_records, one.unreadable, newest)


def _standing(one: ReferenceFact) -> tuple[State, str]:
    if not one.caught_up:
        return "unknown", "Being read"
    if not one.rows:
        return "attention", "Empty"
    return ("attention", "Partly unreadable") if one.unreadable else ("ok", "Known")
