"""The faults of one flow, one after the other, with a registry of their own."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from simulators.local_stack.registry import Registry
from tests.faults.grid import bugs, report, results
from tests.faults.grid.flows import FLOWS
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.nemeses.everything import lasting
from tests.faults.grid.play import play
from tests.faults.grid.results import Kept

NO_FAULT = "N0"


class Asked(NamedTuple):
    """Which faults, where their folders lie, and how the random run (N28) goes; `patience` as `play` has it."""

    names: tuple[str, ...]
    folder: Path
    seed: int
    minutes: float
    per_s: float
    patience: float


def flow_played(flow_name: str, asked: Asked, seeded: list[str]) -> tuple[dict[str, Kept], list[bugs.Caught]]:
    """No bug is played where the run without a fault broke: its checks say nothing then."""
    flow, kept = FLOWS[flow_name], dict[str, Kept]()
    with Registry(asked.folder / f"registry-{flow.name}") as registry:
        for name in (one for one in asked.names if one in flow.claims):
            own = _own(asked.folder, results.key_of(flow.name, name))
            nemesis = lasting(NEMESES[name], asked.minutes, asked.per_s)
            done = play(nemesis, own, registry.url, seed=asked.seed, flow=flow, patience=asked.patience)
            one = results.keep(asked.folder, done)
            kept[results.key(one.played)] = one
            print(report.story(one.played), flush=True)  # noqa: T201  as it ends
        first = kept.get(results.key_of(flow.name, NO_FAULT))
        may_go_on = first is None or first.played.holds
        return kept, list(_caught(seeded if may_go_on else [], asked.folder, registry.url, asked.seed))


def _caught(seeded: Iterable[str], folder: Path, registry_url: str, seed: int) -> Iterator[bugs.Caught]:
    for bug in seeded:
        found = bugs.play_bug(bug, NEMESES, _own(folder, bug), registry_url, seed=seed)
        print(bugs.line(found), flush=True)  # noqa: T201  as it ends
        yield found


def _own(folder: Path, name: str) -> Path:
    """Of an earlier run nothing stays: its logs and tables would be taken for this one's."""
    own = folder / name
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    return own
