"""The picture of the flow as values: what stands where, in which state, and what runs between."""

from collections.abc import Iterator

import msgspec

from streams.topics import DESIRED, HOLD, REBASE, STOCK_CHANGE, STOCK_INPUTS
from streams.web.envelope import ICONS, WORST_FIRST, State
from streams.web.facts import LaneFact, TargetFact
from streams.web.need import LATE_S
from streams.web.situation import BREAKER_STATE, ROLE, Intake, Situation, title
from streams.web.words import age, ago, count, many, number, rate, seconds_since, span

COLUMNS: tuple[str, ...] = ("SOURCES", "INPUT TOPICS", "FLOWS", "SINKS", "TARGETS")
KINDS: tuple[str, ...] = ("Source", "Topic", "Flow", "Sink", "Target")
_SOURCE_OF = {STOCK_CHANGE.name: "WMS", HOLD.name: "Holds", REBASE.name: "Operators"}
FLOW = "stock-ledger"
LANE_KEY = f"sink-{ROLE}"
WIDE, MIDDLE = 100.0, 1.0
"""Records a second from which an edge is drawn thicker."""


class Node(msgspec.Struct, frozen=True):
    """A stage: the first line says what matters, the second how it works."""

    id: str
    column: int
    name: str
    state: State
    icon: str
    lines: tuple[str, str]
    href: str

    @property
    def kind(self) -> str:
        return KINDS[self.column]


class Edge(msgspec.Struct, frozen=True):
    """`width` 1 to 3; the state is that of its two nodes."""

    start: str
    end: str
    state: State
    width: int


def nodes(at: Situation) -> tuple[Node, ...]:
    """Column by column."""
    topics = [at.intake(topic.name) for topic in STOCK_INPUTS]
    return (
        *(_source(at, one) for one in topics),
        *(_topic(at, one) for one in topics),
        _flow(at),
        _sink(at),
        _target(at),
    )


def edges(at: Situation, stages: tuple[Node, ...]) -> tuple[Edge, ...]:
    by_id = {node.id: node for node in stages}
    return tuple(
        Edge(start, end, _between(by_id[start], by_id[end]), _width(at, topic)) for start, end, topic in _ways()
    )


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


def _node(name: str, key: str, column: int, state: State, lines: tuple[str, str], href: str) -> Node:  # noqa: PLR0917  one per field
    return Node(key, column, name, state, ICONS[state], lines, href)


def _source(at: Situation, topic: Intake) -> Node:
    """Known by what arrives from it."""
    key, name = f"source-{topic.topic}", _SOURCE_OF[topic.topic]
    ever = topic.consumed or any(facts.accounted.get(topic.topic) for facts in at.fleet.answered)
    if not ever:
        return _node(name, key, 0, "unknown", ("no record yet", ""), "/#accounting")
    now = at.memory.rates.get(topic.topic)
    moved = at.memory.quiet_since.get(topic.topic)
    if now is None:
        return _node(name, key, 0, "ok", ("has sent records", "rate not known yet"), "/#accounting")
    last = "" if moved is None else f"last {ago(seconds_since(moved, at.now))}"
    line = rate(now) if now else "quiet"
    return _node(name, key, 0, "ok", (line, last), "/#accounting")


def _topic(at: Situation, topic: Intake) -> Node:
    """A queue: what waits in it, and for how long the oldest delivered record has been unfinished."""
    key = f"topic-{topic.topic}"
    href = f"/dead-letters?topic={topic.topic}"
    gaps = [gap for facts in at.fleet.answered for gap in facts.gaps if gap.topic == topic.topic]
    oldest = f"oldest {span(topic.oldest_s)}" if topic.oldest_s else "none unfinished"
    silent = any(one.partitions for one in at.fleet.silent)
    part = f"{len(topic.partitions)} of {at.partitions} partitions" if silent else ""
    waiting = f"{count(topic.lag)} waiting"
    if topic.paused or gaps:
        why = "paused" if topic.paused else "gap"
        return _node(topic.topic, key, 1, "stopped", (f"{why} · {count(topic.lag)} wait", oldest), "/#intake")
    if not topic.partitions:
        return _node(topic.topic, key, 1, "unknown", ("not known", "nobody reads it now"), "/#workers")
    if part:
        return _node(topic.topic, key, 1, "unknown", (f"{waiting} in part", part), "/#workers")
    state: State = "attention" if topic.oldest_s > LATE_S else "ok"
    return _node(topic.topic, key, 1, state, (waiting, oldest), href)


def _flow(at: Situation) -> Node:
    """Unknown in part where a worker is silent: the rest goes on."""
    of_all = f"{at.partitions - len(at.unread)} of {at.partitions} partitions"
    left = at.recovering.get(FLOW)
    if left:
        return _node("Stock ledger", FLOW, 2, "unknown", ("rebuilding", f"{count(left)} to be read"), "/#workers")
    if at.fleet.silent:
        return _node("Stock ledger", FLOW, 2, "unknown", (of_all, f"{at.fleet.silent[0].id}: silent"), "/#workers")
    rates = [at.memory.rates.get(topic.name) for topic in STOCK_INPUTS]
    known = [one for one in rates if one is not None]
    state: State = "unknown" if at.unread else "ok"
    return _node(
        "Stock ledger", FLOW, 2, state, (rate(sum(known)) if known else "rate not known yet", of_all), "/#workers"
    )


def _sink(at: Situation) -> Node:
    lane = at.lane
    if lane is None:
        return _node("Stock lane", LANE_KEY, 3, "unknown", ("not known", "no worker tells of it"), f"/#{LANE_KEY}")
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
        return _node("Commerce", key, 4, "unknown", ("not known", "its caller is silent"), href)
    name = title(target.name)
    last = (
        f"last answer {ago(seconds_since(target.last_answer_at, at.now))}" if target.last_answer_at else "no answer yet"
    )
    if target.state != "closed":
        words = {"open": "no answer", "trying": "being tried", "needs-operator": "refuses us"}
        text = f"{words.get(target.state, target.state)} · {age(seconds_since(target.since, at.now))}"
        return _node(name, key, 4, BREAKER_STATE.get(target.state, "unknown"), (text, last), href)
    if not target.last_answer_at:
        return _node(name, key, 4, "unknown", ("not called yet", last), href)
    return _node(name, key, 4, "ok", (latency(target), last), href)


def latency(target: TargetFact) -> str:
    """The bucket's upper bound is what is known of a quantile: it is not rounded, least of all down."""
    if target.p99_s is None:
        return "answers"
    return "p99 over 30 min" if target.p99_s == float("inf") else f"p99 within {number(target.p99_s)} s"
