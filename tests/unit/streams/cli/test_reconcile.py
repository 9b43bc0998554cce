"""`reconcile stock` and `reconcile reservations`: what is ordered, watched and printed."""

import json

import msgspec
import pytest

from schemas.catalogue import AUDIT, OPERATOR_CONTROL
from streams.cli import reconcile
from streams.domain.drift import REPAIRABLE
from streams.domain.reconciliation import Request, Scope
from streams.runtime.control import RECONCILE, STOCK, key_of
from streams.web.reconcile_facts import RunFact
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import one_line, worker
from tests.unit.streams.cli.stand_in import Obedient
from tests.unit.streams.web.worlds import drift, reconcile_run, reconciling, reservation, reservation_run

KEY = key_of(RECONCILE, STOCK)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "LOOK_EVERY_S", 0.01)


def answering(desk: Desk, found: RunFact, *, running_for: int = 0) -> Obedient:
    """A worker that carries out what is asked, and finds this; it is under way for so many looks."""
    world = Obedient(desk=desk, key=KEY)

    def goes_on(run: str, look: int) -> None:
        state = "running" if look < running_for else found.state
        named = msgspec.structs.replace(found, run=run, state=state)
        world.own = msgspec.structs.replace(world.own, reconciliation=reconciling(named))

    world.goes_on = goes_on
    return world


def asked(desk: Desk) -> Request:
    [order] = desk.models(OPERATOR_CONTROL, KEY)
    return msgspec.json.decode(order.value, type=Request)


def test_a_shop_that_agrees_is_exit_code_0_with_how_much_was_compared(desk: Desk) -> None:
    with worker(answering(desk, reconcile_run())) as url:
        shown = desk.run("reconcile", "stock", "--url", url, "--actor", "ann", "--reason", "monthly")

    assert "300,000 pairs compared: 300,000 agree, 0 differ, 0 due again" in shown.stdout
    request = asked(desk)
    assert (request.scope, request.repair, request.by) == (Scope.FULL, None, "ann")
    [audit] = desk.models(AUDIT, STOCK)
    assert (audit.action, audit.after, audit.reason) == ("reconcile", "full, repair: as set", "monthly")


def test_what_differs_is_exit_code_1_with_each_pair_and_the_sums(desk: Desk) -> None:
    none = {"missing": 0, "stale": 0, "foreign-edit": 0, "orphan": 0}
    found = reconcile_run(
        agree=299_997,
        found={**none, "stale": 1, "foreign-edit": 1, "orphan": 1},
        repaired={**none, "stale": 1},
        drift=(drift(), drift("PUMP-201", kind="stale", repaired=True), drift("GHOST", kind="orphan", ours=None)),
    )
    with worker(answering(desk, found)) as url:
        shown = desk.run("reconcile", "stock", "--url", url, expect=1).stdout.splitlines()

    assert shown[1].split() == ["foreign-edit", "north", "PUMP-200", "120", "in", "stock", "97", "in", "stock", "no"]
    assert shown[2].endswith("yes")
    assert "no row" in shown[3]
    assert "300,000 pairs compared: 299,997 agree, 3 differ, 1 due again" in "\n".join(shown)


def test_only_the_first_pairs_are_printed_and_json_has_all_of_them(desk: Desk) -> None:
    pairs = tuple(drift(f"PUMP-{number:03}") for number in range(150))
    found = reconcile_run(found={"foreign-edit": 150}, repaired={}, drift=pairs)
    with worker(answering(desk, found)) as url:
        shown = desk.run("reconcile", "stock", "--url", url, expect=1)
    assert shown.stdout.count("PUMP-") == 20
    assert "130 more of them: --json, or the page /reconciliation" in shown.stderr


def test_as_json_every_pair_is_there_with_sums_by_kind(desk: Desk) -> None:
    pairs = tuple(drift(f"PUMP-{number:03}") for number in range(150))
    found = reconcile_run(found={"foreign-edit": 150}, repaired={"foreign-edit": 2}, drift=pairs)
    with worker(answering(desk, found)) as url:
        told = json.loads(desk.run("reconcile", "stock", "--json", "--url", url, expect=1).stdout)

    assert [one["sku"] for one in told["drift"]] == [f"PUMP-{number:03}" for number in range(150)]
    assert (told["found"]["foreign-edit"], told["repaired"]["foreign-edit"]) == (150, 2)


def test_a_window_and_a_repair_are_ordered_and_audited_as_they_were_asked_for(desk: Desk) -> None:
    with worker(answering(desk, reconcile_run("window"))) as url:
        desk.run("reconcile", "stock", "--window", "5m", "--repair", "--url", url)

    request = asked(desk)
    assert (request.scope, request.window_s) == (Scope.WINDOW, 300)
    assert set(request.repair or ()) == set(REPAIRABLE)
    assert desk.models(AUDIT, STOCK)[0].after == "window 300 s, repair: all"


