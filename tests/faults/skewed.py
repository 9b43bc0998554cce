"""A worker whose clock on the wall is wrong: `python -m tests.faults.skewed worker`.

A file beside its data directory says by how many seconds it is ahead (below zero: behind); it is read at every look, so
the clock can jump.  The monotonic clock is left alone.  Debian's libfaketime would reach C code as well, but librdkafka
never returns from `list_topics` under it (0.9.10).
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

NANOS = 1_000_000_000


def skew_file(data: Path) -> Path:
    return data.with_suffix(".skew")


def ahead_s(file: Path) -> int:
    return int(file.read_text()) if file.exists() else 0


def install(file: Path) -> None:
    """Before anything of the product is imported: it may hold on to the functions."""
    right, right_ns = time.time, time.time_ns  # noqa: TID251  the clock itself is set wrong
    time.time = lambda: right() + ahead_s(file)  # noqa: TID251  as above
    time.time_ns = lambda: right_ns() + ahead_s(file) * NANOS


def main() -> None:
    file = skew_file(Path(os.environ["STREAMS_DATA_DIR"]))
    install(file)
    from streams.cli.main import main as product  # noqa: PLC0415  after the clock is set
    from streams.runtime.clock import SystemClock  # noqa: PLC0415  as above

    SystemClock.now = lambda _clock: datetime.now(UTC) + timedelta(seconds=ahead_s(file))  # type: ignore[method-assign,assignment]  # noqa: TID251  the clock itself
    sys.argv = ["commerce-streams", *sys.argv[1:]]
    product()


if __name__ == "__main__":
    main()
