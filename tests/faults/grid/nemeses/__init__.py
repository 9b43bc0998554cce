"""The faults, by what they strike."""

from collections.abc import Mapping

from tests.faults.grid.kinds import Nemesis
from tests.faults.grid.nemeses import (
    answers,
    brokers,
    clock,
    crashes,
    everything,
    logs,
    network,
    registry,
    schemas,
    state,
    target,
    traffic,
    workers,
)

FAMILIES = (
    workers,
    brokers,
    network,
    registry,
    target,
    answers,
    traffic,
    schemas,
    clock,
    state,
    logs,
    crashes,
    everything,
)
NEMESES: Mapping[str, Nemesis] = {one.id: one for family in FAMILIES for one in family.ALL}


def together(*names: str) -> Nemesis:
    """Several faults after one another in one run: their claims are looked at once, at the end.

    The trade goes on for as long as they strike.
    """
    members = [NEMESES[name] for name in names]
    return Nemesis(
        "+".join(names),
        ", ".join(one.name for one in members),
        "; ".join(one.how for one in members),
        lambda run: [hit for one in members for hit in one.strike(run)],
        {name: value for one in members for name, value in one.options.items()},
        trade_s=max(one.trade_s for one in members),
        per_s=min(one.per_s for one in members),
        open_end=all(one.open_end for one in members),
        heal_s=max(one.heal_s for one in members),
    )
