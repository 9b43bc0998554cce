"""A log in memory that can refuse, or kill whoever appends; and cursors that outlive a kill."""

from collections import deque
from collections.abc import Iterable

import msgspec

from schemas.models.source_cursor import SourceCursor
from streams.runtime.lookback import Place
from streams.runtime.operating.posting import Outgoing


class KilledError(BaseException):
    """The process is gone: nobody may catch this but the test."""


class AppendLog:
    """`failures` are used up one per append, None for a success; with a failure nothing is appended."""

    def __init__(self) -> None:
        self.appended: list[Outgoing] = []
        self.failures: deque[BaseException | None] = deque()

    async def append(self, message: Outgoing) -> Place:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        self.appended.append(message)
        return Place(message.topic, 0, len(self.appended) - 1)

    def fail(self, failures: Iterable[BaseException | None]) -> None:
        self.failures.extend(failures)

    def header(self, name: str) -> list[str]:
        """Of every record."""
        return [(dict(one.headers)[name] or b"").decode() for one in self.appended]


class KeptCursors:
    """The newest of each; `failures` as the log's."""

    def __init__(self) -> None:
        self.kept: dict[str, SourceCursor] = {}
        self.writes = 0
        self.failures: deque[BaseException | None] = deque()

    async def keep(self, cursor: SourceCursor) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        self.writes += 1
        self.kept[cursor.name] = cursor


def as_json(_topic: str, model: msgspec.Struct) -> bytes:
    """Stands for the encoder: what was appended can be read by the test."""
    return msgspec.json.encode(model)
