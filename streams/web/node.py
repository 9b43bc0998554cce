"""One stage of the picture as a value, and the forms that every topic and every target of it have."""

from collections.abc import Sequence

import msgspec

from streams.web.envelope import ICONS, State
from streams.web.facts import TargetFact
from streams.web.need import LATE_S
from streams.web.role_sinks import BREAKER_STATE
from streams.web.situation import Intake, Situation, title
from streams.web.words import age, ago, count, number, seconds_since, span

COLUMNS: tuple[str, ...] = ("SOURCES", "INPUT TOPICS", "FLOWS", "SINKS", "TARGETS")
NO_RECORD = "no record yet"
"""What a source says that never sent one."""
KINDS: tuple[str, ...] = ("Source", "Topic", "Flow", "Sink", "Target")


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


def made(name: str, key: str, column: int, state: State, lines: tuple[str, str], href: str) -> Node:  # noqa: PLR0917  one per field
    """With the icon of its state."""
    return Node(key, column, name, state, ICONS[state], lines, href)


def of_topic(at: Situation, key: str, name: str, topics: Sequence[Intake]) -> Node:
    """A queue: what waits in it, and for how long the oldest delivered record has been unfinished."""
    names = {one.topic for one in topics}
    lag, oldest_s = sum(one.lag for one in topics), max((one.oldest_s for one in topics), default=0.0)
    href = f"/dead-letters?topic={topics[0].topic}" if len(topics) == 1 else "/#intake"
    gaps = [gap for facts in at.fleet.answered for gap in facts.gaps if gap.topic in names]
    oldest = f"oldest {span(oldest_s)}" if oldest_s else "none unfinished"
    silent = any(one.partitions for one in at.fleet.silent)
    waiting = f"{count(lag)} waiting"
    if any(one.paused for one in topics) or gaps:
        why = "gap" if gaps and not any(one.paused for one in topics) else "paused"
        return made(name, key, 1, "stopped", (f"{why} · {count(lag)} wait", oldest), "/#intake")
    if not all(one.partitions for one in topics):
        return made(name, key, 1, "unknown", ("not known", "nobody reads it now"), "/#workers")
    if silent:
        part = f"{min(len(one.partitions) for one in topics)} of {at.partitions} partitions"
        return made(name, key, 1, "unknown", (f"{waiting} in part", part), "/#workers")
    state: State = "attention" if oldest_s > LATE_S else "ok"
    return made(name, key, 1, state, (waiting, oldest), href)


def of_target(at: Situation, key: str, target: TargetFact, href: str) -> Node:
    """By what its calls were answered with."""
    name = title(target.name)
    last = (
        f"last answer {ago(seconds_since(target.last_answer_at, at.now))}" if target.last_answer_at else "no answer yet"
    )
    if target.state != "closed":
        words = {"open": "no answer", "trying": "being tried", "needs-operator": "refuses us"}
        text = f"{words.get(target.state, target.state)} · {age(seconds_since(target.since, at.now))}"
        return made(name, key, 4, BREAKER_STATE.get(target.state, "unknown"), (text, last), href)
    if not target.last_answer_at:
        return made(name, key, 4, "unknown", ("not called yet", last), href)
    return made(name, key, 4, "ok", (latency(target), last), href)


def latency(target: TargetFact) -> str:
    """The bucket's upper bound is what is known of a quantile: it is not rounded, least of all down."""
    if target.p99_s is None:
        return "answers"
    return "p99 over 30 min" if target.p99_s == float("inf") else f"p99 within {number(target.p99_s)} s"
