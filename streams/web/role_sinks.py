"""The command sinks of orders: every worker has a part of each, and a page tells of a role as a whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.domain.forecast import Due, Queue, added
from streams.web.envelope import WORST_FIRST, State
from streams.web.facts import ComparedFact, OrderSinkFact, SinkQueueFact, TargetFact, WorkerFacts

BREAKER_STATE: Mapping[str, State] = {
    "closed": "ok",
    "trying": "attention",
    "open": "stopped",
    "needs-operator": "stopped",
}


class RoleSink(NamedTuple):
    """The command sink of one role over all workers that answered; `target` is as the worse off of them sees it."""

    role: str
    sink: str
    mode: str
    pending: int
    oldest_at: int | None
    target: TargetFact
    queue: Queue = Queue()
    per_s: float | None = None
    """Orders a second, of all workers together; None where one that has some to do does not know."""
    compared: tuple[ComparedFact, ...] = ()


def role_sinks(workers: Sequence[WorkerFacts], oldest_at: Mapping[str, int]) -> tuple[RoleSink, ...]:
    """One per role, in the order in which workers name them; `oldest_at` is by role."""
    parts = [part for facts in workers for part in facts.order_sinks]
    roles = dict.fromkeys(part.role for part in parts)
    return tuple(_joined([part for part in parts if part.role == role], oldest_at.get(role)) for role in roles)


def _joined(parts: Sequence[OrderSinkFact], oldest_at: int | None) -> RoleSink:
    """One role's sink over several workers."""
    worse = min(
        parts, key=lambda part: (WORST_FIRST.index(BREAKER_STATE.get(part.target.state, "unknown")), part.target.since)
    )
    requests = Counter[str]()
    for part in parts:
        requests.update(part.target.requests)
    answered_at = max(part.target.last_answer_at for part in parts)
    target = msgspec.structs.replace(worse.target, last_answer_at=answered_at, requests=dict(requests))
    mode = next((part.mode for part in parts if part.mode != "run"), "run")
    pending = sum(part.pending for part in parts)
    queues = [part.queue for part in parts]
    compared = sorted((one for queue in queues for one in queue.compared), key=lambda one: one.at)
    return RoleSink(
        parts[0].role, parts[0].sink, mode, pending, oldest_at, target, _queue(queues), _per_s(queues), tuple(compared)
    )


def _queue(parts: Sequence[SinkQueueFact]) -> Queue:
    return added(
        Queue(part.waiting, tuple(Due(one.cut_off, one.label, one.orders) for one in part.due), part.since)
        for part in parts
    )


def _per_s(parts: Sequence[SinkQueueFact]) -> float | None:
    if any(part.waiting and part.per_s is None for part in parts):
        return None
    known = [part.per_s for part in parts if part.per_s is not None]
    return sum(known) if known else None
