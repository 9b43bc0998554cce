"""Says how far a start is, so that a long first download does not look like a hang."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """One thing that can be shown; `total` is 0 where no bytes are counted."""

    text: str
    done: int = 0
    total: int = 0


ProgressSink: TypeAlias = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """For callers that show nothing, such as tests."""


class ByteCounter:
    """Adds up what several threads receive, and reports one total."""

    def __init__(self, text: str, total: int, sink: ProgressSink) -> None:
        self._text, self._total, self._sink = text, total, sink
        self._done = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """`count` is negative where a broken download starts again."""
        with self._lock:
            self._done += count
            self._sink(Progress(self._text, self._done, self._total))
