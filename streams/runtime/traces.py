"""What can be traced of a record: its way from the topic through the snapshot to the call that shows it at a target.

Off unless `STREAMS_TRACES__URL` is set: then `streams.runtime.otel` stands in the place of `NoTraces`, and only then is
anything of OpenTelemetry imported.  Context goes along as the header `traceparent` (https://www.w3.org/TR/trace-context/).
Nothing here may wait, raise, or change what is done.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from connectors.core.calls import Observe
from streams.runtime.dead_letters import SourceRecord

TRACEPARENT = "traceparent"
Headers = tuple[tuple[str, bytes | None], ...]


class Batch(Protocol):
    """The records of one batch of one partition, while they are worked on."""

    def headers(self, key: bytes) -> Headers:
        """What a message that was made of the records of this key carries on."""
        ...

    def set_aside(self, offset: int, reason: str) -> None:
        """This record became a dead letter."""
        ...


class Calling(Protocol):
    """A call under way."""

    def ended(self, error: str | None) -> None:
        """`error` is the class of what went wrong; None where the target took everything."""
        ...


class Traces(Protocol):
    """One per process."""

    def batch(self, records: Sequence[SourceRecord]) -> AbstractContextManager[Batch]:
        """Around the work on a batch."""
        ...

    def note(self, sku: str, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """A snapshot with these headers has made rows of the SKU due."""
        ...

    def call(self, operation: str, skus: Sequence[str]) -> AbstractContextManager[Calling]:
        """Around one call that carries rows of these SKUs: linked to every record that led to it."""
        ...

    def observed(self, observe: Observe) -> Observe:
        """As `observe`, and the exchange is told as part of the call around it."""
        ...

    def close(self) -> None:
        """Send what is left; blocks for some seconds at most."""
        ...


class _Nothing:
    def headers(self, key: bytes) -> Headers:  # noqa: ARG002  the protocol's
        return ()

    def set_aside(self, offset: int, reason: str) -> None:
        """Nobody asks."""

    def ended(self, error: str | None) -> None:
        """Nobody asks."""


_NOTHING = _Nothing()


class NoTraces:
    """Tracing is off."""

    @contextmanager
    def batch(self, records: Sequence[SourceRecord]) -> Iterator[Batch]:  # noqa: ARG002  the protocol's
        yield _NOTHING

    def note(self, sku: str, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """Nobody asks."""

    @contextmanager
    def call(self, operation: str, skus: Sequence[str]) -> Iterator[Calling]:  # noqa: ARG002  the protocol's
        yield _NOTHING

    def observed(self, observe: Observe) -> Observe:
        return observe

    def close(self) -> None:
        """There is nothing left."""


NO_TRACES = NoTraces()
