"""Runs everything that must hold, step by step, and says at the end what held, what did not, and what was not run.

python tests/run.py check    the quick part: style, types, architecture, units, docs; no Kafka, no browser
python tests/run.py all      everything
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable
OVERALL, WHOLE = 90, 100
RULES = "streams/domain/*,schemas/*,*/mapping.py"
"""Code that decides, or reads bytes of others: every branch of it is tested."""
NOT_RUN = 77
"""Exit code of a step that could not be run here, and says why in its last line."""
SCHEMAS = "tests/contract/test_schemas.py"
AT_ONCE = 3
"""On two cores: many tests wait for somebody a part of their time."""


@dataclass(frozen=True)
class Step:
    """One command.  One that runs `beside` the steps after it shows what it printed when it is over."""

    name: str
    command: tuple[str, ...]
    beside: bool = False


class Done(NamedTuple):
    """How a step ended; `printed` only of one that ran beside others."""

    code: int
    seconds: float
    printed: bytes | None = None


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def pytest_of(*arguments: str, covered: bool = False, at_once: int = AT_ONCE) -> tuple[str, ...]:
    """Only the units are measured: measuring doubles the work, and each worker of a slower test would be, too."""
    measure = ("--cov", "--cov-report=") if covered else ()
    return (PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(at_once), *measure, *arguments)


ASIDE = (
    Step("types", tool("mypy"), beside=True),
    Step("architecture", tool("lint-imports"), beside=True),
    Step("generated docs are fresh", (PYTHON, "-m", "streams", "docs", "--check"), beside=True),
)
"""Of one thread each: one after the other they would leave a core idle."""
QUICK = (
    Step("format", tool("ruff", "format", "--check", "--quiet", ".")),
    Step("style", tool("ruff", "check", "--quiet", ".")),
    *ASIDE,
    Step("units", pytest_of("tests/unit", SCHEMAS, "--dist", "worksteal", covered=True)),
    Step("contracts", pytest_of("tests/contract", f"--ignore={SCHEMAS}", "--dist", "worksteal")),
    Step("every rule is tested", tool("coverage", "report", f"--include={RULES}", f"--fail-under={WHOLE}")),
    Step("coverage by the units alone", tool("coverage", "report", f"--fail-under={OVERALL}")),
)
SLOW_ASIDE = (
    Step("quick starts of Java", (PYTHON, "-m", "simulators.local_stack", "prepare"), beside=True),
    Step("no secret in the history", (PYTHON, "-m", "tests.supply_chain", "history"), beside=True),
    Step("known vulnerabilities", (PYTHON, "-m", "tests.supply_chain", "audit"), beside=True),
)
SLOW = (
    Step("faults", pytest_of("tests/faults", "--dist", "worksteal"), beside=True),
    Step("integration", pytest_of("tests/integration", "--dist", "loadfile", at_once=2)),
    Step("pages in Chromium", pytest_of("tests/browser", "--dist", "loadfile", at_once=2)),
)
WORDS = {0: "ok    ", NOT_RUN: "not run"}
STEPS = {"check": QUICK, "all": (*SLOW_ASIDE, *QUICK, *SLOW)}


def main(what: str) -> int:
    for stale in ROOT.glob(".coverage*"):
        stale.unlink()
    missing = bring_programs() if what == "all" else {}
    results = run_all(STEPS[what])
    print("\n── result " + "─" * 60)
    for name, done in results.items():
        print(f"{WORDS.get(done.code, 'FAILED')} {done.seconds:6.0f} s  {name}")
    for name, advice in missing.items():
        print(f"not run: what needs {name}; it comes with: {advice}")
    return int(any(done.code not in WORDS for done in results.values()))


def run_all(steps: Sequence[Step]) -> dict[str, Done]:
    """Each with how it ended; what runs beside others is over when this returns."""
    results, aside = {}, {}
    with ThreadPoolExecutor() as pool:
        for step in steps:
            if step.beside:
                aside[step.name] = pool.submit(run, step)
            else:
                headline(step.name)
                results[step.name] = run(step)
        for name, begun in aside.items():
            results[name] = begun.result()
            headline(name)
            sys.stdout.buffer.write(results[name].printed or b"")
            sys.stdout.flush()
    return results


def run(step: Step) -> Done:
    begun = now()
    output = subprocess.PIPE if step.beside else None
    done = subprocess.run(step.command, cwd=ROOT, check=False, stdout=output, stderr=output and subprocess.STDOUT)
    return Done(done.returncode, now() - begun, done.stdout)


def headline(name: str) -> None:
    print(f"\n── {name} " + "─" * max(0, 70 - len(name)), flush=True)


def now() -> float:
    """How long a step took is told to the reader, and decides nothing."""
    return time.monotonic()  # noqa: TID251  as above


# ── programs that pip cannot bring ───────────────────────────────────────────────────────────────

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "commerce-streams" / "bin"
ADVICE = {
    "chromium": "apt-get install --no-install-recommends chromium",
    "promtool": "apt-get install --no-install-recommends prometheus",
    "prometheus": "apt-get install --no-install-recommends prometheus",
    "amtool": "apt-get install --no-install-recommends prometheus-alertmanager",
}
EXTRACTED = {"prometheus": ("promtool", "prometheus"), "prometheus-alertmanager": ("amtool",)}
"""Package → its programs, taken alone: installed, the package would start a server."""
WAIT = ("-o", "DPkg::Lock::Timeout=300")
"""Another copy may be at it."""


def bring_programs() -> dict[str, str]:
    """Brings what is missing where that is possible; what is still missing, with the command that brings it."""
    os.environ["PATH"] += os.pathsep + str(CACHE)
    missing = [name for name in ADVICE if shutil.which(name) is None]
    if missing and os.geteuid() == 0 and _is_debian():
        print(f"bringing {', '.join(missing)} with apt-get …", flush=True)
        _quietly("apt-get", "update", "-qq", *WAIT)
        if "chromium" in missing:
            _quietly("apt-get", "install", "-qq", "-y", *WAIT, "--no-install-recommends", "chromium")
        for package, programs in EXTRACTED.items():
            if set(programs) & set(missing):
                _extract(package, programs)
    return {name: advice for name, advice in ADVICE.items() if shutil.which(name) is None}


def _extract(package: str, programs: tuple[str, ...]) -> None:
    """Out of Debian's package into the cache."""
    with tempfile.TemporaryDirectory() as folder:
        _quietly("apt-get", "download", "-qq", package, cwd=folder)
        for file in Path(folder).glob(f"{package}_*.deb"):
            _quietly("dpkg-deb", "-x", str(file), folder)
        for found in (Path(folder, "usr", "bin", name) for name in programs):
            if found.exists():
                CACHE.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, CACHE / found.name)


def _quietly(*command: str, cwd: str | None = None) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environ, cwd=cwd, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _is_debian() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return "debian" in {release.get("ID"), *release.get("ID_LIKE", "").split()}


if __name__ == "__main__":
    if sys.argv[1:] not in (["all"], ["check"]):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
