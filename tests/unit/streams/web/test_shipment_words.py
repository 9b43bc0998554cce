"""A shipment that the shop has not posted says what it waits for and since when, and never looks well meanwhile."""

from typing import Any

import msgspec
import pytest

from streams.web import facts as f
from streams.web import order_facts as o
from streams.web.shipment_words import ShipmentWait, waits
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import Answer, get
from tests.unit.streams.web.order_worlds import MINUTE, NOW, orders
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.situations import situation
from tests.unit.streams.web.worlds import World, served

pytestmark = pytest.mark.anyio
RUNS = o.LaneStandFact("run")
SHORT = (o.ShortFact("PUMP-200", "2.0", "5"),)
ASKED = ("commerce", "CREATE_SHIPMENT", "SHP-1")
SHIPPED = w.entry(asked=(ASKED,), works=(w.work(), w.work("commerce", target="adobe_commerce")))


def shipment(lane: o.LaneStandFact | None = RUNS, **changes: Any) -> o.ShipmentFact:
    at = changes.pop("at", NOW - MINUTE)
    names = ("after", "masked", "part")
    own = {name: changes.pop(name) for name in names if name in changes}
    work = w.work("commerce", target="adobe_commerce", pending=(o.PendingFact("CREATE_SHIPMENT", "SHP-1", at),))
    work = msgspec.structs.replace(work, **changes)
    return o.ShipmentFact(
        **{"part": "SHP-1", "source_code": "north", "at": at, "offset": 7, **own}, work=work, lane=lane
    )


def _said(one: o.ShipmentFact, *standing: f.OrderFact) -> ShipmentWait:
    [found] = waits((one,), (), situation(scenes.calm_but(orders=standing)))
    return found


@pytest.mark.parametrize(
    ("one", "state", "text"),
    [
        (shipment(o.LaneStandFact("run", SHORT)), "ok",
         "The shop shows too little at north: 2 of PUMP-200, and 5 leave. The stock lane writes that first."),
        (shipment(o.LaneStandFact("paused", SHORT)), "attention", "It is in mode paused and writes nothing."),
        (shipment(o.LaneStandFact("run", (), ("PUMP-200",))), "ok", "A write of PUMP-200 at north is not answered"),
        (shipment(intent_at=NOW - 2 * MINUTE, attempts=1), "attention",
         "Whether the shop has it is not known: a call left 2 min ago and was not answered."),
        (shipment(masked=3, intent_at=NOW, not_before=NOW + MINUTE), "attention",
         "3 of 5 times without saying why (its source may hold too little). The next try is in 1 min."),
        (shipment(mode="paused"), "attention", "The sink is in mode paused"),
        (shipment(state="open", why="no answer"), "attention", "The target does not take our calls: no answer."),
        (shipment(held="duplicate-suspected"), "attention", "until somebody releases the order"),
        (shipment(not_before=NOW + MINUTE, attempts=1), "ok", "1 attempt so far. Next try in 1 min."),
        (shipment(None), "unknown", "Waits for the stock lane, which does not know yet"),
        (shipment(after="SHP-0"), "ok", "Waits for the shipment SHP-0 of the same order"),
        (shipment(), "ok", "It goes out by itself."),
    ],
    ids=[
        "row too low", "lane paused", "row written", "unknown outcome", "refused three times", "sink paused",
        "shop away", "twice", "put off", "lane unknown", "not first", "next",
    ],
)  # fmt: skip
def test_each_reason_is_one_sentence_of_its_own(one: o.ShipmentFact, state: str, text: str) -> None:
    found = _said(one)

    assert (found.state, found.place) == (state, "commerce.shipment.v1-0-7")
    assert text in found.text


