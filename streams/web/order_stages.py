"""Orders in the picture: what is read of them, the flow that decides, and every role's sink with its target."""

from collections.abc import Iterator

from streams.topics import COMMANDS, ORDER_EVENT, SHIPMENT
from streams.web import intake_stages
from streams.web.envelope import ICONS, State
from streams.web.node import Node, made, of_target, of_topic
from streams.web.order_facts import STUCK_AFTER_S
from streams.web.order_words import short
from streams.web.role_sinks import BREAKER_STATE, RoleSink
from streams.web.situation import ROLE, Situation
from streams.web.words import count, many, seconds_since, span

FLOW = "orders"
SAID, ANSWERS = "topic-orders-said", "topic-orders-answers"
ANSWER_SUFFIX = ".outcome.v1"


_BESIDE = {ROLE: (SHIPMENT.name,)}
"""The shop is asked for shipments by a topic of their own."""


def sink_key(role: str) -> str:
    """Anchor of the sink on the page; the stock lane has one of its own, though it may play the same role."""
    return f"order-sink-{role}"


def target_key(role: str) -> str:
    return f"order-target-{role}"


def nodes(at: Situation) -> Iterator[Node]:
    """None where orders are off.  The flow stands between the two that write its events."""
    if not at.order_sinks:
        return
    yield from intake_stages.orders(at)
    yield of_topic(at, SAID, ORDER_EVENT.name, (at.intake(ORDER_EVENT.name),))
    answers = [at.intake(name) for name in at.topics if name.endswith(ANSWER_SUFFIX)]
    yield of_topic(at, ANSWERS, f"{many(len(answers), 'outcome topic')}", answers)
    yield _flow(at)
    yield from intake_stages.news(at)
    for one in at.order_sinks:
        yield _sink(at, one)
        yield of_target(at, target_key(one.role), one.target, f"/#{sink_key(one.role)}")


def ways(at: Situation) -> Iterator[tuple[str, str, str]]:
    """Start, end, and the topic whose rate is the way's."""
    if not at.order_sinks:
        return
    yield from intake_stages.ways(at, FLOW)
    yield SAID, FLOW, ORDER_EVENT.name
    yield ANSWERS, FLOW, ORDER_EVENT.name
    for one in at.order_sinks:
        yield FLOW, sink_key(one.role), _commands(one.role)
        yield sink_key(one.role), target_key(one.role), _commands(one.role)


def _commands(role: str) -> str:
    return COMMANDS[role].name if role in COMMANDS else f"{role}.command.v1"


def _flow(at: Situation) -> Node:
    """Held orders are its own: they wait in no queue."""
    sums, left = at.orders, at.recovering.get(FLOW)
    if left:
        return made("Orders", FLOW, 2, "unknown", ("rebuilding", f"{count(left)} to be read"), "/#workers")
    if at.fleet.silent:
        return made("Orders", FLOW, 2, "unknown", ("not all known", f"{at.fleet.silent[0].id}: silent"), "/#workers")
    if sums is None or not sums.as_of:
        return made("Orders", FLOW, 2, "unknown", ("not counted yet", ""), "/orders")
    held = f"{'' if sums.is_whole else 'at least '}{count(sums.held)} held"
    parked = sum(sums.parked.values())
    state: State = "attention" if sums.held else "ok" if sums.is_whole else "unknown"
    return made(
        "Orders", FLOW, 2, state, (held, f"{count(parked)} too early" if parked else "none too early"), "/orders"
    )


def _sink(at: Situation, one: RoleSink) -> Node:
    """What waits is the commands that are taken in and those that are still in their topic."""
    href = f"/#{sink_key(one.role)}"
    unread = sum(at.intake(topic).lag for topic in (_commands(one.role), *_BESIDE.get(one.role, ())))
    since = "" if one.oldest_at is None else f" · for {span(seconds_since(one.oldest_at, at.now))}"
    waiting = f"{count(one.pending + unread)} {'waits' if one.pending + unread == 1 else 'wait'}{since}"
    words = {"run": "run", "shadow": "shadow: sends nothing", "paused": "paused: sends nothing"}
    state, icon = _standing(at, one)
    lines = (waiting, words.get(one.mode, one.mode))
    return Node(sink_key(one.role), 3, f"{short(one.role)} sink", state, icon, lines, href)


def _standing(at: Situation, one: RoleSink) -> tuple[State, str]:
    breaker = BREAKER_STATE.get(one.target.state, "unknown")
    if one.mode != "run":
        return "attention", "pause"
    if breaker == "stopped":
        return "stopped", "bad"
    if at.fleet.silent:
        return "unknown", "unknown"
    late = one.oldest_at is not None and seconds_since(one.oldest_at, at.now) > STUCK_AFTER_S
    state: State = "attention" if late or breaker == "attention" else "ok"
    return state, ICONS[state]
