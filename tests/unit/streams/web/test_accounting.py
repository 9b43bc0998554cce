from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.order_state import Verdict
from streams.web.accounting import ROW_OF, TopicAccount, accounts, balances
from streams.web.facts import WorkerFacts
from tests.unit.streams.web import order_worlds
from tests.unit.streams.web.worlds import ACCOUNTED, HOLD, LANE_ACCOUNTED, REBASE, RESERVATION, STOCK, worker


def _with(accounted: dict[str, dict[str, int]], lane: dict[str, dict[str, int]]) -> WorkerFacts:
    return msgspec.structs.replace(worker(), accounted=accounted, lane_accounted=lane)


def test_every_record_is_in_exactly_one_row() -> None:
    on_the_way = {**ACCOUNTED[STOCK], "accepted": 1_607_180, "handed": 1_607_149}
    stock, hold, rebase, asked = accounts([worker(accounted={**ACCOUNTED, STOCK: on_the_way})])

    assert (stock.topic, hold.topic, rebase.topic, asked.topic) == (STOCK, HOLD, REBASE, RESERVATION)
    for one in (stock, hold, rebase, asked):
        ended = one.applied + one.superseded + one.parked + one.dead + one.ignored + one.pending
        assert one.taken == ended
        assert one.difference == 0
    assert stock.taken == 1_607_180 + 8_806 + 1_024
    assert stock.pending == 41


def test_what_the_lane_set_aside_is_not_taken_twice() -> None:
    """A record that the lane refused was accepted by the ledger before: it is dead once."""
    accounted = {STOCK: {"accepted": 10, "handed": 10, "applied": 4, "superseded": 3, "dead": 1 + 2, "parked": 1}}
    lane = {STOCK: {"applied": 4, "superseded": 3, "dead": 2, "parked": 1}}

    stock = accounts([_with(accounted, lane)])[0]

    assert stock.taken == 10 + 1
    assert (stock.dead, stock.parked, stock.pending, stock.difference) == (3, 1, 0, 0)


def test_a_record_that_was_accepted_but_neither_parked_nor_handed_is_missing() -> None:
    stock = accounts(
        [_with({STOCK: {"accepted": 100, "handed": 80, "parked": 8, "applied": 80}}, {STOCK: {"applied": 80}})]
    )[0]

    assert stock.difference == 12


def test_more_effects_than_records_show_as_a_difference_below_zero() -> None:
    stock = accounts([_with({STOCK: {"accepted": 5, "handed": 5, "applied": 7}}, {STOCK: {"applied": 7}})])[0]

    assert (stock.pending, stock.difference) == (0, -2)


def test_a_rebase_ends_in_the_ledger() -> None:
    rebase = accounts([_with({REBASE: {"accepted": 3, "ignored": 1}}, {})])[2]

    assert (rebase.taken, rebase.applied, rebase.pending, rebase.difference) == (4, 3, 0, 0)


def test_workers_add_up() -> None:
    ledger_only = _with({STOCK: {"accepted": 50, "handed": 50}}, {})
    lane_owner = _with({STOCK: {"accepted": 50, "handed": 50, "applied": 90}}, {STOCK: {"applied": 90}})

    stock = accounts([ledger_only, lane_owner])[0]

    assert (stock.taken, stock.applied, stock.pending, stock.difference) == (100, 90, 10, 0)


def test_the_example_of_the_worlds_is_told_by_both_sides() -> None:
    assert LANE_ACCOUNTED[STOCK]["applied"] == accounts([worker()])[0].applied


# ── added up by a monitor ────────────────────────────────────────────────────────────────────────

counts = st.integers(0, 50)
ledger_counts = st.fixed_dictionaries(dict.fromkeys(("accepted", "ignored", "dead", "parked", "handed"), counts))
lane_counts = st.fixed_dictionaries(dict.fromkeys(("applied", "superseded", "dead", "parked"), counts))


