"""Where a list of changes was left, and what of it was handed out: shared by every connector that polls one.

A list is read again from some time before the newest change that was seen (the overlap), because a target may show a
change late.  What comes twice by that has the same event id; it is held back here as long as the caller goes on with
the cursor that it was given, so that a caller who starts again from an older cursor misses nothing.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from connectors.core.errors import ConfigurationError
from schemas.models.erp_order_event import ErpOrderEvent

_FORM = re.compile(r"1\|(?P<newest>-?\d{1,18})\|(?P<behind>[A-Za-z0-9_-]*)\|(?P<seen>[0-9a-f]*)")


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """`newest` is the newest change seen, in microseconds since 1970 by the target's clock.

    `behind` is the id of the last thing that was read where a list was longer than one reading takes: the next one
    goes on behind it, without overlap.  `seen` stands for what was handed out, so that equal cursors mean equal pasts.
    """

    newest: int
    behind: str = ""
    seen: str = ""

    def text(self) -> str:
        """As a caller keeps it."""
        return f"1|{self.newest}|{self.behind}|{self.seen}"


def read_cursor(text: str, *, now: int) -> Cursor:
    """The cursor of a text; "" is now.

    Raises:
        ConfigurationError: no cursor of ours; the caller's store holds something else.
    """
    if not text:
        return Cursor(newest=now)
    found = _FORM.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{text[:40]!r} is no cursor of this connector")
    return Cursor(newest=int(found["newest"]), behind=found["behind"], seen=found["seen"])


class HandedOut:
    """The events of the overlap that a caller has already; it counts only for the cursor they were given with."""

    def __init__(self) -> None:
        self._cursor = ""
        self._at: Mapping[str, int] = {}

    def take(
        self, cursor: str, events: Sequence[ErpOrderEvent], *, newest: int, behind: str, overlap: int
    ) -> tuple[Sequence[ErpOrderEvent], str]:
        """What is new to the holder of `cursor`, oldest first and each once, and the cursor to go on with."""
        known = self._at if cursor == self._cursor else {}
        fresh = {one.event_id: one for one in events if one.event_id not in known}
        before = {name: at for name, at in known.items() if at >= newest - overlap}
        self._at = before | {one.event_id: one.effective_at for one in events}
        self._cursor = Cursor(newest=newest, behind=behind, seen=_digest(self._at)).text()
        return sorted(fresh.values(), key=lambda one: one.effective_at), self._cursor


def _digest(names: Collection[str]) -> str:
    return hashlib.blake2b("\n".join(sorted(names)).encode(), digest_size=8).hexdigest()
