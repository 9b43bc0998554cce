"""What an operator can change on the overview: the mode of a sink, and the intake of a topic."""

from datetime import datetime

import msgspec

from streams.web import stages
from streams.web.envelope import State
from streams.web.facts import DifferenceFact, GapFact, LaneFact, OrderFact, TargetFact
from streams.web.situation import ROLE, Situation, title
from streams.web.stages import Node
from streams.web.words import moment, moment_or_none, ranges, span


class Order(msgspec.Struct, frozen=True):
    """The standing order behind a state."""

    state: str
    actor: str
    reason: str
    at: datetime


class Difference(msgspec.Struct, frozen=True):
    """Shadow mode: what would be written, and what the shop shows."""

    sku: str
    source: str
    ours: str
    theirs: str
    at: datetime


class Topic(msgspec.Struct, frozen=True):
    """One topic that is read: whether its intake is open, and what waits."""

    topic: str
    state: State
    word: str
    waiting: int
    oldest: str
    partitions: str
    gaps: tuple[GapFact, ...] = ()
    paused: bool = False
    order: Order | None = None


class Sink(msgspec.Struct, frozen=True, kw_only=True):
    """The stock lane and its target; None and `unknown` where its owner is silent."""

    role: str
    name: str
    target: str
    known: bool
    mode: str
    node: Node
    target_node: Node
    pending: int | None = None
    oldest_since: datetime | None = None
    last_answer: datetime | None = None
    why: str = ""
    rows_per_call: int | None = None
    frozen_calls: int | None = None
    requests: dict[str, int] = {}
    unknown_skus: tuple[str, ...] = ()
    compared: int = 0
    differing: int = 0
    differences: tuple[Difference, ...] = ()
    order: Order | None = None


def topic_line(at: Situation, topic: str) -> Topic:
    intake = at.intake(topic)
    gaps = tuple(gap for facts in at.fleet.answered for gap in facts.gaps if gap.topic == topic)
    state, word = _intake_state(paused=intake.paused, gap=bool(gaps), read=bool(intake.partitions))
    if word == "Open" and any(one.partitions for one in at.fleet.silent):
        state, word = "unknown", "Open as far as known"
    return Topic(
        topic=topic,
        state=state,
        word=word,
        waiting=intake.lag,
        oldest=span(intake.oldest_s) if intake.oldest_s else "–",
        partitions=ranges(intake.partitions) or "–",
        gaps=gaps,
        paused=intake.paused,
        order=_order(at.order(f"intake/{topic}")),
    )


def _intake_state(*, paused: bool, gap: bool, read: bool) -> tuple[State, str]:
    if paused:
        return "stopped", "Paused"
    if gap:
        return "stopped", "Gap"
    return ("ok", "Open") if read else ("unknown", "Not read")


def sink(at: Situation, drawn: tuple[Node, ...]) -> Sink:
    by_id = {node.id: node for node in drawn}
    node, target_node = by_id[stages.LANE_KEY], by_id[f"target-{ROLE}"]
    lane, target = at.lane, at.target
    order = _order(at.order(f"sink/{ROLE}"))
    if lane is None or target is None:
        return Sink(
            role=ROLE,
            name="Stock lane",
            target="Commerce",
            known=False,
            mode="unknown",
            node=node,
            target_node=target_node,
            order=order,
        )
    return _known_sink(lane, target, (node, target_node), order)


def _known_sink(lane: LaneFact, target: TargetFact, nodes: tuple[Node, Node], order: Order | None) -> Sink:
    return Sink(
        role=ROLE,
        name="Stock lane",
        target=title(target.name),
        known=True,
        mode=lane.mode,
        node=nodes[0],
        target_node=nodes[1],
        pending=lane.pending,
        oldest_since=moment_or_none(lane.oldest_pending_since),
        last_answer=moment_or_none(target.last_answer_at),
        why="" if target.state == "closed" else target.why,
        rows_per_call=lane.rows_per_call,
        frozen_calls=lane.frozen_calls,
        requests=dict(sorted(target.requests.items())),
        unknown_skus=lane.unknown_skus,
        compared=lane.compared,
        differing=lane.differing,
        differences=tuple(_difference(one) for one in lane.differences),
        order=order,
    )


def _difference(one: DifferenceFact) -> Difference:
    return Difference(one.sku, one.source_code, one.ours, one.theirs or "not there", moment(one.at))


def _order(order: OrderFact | None) -> Order | None:
    return None if order is None else Order(order.state, order.actor, order.reason, moment(order.at))
