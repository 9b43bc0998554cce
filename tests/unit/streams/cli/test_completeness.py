"""`completeness` and `reconcile orders` as a terminal shows them."""

import json

import msgspec

from streams.domain.closing import Finding, Kind
from tests.unit.streams.cli.calling import SETTINGS, one_line, run, worker
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import READ
from tests.unit.streams.web.test_completeness_page import FOUND, closed
from tests.unit.streams.web.worlds import World

ONLY_READ = {**SETTINGS, "STREAMS_WEB__READ_TOKEN": READ}


def _world(*pages: object) -> World:
    world = scenes.calm()
    world.kept_pages = pages  # type: ignore[assignment]  # pages
    return world


def test_a_page_that_closes_is_exit_code_0_with_its_sums() -> None:
    with worker(_world(closed())) as url:
        shown = run("completeness", "--url", url, settings=ONLY_READ)

    assert shown.exit_code == 0
    assert ": closes" in shown.output
    assert "412 source entities: 2 held, 410 delivered" in shown.output
    assert "netsuite" in shown.output
    assert "1.00 USD" in shown.output


def test_a_page_that_does_not_close_is_exit_code_1_with_names_and_what_to_do() -> None:
    with worker(_world(closed(findings=(FOUND,), found=1))) as url:
        shown = run("completeness", "--url", url, settings=ONLY_READ)

    assert shown.exit_code == 1
    assert "DOES NOT CLOSE" in shown.output
    assert "web-9" in shown.output
    assert "reconcile orders --requeue ID" in shown.output


def test_what_others_wrote_cannot_steer_the_terminal() -> None:
    bad = Finding(Kind.DIFFERS, "web-1", "netsuite web-1", "total \x1b[2J")
    with worker(_world(closed(findings=(bad,), found=1))) as url:
        shown = run("completeness", "--url", url, settings=ONLY_READ)

    assert "\x1b" not in shown.output


def test_as_json_it_is_the_pages_as_they_are_kept() -> None:
    page = closed()
    with worker(_world(page)) as url:
        shown = run("completeness", "--json", "--url", url, settings=ONLY_READ)

    assert json.loads(shown.stdout) == [json.loads(msgspec.json.encode(page))]


def test_that_no_page_was_made_yet_is_a_finding_with_what_to_do() -> None:
    with worker(_world()) as url:
        result = run("completeness", "--url", url, settings=ONLY_READ)
    assert (result.exit_code, result.stdout) == (1, "no page was made yet; --now makes one\n")


def test_a_day_without_a_page_is_named() -> None:
    with worker(_world(closed())) as url:
        line = one_line(run("completeness", "--date", "2001-01-01", "--url", url, settings=ONLY_READ))
    assert "no page of 2001-01-01" in line


def test_what_is_no_date_is_refused_before_anybody_is_asked() -> None:
    result = run("completeness", "--date", "gestern", settings=ONLY_READ)
    assert result.exit_code == 2
    assert "write it like 2026-03-02" in result.output


def test_orders_are_not_compared_without_a_worker_that_has_the_lane() -> None:
    with worker(scenes.partial_without_lane()) as url:
        line = one_line(run("reconcile", "orders", "--since", "1d", "--url", url, settings=ONLY_READ))
    assert "no worker that answered has the stock lane" in line


def test_nothing_is_asked_for_anew_without_a_reason() -> None:
    result = run("reconcile", "orders", "--since", "1d", "--requeue", "web-1", settings=ONLY_READ)
    assert result.exit_code == 2
    assert "--reason" in result.output
