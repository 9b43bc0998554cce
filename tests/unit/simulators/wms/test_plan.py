"""Plans: shifts, bursts and quiet phases as schedules."""

from itertools import islice

import pytest

from simulators.wms.disturb import Disturbance
from simulators.wms.plan import SHIFTS, Phase, day, with_burst


def test_a_phase_spreads_its_changes_evenly() -> None:
    assert list(Phase(2, 4).slots()) == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]


def test_a_quiet_phase_has_no_changes() -> None:
    assert list(Phase(60, 0).slots()) == []


def test_a_phase_without_end_goes_on() -> None:
    assert list(islice(Phase(float("inf"), 2).slots(), 3)) == [0, 0.5, 1]


def test_a_day_has_all_its_hours_and_follows_the_shifts() -> None:
    phases = day(100, seconds_per_hour=2)

    assert sum(phase.seconds for phase in phases) == 48
    assert {phase.changes_per_s for phase in phases} == {100 * share for share in SHIFTS.values()}


def test_a_burst_stands_where_it_is_wanted() -> None:
    plan = with_burst([Phase(1, 1), Phase(2, 1)], after=0, changes_per_s=500, seconds=3)

    assert [(phase.name, phase.seconds) for phase in plan] == [("steady", 1), ("burst", 3), ("steady", 2)]


def test_a_phase_is_read_from_json_with_its_disturbance() -> None:
    phase = Phase.parse({"seconds": 3, "changes_per_s": 5, "disturbance": {"duplicate": 0.5}})

    assert phase == Phase(3, 5, disturbance=Disturbance(duplicate=0.5))


@pytest.mark.parametrize("plain", [{"seconds": 3}, {"seconds": 3, "changes_per_s": 5, "colour": "red"}])
def test_a_phase_with_missing_or_unknown_names_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Phase.parse(plain)
