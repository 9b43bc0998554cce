"""What the logs, tables and targets show of one order, and what follows from it: where it ended, and what is missing.

Evidence is collected while others write.  So only what is older than `settled_at` is judged: what must stand beside it
was written before, or soon after.  What the sinks and flows have not taken yet is in flight.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from streams.domain.closing import Closed, Finding, Kind, State
from streams.domain.order_table import OrderState


class Record(NamedTuple):
    """Where a record lies, and when the broker took it (µs); `is_taken`: its reader has committed beyond it."""

    topic: str
    partition: int
    offset: int
    at: int
    is_taken: bool = True

    @property
    def where(self) -> str:
        return f"{self.topic}[{self.partition}] offset {self.offset}"


class Asked(NamedTuple):
    """A command in its log; `table` is that of its sink."""

    command_id: str
    role: str
    kind: str
    part: str
    table: str
    record: Record
    amount: int | None = None


class Answered(NamedTuple):
    """An outcome in its log."""

    command_id: str
    role: str
    kind: str
    part: str
    state: str
    reason: str
    external_id: str
    record: Record


class WorkSeen(NamedTuple):
    """What the changelog of a sink's table says of the order."""

    pending: frozenset[str] = frozenset()
    ended: Mapping[str, str] = MappingProxyType({})
    """Command → how it ended."""
    held: str = ""


class EntrySeen(NamedTuple):
    """What the changelog of the table `orders` says; `is_whole`: everything of it happened in the stretch."""

    state: str
    counter: int
    placed_at: int
    holds: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    asked: tuple[tuple[str, str, str], ...] = ()
    is_whole: bool = True


class OrderEvidence(NamedTuple):
    """Everything that was found of one order."""

    order_id: str
    number: str = ""
    placed_at: int | None = None
    """When the shop says it was placed; None where the shop does not list it, or was not asked."""
    inputs: tuple[Record, ...] = ()
    letters: tuple[str, ...] = ()
    """Reasons of the dead letters of its inputs."""
    events: Mapping[str, Record] = MappingProxyType({})
    statements: tuple[Record, ...] = ()
    """Those of the events that state the order."""
    entry: EntrySeen | None = None
    commands: Mapping[str, Asked] = MappingProxyType({})
    newest_counter: int = 0
    """The highest version of the entry that a command names."""
    answers: Mapping[tuple[str, str], Answered] = MappingProxyType({})
    """By command and state."""
    works: Mapping[str, WorkSeen] = MappingProxyType({})
    is_new: bool = True
    """Whether it was heard for the first time in the stretch: of others only what is new is in it."""


SILENT_END = "SUPERSEDED"
"""A command that its sink ends without an outcome."""
REFUSED_STATES = frozenset({OrderState.REJECTED.value})
CREATES = frozenset({"CREATE_ORDER"})


def closed(evidence: OrderEvidence, settled_at: int) -> Closed:
    """The state of the order and everything that is missing; targets are compared apart (order_holdings)."""
    findings = tuple(dict.fromkeys(_findings(evidence, settled_at)))
    standing = _standing(evidence, settled_at)
    state = State.MISSING if findings else standing.state
    return Closed(evidence.order_id, {state: 1}, findings, standing.since, standing.why)


# ── what is missing ──────────────────────────────────────────────────────────────────────────────


def _findings(one: OrderEvidence, settled_at: int) -> Iterator[Finding]:
    yield from _at_the_door(one, settled_at)
    yield from _in_the_state(one, settled_at)
    if one.entry is not None and one.entry.is_whole:
        yield from _heard(one, one.entry)
        yield from _decided(one, one.entry)
    if one.is_new:
        yield from _answered(one, settled_at)


