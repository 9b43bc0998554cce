"""Cores, clocks and processes of the machine that is measured on."""

import contextlib
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from streams.runtime.clock import SystemClock

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CALIBRATION_STEPS, CALIBRATIONS = 500_000, 9
PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "fastavro", "msgspec", "rocksdict", "aiohttp", "httpx")
ALL_CORES = sorted(os.sched_getaffinity(0))


def worker_core() -> int:
    """The last core is for who is measured; the others are for broker, generators and this program."""
    return ALL_CORES[-1]


def other_cores() -> set[int]:
    """On a machine of one core everything shares it."""
    return set(ALL_CORES[:-1]) or set(ALL_CORES)


@contextlib.contextmanager
def on(cores: set[int]) -> Iterator[None]:
    """This process, and what it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pinned(command: list[str]) -> list[str]:
    """The command, held on the core of who is measured."""
    return [sys.executable, str(Path(__file__).with_name("pinned.py")), str(worker_core()), *command]


def calibrate() -> float:
    """Seconds of a fixed piece of work on the core of who is measured: a busy neighbour makes it longer.

    The median of several: who takes the core for a moment has not changed its pace.
    """
    with on({worker_core()}):
        return statistics.median(_work() for _ in range(CALIBRATIONS))


def _work() -> float:
    begun = time.perf_counter()
    total = 0
    for number in range(CALIBRATION_STEPS):
        total += number & 7
    return time.perf_counter() - begun


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads; ProcessLookupError where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError as error:
        raise ProcessLookupError(pid) from error
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_seconds(cores: Iterable[int]) -> float:
    """Time that these cores were not idle since the machine started, whoever had them."""
    lines = (line.split() for line in Path("/proc/stat").read_text(encoding="ascii").splitlines())
    spent = {line[0]: [int(one) for one in line[1:9]] for line in lines if line[0].startswith("cpu")}
    return sum(sum(spent[f"cpu{core}"]) - sum(spent[f"cpu{core}"][3:5]) for core in cores) / TICKS


def resident_bytes(pid: int) -> int:
    """Memory that a process holds; ProcessLookupError where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except OSError as error:
        raise ProcessLookupError(pid) from error


def peak_resident_bytes(pid: int) -> int:
    """The most that a process ever held; ProcessLookupError where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise ProcessLookupError(pid) from error
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def versions() -> dict[str, str]:
    """What ran, for the reader of a result."""
    cores = str(len(ALL_CORES))
    return {"cores": cores, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def now() -> float:
    """Seconds since some moment; for durations."""
    return time.perf_counter()


def epoch() -> float:
    """Seconds since 1970, as brokers and the stub shop tell them."""
    return SystemClock().now().timestamp()


def wait(seconds: float) -> None:
    time.sleep(seconds)
