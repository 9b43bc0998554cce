"""`poll` before it polls: what it refuses, and how it prints a round."""

import json

import pytest

from streams.app import polling
from streams.app.polling import Ended
from streams.sources.poller import Number, Round, UnreadableCursorError
from tests.unit.streams.cli.calling import SETTINGS, one_line, run

DONE = Ended("commerce-orders", Round("commerce-orders", 3, 2, "2026-03-01T00:00:00Z"))
OPEN = Ended(
    "commerce-orders",
    Round("commerce-orders", 0, 1, "2026-03-01T00:00:00Z", (Number("000000042", 5, "\x1b[31mtwo orders"),), ("17",)),
)
FAILED = Ended("erp-orders", None, "the target is away")


def answered(monkeypatch: pytest.MonkeyPatch, *ended: Ended) -> None:
    monkeypatch.setattr(polling, "run", lambda *_given, **_more: ended)


def test_without_a_shop_nothing_is_polled() -> None:
    bare = {name: value for name, value in SETTINGS.items() if "CONNECTORS" not in name}

    assert "nothing can be polled" in one_line(run("poll", settings=bare))


def test_brokers_that_do_not_answer_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.runtime.cluster.ANSWER_S", 0.2)

    assert "STREAMS_KAFKA__BOOTSTRAP_SERVERS: no broker at 127.0.0.1:1 answers: " in one_line(run("poll", "--once"))


def test_a_cursor_of_another_release_is_a_refusal_and_no_new_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_given: object, **_more: object) -> None:
        raise UnreadableCursorError("topic source.cursor.v1: the cursor of 'commerce-orders' cannot be read")

    monkeypatch.setattr(polling, "run", refuses)

    assert "cannot be read" in one_line(run("poll"))


def test_a_poller_that_is_none_and_json_of_a_process_that_never_ends_are_refused() -> None:
    assert "'crm'" in run("poll", "crm").output
    assert run("poll", "crm").exit_code == 2
    assert "--json needs --once" in run("poll", "--json").output


def test_a_round_is_told_and_what_is_unexplained_is_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, DONE)
    done = run("poll", "--once")
    answered(monkeypatch, OPEN, FAILED)
    wrong = run("poll", "--once")

    assert (done.exit_code, wrong.exit_code) == (0, 1)
    assert "commerce-orders  3      2026-03-01T00:00:00Z" in done.stdout
    assert "000000042    " in wrong.stdout
    assert "erp-orders: the target is away" in wrong.stdout
    assert "\x1b" not in wrong.stdout


def test_the_document_lists_numbers_with_what_the_shop_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, OPEN)

    (told,) = json.loads(run("poll", "--once", "--json").stdout)

    assert [one["number"] for one in told["round"]["unexplained"]] == ["000000042"]
    assert told["round"]["never_placed"] == ["17"]
    assert told["error"] == ""
