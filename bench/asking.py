"""Questions at a stated rate, open loop: each has an intended time, and waits for no answer before it."""

import asyncio
from collections.abc import Mapping, Sequence

import aiohttp

from bench.machine import now
from bench.stack import LineError

WITHIN_S = 10.0


def answers(url: str, paths: Sequence[str], per_s: float, headers: Mapping[str, str]) -> list[float]:
    """Seconds from when each was to be asked until its answer was read.  LineError for any answer but 200."""
    return asyncio.run(_all(url, paths, per_s, headers))


async def _all(url: str, paths: Sequence[str], per_s: float, headers: Mapping[str, str]) -> list[float]:
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session:
        begun = now()
        asked = []
        for number, path in enumerate(paths):
            at = begun + number / per_s
            await asyncio.sleep(max(0.0, at - now()))  # noqa: TID251  a pace
            asked.append(asyncio.ensure_future(_one(session, path, at)))
        return list(await asyncio.gather(*asked))


async def _one(session: aiohttp.ClientSession, path: str, at: float) -> float:
    try:
        async with session.get(path) as answer:
            body = await answer.read()
            if answer.status != 200:  # noqa: PLR2004  the only one that counts
                raise LineError(f"{path}: {answer.status} {body[:200]!r}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise LineError(f"{path}: {type(error).__name__}: {error}") from error
    return now() - at
