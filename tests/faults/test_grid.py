"""The fixed part of the fault grid (`make faults` plays all of it): some faults share a run, to be quick."""

from pathlib import Path

import pytest

from tests.faults.grid import report
from tests.faults.grid.nemeses import together
from tests.faults.grid.play import play

pytestmark = pytest.mark.faults

RUNS = (
    ("N9", "N10", "N11", "N12"),
    ("N1", "N2", "N3", "N4"),
    ("N21",),
    ("N5",),
    ("N23", "N24"),
    ("N14", "N15", "N17"),
    ("N22",),
    ("N0",),
)
"""The longest first: none is left to end alone."""
SHARED = 3.0
"""Two other tests are under way on this machine: limits in seconds are three times as long as in `make faults`."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("faults", RUNS, ids="+".join)
def test_every_invariant_that_is_claimed_holds(faults: tuple[str, ...], tmp_path: Path, registry_url: str) -> None:
    played = play(together(*faults), tmp_path, registry_url, patience=SHARED)

    assert played.holds, report.story(played)
