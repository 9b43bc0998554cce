"""What arrives is wrong: twice, out of order, late, or no record at all."""

from simulators.wms.disturb import Disturbance
from simulators.wms.poison import KINDS
from tests.faults.grid.kinds import Hit, Nemesis
from tests.faults.grid.run import Run

LEFT_OUT = ("ambiguous-allocation", "array-bomb", "foreign-schema-id")
"""Allowed by these settings, or made by schemas of their own."""


def duplicates(run: Run) -> list[Hit]:
    run.live()
    run.system.wms.disturb(Disturbance(duplicate=0.2, duplicate_later=0.2, duplicate_after_s=3))
    run.traded()
    return [Hit("records that were sent again", _sent(run, "duplicate") + _sent(run, "duplicate-later"))]


def disorder(run: Run) -> list[Hit]:
    run.live()
    run.system.wms.disturb(Disturbance(reorder=0.3, late=0.05, late_s=4))
    run.traded()
    return [
        Hit("records that were overtaken", _sent(run, "reordered")),
        Hit("records that came late", _sent(run, "late")),
    ]


def _sent(run: Run, what: str) -> int:
    return int(run.system.wms.state()["delivered"].get(what, 0))


def poison(run: Run) -> list[Hit]:
    run.live()
    sent = run.system.wms.poison(60, [kind for kind in KINDS if kind not in LEFT_OUT]).counts
    run.traded()
    return [Hit("kinds of poison", len(sent)), Hit("poison records", sum(sent.values()))]


ALL = (
    Nemesis("N14", "duplicates", "a fifth is sent twice at once, a fifth again later", duplicates),
    Nemesis("N15", "reordering", "a third is overtaken, some come late", disorder),
    Nemesis("N17", "poison", "records of every kind that cannot be read or taken", poison),
)
