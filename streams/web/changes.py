"""What changed between two looks at the workers: who came and went, breakers, modes, orders of people."""

from collections.abc import Iterator
from typing import NamedTuple

from streams.web.facts import OrderFact, TargetFact, WorkerFacts
from streams.web.fleet import Snapshot
from streams.web.role_sinks import role_sinks


class Change(NamedTuple):
    """One line; `at` in µs, UTC."""

    at: int
    what: str


_ORDERS = {
    "sink": "set sink {rest} to {state}",
    "intake": "set the intake of {rest} to {state}",
    "gap": "accepted the gap of {rest}",
    "reconcile": "asked to compare {rest} with the shop ({state})",
}
_TARGET = {
    "closed": "{name} answers again",
    "open": "Breaker of {name} opened: {why}",
    "needs-operator": "Breaker of {name} opened: needs operator ({why})",
}


def changes_between(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    """Oldest first, as far as their times are known."""
    old = {facts.worker: facts for facts in before.answered}
    yield from _workers(before, now)
    yield from _orders(before, now)
    for facts in now.answered:
        if facts.worker in old:
            yield from _of_worker(old[facts.worker], facts)
    targets = {one.role: one.target for one in role_sinks(before.answered, {})}
    for sink in role_sinks(now.answered, {}):
        if sink.role in targets:
            yield from _of_target(targets[sink.role], sink.target, now.as_of)


def order_line(order: OrderFact) -> str:
    kind, _, rest = order.key.partition("/")
    what = _ORDERS.get(kind, "ordered {rest}: {state}").format(rest=rest, state=order.state)
    return f"{order.actor} {what}" + (f": “{order.reason}”" if order.reason else "")


def _workers(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    for facts in now.answered:
        if not any(old.worker == facts.worker for old in before.answered):
            yield Change(now.as_of, f"{facts.worker} answers, version {facts.version}")
    known = {silent.id for silent in before.silent}
    for silent in now.silent:
        if silent.id not in known:
            yield Change(now.as_of, f"{silent.id} stopped answering: {silent.why}")
    gone = {left.worker for left in before.left}
    for left in now.left:
        if left.worker not in gone:
            yield Change(left.at, f"{left.worker} left the group")
    yield from _given_up(before, now)


def _given_up(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    """Silent before and no longer listed; one that never answered is known by its address alone."""
    present = {silent.id for silent in now.silent} | {left.worker for left in now.left}
    for facts in now.answered:
        present |= {facts.worker, facts.url.partition("://")[2]}
    for silent in before.silent:
        if silent.id not in present:
            yield Change(now.as_of, f"{silent.id} is no longer in the group")


def _orders(before: Snapshot, now: Snapshot) -> Iterator[Change]:
    known = set(before.own.orders)
    for order in now.own.orders:
        if order not in known:
            yield Change(order.at, order_line(order))


def _of_worker(old: WorkerFacts, new: WorkerFacts) -> Iterator[Change]:
    if new.started_at != old.started_at:
        yield Change(new.started_at, f"{new.worker} started, version {new.version}")
    elif new.generation != old.generation and new.generation >= 0:
        yield Change(new.as_of, f"Partitions were shared out anew (generation {new.generation}, {new.worker})")
    targets = {target.name: target for target in old.targets}
    for target in new.targets:
        if target.name in targets:
            yield from _of_target(targets[target.name], target, new.as_of)


def _of_target(old: TargetFact, new: TargetFact, now: int) -> Iterator[Change]:
    if old.state == new.state or new.state not in _TARGET:
        return
    if new.state == "open" and old.state == "trying":
        return
    yield Change(now, _TARGET[new.state].format(name=new.name, why=new.why))
