"""Never "Nothing needs you" while an order is held, a target of orders fails, or a role's sink sends nothing."""

from typing import Any

import msgspec
import pytest

from streams.web import facts as f
from streams.web import order_facts as o
from streams.web.need import Need
from streams.web.overview import overview
from streams.web.situation import Situation
from streams.web.verdict import verdict
from streams.web.words import moment
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.order_worlds import MINUTE, NOW, Orders, orders
from tests.unit.streams.web.situations import of, situation
from tests.unit.streams.web.worlds import World

PENDING = (o.PendingFact("CREATE_ORDER", "", NOW - 2 * MINUTE),)


def _world(*entries: o.EntryFact) -> World:
    world = scenes.calm()
    world.orders = orders(*(entries or (w.entry(),)))
    return world


def _told(at: Situation, what: str) -> list[Need]:
    return [need for need in verdict(at).needs if what in need.what]


def test_with_orders_that_all_go_it_is_calm_and_says_so_of_orders_too() -> None:
    found = verdict(situation(_world()))

    assert (found.state, found.headline) == ("ok", "Nothing needs you")
    assert "No order waits for a target." in found.sentence


def test_orders_on_their_way_are_told_and_need_nobody() -> None:
    found = verdict(situation(_world(w.entry(works=(w.work(pending=PENDING),)))))

    assert (found.state, found.headline) == ("ok", "Nothing needs you")
    assert "1 order is on the way to its targets." in found.sentence


def test_a_held_order_needs_somebody() -> None:
    assert verdict(situation(_world(w.held()))).headline == "1 thing needs you"


@pytest.mark.parametrize("mode", ["paused", "shadow"])
def test_a_sink_of_orders_that_sends_nothing_needs_somebody_who_is_named(mode: str) -> None:
    world = _world(w.entry(works=(w.work("wms", target="rest_wms", mode=mode, pending=PENDING),)))
    order = f.OrderFact("sink/wms", mode, "ben (operate)", "stock-taking", NOW - 5 * MINUTE)
    world.own = msgspec.structs.replace(world.own, orders=(order,))

    [need] = _told(situation(world), "The sink of orders for the WMS")
    assert "ben (operate)" in need.what
    assert need.steps == ("`commerce-streams sinks run wms`",)
    assert "1 order waits safely" in need.why


@pytest.mark.parametrize(("state", "shown"), [("open", "stopped"), ("trying", "attention")])
def test_a_target_of_orders_that_takes_no_calls_is_told_from_the_first_minute(state: str, shown: str) -> None:
    world = _world(w.entry(works=(w.work(state=state, why="TimeoutError: no answer", pending=PENDING),)))

    [need] = _told(situation(world), "The ERP (NetSuite) does not take our calls.")
    assert (need.state, need.action.href) == (shown, "/#order-sink-erp")
    assert "do not key them by hand" in need.why


def test_a_target_that_waits_is_told_once() -> None:
    """Down for an hour: as a target that takes no calls, not as orders that wait as well."""
    late = (o.PendingFact("CREATE_ORDER", "", NOW - 60 * MINUTE),)
    world = _world(w.entry(works=(w.work(state="open", why="down", pending=late),)))

    assert len(verdict(situation(world)).needs) == 1


def test_a_target_that_takes_calls_and_still_lets_an_order_wait_is_told() -> None:
    late = (o.PendingFact("CREATE_ORDER", "", NOW - 60 * MINUTE),)

    [need] = verdict(situation(_world(w.entry(works=(w.work(pending=late),))))).needs
    assert need.what == "1 order waits for the ERP."


def test_an_order_that_a_target_has_twice_is_the_worst_of_all() -> None:
    first = verdict(situation(_world(w.doubled(), w.held()))).needs[0]

    assert (first.state, first.what) == ("stopped", "The ERP has 1 order twice, as far as a look-up can tell.")


def _kept_open(number: int, since: int, *more: o.HoldFact) -> o.EntryFact:
    hold = o.HoldFact("refused-at-shop", "commerce/CANCEL_ORDER/: stays-open-in-processing", since)
    return w.held(f"commerce-{number:09d}", stage="cancelled", holds=(hold, *more))


