"""A closing that a person asks for: ordered, watched, and printed with everything that does not close."""

import json

import msgspec
import pytest

from schemas.catalogue import AUDIT, OPERATOR_CONTROL
from streams.cli import closings
from streams.domain.close_request import FLOWS, ORDERS, CloseRequest, Explained, Requeued
from streams.domain.closing import AtTarget, Page
from streams.runtime.control import RECONCILE, key_of
from streams.web.completeness_facts import CloseRunFact, CloseRunWhole, CompletenessFact
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import one_line, worker
from tests.unit.streams.cli.stand_in import Obedient
from tests.unit.streams.web.test_completeness_page import FOUND, GONE, closed
from tests.unit.streams.web.worlds import NOW

KEY = key_of(RECONCILE, "completeness")
FACTS = CompletenessFact(refusal="", at="03:30", orders_at="04:30")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "LOOK_EVERY_S", 0.01)


def closing(run: str, state: str, why: str = "") -> CloseRunFact:
    return CloseRunFact(
        run=run, by="ann", flows=FLOWS, since=0, state=state, why=why, started_at=NOW, ended_at=NOW, done=3,
        expected=8, found=0, requeued=0,
    )  # fmt: skip


def answering(
    desk: Desk,
    *pages: Page,
    state: str = "done",
    why: str = "",
    explained: tuple[Explained, ...] = (),
    requeued: tuple[Requeued, ...] = (),
) -> Obedient:
    """A worker that closes what it is asked to, and is at it for some looks."""
    world = Obedient(desk=desk, key=KEY)
    world.own = msgspec.structs.replace(world.own, completeness=FACTS)

    def goes_on(run: str, look: int) -> None:
        found = closing(run, "running" if look < 4 else state, why)
        world.own = msgspec.structs.replace(world.own, completeness=msgspec.structs.replace(FACTS, runs=(found,)))
        world.closed_runs[run] = CloseRunWhole(run=found, pages=pages, explained=explained, requeued=requeued)

    world.goes_on = goes_on
    return world


def asked(desk: Desk) -> CloseRequest:
    [order] = desk.models(OPERATOR_CONTROL, KEY)
    return msgspec.json.decode(order.value, type=CloseRequest)


def test_a_page_that_is_asked_for_now_is_ordered_for_every_flow_and_printed(desk: Desk) -> None:
    with worker(answering(desk, closed(), closed(flow="stock"))) as url:
        shown = desk.run("completeness", "--now", "--url", url, "--actor", "ann").stdout

    request = asked(desk)
    assert (request.flows, request.by, request.since, request.requeue) == (FLOWS, "ann", 0, ())
    assert [line.partition(",")[0] for line in shown.splitlines() if line.endswith(": closes")] == ["orders", "stock"]
    assert "412 records in the logs of the stretch, 0 missing" in shown
    [audit] = desk.models(AUDIT, "orders")
    assert (audit.action, audit.after, audit.actor) == ("reconcile", "orders, stock", "ann")


def test_orders_since_a_moment_are_looked_at_and_what_differs_is_exit_code_1_with_advice(desk: Desk) -> None:
    page = closed(findings=(FOUND, GONE), found=9, never_placed=("000000007",), unread=("web-3",))
    with worker(answering(desk, page)) as url:
        shown = desk.run("reconcile", "orders", "--since", "2026-03-02T00:00Z", "--url", url, expect=1)

    request = asked(desk)
    assert (request.flows, request.since) == ((ORDERS,), 1_772_409_600_000_000)
    assert "web-9" in shown.stdout
    assert "not known" in shown.stdout
    assert "not-at-target: find who deleted it there" in shown.stdout
    assert "never placed (a payment that failed uses a number up): 000000007" in shown.stdout
    assert "cannot be read at the shop: web-3" in shown.stdout
    assert "… and 7 more" in shown.stderr


def test_what_is_asked_anew_is_ordered_with_its_reason_and_told_one_by_one(desk: Desk) -> None:
    requeued = (
        Requeued("web-1", "CREATE_ORDER", is_done=True),
        Requeued("web-2", "INVOICE", is_done=False, why="it is there"),
    )
    explained = (Explained("web-4", "crm", "ACCOUNT", "crm is off"),)
    with worker(answering(desk, closed(), explained=explained, requeued=requeued)) as url:
        shown = desk.run(
            *("reconcile", "orders", "--since", "1d", "--requeue", "web-1", "--requeue", "web-2"),
            *("--reason", "ERP was restored", "--url", url),
        ).stdout

    assert asked(desk).requeue == ("web-1", "web-2")
    [order] = desk.models(OPERATOR_CONTROL, KEY)
    assert (order.state, order.reason) == ("requeue", "ERP was restored")
    assert desk.models(AUDIT, "orders")[0].after == "orders, requeue web-1 web-2"
    assert shown.splitlines()[-3:] == [
        "order web-4 is not in crm: ACCOUNT, crm is off",
        "order web-1: asked anew: CREATE_ORDER",
        "order web-2: not asked anew: it is there",
    ]


def test_a_target_that_could_not_be_asked_leaves_the_page_open(desk: Desk) -> None:
    away = AtTarget("erp", "netsuite", wanted=412, why="TargetUnavailableError: 503")
    with worker(answering(desk, closed(targets=(away,)))) as url:
        shown = desk.run("reconcile", "orders", "--since", "1d", "--url", url, expect=1).stdout

    assert "DOES NOT CLOSE" in shown
    [row] = [line for line in shown.splitlines() if line.startswith("netsuite")]
    assert row.split(maxsplit=7) == ["netsuite", "412", *"–––––", "not asked: TargetUnavailableError: 503"]


def test_nothing_left_to_close_is_said(desk: Desk) -> None:
    with worker(answering(desk)) as url:
        assert "nothing to close" in desk.run("completeness", "--now", "--url", url).stderr


@pytest.mark.parametrize("state", ["failed", "stopped", "refused"])
def test_a_run_that_ends_badly_is_exit_code_2_with_why_and_what_it_had_found(desk: Desk, state: str) -> None:
    with worker(answering(desk, closed(), state=state, why="the brokers are away")) as url:
        shown = desk.run("completeness", "--now", "--url", url, expect=2)

    assert f"the run was {state}: the brokers are away" in shown.stderr
    assert "412 source entities" in shown.stdout


def test_as_json_the_whole_run_is_printed(desk: Desk) -> None:
    with worker(answering(desk, closed(), explained=(Explained("web-4", "crm", "ACCOUNT", "off"),))) as url:
        told = json.loads(desk.run("completeness", "--now", "--json", "--url", url).stdout)

    assert told["run"]["run"] == asked(desk).run
    assert told["pages"] == [json.loads(msgspec.json.encode(closed()))]
    assert told["explained"][0]["order_id"] == "web-4"


def test_nobody_that_takes_it_up_is_exit_code_2(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closings, "TAKEN_UP_WITHIN_S", 0.1)
    world = answering(desk)
    world.key = "nobody"
    with worker(world) as url:
        line = one_line(desk.run("completeness", "--now", "--url", url, expect=2))

    assert "no worker took it up" in line


def test_a_worker_that_may_not_begin_says_why_and_nothing_is_ordered(desk: Desk) -> None:
    world = answering(desk)
    world.own = msgspec.structs.replace(
        world.own, completeness=msgspec.structs.replace(FACTS, refusal="a run of ann is under way; wait for its end")
    )
    with worker(world) as url:
        line = one_line(desk.run("completeness", "--now", "--url", url, expect=2))

    assert "a run of ann is under way" in line
    assert desk.records(OPERATOR_CONTROL.topic) == []
