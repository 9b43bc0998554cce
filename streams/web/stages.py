"""The picture of the flow as values: what stands where, in which state, and what runs between."""

from collections.abc import Iterator

from streams.topics import DESIRED, HOLD, REBASE, RESERVATION_REQUEST, STOCK_CHANGE, STOCK_INPUTS
from streams.web import order_stages
from streams.web.envelope import ICONS, WORST_FIRST, State
from streams.web.facts import LaneFact
from streams.web.need import LATE_S
from streams.web.node import NO_RECORD, Edge, Node, made, of_target, of_topic
from streams.web.role_sinks import BREAKER_STATE
from streams.web.situation import ROLE, Intake, Situation
from streams.web.words import ago, count, many, rate, seconds_since, span

_SOURCE_OF = {
    STOCK_CHANGE.name: "WMS",
    HOLD.name: "Holds",
    REBASE.name: "Operators",
    RESERVATION_REQUEST.name: "Channels",
}
FLOW = "stock-ledger"
LANE_KEY = f"sink-{ROLE}"
WIDE, MIDDLE = 100.0, 1.0
"""Records a second from which an edge is drawn thicker."""


def nodes(at: Situation) -> tuple[Node, ...]:
    """Column by column, stock above orders."""
    topics = [at.intake(topic.name) for topic in STOCK_INPUTS]
    stock = (
        *(_source(at, one) for one in topics),
        *(_topic(at, one) for one in topics),
        _flow(at),
        _sink(at),
        _target(at),
    )
    return tuple(sorted((*stock, *order_stages.nodes(at)), key=lambda node: node.column))


def edges(at: Situation, stages: tuple[Node, ...]) -> tuple[Edge, ...]:
    by_id = {node.id: node for node in stages}
    ways = (*_ways(), *order_stages.ways(at))
    return tuple(Edge(start, end, _between(by_id[start], by_id[end]), _width(at, topic)) for start, end, topic in ways)


def _ways() -> Iterator[tuple[str, str, str]]:
    for topic in STOCK_INPUTS:
        yield f"source-{topic.name}", f"topic-{topic.name}", topic.name
        yield f"topic-{topic.name}", FLOW, topic.name
    yield FLOW, LANE_KEY, DESIRED.name
    yield LANE_KEY, f"target-{ROLE}", DESIRED.name


def _between(start: Node, end: Node) -> State:
    """Nothing known of one end is nothing known of the way; a stopped end stops it."""
    states = (start.state, end.state)
    if "stopped" in states:
        return "stopped"
    return "unknown" if "unknown" in states else min(states, key=WORST_FIRST.index)


def _width(at: Situation, topic: str) -> int:
    now = at.memory.rates.get(topic) or 0.0
    return 3 if now >= WIDE else 2 if now >= MIDDLE else 1


def _source(at: Situation, topic: Intake) -> Node:
    """Known by what arrives from it."""
    key, name = f"source-{topic.topic}", _SOURCE_OF[topic.topic]
    ever = topic.consumed or any(facts.accounted.get(topic.topic) for facts in at.fleet.answered)
    if not ever:
        return made(name, key, 0, "unknown", (NO_RECORD, ""), "/#accounting")
    now = at.memory.rates.get(topic.topic)
    moved = at.memory.quiet_since.get(topic.topic)
    if now is None:
        return made(name, key, 0, "ok", ("has sent records", "rate not known yet"), "/#accounting")
    last = "" if moved is None else f"last {ago(seconds_since(moved, at.now))}"
    line = rate(now) if now else "quiet"
    return made(name, key, 0, "ok", (line, last), "/#accounting")


def _topic(at: Situation, topic: Intake) -> Node:
    return of_topic(at, f"topic-{topic.topic}", topic.topic, (topic,))


def _flow(at: Situation) -> Node:
    """Unknown in part where a worker is silent: the rest goes on."""
    of_all = f"{at.partitions - len(at.unread)} of {at.partitions} partitions"
    left = at.recovering.get(FLOW)
    if left:
        return made("Stock ledger", FLOW, 2, "unknown", ("rebuilding", f"{count(left)} to be read"), "/#workers")
    if at.fleet.silent:
        return made("Stock ledger", FLOW, 2, "unknown", (of_all, f"{at.fleet.silent[0].id}: silent"), "/#workers")
    rates = [at.memory.rates.get(topic.name) for topic in STOCK_INPUTS]
    known = [one for one in rates if one is not None]
    state: State = "unknown" if at.unread else "ok"
    return made(
        "Stock ledger", FLOW, 2, state, (rate(sum(known)) if known else "rate not known yet", of_all), "/#workers"
    )


def _sink(at: Situation) -> Node:
    lane = at.lane
    if lane is None:
        return made("Stock lane", LANE_KEY, 3, "unknown", ("not known", "no worker tells of it"), f"/#{LANE_KEY}")
    since = lane.oldest_pending_since
    oldest = "" if since is None else f" · for {span(seconds_since(since, at.now))}"
    state, icon = _lane_state(at, lane)
    lines = (f"{count(lane.pending)} {'waits' if lane.pending == 1 else 'wait'}{oldest}", _lane_mode(lane))
    return Node(LANE_KEY, 3, "Stock lane", state, icon, lines, f"/#{LANE_KEY}")


def _lane_state(at: Situation, lane: LaneFact) -> tuple[State, str]:
    breaker = BREAKER_STATE.get(at.target.state, "unknown") if at.target is not None else "unknown"
    if lane.mode != "run":
        return "attention", "pause"
    if breaker == "stopped":
        return "stopped", "bad"
    since = lane.oldest_pending_since
    late = since is not None and seconds_since(since, at.now) > LATE_S
    state: State = "attention" if late or breaker == "attention" else "ok"
    return state, ICONS[state]


def _lane_mode(lane: LaneFact) -> str:
    words = {"run": "run", "shadow": "shadow: sends nothing", "paused": "paused: sends nothing"}
    frozen = f" · {many(lane.frozen_calls, 'call')} looked up" if lane.frozen_calls else ""
    return words.get(lane.mode, lane.mode) + frozen


def _target(at: Situation) -> Node:
    target, lane = at.target, at.lane
    key, href = f"target-{ROLE}", f"/#{LANE_KEY}"
    if target is None or lane is None:
        return made("Commerce", key, 4, "unknown", ("not known", "its caller is silent"), href)
    return of_target(at, key, target, href)
