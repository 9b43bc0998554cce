"""What needs a person: one function from facts, letters and sums; the verdict is generated from its result."""

from collections.abc import Callable, Iterator

from streams.web import needs_intake, needs_orders, needs_sink, needs_words
from streams.web.envelope import WORST_FIRST
from streams.web.need import Link, Need
from streams.web.situation import Situation
from streams.web.words import many, moment, ranges

ELSEWHERE = ("gap/", "intake/")
"""Troubles that have a need of their own."""


def needs(at: Situation) -> tuple[Need, ...]:
    """Worst first; of equals what is not safe, then the longest."""
    found = [need for rule in _RULES for need in rule(at)]
    return tuple(sorted(found, key=lambda need: (WORST_FIRST.index(need.state), need.safe, _since(need))))


def for_a_person(found: tuple[Need, ...]) -> int:
    """How many need somebody; the others are only not known."""
    return sum(need.state in {"stopped", "attention"} for need in found)


def _since(need: Need) -> float:
    return need.for_since.timestamp() if need.for_since is not None else float("inf")


def _silent(at: Situation) -> Iterator[Need]:
    session = at.fleet.own.settings.get("STREAMS_KAFKA__SESSION_TIMEOUT_S", "10").removesuffix(".0")
    for silent in at.fleet.silent:
        yield Need(
            "unknown",
            "Unknown",
            f"{silent.id} does not answer: {silent.why}",
            silent.since,
            f"The group still lists it; it leaves by itself {session} s after its last heartbeat. "
            f"{at.left_out()} left out below.",
            Link("See the workers", "/#workers"),
            steps=("Look at its process and its log.", "If it hangs, restart it: nothing is lost by that."),
        )


def _lane_unseen(at: Situation) -> Iterator[Need]:
    if at.lane is None and at.fleet.is_whole:
        yield Need(
            "unknown",
            "Unknown",
            "No worker holds the stock lane at the moment.",
            None,
            "Nothing is written to Commerce until one does; records wait in Kafka. This is normal for some seconds "
            "after a worker came or went.",
            Link("See the workers", "/#workers"),
        )


def _unread(at: Situation) -> Iterator[Need]:
    """Everybody answers, and still a partition is in nobody's hands."""
    if at.fleet.is_whole and at.unread:
        yield Need(
            "unknown",
            "Unknown",
            f"Partitions {ranges(at.unread)} of the stock ledger are in nobody's hands.",
            None,
            "Their records wait in Kafka. This is normal for some seconds after a worker came or went.",
            Link("See the workers", "/#workers"),
        )


def _rebuilding(at: Situation) -> Iterator[Need]:
    for table, left in at.recovering.items():
        yield Need(
            "unknown",
            "Rebuilding",
            f"The table {table} is being rebuilt: {many(left, 'changelog record')} still to be read.",
            None,
            "Nothing of it is written meanwhile; records wait in Kafka.",
            Link("See the workers", "/#workers"),
        )


def _troubles(at: Situation) -> Iterator[Need]:
    for facts in at.fleet.answered:
        for trouble in facts.troubles:
            if not trouble.name.startswith(ELSEWHERE):
                yield Need(
                    "stopped" if trouble.blocks else "attention",
                    "Not ready" if trouble.blocks else "Trouble",
                    f"{facts.worker}: {trouble.what}.",
                    moment(trouble.since),
                    "The worker is not ready because of it." if trouble.blocks else "The worker goes on.",
                    Link("See the workers", "/#workers"),
                    steps=("`commerce-streams doctor` says what cannot be reached.",) if trouble.blocks else (),
                )


_RULES: tuple[Callable[[Situation], Iterator[Need]], ...] = (
    _silent,
    _lane_unseen,
    _unread,
    _rebuilding,
    *needs_sink.RULES,
    *needs_intake.RULES,
    *needs_orders.RULES,
    *needs_words.RULES,
    _troubles,
)
"""One rule for each thing that can be wrong."""
