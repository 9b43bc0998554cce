"""The only place of the local stack that looks at the clock: real processes end and answer in real time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


def now() -> datetime:
    """Aware UTC time, for the dates in certificates."""
    return datetime.now(UTC)  # noqa: TID251 - a certificate is checked against the real date


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def wait_until(satisfied: Callable[[], bool], *, within: float, every: float = 0.05) -> bool:
    """Ask again and again, for at most `within` seconds; what `satisfied` raises ends the wait."""
    deadline = time.monotonic() + within  # noqa: TID251 - bounds a wait for another process
    while not satisfied():
        if time.monotonic() > deadline:  # noqa: TID251 - see above
            return False
        time.sleep(every)
    return True
