"""The page of benchmarks says what the kept results say, and every line that can be asked for is one."""

import inspect
from pathlib import Path

import pytest

from bench.__main__ import PAGE, WRONG, kept_results, main
from bench.bench import Bench
from bench.environments import NAMES, PEERS
from bench.page import page
from bench.table import LINES


def test_the_page_is_what_the_kept_results_make_of_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(kept_results()), "write it with `make bench ARGS=--page`"


def test_nothing_that_is_no_measurement_is_kept() -> None:
    assert not [result.line for result in kept_results() if result.quick]
    assert {result.line for result in kept_results()} <= LINES.keys()


@pytest.mark.parametrize("name", LINES)
def test_every_line_says_what_it_is_about_and_can_be_run(name: str) -> None:
    assert LINES[name].ABOUT
    assert list(inspect.signature(LINES[name].run).parameters) == ["bench"]


@pytest.mark.parametrize("name", NAMES)
def test_peers_are_locked_with_hashes(name: str) -> None:
    wanted = [line for line in (PEERS / f"{name}.in").read_text().splitlines() if line]
    lock = (PEERS / f"{name}.lock").read_text()

    assert lock.count("--hash=sha256:") >= lock.count("==")
    for line in wanted:
        assert f"{line.split('[')[0].split('==')[0]}==" in lock.replace("[", "=="), line


def test_a_line_that_does_not_exist_is_a_wrong_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-line"]) == WRONG
    assert "no such line: no-such-line; there are: ingest" in capsys.readouterr().err


def test_only_whole_counts_are_a_measurement(tmp_path: Path) -> None:
    def bench(**given: object) -> Bench:
        return Bench(tmp_path, lambda _: None, **given)  # type: ignore[arg-type]  # as they come

    assert not bench().is_trial
    assert bench(quick=True).is_trial
    assert bench(scale=0.5).is_trial
    assert (bench().size(1000, 10), bench(quick=True).size(1000, 10), bench(scale=0.5).size(1000, 10)) == (
        1000,
        10,
        500,
    )
