"""`make faults`: every fault against every invariant, on a broker, a shop and workers of its own each time.

python -m tests.faults.grid [--only N1,N4] [--seed 7] [--out FOLDER] [--merge FOLDER …] [--write-docs]
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from simulators.local_stack.registry import Registry
from tests.faults.grid import page, report, results
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.play import play
from tests.faults.grid.results import Kept

CANNOT = 2


def main() -> int:
    options = _options()
    names = _names(options)
    unknown = [name for name in names if name not in NEMESES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(NEMESES)}", file=sys.stderr)
        return CANNOT
    try:
        kept = results.load(options.merge)
    except FileNotFoundError as missing:
        print(f"--merge: {missing}: name the --out of an earlier run", file=sys.stderr)
        return CANNOT
    kept |= _run(names, options) if names else {}
    print("\n" + report.grid(NEMESES, {name: one.played for name, one in kept.items()}))
    if options.write_docs:
        page.write(NEMESES, kept)
        print(f"\nwritten: {page.PAGE}")
    return 0 if all(one.played.holds for one in kept.values()) else 1


def _names(options: argparse.Namespace) -> list[str]:
    """All, or those that are named; with results to merge, only those that are named."""
    if options.only:
        return str(options.only).split(",")
    return [] if options.merge else list(NEMESES)


def _run(names: list[str], options: argparse.Namespace) -> dict[str, Kept]:
    folder = options.out or Path(tempfile.mkdtemp(prefix="faults-"))
    print(
        f"seed {options.seed}; what runs showed, and the history of what did not hold, is kept in {folder}", flush=True
    )
    found: dict[str, Kept] = {}
    with Registry(folder / "registry") as registry:
        for name in names:
            own = folder / name
            shutil.rmtree(
                own, ignore_errors=True
            )  # of an earlier run: its logs and tables would be taken for this one's
            own.mkdir(parents=True)
            found[name] = results.keep(folder, play(NEMESES[name], own, registry.url, seed=options.seed))
            print(report.story(found[name].played), flush=True)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="faults, by a comma, e.g. N1,N4")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="where runs leave what they showed")
    parser.add_argument(
        "--merge", type=Path, action="append", default=[], help="the --out of an earlier run, whose results count too"
    )
    parser.add_argument("--write-docs", action="store_true", help="write docs/fault-grid.md from the results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