@pytest.mark.parametrize(
    ("one", "sink"),
    [(shipment(o.LaneStandFact("paused", SHORT)), "commerce"), (shipment(mode="paused"), "commerce-orders")],
    ids=["lane", "sink"],
)
def test_who_paused_it_and_since_when_is_told_with_the_way_out(one: o.ShipmentFact, sink: str) -> None:
    order = f.OrderFact(f"sink/{sink}", "paused", "ben (operate)", "stock-taking", NOW - 12 * MINUTE)

    text = _said(one, order).text
    assert f"ben (operate) said so 12 min ago: `commerce-streams sinks run {sink}`." in text


def test_an_order_that_is_older_than_the_mode_is_nobodys_word_for_it() -> None:
    order = f.OrderFact("sink/commerce", "run", "ben (operate)", "", NOW - 12 * MINUTE)

    assert "ben" not in _said(shipment(o.LaneStandFact("paused", SHORT)), order).text


def test_what_waits_for_long_needs_a_look_whatever_it_waits_for() -> None:
    assert _said(shipment(at=NOW - 6 * MINUTE)).state == "attention"
    assert _said(shipment(at=None)).state == "attention"


def test_a_shipment_that_the_shop_refused_for_good_says_so_since_then_and_what_to_do() -> None:
    refused = o.HoldFact("command-failed", "commerce/CREATE_SHIPMENT/SHP-1: rejected-by-target", NOW - 9 * MINUTE)
    other = o.HoldFact("command-failed", "commerce/CREATE_INVOICE/I-1: rejected-by-target", NOW)
    [found] = waits((), (refused, other), situation(scenes.calm()))

    assert (found.part, found.state) == ("SHP-1", "attention")
    assert "The shop refused it (rejected-by-target)" in found.text
    assert found.since is not None


# ── on the page of its order ─────────────────────────────────────────────────────────────────────


async def _page(
    *waiting: o.ShipmentFact, entry: o.EntryFact = SHIPPED, poster: str | None = "own", path: str = "/api/v1/orders"
) -> Answer:
    world: World = scenes.calm()
    world.orders = orders(entry, posting={entry.order_id: waiting}, poster=poster)
    async with served(world) as one:
        return await get(f"{one.url}{path}/{entry.order_id}")


async def test_the_order_waits_for_the_shop_until_its_shipment_is_there() -> None:
    answer = await _page(shipment(o.LaneStandFact("paused", SHORT)))

    assert (answer.json["state"], answer.data["headline"]) == ("attention", "Waiting for the shop")
    assert answer.data["sentence"].startswith("Shipment SHP-1: The shop shows too little at north")
    [line] = [one for one in answer.data["systems"] if one["role"] == "commerce"]
    assert (line["state"], line["word"], line["pending"][0]["part"]) == ("attention", "waits", "SHP-1")
    assert "post a shipment (SHP-1)" in answer.data["events"][-1]["text"]


async def test_without_a_shipment_that_waits_the_order_is_well() -> None:
    answer = await _page()

    assert (answer.json["state"], answer.data["shipments"]) == ("ok", [])


@pytest.mark.parametrize("poster", [None, NO_ONE], ids=["nobody", "silent"])
async def test_where_nobody_tells_of_shipments_the_order_is_not_called_well(poster: str | None) -> None:
    answer = await _page(poster=poster)

    assert answer.json["state"] == "unknown"
    assert "whether one waits is not known" in " ".join(answer.data["missing"])
    [line] = [one for one in answer.data["systems"] if one["role"] == "commerce"]
    assert (line["state"], line["word"]) == ("unknown", "its shipments are not known")


async def test_an_order_without_shipments_asks_nobody_for_them() -> None:
    answer = await _page(entry=w.entry(), poster=NO_ONE)

    assert (answer.json["state"], answer.data["missing"]) == ("ok", [])


async def test_the_page_tells_each_with_its_sentence_and_nothing_of_it_is_markup() -> None:
    hostile = shipment(o.LaneStandFact("run", (o.ShortFact("<b>x</b>", "1", "2"),)), part="<i>y</i>")
    html = (await _page(hostile, path="/orders")).text

    assert "Shipments that are not in the shop yet" in html
    assert "<b>x" not in html
    assert "<i>y" not in html
