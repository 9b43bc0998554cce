"""What `doctor` says of this machine; brokers and registry are looked at in tests/integration/cli."""

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from streams.app.diagnosis import Check, machine, target
from streams.runtime.data_dir import DataDir
from streams.settings import Settings, read_settings
from tests.fakes.still_clock import StillClock
from tests.unit.streams.cli.calling import SETTINGS, says, server

BASE_URL = "STREAMS_CONNECTORS__ADOBE_COMMERCE__BASE_URL"


def verdicts(checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.verdict) for check in checks]


def settings(**changes: str) -> Settings:
    return read_settings({**SETTINGS, **changes})


def test_a_directory_that_is_not_there_is_left_for_the_first_worker(tmp_path: Path) -> None:
    found = list(machine.data_dir(tmp_path / "deep" / "down"))

    assert verdicts(found)[0] == ("data directory", "ok")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_fails(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    (first, *_rest) = machine.data_dir(tmp_path / "data")

    assert first.verdict == "fail"
    assert "STREAMS_DATA_DIR" in first.what


def test_a_directory_that_a_worker_holds_is_as_it_should_be(tmp_path: Path) -> None:
    held = DataDir(tmp_path)
    held.take()
    try:
        (first, *_rest) = machine.data_dir(tmp_path)
    finally:
        held.release()

    assert (first.verdict, first.what) == ("ok", "a worker uses it")


@pytest.mark.parametrize(
    ("off", "verdict", "said"),
    [(0, "ok", "in step"), (-20, "warn", "20 s ahead of that of the shop"), (600, "fail", "600 s behind that of")],
)
def test_the_clock_is_compared_with_what_the_shop_dates(off: int, verdict: str, said: str) -> None:
    clock = StillClock()
    date = format_datetime(clock.now() + timedelta(seconds=off))

    with server(says(401, Date=date)) as url:
        (found,) = machine.clocks(settings(**{BASE_URL: url}), clock)

    assert (found.name, found.verdict) == ("clock", verdict)
    assert said in found.what


def test_a_clock_that_nothing_can_be_compared_with_is_not_called_right() -> None:
    (found,) = machine.clocks(settings(), StillClock())

    assert (found.verdict, "not known" in found.what) == ("warn", True)


def test_a_shop_that_does_not_answer_fails_and_says_that_workers_wait() -> None:
    (found,) = target.answers(settings(), StillClock())

    assert (found.name, found.verdict) == ("target", "fail")
    assert "Workers start without it" in found.advice


def test_a_shop_that_refuses_the_credential_names_the_setting_and_not_the_password() -> None:
    with server(says(401, b'{"message": "no"}', **{"Content-Type": "application/json"})) as url:
        (found,) = target.answers(settings(**{BASE_URL: url}), StillClock())

    assert (found.verdict, "401" in found.what) == ("fail", True)
    assert "STREAMS_CONNECTORS__ADOBE_COMMERCE__" in found.advice
    assert "canary-5a1e" not in repr(found)
