"""Everything that one page is made of: one round of answers, the letters, and what was seen before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.topics import STOCK_INPUTS
from streams.web.envelope import State
from streams.web.facts import IntakeFact, LaneFact, OrderFact, TargetFact, WorkerFacts
from streams.web.fleet import Snapshot
from streams.web.letter_index import GroupState, IndexState
from streams.web.memory import NOTHING_REMEMBERED, Recollection, lane_of
from streams.web.order_facts import OrderSums
from streams.web.words import ranges

ROLE = "commerce"
"""The one sink of this release; its commands go to the shop."""


class Letters(NamedTuple):
    """The dead letters at the moment of the snapshot."""

    state: IndexState
    total: int
    left_out: int
    groups: tuple[GroupState, ...]
    per_minute: tuple[int, ...] = ()


class Intake(NamedTuple):
    """One input topic over all workers that answered."""

    topic: str
    partitions: tuple[int, ...]
    consumed: int
    lag: int
    oldest_s: float
    paused: bool


class Situation(NamedTuple):
    """The one source of a page."""

    fleet: Snapshot
    letters: Letters
    memory: Recollection = NOTHING_REMEMBERED

    @property
    def now(self) -> int:
        return self.fleet.as_of

    @property
    def lane(self) -> LaneFact | None:
        """None where no worker that answered owns it."""
        found = lane_of(self.fleet)
        return None if found is None else found[1]

    @property
    def target(self) -> TargetFact | None:
        """The shop as the owner of the lane sees it: nobody else calls it."""
        found = lane_of(self.fleet)
        return next(iter(found[0].targets), None) if found is not None else None

    @property
    def orders(self) -> OrderSums | None:
        """Over all workers that answered; None where orders are off.  Whole where every worker has told all of its."""
        told = [facts.order_sums for facts in self.fleet.answered if facts.order_sums is not None]
        return added(told, is_whole=self.fleet.is_whole) if told else None

    @property
    def recovering(self) -> Mapping[str, int]:
        """Table → changelog records still to be read."""
        left: dict[str, int] = {}
        for facts in self.fleet.answered:
            for table, records in facts.recovering.items():
                left[table] = left.get(table, 0) + records
        return left

    @property
    def has_traffic(self) -> bool:
        """Whether any record ever arrived."""
        counted = any(any(counts.values()) for facts in self.fleet.answered for counts in facts.accounted.values())
        return counted or any(intake.consumed for facts in self.fleet.answered for intake in facts.intakes)

    @property
    def is_accounted(self) -> bool:
        """Whether the sums can be known: every worker answered, and every table is in somebody's hands."""
        joined = all(facts.working for facts in self.fleet.answered)
        return self.fleet.is_whole and joined and self.lane is not None and not self.recovering and not self.unread

    @property
    def unread(self) -> tuple[int, ...]:
        """Partitions of the ledger that no worker which answered holds."""
        owned = {number for topic in STOCK_INPUTS for number in self.intake(topic.name).partitions}
        return tuple(sorted(set(range(self.partitions)) - owned))

    @property
    def partitions(self) -> int:
        """How many partitions the ledger has, by the settings."""
        text = self.fleet.own.settings.get("STREAMS_KAFKA__PARTITIONS", "")
        return int(text) if text.isdigit() else 0

    def intake(self, topic: str) -> Intake:
        return merged(topic, self.fleet.answered)

    def order(self, key: str) -> OrderFact | None:
        return next((order for order in self.fleet.own.orders if order.key == key), None)

    def left_out(self) -> str:
        """Partitions that nobody tells of, e.g. `Its partitions 5–7 are`."""
        lost = sorted({number for silent in self.fleet.silent for number in silent.partitions})
        if not lost:
            return "What it owns is"
        whose = "Its" if len(self.fleet.silent) == 1 else "Their"
        return f"{whose} partition{'' if len(lost) == 1 else 's'} {ranges(lost)} {'is' if len(lost) == 1 else 'are'}"


def added(told: Sequence[OrderSums], *, is_whole: bool) -> OrderSums:
    """Several workers' orders in one."""
    oldest = [one.oldest_held_at for one in told if one.oldest_held_at is not None]
    reasons, waiting = Counter[str](), Counter[str]()
    since: dict[str, int] = {}
    for one in told:
        reasons.update(one.reasons)
        waiting.update(one.waiting)
        for role, at in one.oldest_waiting_at.items():
            since[role] = min(at, since.get(role, at))
    return OrderSums(
        as_of=min(one.as_of for one in told),
        held=sum(one.held for one in told),
        oldest_held_at=min(oldest, default=None),
        reasons=dict(reasons),
        waiting=dict(waiting),
        oldest_waiting_at=since,
        refusing={role: why for one in told for role, why in one.refusing.items()},
        is_whole=is_whole and all(one.is_whole for one in told),
    )


def merged(topic: str, workers: tuple[WorkerFacts, ...]) -> Intake:
    """One topic over several workers."""
    parts: list[IntakeFact] = [intake for facts in workers for intake in facts.intakes if intake.topic == topic]
    return Intake(
        topic,
        tuple(sorted({number for part in parts for number in part.partitions})),
        sum(part.consumed for part in parts),
        sum(part.lag_records for part in parts),
        max((part.oldest_unfinished_s for part in parts), default=0.0),
        any(part.paused for part in parts),
    )


BREAKER_STATE: Mapping[str, State] = {
    "closed": "ok",
    "trying": "attention",
    "open": "stopped",
    "needs-operator": "stopped",
}


def title(name: str) -> str:
    """adobe_commerce → Adobe Commerce."""
    return " ".join(part.capitalize() for part in name.replace("-", " ").replace("_", " ").split())
