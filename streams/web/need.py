"""One thing that is not as it should be, as every page says it: what, since when, why, and where to go."""

from datetime import datetime

import msgspec

from streams.domain.reasons import ADVICE, DeadReason
from streams.web.envelope import State

SAFE = "They go out by themselves; none of them is lost."
LATE_S = 60.0


class Link(msgspec.Struct, frozen=True):
    """A button that says what it does."""

    label: str
    href: str


class Need(msgspec.Struct, frozen=True):
    """One thing that is not as it should be; `for_since` is its beginning, where that is known.

    `safe` False where records are missing or counted twice: nothing that waits then may be called safe beside it.
    """

    state: State
    label: str
    what: str
    for_since: datetime | None
    why: str
    action: Link
    safe: bool = True
    steps: tuple[str, ...] = ()


def reason_title(reason: str) -> str:
    """unknown-location → Unknown location."""
    return reason.replace("-", " ").capitalize()


def advice(reason: str) -> str:
    """What a person can do; a reason of another release has none."""
    known = reason in DeadReason._value2member_map_
    return ADVICE[DeadReason(reason)] if known else "See the letter for what the guard said."
