"""The schema registry for one command: its connections are given back when the command ends."""

from types import TracebackType
from typing import Self

from streams.runtime.registry import HttpRegistry


class OperatorRegistry(HttpRegistry):
    """Closed at the end of the `with` block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
