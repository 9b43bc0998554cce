"""Closed loops of writers: so many in flight, for so long.  Shared by all clients, so that they are loaded alike."""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.request import Request, urlopen

from bench.peers.stock import cpu_seconds, tell

WARM_UP_S = 0.3
ROWS = 20
Write = Callable[[], Awaitable[None]]


def arguments() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("--url", required=True)
    made.add_argument("--seconds", type=float, required=True)
    made.add_argument("--in-flight", type=int, nargs="+", required=True)
    made.add_argument("--delays", type=int, nargs="+", required=True, help="milliseconds that the target takes")
    return made


async def measure(chosen: argparse.Namespace, write: Write) -> None:
    """Every delay with every number in flight; tells calls per second, p99 and CPU, and what the target counted."""
    found: dict[str, object] = {}
    for delay in chosen.delays:
        for in_flight in chosen.in_flight:
            await asyncio.to_thread(_put, f"{chosen.url}/set", delay)
            figures = await _cell(write, in_flight, chosen.seconds)
            counted = await asyncio.to_thread(_get, f"{chosen.url}/count")
            found[f"{in_flight}x{delay}ms"] = {**figures, "counted": counted["calls"], "rows": counted["rows"]}
    tell(**found)


async def _cell(write: Write, in_flight: int, seconds: float) -> dict[str, float]:
    took: list[tuple[float, float]] = []

    async def loop(end: float) -> None:
        while (begun := time.perf_counter()) < end:
            await write()
            took.append((begun, time.perf_counter()))

    begun = time.perf_counter()
    warm = begun + WARM_UP_S
    used: list[float] = []
    asyncio.get_running_loop().call_at(
        asyncio.get_running_loop().time() + WARM_UP_S, lambda: used.append(cpu_seconds())
    )
    await asyncio.gather(*(loop(warm + seconds) for _ in range(in_flight)))
    spent = cpu_seconds() - used[0]
    counted = [end - start for start, end in took if warm <= end <= warm + seconds]
    return {
        "per_s": len(counted) / seconds,
        "p99_ms": _p99(counted) * 1000,
        "cpu_us": spent * 1e6 / max(1, len(counted)),
        "calls": len(took),
    }


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[max(0, int(len(values) * 0.99) - 1)] if values else 0.0


def _put(url: str, delay: int) -> None:
    body = json.dumps({"delay_ms": delay}).encode()
    with urlopen(Request(url, data=body, method="PUT"), timeout=10):
        pass


def _get(url: str) -> dict[str, int]:
    with urlopen(url, timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
        return found
