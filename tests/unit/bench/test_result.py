"""What a line found is one JSON object, and a table that says what was missed."""

import json

import msgspec
import pytest

from bench.arithmetic import Goal, at_least, at_most
from bench.page import page
from bench.result import QUICK, Result, Rounding, from_json, number, text_table, to_json
from bench.table import LINES

FOUND = Result(
    line="ingest",
    about="work",
    ratio=0.6,
    goals=(at_least("of the raw loop", 0.6, 0.55), at_least("stretch", 0.6, 1.0, stretch=True)),
    ours={"per_s": 30_000.0},
    peers={"raw": {"per_s": 50_000.0, "cpu_us": 17.2}},
    rounds=Rounding(5, 1, 0.14),
    seed=7,
    versions={"python": "3.11.7"},
    notes=("scaled",),
)


def missing(*goals: Goal) -> Result:
    return msgspec.structs.replace(FOUND, goals=goals)


def test_a_result_is_one_line_of_json_that_can_be_read_again() -> None:
    text = to_json(FOUND)

    assert "\n" not in text
    assert from_json(text) == FOUND
    read = json.loads(text)
    assert (read["line"], read["ok"], read["goals"][0]["met"]) == ("ingest", True, True)
    assert "warning" not in read


def test_a_missed_goal_makes_the_line_fail_and_stands_in_the_table() -> None:
    failed = missing(at_most("calls", 1.3, 1.1))

    assert not failed.ok
    assert "MISSED" in text_table([failed])
    assert json.loads(to_json(failed))["ok"] is False


def test_what_was_not_measured_is_named_so() -> None:
    assert "not measured  MISSED" in text_table([missing(at_most("calls", None, 1.1))])


def test_a_check_of_the_harness_says_that_it_measured_nothing() -> None:
    quick = msgspec.structs.replace(FOUND, quick=True)

    assert json.loads(to_json(quick))["warning"] == QUICK
    assert text_table([quick]).endswith(QUICK)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "not measured"), ("a cell", "a cell"), (0.5512, "0.551"), (31234.6, "31,235"), (12, "12")],
)
def test_numbers_have_the_digits_that_matter(value: float | str | None, text: str) -> None:
    assert number(value) == text


def test_the_page_shows_every_line_with_its_peers_and_says_where_nothing_is_kept() -> None:
    made = page([FOUND])

    assert "| ingest | of the raw loop | ≥ 0.55 | 0.6 | met |" in made
    assert "| cpu_us |  | 17.2 |" in made
    assert "5 rounds, 1 of them restless, worst drift 14%" in made
    assert "No result is kept yet." in page([])


def test_the_page_names_every_line() -> None:
    assert all(f"| `{name}` | {module.ABOUT} |" in page([]) for name, module in LINES.items())
