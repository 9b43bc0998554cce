"""`make faults`: every fault against every invariant, on a broker, a shop and workers of its own each time.

python -m tests.faults.grid [--flow orders] [--only N1,N4] [--bugs [no-dedupe,two-writers]] [--seed 7]
                            [--minutes 5] [--per-s 40]
                            [--out FOLDER] [--merge FOLDER …] [--write-docs]

Without --only and --bugs it plays all faults of both flows and then all seeded bugs; with --bugs the run without a
fault, which has to hold first, and the bugs.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from simulators.local_stack.registry import Registry
from tests.faults.grid import bugs, page, report, results
from tests.faults.grid.flows import FLOWS, STOCK, Flow
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.nemeses.everything import PER_S, lasting
from tests.faults.grid.play import play
from tests.faults.grid.results import Kept

CANNOT = 2
NO_FAULT = "N0"


def main() -> int:
    options = _options()
    names, seeded = _wanted(options)
    unknown = sorted({*names} - NEMESES.keys() | {*seeded} - bugs.EXPECTED.keys())
    if unknown:
        known = f"faults {', '.join(NEMESES)}; bugs {', '.join(bugs.EXPECTED)}"
        print(f"unknown: {', '.join(unknown)}; there are {known}", file=sys.stderr)
        return CANNOT
    try:
        kept = results.load(options.merge)
    except FileNotFoundError as missing:
        print(f"--merge: {missing}: name the --out of an earlier run", file=sys.stderr)
        return CANNOT
    caught = _all_played(names, seeded, kept, options) if names or seeded else []
    for flow in _flows(options):
        own = {one.played.nemesis: one.played for one in kept.values() if one.played.flow == flow.name}
        print(f"\n{flow.name}\n{report.grid(NEMESES, flow.claims, own)}")
    if seeded:
        print("\n" + bugs.table(caught))
    if options.write_docs:
        page.write(NEMESES, kept)
        print(f"\nwritten: {page.PAGE}")
    held = all(one.played.holds for one in kept.values())
    return 0 if held and len(caught) == len(seeded) and all(one.is_caught for one in caught) else 1


def _wanted(options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Faults and bugs: all, or those that are named; with results to merge, only those that are named."""
    seeded = [] if options.bugs is None else list(bugs.EXPECTED) if options.bugs == "all" else options.bugs.split(",")
    if options.only:
        return options.only.split(","), seeded
    if options.bugs is not None:
        return [NO_FAULT], seeded
    return ([], []) if options.merge else (list(NEMESES), list(bugs.EXPECTED))


def _all_played(
    names: list[str], seeded: list[str], kept: dict[str, Kept], options: argparse.Namespace
) -> list[bugs.Caught]:
    """Adds to `kept`.  No bug is played where the run without a fault broke: its checks say nothing then."""
    folder = options.out or Path(tempfile.mkdtemp(prefix="faults-"))
    print(
        f"seed {options.seed}; what runs showed, and the history of what did not hold, is kept in {folder}", flush=True
    )
    with Registry(folder / "registry") as registry:
        for flow in _flows(options):
            for name in names:
                if name not in flow.claims:
                    continue
                own = _own(folder, results.key_of(flow.name, name))
                nemesis = lasting(NEMESES[name], options.minutes, options.per_s)
                one = results.keep(folder, play(nemesis, own, registry.url, seed=options.seed, flow=flow))
                kept[results.key(one.played)] = one
                print(report.story(one.played), flush=True)
        first = kept.get(NO_FAULT)
        may_go_on = first is None or first.played.holds
        return list(_caught(seeded if may_go_on else [], folder, registry.url, options.seed))


def _flows(options: argparse.Namespace) -> list[Flow]:
    """Those that are asked for; the seeded bugs are of stock."""
    return [FLOWS[options.flow]] if options.flow else [STOCK] if options.bugs else list(FLOWS.values())


def _caught(seeded: Iterable[str], folder: Path, registry_url: str, seed: int) -> Iterator[bugs.Caught]:
    for bug in seeded:
        found = bugs.play_bug(bug, NEMESES, _own(folder, bug), registry_url, seed=seed)
        print(bugs.line(found), flush=True)
        yield found


def _own(folder: Path, name: str) -> Path:
    """Of an earlier run nothing stays: its logs and tables would be taken for this one's."""
    own = folder / name
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    return own


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", choices=list(FLOWS), help="one of the flows; both where none is named")
    parser.add_argument("--only", help="faults, by a comma, e.g. N1,N4")
    parser.add_argument("--bugs", nargs="?", const="all", help="seeded bugs, by a comma; all where none is named")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=2, help="how long the random run (N28) goes on")
    parser.add_argument(
        "--per-s", type=float, default=PER_S, help="stock changes a second of the random run; an order counts as 30"
    )
    parser.add_argument("--out", type=Path, help="where runs leave what they showed")
    parser.add_argument(
        "--merge", type=Path, action="append", default=[], help="the --out of an earlier run, whose results count too"
    )
    parser.add_argument("--write-docs", action="store_true", help="write docs/fault-grid.md from the results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
