"""Status and stock as a running worker's own pages say them, and workers that cannot be asked."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.streams.cli.calling import SETTINGS, one_line, run, says, server, worker
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ
from tests.unit.streams.web.order_worlds import orders, waiting

WITH_TOKEN = {**SETTINGS, "STREAMS_WEB__TOKEN": OPERATE}
ONLY_READ = {**SETTINGS, "STREAMS_WEB__READ_TOKEN": READ}
ASKING = (("status",), ("stock", "show", "PUMP-200"))


def test_a_comparison_is_refused_while_the_shop_cannot_be_asked_and_nothing_is_ordered() -> None:
    with worker(scenes.busy()) as url:
        line = one_line(run("reconcile", "stock", "--url", url, settings=ONLY_READ))

    assert "adobe_commerce cannot be asked now (UnauthorizedError: 401 refused)" in line


def test_a_comparison_needs_a_worker_with_the_lane() -> None:
    with worker(scenes.partial_without_lane()) as url:
        assert "no worker that answered has the stock lane" in one_line(
            run("reconcile", "stock", "--window", "5m", "--url", url, settings=ONLY_READ)
        )


def test_a_calm_worker_is_exit_code_0_with_the_verdict_of_the_page() -> None:
    with worker(scenes.calm()) as url:
        shown = run("status", "--url", url, settings=ONLY_READ)

    assert shown.exit_code == 0
    assert shown.output.startswith("(v) Nothing needs you")
    assert "worker-1" in shown.output


def test_what_needs_a_person_is_exit_code_1_with_what_to_do() -> None:
    with worker(scenes.busy()) as url:
        shown = run("status", "--url", url, settings=WITH_TOKEN)

    assert shown.exit_code == 1
    assert "Adobe Commerce refuses us" in shown.output
    assert "Correct the setting or the credential of the connector." in shown.output


def test_status_says_of_a_sink_what_waits_and_how_long_that_takes() -> None:
    world = replace(scenes.calm(), orders=orders(waiting()))
    with worker(world) as url:
        shown = run("status", "--url", url, settings=ONLY_READ)
        told = json.loads(run("status", "--json", "--url", url, settings=ONLY_READ).output)

    assert "ERP sink: 1 safe in queue, ERP refusing us 36 min, drain 2 s at 0.5/s" in shown.output
    [erp] = [one["queue"] for one in told["data"]["sinks"] if one["role"] == "erp"]
    assert (erp["waiting"], erp["drain_s"], erp["per_s"]) == (1, 2.0, 0.5)


def test_a_silent_worker_is_never_calm() -> None:
    with worker(scenes.partial()) as url:
        shown = run("status", "--url", url, settings=WITH_TOKEN)

    assert shown.exit_code == 1
    assert shown.output.startswith("(?) ")


def test_status_as_json_is_the_answer_of_the_worker() -> None:
    with worker(scenes.calm()) as url:
        shown = run("status", "--json", "--url", url, settings=WITH_TOKEN)

    assert json.loads(shown.stdout)["data"]["verdict"]["state"] == "ok"


def test_a_sku_is_shown_with_what_is_desired_written_and_how_it_comes() -> None:
    with worker(scenes.busy()) as url:
        shown = run("stock", "show", "PUMP-200", "--url", url, settings=ONLY_READ)

    lines = shown.output.splitlines()
    assert shown.exit_code == 0
    assert any(line.split() == ["north", "120", "120", "unknown", "acknowledged"] for line in lines)
    assert any("on hand 131" in line and line.endswith("= 120") for line in lines)
    assert any(line.startswith("WMS-01") and "ON_HAND" in line for line in lines)


def test_the_shop_is_asked_on_request_only() -> None:
    with worker(scenes.calm()) as url:
        plain = run("stock", "show", "PUMP-200", "--url", url, settings=WITH_TOKEN)
        asked = run("stock", "show", "PUMP-200", "--shop", "--url", url, settings=WITH_TOKEN)

    assert "120.0000" not in plain.output
    assert "120.0000" in asked.output


def test_an_unknown_sku_is_one_line() -> None:
    with worker(scenes.calm()) as url:
        line = one_line(run("stock", "show", "NOWHERE", "--url", url, settings=WITH_TOKEN))

    assert "NOWHERE: No record of this SKU" in line


def test_a_rebase_shows_what_the_ledger_holds_before_it_asks() -> None:
    with worker(scenes.calm()) as url:
        shown = run(
            "stock", "rebase", "PUMP-200", "WMS-01", "5", "--dry-run", "--reason", "counted", "--url", url,
            settings=WITH_TOKEN,
        )  # fmt: skip

    assert shown.exit_code == 0
    assert "PUMP-200 ON_HAND at WMS-01: 131 → 5" in shown.stderr


def test_a_rebase_of_a_place_the_ledger_never_heard_of_names_those_it_knows() -> None:
    with worker(scenes.calm()) as url:
        line = one_line(
            run(
                "stock",
                "rebase",
                "PUMP-200",
                "X",
                "5",
                "--dry-run",
                "--reason",
                "abc",
                "--url",
                url,
                settings=WITH_TOKEN,
            )
        )

    assert "no record of ON_HAND at 'X' for PUMP-200; there are: WMS-01 ON_HAND" in line


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_without_a_worker_the_line_says_where_it_was_sought(command: tuple[str, ...]) -> None:
    line = one_line(run(*command, settings={**SETTINGS, "STREAMS_WEB__PORT": "1"}))

    assert "no worker answers at http://127.0.0.1:1 (Connection refused); start one" in line


@pytest.mark.parametrize("settings", [SETTINGS, {**SETTINGS, "STREAMS_WEB__TOKEN": "wrong"}], ids=["none", "wrong"])
def test_a_wrong_token_is_said_and_not_shown(settings: Mapping[str, str]) -> None:
    with worker(scenes.calm()) as url:
        line = one_line(run("status", "--url", url, settings=settings))

    assert "refuses the token (HTTP 401); set STREAMS_WEB__TOKEN" in line
    assert "wrong" not in line


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>", "what answers at {url}/status is no worker"),
        (500, b'{"error": "This page failed", "incident": "7f3a"}', "answered HTTP 500: This page failed"),
        (503, b"not json", "answered HTTP 503: no reason given"),
        (404, b'{"error": "Not found"}', "Not found"),
    ],
)
def test_something_else_at_that_address_is_told_from_a_worker(status: int, body: bytes, said: str) -> None:
    with server(says(status, body)) as url:
        line = one_line(run("status", "--url", url))

    assert said.format(url=url) in line


def test_a_redirect_does_not_take_the_token_along() -> None:
    reached: list[str | None] = []
    with (
        server(lambda request: reached.append(request.headers["Authorization"])) as elsewhere,
        server(says(302, Location=f"{elsewhere}/status")) as url,
    ):
        line = one_line(run("status", "--url", url, settings=WITH_TOKEN))

    assert "answered HTTP 302" in line
    assert reached == []


def test_only_http_addresses_are_asked() -> None:
    assert "must start with http" in one_line(run("status", "--url", "file:///etc/passwd"))
