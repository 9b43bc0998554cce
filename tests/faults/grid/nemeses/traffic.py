"""What arrives is wrong: twice, out of order, late, or no record at all."""

from simulators.wms.disturb import Disturbance
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run
from tests.processes import until


def duplicates(run: Run) -> list[Hit]:
    run.live()
    run.system.traffic.disturb(Disturbance(duplicate=0.2, duplicate_later=0.2, duplicate_after_s=3))
    return [_counted(run, "records that were sent again", "duplicate", "duplicate-later")]


def disorder(run: Run) -> list[Hit]:
    run.live()
    run.system.traffic.disturb(Disturbance(reorder=0.3, late=0.05, late_s=4))
    return [
        _counted(run, "records that were overtaken", "reordered"),
        _counted(run, "records that came late", "late"),
    ]


def _counted(run: Run, title: str, *kinds: str) -> Hit:
    """Waits until there are enough of each kind."""

    def sent(kind: str) -> int:
        return int(run.system.traffic.state()["delivered"].get(kind, 0))

    until(lambda: all(sent(kind) >= run.system.many for kind in kinds), within=60, what=title, step=0.3)
    return Hit(title, sum(map(sent, kinds)))


def poison(run: Run) -> list[Hit]:
    run.live()
    sent = run.system.traffic.poison(60, run.system.poisons).counts
    return [Hit("kinds of poison", len(sent)), Hit("poison records", sum(sent.values()))]


ALL = (
    Nemesis("N14", "duplicates", "a fifth is sent twice at once, a fifth again later", duplicates),
    Nemesis("N15", "reordering", "a third is overtaken, some come late", disorder),
    Nemesis("N17", "poison", "records of every kind that cannot be read or taken", poison),
)
