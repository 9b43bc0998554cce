"""The picture: the same place for everything, every text escaped and inside its box."""

import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from streams.topics import OUTCOMES
from streams.web import stages
from streams.web.memory import NOTHING_REMEMBERED
from streams.web.node import COLUMNS, latency
from streams.web.picture import X, cut, picture
from streams.web.situation import Situation
from streams.web.spark import spark
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.situations import of, situation
from tests.unit.streams.web.worlds import STOCK, target


def _drawn(name: str) -> str:
    at = situation(scenes.SCENES[name]())
    nodes = stages.nodes(at)
    return str(picture(nodes, stages.edges(at, nodes)))


@pytest.mark.parametrize("name", scenes.SCENES)
def test_the_picture_is_well_formed_and_carries_no_style_or_script(name: str) -> None:
    root = ET.fromstring(_drawn(name))

    assert {element.tag for element in root.iter()} <= {"svg", "path", "text", "a", "rect", "use", "title"}
    assert not [element for element in root.iter() for key in element.attrib if key.startswith("on") or key == "style"]
    assert all(link.get("href", "").startswith("/") for link in root.iter("a"))


def test_links_keep_the_zone_of_the_page() -> None:
    nodes = stages.nodes(situation(scenes.calm()))
    drawn = str(picture(nodes, (), lambda path: f"{path}!"))

    assert drawn.count("<a href=") == drawn.count('!" aria-label') == len(nodes)


def test_the_bound_of_a_quantile_is_not_rounded_down() -> None:
    assert latency(target(p99_s=0.25)) == "p99 within 0.25 s"
    assert latency(target(p99_s=float("inf"))) == "p99 over 30 min"


def test_boxes_stand_still_whatever_happens() -> None:
    places = {
        tuple(re.findall(r'<rect class="box \w+" (x="[\d.]+" y="[\d.]+" width="\d+")', _drawn(name)))
        for name in scenes.SCENES
    }

    assert len(places) == 1


def test_every_text_fits_the_box_it_stands_in() -> None:
    assert len(cut("W" * 200, 150)) == int((150 - 20) / 7.2)
    assert cut("short", 150) == "short"


def test_a_number_is_shown_whole_or_not_at_all() -> None:
    """Half of 360,000 is another number."""
    shown = {cut("rebuilding: 360,000 left", width) for width in range(60, 220)}

    assert {"".join(re.findall(r"[\d.,]+", one)) for one in shown} == {"", "360,000"}
    assert "rebuilding: …" in shown
    assert "rebuilding: 360,000 …" in shown


def test_every_column_has_a_place() -> None:
    assert len(X) == len(COLUMNS)


def test_a_way_takes_its_state_from_its_two_ends() -> None:
    at = situation(scenes.partial_without_lane())
    nodes = stages.nodes(at)
    states = {(edge.start, edge.end): edge.state for edge in stages.edges(at, nodes)}

    assert states[f"source-{STOCK}", f"topic-{STOCK}"] == "unknown"
    assert states["sink-commerce", "target-commerce"] == "unknown"
    assert "stopped" not in states.values()


@pytest.mark.parametrize(("per_second", "width"), [(0.2, 1), (50.0, 2), (212.0, 3)])
def test_a_busier_way_is_drawn_wider(per_second: float, width: int) -> None:
    at = situation(scenes.calm(), memory=NOTHING_REMEMBERED._replace(rates={STOCK: per_second}))
    nodes = stages.nodes(at)

    assert {edge.width for edge in stages.edges(at, nodes) if STOCK in edge.end} == {width}


def test_an_unknown_minute_is_a_gap_and_never_part_of_a_line() -> None:
    drawn = str(spark([1.0, 2.0, None, None, 3.0, 4.0], "Last hour"))

    lines = re.findall(r'polyline points="([^"]+)"', drawn)
    assert [len(line.split()) for line in lines] == [2, 2]
    assert drawn.count('class="gap"') == 1


def test_a_line_of_nothing_and_a_lonely_point_can_be_drawn() -> None:
    assert "polyline" not in str(spark([None] * 60, "x"))
    assert "polyline" in str(spark([None, 3.0, None], "x"))
    ET.fromstring(str(spark([0.0] * 60, 'a "quoted" <label>', 5.0)))


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


def _with_orders() -> Situation:
    world = scenes.calm()
    world.orders = w.orders(w.entry(), w.waiting())
    return situation(world)


def test_orders_have_their_topics_their_flow_and_a_sink_and_a_target_for_every_role() -> None:
    nodes = {node.id: node for node in stages.nodes(_with_orders())}

    assert {"source-commerce.order.v1", "topic-commerce.order.v1", "topic-orders-said", "orders"} <= nodes.keys()
    assert nodes["topic-orders-answers"].name == f"{len(OUTCOMES)} outcome topics"
    for role in ("erp", "wms", "crm"):
        assert nodes[f"order-sink-{role}"].column == 3
        assert nodes[f"order-target-{role}"].column == 4
    assert (nodes["order-sink-erp"].state, nodes["order-sink-erp"].lines) == (
        "stopped",
        ("1 waits · for 36 min", "run"),
    )
    assert (nodes["order-sink-wms"].icon, nodes["order-sink-wms"].lines[1]) == ("pause", "paused: sends nothing")
    assert nodes["order-target-erp"].lines[0] == "refuses us · 36 min"


def test_without_orders_the_picture_is_that_of_stock() -> None:
    assert not [node for node in stages.nodes(situation(scenes.calm())) if "order" in node.id]


def test_every_box_of_orders_is_tied_to_the_flow() -> None:
    at = _with_orders()
    nodes = stages.nodes(at)
    ends = {end for edge in stages.edges(at, nodes) for end in (edge.start, edge.end)}

    assert {node.id for node in nodes} == ends


def test_commands_that_are_still_in_their_topic_wait_too() -> None:
    facts = _with_orders().fleet.own
    lag = msgspec.structs.replace(w.intakes((0,))[0], topic="erp.command.v1", lag_records=41)
    intakes = tuple(lag if one.topic == lag.topic else one for one in facts.intakes)
    nodes = {node.id: node for node in stages.nodes(of(msgspec.structs.replace(facts, intakes=intakes)))}

    assert nodes["order-sink-erp"].lines[0].startswith("42 wait")
