"""`python -m bench [LINE …]`: one JSON object per line on standard output; all else goes to standard error.

Exit code 0 where every goal is met, 1 where one is missed or a line could not be measured, 2 for a wrong question.
"""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.bench import Bench
from bench.machine import now, on, other_cores, worker_core
from bench.page import page
from bench.result import Result, from_json, text_table, to_json
from bench.table import LINES
from streams.runtime.clock import SystemClock

MET, MISSED, WRONG = 0, 1, 2
ROOT = Path(__file__).parent.parent
KEPT, PAGE = ROOT / "bench" / "results.jsonl", ROOT / "docs" / "benchmarks.md"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="make bench", description=__doc__)
    made.add_argument("lines", nargs="*", help=f"which of: {' '.join(LINES)}; default: all")
    made.add_argument("--quick", action="store_true", help="small counts, to check the harness; measures nothing")
    made.add_argument("--scale", type=float, default=1.0, help="this share of the counts; measures nothing either")
    made.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each line")
    made.add_argument("--seed", type=int, default=7)
    made.add_argument(
        "--out", type=Path, help="folder for results and logs; default: a new one in the temporary folder"
    )
    made.add_argument("--keep", action="store_true", help="put the results into the repository and write its page anew")
    made.add_argument("--page", action="store_true", help="only write the page anew, from the results that are kept")
    return made


def main(arguments: Sequence[str]) -> int:
    chosen = parser().parse_args(arguments)
    if chosen.page:
        return _write_page()
    unknown = [name for name in chosen.lines if name not in LINES]
    if unknown:
        say(f"no such line: {' '.join(unknown)}; there are: {' '.join(LINES)}")
        return WRONG
    out = chosen.out or Path(tempfile.mkdtemp(prefix="bench-"))
    names = chosen.lines or list(LINES)
    say(f"measured: core {worker_core()}; all else: {sorted(other_cores())}; results and logs: {out}")
    results, failed = _run_all(names, chosen, out)
    if results:
        print(text_table(results), file=sys.stderr)
    for name in failed:
        say(f"{name}: could not be measured")
    if chosen.keep and not any(result.quick for result in results):
        _keep(results)
    return MET if not failed and all(result.ok for result in results) else MISSED


def _run_all(names: Sequence[str], chosen: argparse.Namespace, out: Path) -> tuple[list[Result], list[str]]:
    results: list[Result] = []
    failed: list[str] = []
    with on(other_cores()):
        for name in names:
            try:
                found = _run(name, chosen, out)
            except Exception:  # noqa: BLE001  one line that fails must not stop the others
                traceback.print_exc()
                failed.append(name)
                continue
            results.append(found)
            print(to_json(found), flush=True)
            with (out / "results.jsonl").open("a", encoding="utf-8") as kept:
                kept.write(to_json(found) + "\n")
    return results, failed


def _run(name: str, chosen: argparse.Namespace, out: Path) -> Result:
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder, _speaker(name), chosen.quick, chosen.scale, chosen.rounds, chosen.seed)
    begun = now()
    found: Result = LINES[name].run(bench)
    at = SystemClock().now().isoformat(timespec="seconds")
    return msgspec.structs.replace(found, at=at, seconds=round(now() - begun, 1))


def _speaker(name: str) -> Callable[[str], None]:
    return lambda text: say(f"{name}: {text}")


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def kept_results() -> list[Result]:
    """What a person chose to keep."""
    if not KEPT.exists():
        return []
    return [from_json(line) for line in KEPT.read_bytes().splitlines() if line]


def _keep(results: Sequence[Result]) -> None:
    """The newest result of each line."""
    newest = {result.line: result for result in (*kept_results(), *results)}
    ordered = [newest[name] for name in LINES if name in newest]
    KEPT.write_text("".join(to_json(result) + "\n" for result in ordered), encoding="utf-8")
    _write_page()


def _write_page() -> int:
    PAGE.write_text(page(kept_results()), encoding="utf-8")
    return MET


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