def test_both_everything_and_a_window_is_refused(desk: Desk) -> None:
    assert "one of both" in desk.run("reconcile", "stock", "--full", "--window", "5m", expect=2).output


@pytest.mark.parametrize("state", ["failed", "stopped", "refused"])
def test_a_run_that_did_not_come_to_its_end_is_exit_code_2_with_why(desk: Desk, state: str) -> None:
    with worker(answering(desk, reconcile_run(state=state, why="UnauthorizedError: 401\x1b[2J"))) as url:
        shown = desk.run("reconcile", "stock", "--url", url, expect=2)

    assert f"the run was {state}: UnauthorizedError: 401" in shown.stderr
    assert "\x1b" not in shown.output


def test_a_run_is_watched_until_it_has_ended(desk: Desk) -> None:
    world = answering(desk, reconcile_run(), running_for=9)
    with worker(world) as url:
        shown = desk.run("reconcile", "stock", "--url", url)

    assert "300,000 pairs compared" in shown.stdout
    assert world.looks > 9


def test_a_run_that_is_lost_with_its_worker_is_exit_code_2_with_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "SILENT_AT_MOST_S", 0.1)
    world = Obedient(desk=desk, key=KEY)

    def goes_on(run: str, look: int) -> None:
        runs = [reconcile_run(run=run, state="running")] if look < 9 else []
        world.own = msgspec.structs.replace(world.own, reconciliation=reconciling(*runs))

    world.goes_on = goes_on
    with worker(world) as url:
        line = one_line(desk.run("reconcile", "stock", "--url", url, expect=2))

    assert "the worker that compared is gone or gave the lane away" in line


def test_an_order_that_nobody_takes_up_is_exit_code_2_with_where_to_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "TAKEN_UP_WITHIN_S", 0.1)
    with worker(Obedient(desk=desk, key="nobody")) as url:
        line = one_line(desk.run("reconcile", "stock", "--url", url, expect=2))

    assert "no worker took it up" in line
    assert asked(desk).scope is Scope.FULL


def test_nothing_is_ordered_where_the_worker_refuses(desk: Desk) -> None:
    world = Obedient(desk=desk, key=KEY)
    refusing = reconciling(refusal="the sink is in mode shadow", reservations_refusal="single stock has no list")
    world.own = msgspec.structs.replace(world.own, reconciliation=refusing)
    with worker(world) as url:
        assert "the sink is in mode shadow" in one_line(desk.run("reconcile", "stock", "--url", url, expect=2))
        assert "single stock has no list" in one_line(desk.run("reconcile", "reservations", "--url", url, expect=2))

    assert desk.records(OPERATOR_CONTROL.topic) == []
    assert desk.records(AUDIT.topic) == []


# ── reservations ─────────────────────────────────────────────────────────────────────────────────


def test_reservations_that_are_right_are_exit_code_0(desk: Desk) -> None:
    with worker(answering(desk, reservation_run())) as url:
        shown = desk.run("reconcile", "reservations", "--url", url)

    assert "300,000 pairs of stock and SKU compared: 300,000 agree, 0 do not" in shown.stdout
    assert asked(desk).scope is Scope.RESERVATIONS


def test_a_wrong_reservation_is_explained_with_the_vendors_argument_that_sets_it_right(desk: Desk) -> None:
    with worker(answering(desk, reservation_run(reservation()))) as url:
        shown = desk.run("reconcile", "reservations", "--url", url, expect=1).stdout

    assert "PUMP-200 in stock 1: not-compensated" in shown
    assert "certain: order 000000172 (2) is canceled, and its reservation is open still" in shown
    _, _, plan = shown.partition("Compensations (certain)")
    assert plan.splitlines()[1] == "000000172:PUMP-200:+2:1"


def test_what_is_only_likely_and_what_the_vendor_cannot_read_stand_by_themselves(desk: Desk) -> None:
    findings = (
        reservation(sku="SURE"),
        reservation(sku="LIKELY", certainty="likely", compensation="9:LIKELY:+1:1"),
        reservation(sku="ODD", pasteable=False, compensation="web-9:ODD:+1:1"),
        reservation(sku="NOBODY", candidates=(), compensation="", is_bound=True),
    )
    with worker(answering(desk, reservation_run(*findings))) as url:
        shown = desk.run("reconcile", "reservations", "--url", url, expect=1).stdout

    sure, likely, other = (shown.index(text) for text in ("(certain), for", "(likely: compare", "takes digits only"))
    assert sure < shown.index("000000172:PUMP-200:+2:1") < likely < shown.index("9:LIKELY:+1:1") < other
    assert other < shown.index("web-9:ODD:+1:1")
    assert "no single order makes the difference" in shown
    assert "reserved at least -2" in shown