def _at_the_door(one: OrderEvidence, settled_at: int) -> Iterator[Finding]:
    is_known = one.entry is not None or one.events
    if one.placed_at is not None and one.placed_at < settled_at and not one.inputs and not is_known:
        yield Finding(Kind.NEVER_SEEN, one.order_id, "commerce.order.v1", f"order {one.number}", one.placed_at)
    if is_known or one.letters:
        return
    for record in one.inputs:
        if record.is_taken and record.at < settled_at:
            yield Finding(Kind.NOT_TAKEN, one.order_id, record.where, "no event, no dead letter", record.at)


def _in_the_state(one: OrderEvidence, settled_at: int) -> Iterator[Finding]:
    if one.entry is None:
        for record in one.statements[:1] if one.is_new else ():
            if record.is_taken and record.at < settled_at:
                yield Finding(Kind.NOT_IN_STATE, one.order_id, "changelog of orders", record.where, record.at)
        return
    if one.newest_counter > one.entry.counter:
        detail = f"it has version {one.entry.counter}; a command was decided with {one.newest_counter}"
        yield Finding(Kind.NOT_IN_STATE, one.order_id, "changelog of orders", detail)


def _heard(one: OrderEvidence, entry: EntrySeen) -> Iterator[Finding]:
    """What the state counted must be in the logs."""
    for name in entry.seen:
        command_id, mark, state = name.rpartition(":")
        if mark and state.isupper():
            if (command_id, state) not in one.answers:
                yield _outcome_gone(one, command_id, state)
        elif name not in one.events:
            yield Finding(Kind.EVENT_GONE, one.order_id, "orders.event.v1", f"event {name}", entry.placed_at)


def _outcome_gone(one: OrderEvidence, command_id: str, state: str) -> Finding:
    asked = one.commands.get(command_id)
    what = f"{asked.kind} {asked.part}".strip() if asked else f"command {command_id}"
    topic = f"{asked.role}.outcome.v1" if asked else "an outcome topic"
    return Finding(Kind.OUTCOME_GONE, one.order_id, topic, f"{what}: {state}", asked.record.at if asked else 0)


def _decided(one: OrderEvidence, entry: EntrySeen) -> Iterator[Finding]:
    """What was asked for must be in the logs."""
    in_log = {(command.role, command.kind, command.part) for command in one.commands.values()}
    answered = {(answer.role, answer.kind, answer.part) for answer in one.answers.values()}
    for role, kind, part in entry.asked:
        if (role, kind, part) not in in_log:
            told = "it was answered" if (role, kind, part) in answered else "it was not answered"
            detail = f"{kind} {part}".strip() + f": {told}"
            yield Finding(Kind.COMMAND_GONE, one.order_id, _topic_of(role, kind), detail, entry.placed_at)
    for answer in one.answers.values():
        asked_for = (answer.role, answer.kind, answer.part)
        if answer.command_id not in one.commands and asked_for in in_log:
            detail = f"{answer.kind} {answer.part}".strip() + ": it was answered"
            topic = _topic_of(answer.role, answer.kind)
            yield Finding(Kind.COMMAND_GONE, one.order_id, topic, detail, answer.record.at)


def _topic_of(role: str, kind: str) -> str:
    return "commerce.shipment.v1" if (role, kind) == ("commerce", "CREATE_SHIPMENT") else f"{role}.command.v1"


def _answered(one: OrderEvidence, settled_at: int) -> Iterator[Finding]:
    """What a sink took must be in its table, and what it ended must be told."""
    told = {command_id for command_id, _state in one.answers}
    for command in one.commands.values():
        if not command.record.is_taken or command.record.at >= settled_at or command.command_id in told:
            continue
        work = one.works.get(command.table, WorkSeen())
        if command.command_id in work.pending or work.ended.get(command.command_id) == SILENT_END:
            continue
        if command.command_id in work.ended:
            yield _outcome_gone(one, command.command_id, work.ended[command.command_id])
        else:
            detail = f"{command.kind} {command.part}".strip() + f", {command.record.where}"
            yield Finding(Kind.NOT_IN_STATE, one.order_id, f"changelog of {command.table}", detail, command.record.at)


