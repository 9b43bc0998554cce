"""Orders on the command line: shown as the page says it, and decided only where that makes sense."""

import json
from pathlib import Path

import pytest

import schemas
from streams.web.order_facts import EntryFact
from tests.unit.streams.cli.calling import SETTINGS, one_line, run, worker
from tests.unit.streams.web import order_worlds as w
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE
from tests.unit.streams.web.order_worlds import ID, orders
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.worlds import World

WITH_TOKEN = {**SETTINGS, "STREAMS_WEB__TOKEN": OPERATE}
SHIPPED = "commerce-000004719"
HELD, WAITS = "commerce-000004712", "commerce-000004713"
EXAMPLE = Path(schemas.__file__).parent / "examples/commerce.order.v1/configured.json"


def _world(*entries: EntryFact, **given: object) -> World:
    world = scenes.calm()
    world.orders = orders(*(entries or (w.entry(), w.held(), w.waiting())), **given)
    return world


def _run(world: World, *arguments: str) -> tuple[int, str, str]:
    with worker(world) as url:
        found = run("orders", *arguments, "--url", url, settings=WITH_TOKEN)
    return found.exit_code, found.stdout, found.stderr


def test_a_well_order_is_exit_code_0_with_its_numbers_and_lines() -> None:
    code, out, _ = _run(_world(), "show", ID)

    assert code == 0
    assert out.startswith(f"(v) {ID}: Acknowledged")
    assert any(line.split() == ["ERP", "number", "SO-1001"] for line in out.splitlines())
    assert any(line.split() == ["501", "PUMP-200", "2", "–"] for line in out.splitlines())


def test_any_number_of_it_shows_the_order() -> None:
    assert _run(_world(), "show", "SO-1001")[1].startswith(f"(v) {ID}: ")


def test_a_held_order_is_exit_code_1_with_every_reason() -> None:
    code, out, _ = _run(_world(), "show", HELD)

    assert code == 1
    assert out.count("check-failed") == 2
    assert "address-incomplete" in out


def test_a_waiting_order_says_what_is_not_answered() -> None:
    code, out, _ = _run(_world(), "show", WAITS)

    assert code == 1
    assert "make the order" in out
    assert "UnauthorizedError: 401 refused" in out
    assert any(line.startswith("SHIPPED") and "PICKED" in line for line in out.splitlines())


def test_the_answer_of_the_worker_is_one_json_document() -> None:
    code, out, _ = _run(_world(), "show", HELD, "--json")

    assert (code, json.loads(out)["data"]["order_state"]) == (1, "held")


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (_world(w.entry()), "No such order"),
        (_world(owner=NO_ONE), "Not everything is known"),
        (scenes.calm(), "Orders are off: no ERP is named (STREAMS_ORDERS__ERP)."),
    ],
    ids=["unknown", "silent", "off"],
)
def test_what_cannot_be_shown_is_one_line_and_exit_code_2(world: World, said: str) -> None:
    with worker(world) as url:
        line = one_line(run("orders", "show", HELD, "--url", url, settings=WITH_TOKEN))

    assert said in line


def test_the_queues_are_listed_the_oldest_first() -> None:
    held, stuck = _run(_world(), "held"), _run(_world(), "stuck", "--longer", "10m")

    assert (held[0], stuck[0]) == (1, 1)
    assert any(line.startswith(HELD) and "price-below-list" in line for line in held[1].splitlines())
    assert any(line.startswith(WAITS) and "The ERP: make the order" in line for line in stuck[1].splitlines())


def test_empty_queues_are_exit_code_0_and_unknown_ones_1() -> None:
    empty, unknown = _world(w.entry()), _world(w.entry())
    unknown.others = {NO_ONE: (5,)}

    assert _run(empty, "held")[:2] == (0, "(v) No order is held\n")
    code, out, _ = _run(unknown, "held")
    assert (code, out.splitlines()[0]) == (1, "(?) Not everything is known")
    assert _run(_world(), "stuck", "--longer", "2h")[0] == 0


def test_a_queue_as_json_is_the_answer_of_the_worker() -> None:
    assert json.loads(_run(_world(), "held", "--json")[1])["data"]["total"] == 1


def test_an_age_that_is_none_is_refused() -> None:
    assert run("orders", "stuck", "--longer", "2026-11-21", settings=WITH_TOKEN).exit_code == 2


def test_an_order_that_is_not_held_is_not_released_again() -> None:
    code, out, err = _run(_world(), "release", ID, "--reason", "agreed")

    assert (code, out) == (0, "")
    assert err == f"{ID} is not held: it is acknowledged; nothing was done\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reject", ID), "In state acknowledged an order can no longer be rejected"),
        (("cancel", SHIPPED), "It is shipped: its goods have left. What comes back is a return."),
        (("reject", "commerce-9"), "commerce-9: No such order"),
        (("release", "SO-1001"), f"SO-1001 is a number of {ID}: name that id"),
        (("correct", ID, "--file", str(EXAMPLE)), f"this is the order web-000000123, not {ID}"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(arguments: tuple[str, ...], said: str) -> None:
    shipped = w.entry(SHIPPED, state="shipped", stage="shipped", erp_number="SO-9", documents=())
    with worker(_world(w.entry(), w.held(), shipped)) as url:
        line = one_line(run("orders", *arguments, "--reason", "agreed", "--url", url, settings=WITH_TOKEN))

    assert said in line


def test_a_cancellation_that_is_asked_for_is_not_asked_for_again() -> None:
    code, _, err = _run(_world(w.entry(state="cancelling", stage="cancelling")), "cancel", ID, "--reason", "called")

    assert (code, err) == (0, f"{ID} is cancelling already; nothing was done\n")


def test_a_cancellation_says_what_it_will_say() -> None:
    with worker(_world()) as url:
        found = run("orders", "cancel", ID, "--reason", "called", "--yes", "--url", url, settings=WITH_TOKEN)

    assert f"{ID}: acknowledged → CANCEL_REQUESTED" in found.stderr


def test_what_is_stuck_names_the_target_and_how_it_is() -> None:
    [line] = [line for line in _run(_world(), "stuck")[1].splitlines() if line.startswith(WAITS)]

    assert "(x)  netsuite refuses us for 36 min" in line


@pytest.mark.parametrize("reason", ["", "ab", "x" * 201])
def test_a_decision_needs_a_reason(reason: str) -> None:
    assert run("orders", "reject", HELD, "--reason", reason, settings=WITH_TOKEN).exit_code == 2


def test_a_decision_that_no_broker_takes_is_said_and_asks_first_what_it_was() -> None:
    with worker(_world()) as url:
        found = run("orders", "release", HELD, "--reason", "agreed", "--yes", "--url", url, settings=WITH_TOKEN)

    assert found.exit_code == 2
    assert f"{HELD}: held check-failed → RELEASED" in found.stderr
