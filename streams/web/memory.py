"""What was seen before now: rates, the last hour of each figure, and what changed lately.

Every worker remembers for itself, from the same answers that its pages are made of.  A minute without an answer is a
gap, never a line; after a restart the memory begins anew.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.web.accounting import accounts
from streams.web.changes import Change, changes_between
from streams.web.facts import LaneFact, WorkerFacts
from streams.web.fleet import Snapshot
from streams.web.words import MICROS, seconds_since

POINTS = 60
MINUTE = 60 * MICROS
RATE_OVER = 60 * MICROS
CHANGES_KEPT = 20
DAY = 86_400 * MICROS
Series = tuple[float | None, ...]


class Recollection(NamedTuple):
    """Values for the views; `quiet_since` is when a topic was last seen to move, None where it never was."""

    series: Mapping[str, Series]
    rates: Mapping[str, float | None]
    quiet_since: Mapping[str, int | None]
    mismatch_since: Mapping[str, int]
    changes: tuple[Change, ...]


NOTHING_REMEMBERED = Recollection({}, {}, {}, {}, ())


class Memory:
    """`note` is called every few seconds with the newest snapshot."""

    def __init__(self) -> None:
        self._seen: deque[Snapshot] = deque()
        self._series: dict[str, deque[tuple[int, float | None]]] = {}
        self._moved: dict[str, int] = {}
        self._mismatch: dict[str, int] = {}
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)

    def note(self, snapshot: Snapshot) -> None:
        if self._seen:
            self._changes.extend(changes_between(self._seen[-1], snapshot))
            self._moved |= dict.fromkeys(_moved(self._seen[-1], snapshot), snapshot.as_of)
        self._seen.append(snapshot)
        while snapshot.as_of - self._seen[0].as_of > RATE_OVER and len(self._seen) > 2:
            self._seen.popleft()
        self._note_mismatch(snapshot)
        for name, value in figures_of(snapshot).items():
            self._note_point(name, snapshot.as_of // MINUTE, value)

    def recall(self, now: int) -> Recollection:
        topics = {intake.topic for snapshot in self._seen for facts in snapshot.answered for intake in facts.intakes}
        first, last = (self._seen[0], self._seen[-1]) if self._seen else (None, None)
        return Recollection(
            series={name: _filled(points, now // MINUTE) for name, points in self._series.items()},
            rates={topic: None if first is None or last is None else _rate(first, last, topic) for topic in topics},
            quiet_since={topic: self._moved.get(topic) for topic in topics},
            mismatch_since=dict(self._mismatch),
            changes=tuple(change for change in reversed(self._changes) if now - change.at < DAY),
        )

    def _note_mismatch(self, snapshot: Snapshot) -> None:
        if not snapshot.is_whole:
            return
        off = {one.topic for one in accounts(snapshot.answered) if one.difference}
        self._mismatch = {topic: self._mismatch.get(topic, snapshot.as_of) for topic in off}

    def _note_point(self, name: str, minute: int, value: float | None) -> None:
        """The worst value of a minute stands for it."""
        points = self._series.setdefault(name, deque(maxlen=POINTS))
        if points and points[-1][0] == minute:
            before = points.pop()[1]
            value = max((one for one in (before, value) if one is not None), default=None)
        points.append((minute, value))


def lane_of(snapshot: Snapshot) -> tuple[WorkerFacts, LaneFact] | None:
    """The stock lane and the worker that tells of it."""
    return next(((facts, facts.lane) for facts in snapshot.answered if facts.lane is not None), None)


def figures_of(snapshot: Snapshot) -> dict[str, float | None]:
    """The figures whose last hour is kept."""
    found = lane_of(snapshot)
    if found is None:
        return {"oldest": None, "pending": None, "lag": None}
    lane = found[1]
    oldest = 0.0 if lane.oldest_pending_since is None else seconds_since(lane.oldest_pending_since, snapshot.as_of)
    lag = float(sum(intake.lag_records for facts in snapshot.answered for intake in facts.intakes))
    return {"oldest": oldest, "pending": float(lane.pending), "lag": lag if snapshot.is_whole else None}


def _consumed(snapshot: Snapshot, topic: str) -> dict[str, int]:
    return {
        facts.worker: intake.consumed
        for facts in snapshot.answered
        for intake in facts.intakes
        if intake.topic == topic
    }


def _rate(first: Snapshot, last: Snapshot, topic: str) -> float | None:
    """Records a second between the two; None unless every worker answered both times, and none restarted."""
    passed = (last.as_of - first.as_of) / MICROS
    if passed <= 0 or not (first.is_whole and last.is_whole):
        return None
    before, now = _consumed(first, topic), _consumed(last, topic)
    if before.keys() != now.keys() or any(now[worker] < before[worker] for worker in now):
        return None
    return (sum(now.values()) - sum(before.values())) / passed


def _moved(before: Snapshot, now: Snapshot) -> Iterable[str]:
    topics = {intake.topic for facts in now.answered for intake in facts.intakes}
    for topic in topics:
        old = _consumed(before, topic)
        if any(consumed > old.get(worker, consumed) for worker, consumed in _consumed(now, topic).items()):
            yield topic


def _filled(points: Iterable[tuple[int, float | None]], minute: int) -> Series:
    known = dict(points)
    return tuple(known.get(one) for one in range(minute - POINTS + 1, minute + 1))
