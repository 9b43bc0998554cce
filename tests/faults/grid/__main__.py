"""`make faults`: every fault against every invariant, on a broker, a shop and workers of its own each time.

python -m tests.faults.grid [--only N1,N4] [--seed 7] [--out FOLDER]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from simulators.local_stack.registry import Registry
from tests.faults.grid import report
from tests.faults.grid.kinds import Played
from tests.faults.grid.nemeses import NEMESES
from tests.faults.grid.play import play


def main() -> int:
    options = _options()
    names = options.only.split(",") if options.only else list(NEMESES)
    unknown = [name for name in names if name not in NEMESES]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(NEMESES)}", file=sys.stderr)
        return 2
    folder = options.out or Path(tempfile.mkdtemp(prefix="faults-"))
    print(f"seed {options.seed}; what does not hold is kept in {folder}", flush=True)
    played = _played(names, folder, options.seed)
    print("\n" + report.grid(NEMESES, played))
    return 0 if all(one.holds for one in played.values()) else 1


def _played(names: list[str], folder: Path, seed: int) -> dict[str, Played]:
    found: dict[str, Played] = {}
    with Registry(folder / "registry") as registry:
        for name in names:
            own = folder / name
            own.mkdir(parents=True, exist_ok=True)
            found[name] = play(NEMESES[name], own, registry.url, seed=seed)
            print(report.story(found[name]), flush=True)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="faults, by a comma, e.g. N1,N4")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="where runs that do not hold leave their history")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
