"""docs/fault-grid.md: the grid as runs filled it, with when and of which commit each of them was."""

import html
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.grid import report
from tests.faults.grid.claims import INVARIANTS
from tests.faults.grid.flows import FLOWS, Flow
from tests.faults.grid.kinds import Claim, Nemesis, Played, State
from tests.faults.grid.results import ROOT, Kept, key_of

PAGE = ROOT / "docs" / "fault-grid.md"
SHOWN = 300
"""Characters of what one cell saw."""
MARKS = "\\`*_[]|"
HEAD = """# Fault grid

Every row is a fault that strikes a flow while stock is traded, or while orders are placed.
Brokers and registry are real, the targets are simulated, workers are processes.
Every column is an invariant that is looked at afterwards in logs, in the targets' journals and in samples taken
meanwhile.
`make faults` runs it and prints it; `make faults ARGS=--write-docs` also writes this page, from what the runs showed.
Nothing keeps this page fresh: each row says when it was run, and of which commit.

`ok`: held. `BROKE`: did not. `.`: not the point of that run. `not run`: nobody looked.
A row counts only where the fault is shown to have struck live work: *hits* counts what it struck.
*heal* is the time from the end of the fault until nothing was left to do.
"""


def write(nemeses: Mapping[str, Nemesis], kept: Mapping[str, Kept], path: Path = PAGE) -> None:
    path.write_text(page(nemeses, kept))


def page(nemeses: Mapping[str, Nemesis], kept: Mapping[str, Kept]) -> str:
    parts = [HEAD]
    for flow in FLOWS.values():
        own = {name: kept[key_of(flow.name, name)] for name in flow.claims if key_of(flow.name, name) in kept}
        parts += [f"## The {flow.name} flow\n", _summary(flow, own), *_grid(flow, nemeses, own), ""]
        parts += [*_legend(flow), "", *_runs(flow, nemeses, own)]
    return "\n".join(parts).rstrip() + "\n"


def _summary(flow: Flow, kept: Mapping[str, Kept]) -> str:
    cells = [
        report.mark(flow.claims[name][invariant], invariant, _played(kept, name))
        for name in flow.claims
        for invariant in INVARIANTS
        if flow.claims[name][invariant] is not Claim.NOT_HERE
    ]
    counts = ", ".join(f"{cells.count(mark)} {mark}" for mark in ("ok", "BROKE", "not run"))
    return f"{len(kept)} of {len(flow.claims)} faults were run; of {len(cells)} cells: {counts}.\n"


def _grid(flow: Flow, nemeses: Mapping[str, Nemesis], kept: Mapping[str, Kept]) -> Iterator[str]:
    yield f"| fault | hits | heal | {' | '.join(INVARIANTS)} |"
    yield "| --- |" + " --- |" * (len(INVARIANTS) + 2)
    for name in flow.claims:
        played = _played(kept, name)
        title = f"{name} {nemeses[name].name}" if name in nemeses else name
        hits = str(played.hit) if played and played.hits else "–"
        heal = "–" if played is None or played.heal_s is None else f"{played.heal_s:.1f} s"
        cells = " | ".join(report.mark(flow.claims[name][invariant], invariant, played) for invariant in INVARIANTS)
        yield f"| {title} | {hits} | {heal} | {cells} |"


def _legend(flow: Flow) -> Iterator[str]:
    yield "### Its invariants\n"
    claimed = {name for row in flow.claims.values() for name, claim in row.items() if claim is not Claim.NOT_HERE}
    yield from (f"- {name}: {what}" for name, what in flow.means.items() if name in claimed)


def _runs(flow: Flow, nemeses: Mapping[str, Nemesis], kept: Mapping[str, Kept]) -> Iterator[str]:
    yield "### Its runs\n"
    for name in flow.claims:
        nemesis, one = nemeses.get(name), kept.get(name)
        if nemesis is None or one is None:
            yield f"{name}{f' {nemesis.name}: {nemesis.how};' if nemesis else ':'} not run.\n"
        else:
            yield from _run(nemesis, one)


def _run(nemesis: Nemesis, one: Kept) -> Iterator[str]:
    played = one.played
    yield "<details>"
    yield f"<summary>{nemesis.id} {nemesis.name}: {'held' if played.holds else 'DID NOT HOLD'}</summary>\n"
    yield f"{_text(nemesis.how)[:1].upper()}{_text(nemesis.how)[1:]}."
    yield (
        f"Run on {one.at:%Y-%m-%d %H:%M} UTC of commit {one.commit or 'unknown'} with seed {played.seed}: "
        f"{played.records} records, {played.run_s:.0f} s.\n"
    )
    if played.trouble:
        yield f"- came to nothing: {_text(played.trouble)}"
    yield from (f"- hit: {_text(hit.what)}: {hit.count}" for hit in played.hits)
    yield from _cells(played)
    yield "\n</details>\n"


def _cells(played: Played) -> Iterator[str]:
    for name, cell in played.cells.items():
        if cell.state is not State.NOT_CLAIMED:
            yield f"- {name} {cell.state}: {_text(cell.seen)}"


def _text(said: str) -> str:
    """One line that Markdown leaves as it is."""
    line = html.escape(" ".join(said.split())[:SHOWN], quote=False)
    return "".join(f"&#{ord(letter)};" if letter in MARKS else letter for letter in line)


def _played(kept: Mapping[str, Kept], name: str) -> Played | None:
    return kept[name].played if name in kept else None
