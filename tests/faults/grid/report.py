"""The grid as text: a row for each fault, a column for each invariant."""

from collections.abc import Mapping

from tests.faults.grid.claims import INVARIANTS, Claims
from tests.faults.grid.kinds import Claim, Nemesis, Played, State

MARK = {State.HELD: "ok", State.BROKEN: "BROKE", State.NOT_RUN: "not run", State.NOT_CLAIMED: "."}


def grid(nemeses: Mapping[str, Nemesis], claims: Claims, played: Mapping[str, Played]) -> str:
    """A cell that was not run says so."""
    head = f"{'fault':<24}{'hits':>6}{'heal':>8}  " + "".join(f"{name:>8}" for name in INVARIANTS)
    return "\n".join([head, *(_row(name, nemeses.get(name), claims, played.get(name)) for name in claims)])


def _row(name: str, nemesis: Nemesis | None, claims: Claims, played: Played | None) -> str:
    title = f"{name} {nemesis.name if nemesis else ''}"
    hits = "-" if played is None or not played.hits else str(played.hit)
    heal = "-" if played is None or played.heal_s is None else f"{played.heal_s:.1f} s"
    cells = "".join(f"{mark(claims[name][invariant], invariant, played):>8}" for invariant in INVARIANTS)
    return f"{title:<24}{hits:>6}{heal:>8}  {cells}"


def mark(claim: Claim, invariant: str, played: Played | None) -> str:
    if claim is Claim.NOT_HERE:
        return MARK[State.NOT_CLAIMED]
    if played is None or invariant not in played.cells:
        return MARK[State.NOT_RUN]
    return MARK[played.cells[invariant].state]


def story(played: Played) -> str:
    """What one run showed, line by line."""
    if played.not_run:
        return f"{played.flow} {played.nemesis}: not run: {played.not_run}"
    lines = [f"{played.flow} {played.nemesis}: seed {played.seed}, {played.records} records, {played.run_s:.0f} s"]
    lines += [f"  hit: {hit.what}: {hit.count}" for hit in played.hits]
    lines += [f"  came to nothing: {played.trouble}"] if played.trouble else []
    lines += [
        f"  {name} {cell.state}: {cell.seen}"
        for name, cell in played.cells.items()
        if cell.state is not State.NOT_CLAIMED
    ]
    return "\n".join(lines)
