"""The fixed part of the fault grid (`make faults` plays all of it): some faults share a run, to be quick."""

from pathlib import Path

import pytest

from tests.faults.grid import report
from tests.faults.grid.nemeses import together
from tests.faults.grid.play import play

pytestmark = pytest.mark.faults

RUNS = (("N0",), ("N1", "N4"), ("N3",), ("N9", "N10", "N12"), ("N11",), ("N14", "N15", "N17"))


@pytest.mark.parametrize("faults", RUNS, ids="+".join)
def test_every_invariant_that_is_claimed_holds(faults: tuple[str, ...], tmp_path: Path, registry_url: str) -> None:
    played = play(together(*faults), tmp_path, registry_url)

    assert played.holds, report.story(played)
