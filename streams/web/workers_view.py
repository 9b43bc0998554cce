"""The workers as the overview lists them: silent ones first, those that left last."""

from datetime import datetime
from typing import Literal

import msgspec

from streams.topics import DESIRED
from streams.web.envelope import State
from streams.web.facts import WorkerFacts
from streams.web.situation import Situation
from streams.web.words import moment, ranges, span


class WorkerLine(msgspec.Struct, frozen=True):
    """One worker; texts are `unknown` where it is silent, `–` where they do not apply."""

    id: str
    state: State
    word: str
    since: datetime | None
    partitions: str
    last_poll: str
    oldest: str
    version: str
    holds_lane: bool = False
    begins: Literal["started", "silent", "left"] = "started"
    """What `since` is the time of; a silent worker's is that of its last answer."""


def workers(at: Situation) -> tuple[WorkerLine, ...]:
    unknown = ("unknown", "unknown", "unknown")
    silent = [
        WorkerLine(
            one.id,
            "unknown",
            f"No answer: {one.why}",
            one.since,
            ranges(one.partitions) or "–",
            *unknown,
            begins="silent",
        )
        for one in at.fleet.silent
    ]
    left = [
        WorkerLine(one.worker, "unknown", "Left", moment(one.at), "–", "–", "–", "–", begins="left")
        for one in at.fleet.left
    ]
    return (*silent, *(_worker(facts) for facts in at.fleet.answered), *left)


def _worker(facts: WorkerFacts) -> WorkerLine:
    partitions = {number for intake in facts.intakes for number in intake.partitions if intake.topic != DESIRED.name}
    oldest = max((intake.oldest_unfinished_s for intake in facts.intakes), default=0.0)
    state, word = _readiness(facts)
    return WorkerLine(
        facts.worker,
        state,
        word,
        moment(facts.started_at),
        ranges(partitions) or "–",
        "unknown" if facts.since_poll_s is None else span(facts.since_poll_s),
        span(oldest) if oldest else "–",
        facts.version,
        facts.lane is not None,
    )


def _readiness(facts: WorkerFacts) -> tuple[State, str]:
    if facts.ready:
        return "ok", "Ready"
    if any(trouble.blocks for trouble in facts.troubles):
        return "stopped", "Not ready"
    return "unknown", "Rebuilding" if facts.recovering else "Joining"
