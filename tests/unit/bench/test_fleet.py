"""Who is lost is the one that writes stock."""

from pathlib import Path

import pytest

from bench.fleet import victim
from bench.stack import LineError
from bench.table import LINES
from bench.workers import Program


def test_of_programs_that_do_not_say_so_the_oldest_is_lost(tmp_path: Path) -> None:
    programs = [Program(["sleep", "60"], tmp_path / f"{number}.log", {}, pin=False) for number in range(2)]
    try:
        assert victim(programs) is programs[0]
    finally:
        for program in programs:
            program.end()


def test_a_program_that_is_asked_to_leave_ends_without_being_waited_for(tmp_path: Path) -> None:
    program = Program(["sleep", "60"], tmp_path / "asked.log", {}, pin=False)

    program.leave()

    assert program.finish(10) != 0
    assert not program.running


def test_a_program_that_does_not_end_in_time_is_a_line_that_could_not_be_measured(tmp_path: Path) -> None:
    program = Program(["sleep", "60"], tmp_path / "late.log", {}, pin=False)

    with pytest.raises(LineError, match=r"late\.log: no end within 0 s"):
        program.finish(0.1)


def test_every_line_of_the_table_is_there() -> None:
    assert set(LINES) == {
        "ingest",
        "state",
        "latency",
        "orders",
        "orders-flood",
        "drain",
        "open-orders",
        "coalesce",
        "availability",
        "catch-up",
        "recovery",
        "rebalance-gap",
        "sink-client",
        "poison",
        "idle",
        "reconcile",
    }