def test_cancelled_orders_that_the_shop_keeps_open_are_a_need_of_their_own_with_the_way_out() -> None:
    found = verdict(situation(_world(_kept_open(1, NOW - 9 * MINUTE), _kept_open(2, NOW - MINUTE), w.held()))).needs

    [kept] = [need for need in found if need.label == "Kept open"]
    assert (kept.state, kept.what) == ("attention", "The shop refused to cancel 2 orders.")
    assert any("orders release" in step for step in kept.steps)
    assert kept.for_since == moment(NOW - 9 * MINUTE)
    [held] = [need for need in found if need.label == "Held"]
    assert (held.what, held.for_since) == ("1 order waits for a decision.", moment(NOW - 252 * MINUTE))
    assert "refused" not in held.why


def test_where_no_other_order_is_held_none_is_said_to_be() -> None:
    found = verdict(situation(_world(_kept_open(1, NOW)))).needs

    assert [need.label for need in found] == ["Kept open"]


def test_an_order_that_the_shop_keeps_open_and_that_waits_for_something_else_is_told_as_both() -> None:
    late = o.HoldFact("shipped-after-cancel", "P-1", NOW - MINUTE)
    found = verdict(situation(_world(_kept_open(1, NOW, late), _kept_open(2, NOW)))).needs

    assert {need.label: need.what for need in found} == {
        "Held": "1 order waits for a decision.",
        "Kept open": "The shop refused to cancel 2 orders.",
    }


def test_counts_of_a_part_of_the_orders_are_told_as_the_least() -> None:
    world = _world(_kept_open(1, NOW), w.held())
    assert isinstance(world.orders, Orders)
    world.orders.is_whole = False
    told = {need.label: need for need in verdict(situation(world)).needs}

    assert told["Held"].what == "At least 1 order waits for a decision."
    assert ": at least 1. Nothing" in told["Held"].why
    assert told["Kept open"].what == "The shop refused to cancel at least 1 order."


def test_several_workers_undecided_orders_are_one_number() -> None:
    first = _world(w.held()).facts()
    second = msgspec.structs.replace(_world(w.held(), _kept_open(1, NOW)).facts(), worker="worker-2")

    [held] = [need for need in verdict(of(first, second)).needs if need.label == "Held"]
    assert "2 orders wait for a decision." in held.what


def test_before_orders_are_counted_it_is_not_calm() -> None:
    class Fresh(Orders):
        def sums(self) -> o.OrderSums:
            return o.OrderSums()

    world = _world()
    world.orders = Fresh({w.ID: w.entry()})
    found = verdict(situation(world))

    assert (found.state, found.headline) == ("unknown", "Not everything is known")


def test_a_paused_or_slow_topic_of_orders_is_told_as_one_of_stock_is() -> None:
    facts = _world().facts()
    topics: dict[str, dict[str, Any]] = {
        "orders.event.v1": {"paused": True},
        "erp.command.v1": {"oldest_unfinished_s": 90.0},
    }
    intakes = tuple(msgspec.structs.replace(one, **topics.get(one.topic, {})) for one in facts.intakes)
    at = of(msgspec.structs.replace(facts, intakes=intakes))

    assert _told(at, "paused the intake of orders.event.v1")
    assert _told(at, "A record of erp.command.v1 has been unfinished for 1 min")
    rows = {one.topic: one.word for one in overview(at).data.intake}
    assert (rows["orders.event.v1"], rows["erp.command.v1"]) == ("Paused", "Open")


def test_sums_of_orders_that_differ_are_told() -> None:
    facts = _world().facts()
    off = {**facts.accounted, "erp.command.v1": {"taken": 1, "applied": 3}}

    assert overview(of(msgspec.structs.replace(facts, accounted=off))).data.accounting.state == "attention"


def test_every_sink_has_its_card_with_what_only_it_has() -> None:
    lane, *others = overview(situation(_world(w.waiting()))).data.sinks

    assert (lane.key, lane.unit, lane.rows_per_call) == ("sink-commerce", "row", 100)
    assert [(one.key, one.role, one.unit, one.mode) for one in others] == [
        ("order-sink-erp", "erp", "order", "run"),
        ("order-sink-wms", "wms", "order", "paused"),
        ("order-sink-crm", "crm", "order", "run"),
    ]
    assert {one.rows_per_call for one in others} == {None}


def test_several_workers_parts_of_a_sink_are_one_and_the_worse_target_counts() -> None:
    calm, bad = _world().facts(), _world(w.waiting()).facts()
    [erp, *_] = of(calm, msgspec.structs.replace(bad, worker="worker-2")).order_sinks

    assert (erp.role, erp.pending, erp.target.state, erp.target.requests) == (
        "erp",
        1,
        "needs-operator",
        {"200": 9_380},
    )
