"""What a configured Prometheus says of its alerting rules: asked in the background, never while a page waits.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/#rules (`GET /api/v1/rules?type=alert`).
"""

from datetime import datetime
from typing import Literal

import msgspec

from streams.web.fleet import Peers, PeerSilentError

PATH = "/api/v1/rules"


class Firing(msgspec.Struct, frozen=True, rename="camel"):
    """One instance of an alert, as Prometheus tells it; `state` is pending or firing."""

    labels: dict[str, str]
    annotations: dict[str, str]
    state: str
    active_at: datetime | None = None


class PromRule(msgspec.Struct, frozen=True, rename="camel"):
    """A rule; `health` is ok, err, or unknown before its first evaluation."""

    name: str
    type: Literal["alerting", "recording"]
    health: str
    last_error: str = ""
    last_evaluation: datetime | None = None
    alerts: list[Firing] = []
    labels: dict[str, str] = {}


class _Group(msgspec.Struct, frozen=True):
    rules: list[PromRule]


class _Groups(msgspec.Struct, frozen=True):
    groups: list[_Group]


class _Answer(msgspec.Struct, frozen=True):
    status: Literal["success"]
    data: _Groups


class Told(msgspec.Struct, frozen=True):
    """The newest answer; `why` says why there is none.  `at` in µs, UTC: when it was asked."""

    at: int
    rules: tuple[PromRule, ...] = ()
    why: str = ""


_DECODER = msgspec.json.Decoder(_Answer)


def decode(body: bytes) -> tuple[PromRule, ...]:
    """Alerting rules of all groups.  Raises msgspec.MsgspecError."""
    return tuple(one for group in _DECODER.decode(body).data.groups for one in group.rules if one.type == "alerting")


class Prometheus:
    """`url` is that of the settings and no other."""

    def __init__(self, url: str, way: Peers) -> None:
        self._url, self._way = url.rstrip("/"), way

    async def ask(self, now: int) -> Told:
        """Within two seconds; what went wrong is part of the answer."""
        try:
            return Told(now, decode(await self._way.get(self._url, PATH, {"type": "alert"})))
        except PeerSilentError as error:
            return Told(now, why=str(error))
        except msgspec.MsgspecError as error:
            return Told(now, why=f"its answer cannot be read: {error}"[:200])
