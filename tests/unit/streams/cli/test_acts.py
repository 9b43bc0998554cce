"""What people order from a terminal: the order itself, and beside it the audit that says who, what and why."""

import pytest

from schemas.catalogue import AUDIT, OPERATOR_CONTROL, RECOUNT_REQUEST, STOCK_REBASE
from schemas.models.operations import OperatorControl
from streams.runtime.control import INTAKE, SINK, key_of
from tests.integration.cli.desk import Desk
from tests.unit.streams.cli.calling import one_line, worker
from tests.unit.streams.web import scenes

STOCK = "wms.stock-change.v1"


# ── sinks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_sink_has_the_mode_of_the_settings_until_somebody_orders_another(desk: Desk) -> None:
    def commerce() -> dict[str, object]:
        [found] = [one for one in desk.json("sinks", "list") if one["role"] == "commerce"]
        return found  # type: ignore[no-any-return]

    assert (commerce()["mode"], commerce()["by"], commerce()["connector"]) == ("run", "settings", "adobe_commerce")

    desk.run("sinks", "pause", "commerce", "--reason", "maintenance", "--actor", "ann")

    assert (commerce()["mode"], commerce()["by"], commerce()["reason"]) == ("paused", "ann", "maintenance")


@pytest.mark.parametrize(("word", "mode"), [("pause", "paused"), ("shadow", "shadow"), ("run", "run")])
def test_a_mode_is_an_order_and_an_audit_with_what_was_before_and_the_way_back(
    desk: Desk, word: str, mode: str
) -> None:
    desk.run("sinks", "shadow", "commerce")

    shown = desk.run("sinks", word, "commerce", "--actor", "ann", "--reason", "test")

    assert desk.models(OPERATOR_CONTROL, key_of(SINK, "commerce"))[-1].state == mode
    audit = desk.models(AUDIT, "commerce")[-1]
    assert (audit.action, audit.before, audit.after, audit.actor) == (f"{word}-sink", "shadow", mode, "ann")
    assert f"sink commerce: shadow → {mode}; undo with `commerce-streams sinks shadow commerce`" in shown.stderr


def test_the_list_for_people_names_every_sink_with_who_ordered_what(desk: Desk) -> None:
    desk.run("sinks", "pause", "commerce", "--reason", "\x1b[2J", "--actor", "ann")

    shown = desk.run("sinks", "list").stdout

    [line] = [one for one in shown.splitlines() if one.startswith("commerce ")]
    assert line.split()[1:4] == ["adobe_commerce", "paused", "ann"]
    assert "\x1b" not in shown


# ── intakes ──────────────────────────────────────────────────────────────────────────────────────


def test_an_intake_that_a_guard_paused_is_opened_again_in_a_persons_name(desk: Desk) -> None:
    key = key_of(INTAKE, STOCK)
    paused = OperatorControl(key=key, state="paused", value="", actor="guard", reason="100 errors in a row", at=1)
    desk.say(OPERATOR_CONTROL.topic, key, paused)

    shown = desk.run("resume", STOCK, "--reason", "fixed", "--actor", "ann")

    assert f"intake of {STOCK} is open again (it was paused by guard: 100 errors in a row)" in shown.stderr
    newest = desk.models(OPERATOR_CONTROL, key)[-1]
    assert (newest.state, newest.actor, newest.reason) == ("open", "ann", "fixed")
    [audit] = desk.models(AUDIT, STOCK)
    assert (audit.action, audit.before, audit.after) == ("resume-intake", "paused", "open")
    assert "not paused: nothing to do" in desk.run("resume", STOCK).stderr
    assert len(desk.models(OPERATOR_CONTROL, key)) == 2


def test_what_is_not_paused_is_left_alone(desk: Desk) -> None:
    assert "not paused: nothing to do" in desk.run("resume", STOCK).stderr
    assert desk.records(AUDIT.topic) == []


# ── stock ────────────────────────────────────────────────────────────────────────────────────────


def test_a_recount_of_one_place_is_asked_for_and_audited(desk: Desk) -> None:
    shown = desk.run(
        *("stock", "recount", "PUMP-200", "--location", "WMS-07", "--bucket", "ON_HAND"),
        *("--reason", "looks wrong", "--actor", "ann"),
    )

    [request] = desk.models(RECOUNT_REQUEST, "PUMP-200")
    assert (request.sku, request.location_code, request.bucket) == ("PUMP-200", "WMS-07", "ON_HAND")
    assert (request.reason, request.detail) == ("OPERATOR", "looks wrong")
    [audit] = desk.models(AUDIT, "PUMP-200")
    assert (audit.action, audit.after, audit.actor) == ("ask-recount", "WMS-07/ON_HAND", "ann")
    assert "ON_HAND at WMS-07 of PUMP-200" in shown.stderr


def test_a_stated_quantity_shows_what_the_ledger_had_and_is_exact(desk: Desk) -> None:
    with worker(scenes.calm()) as url:
        shown = desk.run(
            *("stock", "rebase", "PUMP-200", "WMS-01", "130.000001", "--reason", "counted by hand"),
            *("--yes", "--actor", "ann", "--url", url),
        )

    assert "PUMP-200 ON_HAND at WMS-01: 131 → 130.000001" in shown.stderr
    [order] = desk.models(STOCK_REBASE, "PUMP-200")
    assert (order.quantity, order.location_code, order.bucket) == (130_000_001, "WMS-01", "ON_HAND")
    assert (order.actor, order.reason) == ("ann", "counted by hand")
    [audit] = desk.models(AUDIT, "PUMP-200")
    assert (audit.before, audit.after) == ("WMS-01/ON_HAND: 131", "WMS-01/ON_HAND: 130.000001")


def test_a_preview_states_nothing(desk: Desk) -> None:
    with worker(scenes.calm()) as url:
        desk.run("stock", "rebase", "PUMP-200", "WMS-01", "5", "--reason", "try", "--dry-run", "--url", url)

    assert desk.records(STOCK_REBASE.topic) == []
    assert desk.records(AUDIT.topic) == []


def test_a_quantity_can_be_stated_though_no_worker_says_what_was_there(desk: Desk) -> None:
    shown = desk.run(
        *("stock", "rebase", "PUMP-200", "WMS-01", "5", "--at", "2026-03-02T00:00Z", "--reason", "counted"),
        *("--yes", "--url", "http://127.0.0.1:1"),
    )

    assert "no preview: no worker answers" in shown.stderr
    [order] = desk.models(STOCK_REBASE, "PUMP-200")
    assert (order.quantity, order.effective_at) == (5_000_000, 1_772_409_600_000_000)
    assert desk.models(AUDIT, "PUMP-200")[0].before is None


def test_a_place_that_the_ledger_never_heard_of_is_refused_with_those_it_knows(desk: Desk) -> None:
    with worker(scenes.calm()) as url:
        line = desk.run(
            *("stock", "rebase", "PUMP-200", "WMS-99", "5", "--reason", "counted", "--yes", "--url", url), expect=2
        ).stderr

    assert "no record of ON_HAND at 'WMS-99' for PUMP-200; there are: " in line
    assert "WMS-01 ON_HAND" in line
    assert desk.records(STOCK_REBASE.topic) == []


@pytest.mark.parametrize("quantity", ["many", "0.0000001", "1e30", "1e999999", "NaN", "Infinity"])
def test_what_is_no_quantity_is_refused_before_anything_is_asked(desk: Desk, quantity: str) -> None:
    line = one_line(desk.run("stock", "rebase", "PUMP-200", "WMS-01", quantity, "--reason", "counted", expect=2))

    assert "is not a quantity" in line
