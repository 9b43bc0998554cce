"""In the picture orders come in by one flow and what systems say of them by another; both show what they set aside."""

import re
from collections.abc import Callable

import msgspec
import pytest

from streams.web import stages
from streams.web.letter_index import IndexState
from streams.web.memory import NOTHING_REMEMBERED
from streams.web.node import Edge, Node
from streams.web.picture import picture
from streams.web.situation import Situation
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.situations import of, situation
from tests.unit.streams.web.worlds import World, letter

PLACED, ERP, WMS, RETURN, PARCEL = (
    "commerce.order.v1", "erp.order-event.v1", "wms.fulfilment-event.v1", "commerce.return.v1", "carrier.event.v1",
)  # fmt: skip


def _world() -> World:
    world = scenes.calm()
    world.orders = w.orders(w.entry())
    return world


def _nodes(at: Situation) -> dict[str, Node]:
    return {node.id: node for node in stages.nodes(at)}


def _ways(at: Situation) -> dict[tuple[str, str], Edge]:
    return {(one.start, one.end): one for one in stages.edges(at, stages.nodes(at))}


def test_what_channels_place_goes_by_the_intake_and_what_systems_say_by_the_news_to_the_orders() -> None:
    ways = _ways(situation(_world()))

    assert {(f"source-{PLACED}", f"topic-{PLACED}"), (f"topic-{PLACED}", "order-intake")} <= ways.keys()
    assert {(f"topic-{topic}", "order-news") for topic in (ERP, WMS, RETURN, PARCEL)} <= ways.keys()
    assert {("order-intake", "orders"), ("order-news", "orders"), ("topic-orders-said", "orders")} <= ways.keys()
    assert (f"topic-{PLACED}", "orders") not in ways


def test_both_flows_stand_next_to_the_one_that_they_write_for() -> None:
    flows = [node.id for node in stages.nodes(situation(_world())) if node.column == 2]

    assert flows == ["stock-ledger", "order-intake", "orders", "order-news"]


def test_a_way_within_a_column_runs_straight_and_stays_between_its_boxes() -> None:
    at = situation(_world())
    nodes = stages.nodes(at)
    drawn = str(picture(nodes, [one for one in stages.edges(at, nodes) if one.start == "order-intake"]))

    [(x1, x2)] = re.findall(r'd="M([\d.]+) [\d.]+C[\d.]+ [\d.]+ [\d.]+ [\d.]+ ([\d.]+) [\d.]+"', drawn)
    assert x1 == x2


@pytest.mark.parametrize(("topic", "flow"), [(PLACED, "order-intake"), (RETURN, "order-news")])
def test_open_dead_letters_of_its_topics_need_a_look_at_the_flow_and_lead_to_them(topic: str, flow: str) -> None:
    world = _world()
    world.letters = [letter(number, origin_topic=topic, reason="unknown-order") for number in range(3)]
    nodes = _nodes(situation(world))

    assert (nodes[flow].state, nodes[flow].lines[0]) == ("attention", "3 dead letters")
    assert nodes[flow].href == f"/dead-letters?topic={topic}"
    assert {nodes[other].state for other in {"order-intake", "order-news"} - {flow}} == {"ok"}


def test_what_waits_before_a_flow_is_the_lag_of_all_that_it_reads() -> None:
    facts = situation(_world()).fleet.own
    lags = {ERP: 40, WMS: 2}
    intakes = tuple(msgspec.structs.replace(one, lag_records=lags.get(one.topic, 0)) for one in facts.intakes)
    nodes = _nodes(of(msgspec.structs.replace(facts, intakes=intakes)))

    assert nodes["order-news"].lines[1] == "42 waiting"
    assert nodes[f"topic-{ERP}"].lines[0] == "40 waiting"


def test_the_pace_of_a_flow_is_that_of_its_topics() -> None:
    memory = NOTHING_REMEMBERED._replace(rates={ERP: 1.5, WMS: 2.0, PLACED: 7.0})
    at = situation(_world(), memory=memory)

    assert (_nodes(at)["order-news"].lines[0], _nodes(at)["order-intake"].lines[0]) == ("3.5/s", "7/s")
    assert _ways(at)["order-news", "orders"].width == 2


def test_a_sender_that_never_wrote_is_not_known_and_no_trouble() -> None:
    facts = situation(_world()).fleet.own
    intakes = tuple(msgspec.structs.replace(one, consumed=0) if one.topic == RETURN else one for one in facts.intakes)
    node = _nodes(of(msgspec.structs.replace(facts, intakes=intakes)))[f"source-{RETURN}"]

    assert (node.name, node.state, node.lines[0]) == ("Returns", "unknown", "no record yet")


def _silent() -> Situation:
    world = _world()
    world.others = {scenes.NO_ONE: (5, 6)}
    return situation(world)


def _rebuilding() -> Situation:
    facts = situation(_world()).fleet.own
    return of(msgspec.structs.replace(facts, recovering={"order-news": 12, "order-intake": 3}))


def _unread() -> Situation:
    facts = situation(_world()).fleet.own
    intakes = tuple(
        msgspec.structs.replace(one, partitions=()) if one.topic in {PLACED, WMS} else one for one in facts.intakes
    )
    return of(msgspec.structs.replace(facts, intakes=intakes))


def _no_letters() -> Situation:
    world = _world()
    world.index_state = IndexState(known=False, why="no broker answers")
    return situation(world)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (_silent, "not all known"), (_rebuilding, "rebuilding"), (_unread, "not known"),
        (_no_letters, "letters not known"),
    ],
    ids=["silent", "rebuilding", "unread", "letters"],
)  # fmt: skip
def test_what_is_not_known_of_a_flow_is_never_green(at: Callable[[], Situation], said: str) -> None:
    nodes = _nodes(at())

    for flow in ("order-intake", "order-news"):
        assert (nodes[flow].state, nodes[flow].lines[0]) == ("unknown", said)
