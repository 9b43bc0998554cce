"""What an operator can change on the overview: the mode of a sink, and the intake of a topic."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from streams.topics import DESIRED, STOCK_INPUTS
from streams.web import order_stages, stages
from streams.web.envelope import State
from streams.web.facts import DifferenceFact, GapFact, LaneFact, OrderFact, TargetFact
from streams.web.node import Node
from streams.web.order_words import short
from streams.web.queue_words import QueueLine, queue_line
from streams.web.role_sinks import RoleSink
from streams.web.situation import ROLE, Situation, title
from streams.web.words import moment, moment_or_none, ranges, span

_STOCK = frozenset(topic.name for topic in (*STOCK_INPUTS, DESIRED))


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
    is_stock: bool = True
    order: Order | None = None


class Sink(msgspec.Struct, frozen=True, kw_only=True):
    """A sink and its target; None and `unknown` where its owner is silent.

    `key` is its anchor on the page.  What counts `rows` is None for a sink that does commands of orders.
    """

    key: str
    role: str
    unit: Literal["row", "order"]
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
    queue: QueueLine | None = None
    """Of a sink of orders: what waits, how long it takes, what misses its cut-off."""
    at_once: int = 0
    calls_per_s: float = 0
    left_of_day: int | None = None


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
        is_stock=topic in _STOCK,
        order=_order(at.order(f"intake/{topic}")),
    )


def _intake_state(*, paused: bool, gap: bool, read: bool) -> tuple[State, str]:
    if paused:
        return "stopped", "Paused"
    if gap:
        return "stopped", "Gap"
    return ("ok", "Open") if read else ("unknown", "Not read")


def sinks(at: Situation, drawn: tuple[Node, ...]) -> tuple[Sink, ...]:
    """The stock lane, then the sink of every role that does commands of orders."""
    by_id = {node.id: node for node in drawn}
    return (_lane(at, drawn), *(_of_orders(at, one, by_id) for one in at.order_sinks))


def _of_orders(at: Situation, one: RoleSink, by_id: Mapping[str, Node]) -> Sink:
    key = order_stages.sink_key(one.role)
    return Sink(
        key=key,
        role=one.sink,
        unit="order",
        name=f"{short(one.role)} sink",
        target=title(one.target.name),
        known=True,
        mode=one.mode,
        node=by_id[key],
        target_node=by_id[order_stages.target_key(one.role)],
        pending=one.pending,
        oldest_since=moment_or_none(one.oldest_at),
        last_answer=moment_or_none(one.target.last_answer_at),
        why="" if one.target.state == "closed" else one.target.why,
        requests=dict(sorted(one.target.requests.items())),
        order=_order(at.order(f"sink/{one.sink}")),
        queue=queue_line(one, at.now),
        at_once=one.target.at_once,
        calls_per_s=one.target.calls_per_s,
        left_of_day=one.target.left_of_day,
    )


def _lane(at: Situation, drawn: tuple[Node, ...]) -> Sink:
    by_id = {node.id: node for node in drawn}
    node, target_node = by_id[stages.LANE_KEY], by_id[f"target-{ROLE}"]
    lane, target = at.lane, at.target
    order = _order(at.order(f"sink/{ROLE}"))
    if lane is None or target is None:
        return Sink(
            key=stages.LANE_KEY,
            role=ROLE,
            unit="row",
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
        key=stages.LANE_KEY,
        role=ROLE,
        unit="row",
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