# ── where it stands ──────────────────────────────────────────────────────────────────────────────


class Standing(NamedTuple):
    """State, since when, and why it is still open."""

    state: State
    since: int = 0
    why: str = ""


def _standing(one: OrderEvidence, settled_at: int) -> Standing:
    """The first rule that says something."""
    entry = one.entry
    if entry is None:
        return _unknown(one, settled_at)
    return next(found for rule in _RULES if (found := rule(one, entry)) is not None)


def _unknown(one: OrderEvidence, settled_at: int) -> Standing:
    if one.letters:
        return Standing(State.DEAD, 0, ", ".join(sorted(set(one.letters))))
    first = [record.at for record in (*one.inputs, *one.statements)]
    return Standing(State.IN_FLIGHT, min(first, default=one.placed_at or settled_at), "not taken yet")


def _is_held(one: OrderEvidence, entry: EntrySeen) -> Standing | None:
    held = (*entry.holds, *(work.held for work in one.works.values() if work.held))
    return Standing(State.HELD, entry.placed_at, ", ".join(dict.fromkeys(held))) if held else None


def _is_dead(one: OrderEvidence, _entry: EntrySeen) -> Standing | None:
    dead = _dead(one)
    return Standing(State.DEAD, 0, dead) if dead else None


def _is_parked(_one: OrderEvidence, entry: EntrySeen) -> Standing | None:
    waits = ", ".join(dict.fromkeys(entry.parked))
    return Standing(State.PARKED, entry.placed_at, f"waits for {waits}") if waits else None


def _is_waiting(one: OrderEvidence, entry: EntrySeen) -> Standing | None:
    if waiting := unanswered(one):
        oldest = min(waiting, key=lambda command: command.record.at)
        return Standing(State.IN_FLIGHT, oldest.record.at, f"{oldest.kind} in {oldest.table}")
    if entry.state in _EARLY and not entry.asked:
        return Standing(State.IN_FLIGHT, entry.placed_at, "nothing was asked of anybody yet")
    return None


def _is_over(one: OrderEvidence, entry: EntrySeen) -> Standing:
    if entry.state in REFUSED_STATES:
        return Standing(State.REFUSED)
    if entry.state == OrderState.CANCELLED and not _is_made(one):
        return Standing(State.SUPERSEDED, 0, "cancelled before anybody made it")
    return Standing(State.DELIVERED)


_EARLY = frozenset({OrderState.EXPECTED.value, OrderState.PLACED.value, OrderState.ACCEPTED.value})
_RULES: tuple[Callable[[OrderEvidence, EntrySeen], Standing | None], ...] = (
    _is_held,
    _is_dead,
    _is_parked,
    _is_waiting,
    _is_over,
)


def unanswered(one: OrderEvidence) -> Sequence[Asked]:
    """Commands whose outcome nobody told, and that their sink still has."""
    told = {command_id for command_id, _state in one.answers}
    return [
        command
        for command in one.commands.values()
        if command.command_id not in told and command.command_id not in one.works.get(command.table, WorkSeen()).ended
    ]


def _dead(one: OrderEvidence) -> str:
    """What was refused and not done since: of each request the newest answer counts."""
    newest: dict[tuple[str, str, str], Answered] = {}
    for answer in one.answers.values():
        key = (answer.role, answer.kind, answer.part)
        if key not in newest or answer.record.at >= newest[key].record.at:
            newest[key] = answer
    dead = [f"{one.kind}: {one.reason}" for one in newest.values() if one.state == "DEAD"]
    return ", ".join(sorted(dead))


def _is_made(one: OrderEvidence) -> bool:
    return any(answer.kind in CREATES and answer.state == "APPLIED" for answer in one.answers.values())


def with_finding(closing: Closed, finding: Finding) -> Closed:
    """What a target lacks is missing, too; an order of another stretch is in no sum."""
    states = {State.MISSING: 1} if closing.states else {}
    return closing._replace(states=states, findings=(*closing.findings, finding))
