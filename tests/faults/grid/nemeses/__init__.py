"""The faults, by what they strike."""

from collections.abc import Mapping

from tests.faults.grid.kinds import Nemesis
from tests.faults.grid.nemeses import target, traffic, workers

NEMESES: Mapping[str, Nemesis] = {one.id: one for one in (*workers.ALL, *target.ALL, *traffic.ALL)}