@given(st.lists(ledger_counts, min_size=1, max_size=4), lane_counts, st.integers(0, 3))
def test_what_each_worker_says_of_its_part_adds_up_to_the_sums_of_all(
    ledgers: list[dict[str, int]], lane: dict[str, int], owner: int
) -> None:
    at = owner % len(ledgers)
    parts = [
        ({STOCK: dict(Counter(one) + Counter(lane)) if number == at else one}, {STOCK: lane} if number == at else {})
        for number, one in enumerate(ledgers)
    ]
    whole = accounts([_with(accounted, of_lane) for accounted, of_lane in parts])[0]

    told = [balances(accounted, of_lane)[STOCK] for accounted, of_lane in parts]

    unaccounted, in_flight = sum(one.unaccounted for one in told), sum(one.in_flight for one in told)
    assert whole.difference == unaccounted + min(0, in_flight)
    assert whole.pending == max(0, in_flight)


def test_what_each_worker_says_of_orders_and_of_a_rebase_adds_up_too() -> None:
    accounted = {"erp.command.v1": {"taken": 10, "applied": 4, "forgotten": 2}, REBASE: {"accepted": 3, "parked": 1}}

    told = balances(accounted, {})

    assert (told["erp.command.v1"].unaccounted, told["erp.command.v1"].in_flight) == (2, 4)
    assert (told[REBASE].unaccounted, told[REBASE].in_flight) == (-1, 0)
    assert accounts([_with(accounted, {})])[2].difference == -1


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


def _orders(*counted: dict[str, dict[str, int]]) -> dict[str, TopicAccount]:
    found = accounts([_with(one, {}) for one in counted])
    return {one.topic: one for one in found if one.of == "orders"}


def test_every_record_of_orders_is_in_exactly_one_row() -> None:
    for one in _orders(order_worlds.ACCOUNTED).values():
        ended = one.applied + one.superseded + one.parked + one.dead + one.ignored + one.pending
        assert (one.taken, one.difference) == (ended, 0)


def test_what_a_sink_took_and_has_not_ended_is_in_flight_over_all_workers() -> None:
    commands = {"taken": 10, "applied": 4, "superseded": 1, "dead": 1, "ignored": 1}
    erp = _orders({"erp.command.v1": commands}, {"erp.command.v1": {"taken": 2}})["erp.command.v1"]

    assert (erp.taken, erp.pending, erp.difference) == (12, 5, 0)


def test_more_ends_of_commands_than_commands_show_as_counted_twice() -> None:
    erp = _orders({"erp.command.v1": {"taken": 3, "applied": 4}})["erp.command.v1"]

    assert (erp.pending, erp.difference) == (0, -1)


def test_an_event_that_holds_its_order_is_applied_and_one_that_is_not_legal_is_ignored() -> None:
    events = _orders({"orders.event.v1": {"applied": 5, "held": 2, "refused": 1, "ignored": 3, "parked": 4}})

    one = events["orders.event.v1"]
    assert (one.taken, one.applied, one.ignored, one.parked, one.difference) == (15, 7, 4, 4, 0)


def test_what_is_counted_under_a_name_that_no_row_has_is_a_difference_and_never_lost() -> None:
    assert _orders({"orders.event.v1": {"applied": 5, "forgotten": 2}})["orders.event.v1"].difference == 2


def test_every_verdict_on_an_event_has_its_row() -> None:
    assert {verdict.value for verdict in Verdict} <= ROW_OF.keys()


def test_topics_of_orders_that_are_read_stand_there_before_anything_came() -> None:
    read = msgspec.structs.replace(worker(), intakes=order_worlds.intakes((0, 1)), accounted={})
    found = [one for one in accounts([read]) if one.of == "orders"]

    assert [one.topic for one in found] == list(order_worlds.TOPICS)
    assert {(one.taken, one.difference) for one in found} == {(0, 0)}
