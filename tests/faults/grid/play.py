"""Plays one fault: opens the trade, strikes, heals, waits, and looks at every invariant that is claimed."""

import contextlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from confluent_kafka import KafkaException

from tests.faults.grid import logs
from tests.faults.grid.claims import INVARIANTS, claims_of
from tests.faults.grid.flows import STOCK, Flow
from tests.faults.grid.invariants import Check
from tests.faults.grid.kinds import Cell, Claim, Hit, Nemesis, Played, State
from tests.faults.grid.run import Run
from tests.processes import PRODUCT, until

NOT_CLAIMED = Cell(State.NOT_CLAIMED)
OPENING_S = 240
"""Workers begin one beside the other, on a machine that may have other work."""
LAST = ("I12",)
"""Stops the workers, so it is looked at when everything else was."""


def play(
    nemesis: Nemesis,
    folder: Path,
    registry_url: str,
    *,
    seed: int = 7,
    program: Sequence[str] = PRODUCT,
    patience: float = 1.0,
    flow: Flow = STOCK,
) -> Played:
    """One run, with everything of its own.  Raises nothing: what went wrong stands in what is returned.

    `patience` stretches what must hold within seconds.  Where something broke, the folder keeps logs, journal and
    samples (`history`).
    """
    why_not = nemesis.needs()
    if why_not:
        return Played(nemesis.id, seed, (), {}, not_run=why_not, flow=flow.name)
    begun = _now()
    system = flow.system(folder, registry_url, seed=seed, **{"program": program, **nemesis.options})
    run = Run(system, Random(seed), nemesis.trade_s, nemesis.per_s, patience * flow.patience)
    try:
        hits, heal_s = _through(run, nemesis)
        cells = look(run, claims_of(nemesis.id, flow.claims), flow.checks, heal_s)
        records = sum(end for _, end in system.committed(system.topic).values())
        played = Played(nemesis.id, seed, tuple(hits), cells, records, heal_s, _now() - begun, flow=flow.name)
    except Exception as trouble:  # noqa: BLE001  a run that came to nothing is told as such, and the next one goes on
        played = Played(
            nemesis.id,
            seed,
            (),
            {},
            run_s=_now() - begun,
            trouble=f"{type(trouble).__name__}: {trouble}",
            flow=flow.name,
        )
    finally:
        run.end()
    if not played.holds:
        keep(run, played)
    system.end()
    return played


def _through(run: Run, nemesis: Nemesis) -> tuple[list[Hit], float | None]:
    """What was hit, and the seconds from the heal until nothing was left to do; None where that took too long."""
    system = run.system
    system.start()
    for name in nemesis.workers:
        system.worker(name)
    system.open_stock()
    system.wait_equal(within=OPENING_S)
    run.watch.start()
    run.trade()
    hits = nemesis.strike(run)
    healed = _now()
    if nemesis.open_end:
        run.enough()
    run.traded()
    try:
        until(
            lambda: system.lag() == 0, within=nemesis.heal_s * run.patience, what="nothing is left in the log", step=0.3
        )
    except AssertionError:
        return hits, None
    finally:
        run.supervisor.stop()  # what the checks stop stays stopped
    return hits, _now() - healed


def look(run: Run, claims: Mapping[str, Claim], checks: Mapping[str, Check], heal_s: float | None) -> dict[str, Cell]:
    """Every claimed invariant, each on its own: one that broke hides no other."""
    found = {}
    for name in sorted(INVARIANTS, key=lambda one: one in LAST):
        found[name] = NOT_CLAIMED if claims[name] is Claim.NOT_HERE else _cell(run, name, claims[name], checks, heal_s)
    return {name: found[name] for name in INVARIANTS}


def _cell(run: Run, name: str, claim: Claim, checks: Mapping[str, Check], heal_s: float | None) -> Cell:
    if name == "I13" and heal_s is None:
        return Cell(State.BROKEN, f"the log was not read to its end; lag {run.system.lag()}")
    try:
        return Cell(State.HELD, checks[name](run, claim))
    except Exception as broken:  # noqa: BLE001  whatever a check stumbles over is told in its cell
        return Cell(State.BROKEN, str(broken)[:2000] or type(broken).__name__)


def keep(run: Run, played: Played) -> None:
    """What is needed to understand a run that did not hold: `<folder>/history/`."""
    target = run.system.folder / "history"
    target.mkdir(exist_ok=True)
    seen = {"nemesis": played.nemesis, "seed": played.seed, "trouble": played.trouble}
    cells = {name: f"{cell.state}: {cell.seen}" for name, cell in played.cells.items()}
    (target / "cells.json").write_text(json.dumps(seen | cells, indent=1))
    (target / "samples.json").write_text(
        json.dumps([[sample.at, [*sample.committed.items()], sample.resident] for sample in run.watch.samples])
    )
    for log in run.system.folder.glob("*.log"):
        shutil.copy2(log, target)
    with contextlib.suppress(KafkaException):  # a broker that is away tells nothing
        (target / "accounts.json").write_text(json.dumps([*logs.reached(run.system).items()]))
    try:
        (target / "journal.jsonl").write_text(
            "\n".join(json.dumps(entry) for journal in run.system.struck.journals().values() for entry in journal)
        )
    except OSError as away:
        (target / "journal.jsonl").write_text(f"a target did not tell: {away}")


def _now() -> float:
    return time.monotonic()  # noqa: TID251  how long a run took, for the reader
