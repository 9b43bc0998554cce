"""One form for every JSON answer: what was asked, who answered, who stayed silent, and how things stand.

Pages are rendered from the same objects.  Times are UTC; quantities are exact decimals as text.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

State = Literal["ok", "attention", "stopped", "unknown"]
DataT = TypeVar("DataT")
WORST_FIRST: tuple[State, ...] = ("stopped", "attention", "unknown", "ok")
ICONS: Mapping[State, str] = {"ok": "ok", "attention": "warn", "stopped": "bad", "unknown": "unknown"}
"""State → name of its icon, which is its class too."""


class SilentWorker(msgspec.Struct, frozen=True):
    """One that was asked and did not answer; `since` is when it last did, or when it was first asked."""

    id: str
    since: datetime | None
    why: str
    partitions: tuple[int, ...] = ()
    """Of the stock ledger, as the group gave them."""


class Workers(msgspec.Struct, frozen=True):
    """Who was asked."""

    asked: int
    answered: int
    silent: tuple[SilentWorker, ...] = ()


class Envelope(msgspec.Struct, Generic[DataT], frozen=True):
    """An answer; `state` is the worst of what `data` says."""

    as_of: datetime
    answered_by: str
    state: State
    data: DataT
    workers: Workers


class Figure(msgspec.Struct, frozen=True):
    """A number with its unit, its time and a way to its cause; `why` says why there is none."""

    value: float | int | None
    unit: str = ""
    at: datetime | None = None
    href: str = ""
    why: str = ""


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused, in one sentence; `incident` finds the line in the log."""

    error: str
    incident: str = ""


def to_json(value: object) -> bytes:
    return msgspec.json.encode(value)
