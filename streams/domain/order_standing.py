"""Where an order stands: its stage and the reasons to hold it, from its facts alone.

Nothing here depends on what came first.  What is illegal is judged by time: an event is refused where the order was,
before the moment at which the event is said to have happened, in a state that does not allow it (`order_table`).
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from streams.domain.order_entry import Hold, Statement
from streams.domain.order_facts import Fact, request_of
from streams.domain.order_holds import holds_of
from streams.domain.order_lines import lines_of
from streams.domain.order_progress import Progress, weigh
from streams.domain.order_stage import Look, cancel_the_rest, is_acknowledged, stage_of
from streams.domain.order_table import ANSWERED, MILESTONES, REFUSABLE, OrderState, is_refused


class Standing(NamedTuple):
    """What follows from the facts; `refused` are those that do not count, by kind and part (or event id)."""

    look: Look
    stage: OrderState
    holds: tuple[Hold, ...]
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def statement(self) -> Statement:
        return self.look.statement

    @property
    def progress(self) -> Progress:
        return self.look.progress

    @property
    def is_acknowledged(self) -> bool:
        return is_acknowledged(self.look)


class Settings(NamedTuple):
    """What a look at the facts needs beside them.

    `furthest` as in the rules; `forced` the facts that a person released from waiting; `untouched` whether no target
    was asked for anything yet, so that a cancellation needs no answer.
    """

    furthest: frozenset[str] = frozenset()
    forced: frozenset[tuple[str, str]] = frozenset()
    untouched: bool = False


def standing(statements: Iterable[Statement], facts: Iterable[Fact], settings: Settings) -> Standing | None:
    """None while the order itself is not known."""
    stated = sorted(statements, key=lambda one: one.first_at)
    if not any(one.kind == "PLACED" for one in stated):
        return None
    said = tuple(facts)
    legal = _legal(stated, said, settings)
    return _stand(legal.statements, legal.facts, settings)._replace(refused=legal.refused)


class _Legal(NamedTuple):
    statements: list[Statement]
    facts: list[Fact]
    refused: tuple[tuple[str, str], ...]
    milestones: tuple[int, ...]
    """When the order may have come into another state (µs), in order."""
    stages: dict[tuple[int, int, int], OrderState]


def _legal(stated: list[Statement], facts: tuple[Fact, ...], settings: Settings) -> _Legal:
    """One by one in the order of time, each against what was before it."""
    said: tuple[Statement | Fact, ...] = (*stated, *facts)
    milestones = [one.first_at for one in said if one.kind in MILESTONES]
    found = _Legal([], list(facts), (), tuple(sorted(milestones)), {})
    doubtful: list[tuple[int, str, Statement | Fact]] = [(one.first_at, one.kind, one) for one in stated]
    doubtful += [(fact.first_at, fact.kind, fact) for fact in facts if fact.kind in REFUSABLE]
    for at, kind, one in sorted(doubtful, key=lambda each: (each[0], each[1] != "PLACED", each[1], _name(each[2]))):
        if _is_refused(found, at, kind, settings):
            found = _without(found, one)
        elif isinstance(one, Statement):
            found.statements.append(one)
    return found


def _is_refused(found: _Legal, at: int, kind: str, settings: Settings) -> bool:
    if kind not in REFUSABLE or not any(one.first_at < at for one in found.statements):
        return False
    return is_refused(_stage_before(found, at, settings), kind)


def _stage_before(found: _Legal, at: int, settings: Settings) -> OrderState:
    """The stage at the last milestone before: looked up once for all that came between two of them."""
    cut = found.milestones[bisect_left(found.milestones, at) - 1]
    statements = [one for one in found.statements if one.first_at <= cut]
    key = (cut, len(statements), len(found.refused))
    if key not in found.stages:
        facts = [fact for fact in found.facts if fact.first_at <= cut]
        found.stages[key] = _stand(statements, facts, settings._replace(untouched=False)).stage
    return found.stages[key]


def _without(found: _Legal, one: Statement | Fact) -> _Legal:
    key = (one.kind, _name(one))
    if isinstance(one, Statement):
        return found._replace(refused=(*found.refused, key))
    left = [fact for fact in found.facts if fact.key != one.key]
    return found._replace(facts=left, refused=(*found.refused, key))


def _name(one: Statement | Fact) -> str:
    return one.part if isinstance(one, Fact) else one.stamp.event_id


def _newness(one: Statement) -> tuple[bool, int, tuple[int, int, str]]:
    """A person's correction outlasts what the channel says: the channel would repeat what was wrong."""
    return (one.kind == "CORRECTED", 0 if one.kind == "CORRECTED" else one.version, one.stamp)


def _stand(statements: list[Statement], facts: list[Fact], settings: Settings) -> Standing:
    """All given facts are legal; `statements` holds a PLACED."""
    statement = max(statements, key=_newness)
    told = _without_echoes(facts, statement.order.source_system)
    progress = weigh(told, lines_of(statement.order), settings.furthest, settings.forced)
    look = Look(statement, progress, settings.untouched)
    cancel_the_rest(look)
    stage = stage_of(look)
    holds = tuple(sorted(holds_of(look, stage)))
    if stage is OrderState.ACCEPTED and holds:
        stage = OrderState.PLACED
    return Standing(look, stage, holds)


_ECHOES = {"SHIPPED": "CREATE_SHIPMENT", "INVOICED": "CREATE_INVOICE", "REFUNDED": "CREATE_CREDIT_MEMO"}


def _without_echoes(facts: list[Fact], channel: str) -> list[Fact]:
    """What the channel says of a document that we had it make is no second shipment, invoice or refund."""
    ours = {(request_of(fact).kind, fact.document) for fact in facts if fact.kind == ANSWERED and fact.document}
    return [fact for fact in facts if fact.system != channel or (_ECHOES.get(fact.kind), fact.part) not in ours]
