"""Makes Java's start caches: with one, the next start takes half the processor time.

One start of each program makes its cache (JEP 514).  That costs more than it saves once: worth it before many starts.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from simulators.local_stack.cache import exclusive
from simulators.local_stack.jars import kafka_jars
from simulators.local_stack.java import start_cache, start_caches
from simulators.local_stack.kafka import Kafka
from simulators.local_stack.progress import Progress, ProgressSink
from simulators.local_stack.registry import Registry
from simulators.local_stack.registry_archive import registry_home

DUMP_S = 120.0
"""Java writes the cache when the program ends."""
KEPT = 4
"""Each installed Java has caches of its own; those of the oldest are removed."""
Server = Kafka | Registry


def prepare(progress: ProgressSink) -> list[Path]:
    """The caches that are there now, made where one was missing; empty where this Java keeps none (25 and newer do).

    Raises:
        StackError: a program cannot be brought here, or does not start.
    """
    programs: tuple[tuple[Path, Callable[..., Server]], ...] = (
        (kafka_jars(progress), Kafka),
        (registry_home(progress), Registry),
    )
    found = [start_cache(home) for home, _ in programs]
    with exclusive(start_caches(), progress):
        for cache, (home, server) in zip(found, programs, strict=True):
            if not cache.exists():
                progress(Progress(f"making the start cache of {home.name}"))
                _make(cache, server)
                _remove_older(cache, home.name)
    return [cache for cache in found if cache.exists()]


def _make(cache: Path, server: Callable[..., Server]) -> None:
    part = cache.with_suffix(".part")
    flags = (f"-XX:AOTCacheOutput={part}", "-XX:+IgnoreUnrecognizedVMOptions")
    with tempfile.TemporaryDirectory() as folder:
        started = server(Path(folder) / "server", java_flags=flags)
        started.start()
        started.stop(within=DUMP_S)
    if part.exists():
        part.replace(cache)


def _remove_older(cache: Path, program: str) -> None:
    made = sorted(cache.parent.glob(f"{program}-*.aot"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in made[KEPT:]:
        old.unlink()
