"""`make faults`: every fault against every invariant, on a broker, a shop and workers of its own each time.

python -m tests.faults.grid [--flow orders] [--only N1,N4] [--bugs [no-dedupe,two-writers]] [--seed 7]
                            [--minutes 5] [--per-s 40]
                            [--out FOLDER] [--merge FOLDER …] [--write-docs]

Without --only and --bugs it plays all faults of both flows and then all seeded bugs; with --bugs the run without a
fault, which has to hold first, and the bugs.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.faults.grid import bugs, page, report, results
from tests.faults.grid.flow_played import Asked, flow_played
from tests.faults.grid.flows import FLOWS, STOCK, Flow
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.nemeses.everything import PER_S
from tests.faults.grid.results import Kept

CANNOT = 2
NO_FAULT = "N0"
BESIDE = 1.5
"""How much longer everything may take where two flows share the cores."""


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
    """Adds to `kept`.  Flows are played side by side, for they mostly wait."""
    folder = options.out or Path(tempfile.mkdtemp(prefix="faults-"))
    print(
        f"seed {options.seed}; what runs showed, and the history of what did not hold, is kept in {folder}", flush=True
    )
    flows = [flow.name for flow in _flows(options)]
    patience = 1.0 if len(flows) == 1 else BESIDE
    asked = Asked(tuple(names), folder, options.seed, options.minutes, options.per_s, patience)
    # Each in a process of its own: commands of the product that are tried in this one print to its one output.
    with ProcessPoolExecutor(len(flows), get_context("spawn")) as pool:
        played = [pool.submit(flow_played, flow, asked, seeded if flow == flows[0] else []) for flow in flows]
    caught = []
    for one in played:
        runs, bugs_caught = one.result()
        kept.update(runs)
        caught += bugs_caught
    return caught


def _flows(options: argparse.Namespace) -> list[Flow]:
    """Those that are asked for; the seeded bugs are of stock."""
    return [FLOWS[options.flow]] if options.flow else [STOCK] if options.bugs else list(FLOWS.values())


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
