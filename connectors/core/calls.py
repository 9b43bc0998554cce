"""What passes between a connector and its sender: a call, its answer, and what an observer may know of both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import httpx

from connectors.core.clock import Clock
from connectors.core.paths import Path
from connectors.core.settings import ConnectorSettings

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, without credentials.

    `effect` says whether the target changes anything: such a call needs the permit, and where its answer is lost its
    outcome is unknown.  A sign-in is a POST without effect.
    """

    operation: str
    method: Method
    path: Path
    effect: bool
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content_type: str = "application/json"
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A complete answer: the whole body within the size limit, decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    took: timedelta
    retry_after: timedelta | None = None

    @property
    def media_type(self) -> str:
        """Lower case, without parameters; empty where the target did not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, kw_only=True)
class CallDetails:
    """One exchange as metrics and logs may see it: no SKU, no payload, no credential.

    `template` names the endpoint; `started` is monotonic; `error` is the class name of what the caller gets, or None.
    Bytes are those of the bodies; `bytes_received` is 0 where no complete answer came.
    """

    target: str
    operation: str
    method: str
    template: str
    status: int | None
    started: float
    duration: timedelta
    attempt: int
    error: str | None
    bytes_sent: int
    bytes_received: int
    used_of_day: tuple[int, int] | None = None
    """Calls of the day that are used, and all of them, where the answer said so."""


ReadUsage = Callable[[Answer], tuple[int, int] | None]
Permit = Callable[[], None]
Observe = Callable[[CallDetails], None]


def _no_permit_needed() -> None:
    return None


def tells_no_usage(_: Answer) -> tuple[int, int] | None:
    return None


def _nobody_watches(_: CallDetails) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What a connector needs of its surroundings.

    `permit` raises LeaseLostError when this worker may no longer write; it is asked each time before a call with an
    effect leaves.  `observe` sees every exchange and must not raise.  `transport` stands for the network in tests.
    `renewed` gives the connector's settings with the secrets of this moment; without it they never change.
    """

    clock: Clock
    permit: Permit = _no_permit_needed
    observe: Observe = _nobody_watches
    transport: httpx.AsyncBaseTransport | None = None
    renewed: Callable[[], ConnectorSettings] | None = None
