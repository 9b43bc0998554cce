"""How orders and what systems say of them come in, in the picture: senders, topics, and the flows that read them."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from streams.tables import ORDER_INTAKE, ORDER_NEWS
from streams.topics import (
    CARRIER_EVENT,
    COMMERCE_ORDER,
    COMMERCE_RETURN,
    ERP_ORDER_EVENT,
    FULFILMENT_EVENT,
    NEWS_INPUTS,
)
from streams.web.envelope import State
from streams.web.node import NO_RECORD, Node, made, of_topic
from streams.web.situation import Intake, Situation
from streams.web.words import ago, count, many, rate, seconds_since

FIRST = COMMERCE_ORDER.name
INTAKE, NEWS = ORDER_INTAKE.name, ORDER_NEWS.name
_NEWS = tuple(topic.name for topic in NEWS_INPUTS)
_SOURCE_OF: Mapping[str, str] = MappingProxyType(
    {
        FIRST: "Channels",
        FULFILMENT_EVENT.name: "WMS: orders",
        ERP_ORDER_EVENT.name: "ERP",
        COMMERCE_RETURN.name: "Returns",
        CARRIER_EVENT.name: "Carriers",
    }
)
_SUMS = "/#accounting-orders"


def orders(at: Situation) -> Iterator[Node]:
    """What channels place."""
    yield from _read(at, (FIRST,))
    yield _flow(at, INTAKE, "Order intake", (FIRST,))


def news(at: Situation) -> Iterator[Node]:
    """What systems say of it."""
    yield from _read(at, _NEWS)
    yield _flow(at, NEWS, "Order news", _NEWS)


def _read(at: Situation, topics: Sequence[str]) -> Iterator[Node]:
    for topic in topics:
        yield _source(at, topic)
        yield of_topic(at, f"topic-{topic}", topic, (at.intake(topic),))


def ways(at: Situation, to: str) -> Iterator[tuple[str, str, str]]:
    """Start, end, and the topic whose rate is the way's; both flows write events of the flow `to`."""
    for flow, topics in ((INTAKE, (FIRST,)), (NEWS, _NEWS)):
        for topic in topics:
            yield f"source-{topic}", f"topic-{topic}", topic
            yield f"topic-{topic}", flow, topic
        yield flow, to, max(topics, key=lambda topic: at.memory.rates.get(topic) or 0.0)


def _source(at: Situation, topic: str) -> Node:
    """Known by what arrives: the gateway, the poll and whoever else writes the topic look alike from here."""
    key, name = f"source-{topic}", _SOURCE_OF[topic]
    if not (at.intake(topic).consumed or any(facts.accounted.get(topic) for facts in at.fleet.answered)):
        return made(name, key, 0, "unknown", (NO_RECORD, ""), _SUMS)
    now, moved = at.memory.rates.get(topic), at.memory.quiet_since.get(topic)
    if now is None:
        return made(name, key, 0, "ok", ("has sent records", "rate not known yet"), _SUMS)
    last = "" if moved is None else f"last {ago(seconds_since(moved, at.now))}"
    return made(name, key, 0, "ok", (rate(now) if now else "quiet", last), _SUMS)


def _flow(at: Situation, table: str, name: str, topics: Sequence[str]) -> Node:
    """How much it takes, what it set aside and nobody has decided yet, and what waits before it."""
    intakes = [at.intake(topic) for topic in topics]
    unknown = _unknown(at, table, intakes)
    if unknown is not None:
        return made(name, table, 2, "unknown", unknown, "/#workers")
    known = [found for topic in topics if (found := at.memory.rates.get(topic)) is not None]
    pace = rate(sum(known)) if known else "rate not known yet"
    waiting = f"{count(sum(one.lag for one in intakes))} waiting"
    if not at.letters.state.known or at.letters.state.building:
        return made(name, table, 2, "unknown", ("letters not known", waiting), "/dead-letters")
    dead = [group for group in at.letters.groups if group.topic in topics]
    if not dead:
        return made(name, table, 2, "ok", (pace, waiting), _SUMS)
    state: State = "attention"
    href = f"/dead-letters?topic={dead[0].topic}" if len({one.topic for one in dead}) == 1 else "/dead-letters"
    letters = many(sum(group.letters for group in dead), "dead letter")
    return made(name, table, 2, state, (letters, f"{waiting} · {pace}" if known else waiting), href)


def _unknown(at: Situation, table: str, intakes: Sequence[Intake]) -> tuple[str, str] | None:
    """Why nothing can be said of it, or not of all of it."""
    left = at.recovering.get(table)
    if left:
        return "rebuilding", f"{count(left)} to be read"
    if at.fleet.silent:
        return "not all known", f"{at.fleet.silent[0].id}: silent"
    if not all(one.partitions for one in intakes):
        return "not known", "nobody reads it now"
    return None
