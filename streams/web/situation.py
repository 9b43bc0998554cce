"""Everything that one page is made of: one round of answers, the letters, and what was seen before."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from streams.topics import DESIRED, READ, STOCK_INPUTS
from streams.web.alarm import Alarm
from streams.web.facts import IntakeFact, LaneFact, OrderFact, TargetFact, WorkerFacts
from streams.web.fleet import Snapshot
from streams.web.letter_index import GroupState, IndexState
from streams.web.memory import NOTHING_REMEMBERED, Recollection, lane_of
from streams.web.order_facts import OrderSums
from streams.web.prometheus import Told
from streams.web.role_sinks import RoleSink, role_sinks
from streams.web.words import ranges

ROLE = "commerce"
"""The role of the stock lane's target: the shop."""


_ALWAYS_READ = tuple(topic.name for topic in (*STOCK_INPUTS, DESIRED))


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
    alarms: tuple[Alarm, ...] = ()
    prometheus: Told | None = None
    """The newest answer of Prometheus; None where none is set."""

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
    def order_sinks(self) -> tuple[RoleSink, ...]:
        """In the order in which the workers name them; empty where orders are off."""
        sums = self.orders
        return role_sinks(self.fleet.answered, {} if sums is None else sums.oldest_waiting_at)

    @property
    def sinks(self) -> tuple[str, ...]:
        """Every sink as operators call it, the stock lane first."""
        return (ROLE, *(one.sink for one in self.order_sinks))

    def mode_of(self, sink: str) -> str | None:
        """How a sink runs; None where nobody tells."""
        if sink == ROLE:
            return None if self.lane is None else self.lane.mode
        return next((one.mode for one in self.order_sinks if one.sink == sink), None)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that is read, in the order of their declaration."""
        return tuple(dict.fromkeys((*_ALWAYS_READ, *read_by(self.fleet.answered))))

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


def read_by(workers: Sequence[WorkerFacts]) -> tuple[str, ...]:
    """Topics that some worker reads, in the order of their declaration; those of another release last."""
    found = {intake.topic for facts in workers for intake in facts.intakes}
    declared = [topic.name for topic in READ]
    return tuple(sorted(found, key=lambda name: (declared.index(name) if name in declared else len(declared), name)))


def added(told: Sequence[OrderSums], *, is_whole: bool) -> OrderSums:
    """Several workers' orders in one."""
    oldest = [one.oldest_held_at for one in told if one.oldest_held_at is not None]
    reasons, waiting, failing = Counter[str](), Counter[str](), Counter[str]()
    for one in told:
        reasons.update(one.reasons)
        waiting.update(one.waiting)
        failing.update(one.failing)
    return OrderSums(
        as_of=min(one.as_of for one in told),
        held=sum(one.held for one in told),
        undecided=sum(one.undecided for one in told),
        oldest_held_at=min(oldest, default=None),
        reasons=dict(reasons),
        waiting=dict(waiting),
        oldest_waiting_at=_earliest(one.oldest_waiting_at for one in told),
        failing=dict(failing),
        refusing={role: why for one in told for role, why in one.refusing.items()},
        oldest_by_reason=_earliest(one.oldest_by_reason for one in told),
        parked=dict(sum((Counter(one.parked) for one in told), Counter[str]())),
        oldest_parked_until=_earliest(one.oldest_parked_until for one in told),
        doubled=dict(sum((Counter(one.doubled) for one in told), Counter[str]())),
        is_whole=is_whole and all(one.is_whole for one in told),
    )


def _earliest(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for name, at in part.items():
            found[name] = min(at, found.get(name, at))
    return found


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


_AS_WRITTEN = {"netsuite": "NetSuite", "sap_s4hana": "SAP S/4HANA"}
_SHORT = frozenset({"rest", "wms", "erp", "crm"})


def title(name: str) -> str:
    """adobe_commerce → Adobe Commerce, rest_wms → REST WMS."""
    if name in _AS_WRITTEN:
        return _AS_WRITTEN[name]
    parts = name.replace("-", " ").replace("_", " ").split()
    return " ".join(part.upper() if part in _SHORT else part.capitalize() for part in parts)
