"""By when an order must have reached the ERP: the cut-off of its channel's production day.

Times are microseconds since 1970 in UTC; cut-offs are times of day in a zone, so that they follow its summer time.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from schemas.models.command import Command

MICROS = 1_000_000
DAY = timedelta(days=1)
DAY_US = 86_400 * MICROS
ANY_CHANNEL = "*"
EVERY_DAY = frozenset(range(7))
ROLE = "erp"
"""Who plans production."""
LONGEST_LOOK = 15
"""Days with none allowed at most, and the day after."""


class CutOffs(NamedTuple):
    """When production of a channel's orders is planned: at least one time on at least one weekday.

    `lead_days` None: a date does not let an order wait.
    """

    times: tuple[time, ...]
    zone: tzinfo
    weekdays: frozenset[int] = EVERY_DAY
    """Monday is 0."""
    lead_days: int | None = None

    def first_after(self, at: int) -> int:
        """The first cut-off later than that."""
        return next(moment for moment in self._from(at) if moment > at)

    def last_until(self, at: int) -> int:
        """The last cut-off not later than that."""
        return [moment for moment in self._from(at - LONGEST_LOOK * DAY_US) if moment <= at][-1]

    def _from(self, at: int) -> Iterator[int]:
        """In order, from the day of that moment on."""
        day = datetime.fromtimestamp(at / MICROS, UTC).astimezone(self.zone).date()
        for number in range(LONGEST_LOOK + 2):  # one more: where clocks change, the look begins a day early
            date = day + number * DAY
            if date.weekday() in self.weekdays:
                moments = (datetime.combine(date, one, self.zone) for one in sorted(self.times))
                yield from (round(moment.timestamp()) * MICROS for moment in moments)


CutOffTable = Mapping[str, CutOffs]
"""Channel → its cut-offs; `*` for all others."""
NO_CUT_OFFS: CutOffTable = MappingProxyType({})


class Urgency(NamedTuple):
    """Since when a command waits, and by when it must be there; None: it misses nothing."""

    since: int
    cut_off: int | None = None
    label: str = ""
    """The cut-off as its own zone says it: `2026-03-02T14:00+01:00`."""

    def deadline(self, now: int) -> int:
        """What goes first where not everything can.

        What has missed its cut-off, and what has none, gives way to what can still make one, but no longer than a
        day: then nothing that came later goes before it.
        """
        if self.cut_off is None:
            return self.since + DAY_US
        return self.cut_off if now < self.cut_off else self.cut_off + DAY_US


def urgency(command: Command, table: CutOffTable) -> Urgency:
    """Of a command to the ERP that makes an order; all others have no cut-off."""
    order = command.order
    if command.role != ROLE or command.kind != "CREATE_ORDER" or order is None:
        return Urgency(command.at)
    cut_offs = table.get(order.channel) or table.get(ANY_CHANNEL)
    if cut_offs is None:
        return Urgency(command.at)
    first = cut_offs.first_after(command.at)
    if order.requested_at is None or cut_offs.lead_days is None:
        return _until(command.at, first, cut_offs)
    latest = cut_offs.last_until(order.requested_at - cut_offs.lead_days * DAY_US)
    return _until(command.at, max(first, latest), cut_offs)


def _until(since: int, cut_off: int, cut_offs: CutOffs) -> Urgency:
    local = datetime.fromtimestamp(cut_off / MICROS, UTC).astimezone(cut_offs.zone)
    return Urgency(since, cut_off, local.isoformat(timespec="minutes"))
