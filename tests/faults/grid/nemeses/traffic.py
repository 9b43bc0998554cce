"""What arrives is wrong: twice, out of order, late, or no record at all."""

from simulators.wms.disturb import Disturbance
from simulators.wms.poison import KINDS
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until

LEFT_OUT = ("ambiguous-allocation", "array-bomb", "foreign-schema-id")
"""Allowed by these settings, or made by schemas of their own."""


MANY = 20


def duplicates(run: Run) -> list[Hit]:
    run.live()
    run.system.wms.disturb(Disturbance(duplicate=0.2, duplicate_later=0.2, duplicate_after_s=3))
    return [_counted(run, "records that were sent again", "duplicate", "duplicate-later")]


def disorder(run: Run) -> list[Hit]:
    run.live()
    run.system.wms.disturb(Disturbance(reorder=0.3, late=0.05, late_s=4))
    return [
        _counted(run, "records that were overtaken", "reordered"),
        _counted(run, "records that came late", "late"),
    ]


def _counted(run: Run, title: str, *kinds: str) -> Hit:
    """Waits until there are enough of each kind."""

    def sent(kind: str) -> int:
        return int(run.system.wms.state()["delivered"].get(kind, 0))

    until(lambda: all(sent(kind) >= MANY for kind in kinds), within=60, what=title, step=0.3)
    return Hit(title, sum(map(sent, kinds)))


def poison(run: Run) -> list[Hit]:
    run.live()
    sent = run.system.wms.poison(60, [kind for kind in KINDS if kind not in LEFT_OUT]).counts
    return [Hit("kinds of poison", len(sent)), Hit("poison records", sum(sent.values()))]


ALL = (
    Nemesis("N14", "duplicates", "a fifth is sent twice at once, a fifth again later", duplicates),
    Nemesis("N15", "reordering", "a third is overtaken, some come late", disorder),
    Nemesis("N17", "poison", "records of every kind that cannot be read or taken", poison),
)
