"""What alerts need to know of the time before now: how much a count grew, and since when something holds.

Every worker remembers for itself, for one hour; after a restart the memory begins anew.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.web.facts import WorkerFacts
from streams.web.words import MICROS

KEPT_US = 3600 * MICROS
EVERY_US = 30 * MICROS
Labels = tuple[str, ...]
CONSUMED, DEAD, STATEMENTS = "consumed", "dead", "statements"
"""Counts that the facts tell themselves; all others go by the name of their metric."""


class _Count(NamedTuple):
    """One count of one life of a worker: after a restart it is another one."""

    worker: str
    started_at: int
    name: str
    labels: Labels


class Counts:
    """What was counted during the last hour, looked at every half minute."""

    def __init__(self) -> None:
        self._looks: deque[tuple[int, dict[_Count, float], frozenset[tuple[str, int]]]] = deque()

    def note(self, now: int, workers: Iterable[WorkerFacts]) -> None:
        """The newest look is always there; older ones at least half a minute apart."""
        told = tuple(workers)
        if len(self._looks) > 1 and now - self._looks[-2][0] < EVERY_US:
            self._looks.pop()
        self._looks.append((now, _counts(told), frozenset((one.worker, one.started_at) for one in told)))
        while now - self._looks[0][0] > KEPT_US:
            self._looks.popleft()

    def grown(self, name: str, seconds: float) -> dict[Labels, float]:
        """Labels → how much was added within the last seconds, over all workers that told both times."""
        if not self._looks:
            return {}
        now, counts, _ = self._looks[-1]
        within = [look for look in self._looks if now - look[0] <= seconds * MICROS]
        found: dict[Labels, float] = {}
        for key, value in counts.items():
            if key.name != name:
                continue
            before = next((known.get(key, 0.0) for _, known, lives in within if (key.worker, key.started_at) in lives))
            found[key.labels] = found.get(key.labels, 0.0) + value - before
        return found

    def told(self, name: str, seconds: float) -> dict[Labels, float]:
        """Labels → the highest that any worker told so many seconds ago; nothing where nobody looked then."""
        now = self._looks[-1][0] if self._looks else 0
        before = [known for at, known, _ in self._looks if now - at >= seconds * MICROS][-1:]
        found: dict[Labels, float] = {}
        for key, value in ((key, value) for known in before for key, value in known.items() if key.name == name):
            found[key.labels] = max(value, found.get(key.labels, value))
        return found

    def stood(self, name: str, seconds: float) -> frozenset[Labels]:
        """Labels of what one worker told during all of that time, always with the same value."""
        if not self._looks:
            return frozenset()
        now, counts, _ = self._looks[-1]
        before = [known for at, known, _ in self._looks if now - at >= seconds * MICROS][-1:]
        if not before:
            return frozenset()
        within = before + [known for at, known, _ in self._looks if now - at < seconds * MICROS]
        return frozenset(
            key.labels
            for key, value in counts.items()
            if key.name == name and all(known.get(key) == value for known in within)
        )


def _counts(workers: Iterable[WorkerFacts]) -> dict[_Count, float]:
    found: dict[_Count, float] = {}

    def put(facts: WorkerFacts, name: str, labels: Labels, value: float) -> None:
        found[_Count(facts.worker, facts.started_at, name, labels)] = value

    for facts in workers:
        for intake in facts.intakes:
            put(facts, CONSUMED, (intake.topic,), intake.consumed)
            for reason, letters in intake.dead.items():
                put(facts, DEAD, (intake.topic, reason), letters)
        for finding, number in facts.statements.items():
            put(facts, STATEMENTS, (finding,), number)
        for name, values in facts.measures.items():
            for joined, value in values.items():
                put(facts, name, labels_of(joined), value)
    return found


def labels_of(joined: str) -> Labels:
    """As `WorkerFacts.measures` writes them."""
    return tuple(joined.split("|"))


class Since:
    """Since when something holds: remembered from one look to the next, by what is looked for."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, ...], int] = {}

    def note(self, now: int, holding: Mapping[tuple[str, ...], int | None]) -> dict[tuple[str, ...], int]:
        """What holds → since when; what its facts say counts where that is earlier.  The rest is forgotten."""
        self._since = {
            key: min(self._since.get(key, now), now if since is None else since) for key, since in holding.items()
        }
        return dict(self._since)
