"""When a changed row may go out: windows by class of SKU, and what goes first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase

from streams.domain.lane_rows import Row

MICROS = 1_000_000
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Wait `length` µs for other changes of the row, or until the next `at` (UTC)."""

    length: int = 0
    at: time | None = None


@dataclass(frozen=True, slots=True)
class LaneRules:
    """`classes` are tried in order; the first pattern that fits a SKU decides."""

    default: Window
    classes: tuple[tuple[str, tuple[str, ...], Window], ...] = ()
    last_units: int = 0
    target: int = 10 * MICROS
    """So long after its window (µs) a change should be in the shop."""

    def window_of(self, sku: str) -> Window:
        for _name, patterns, window in self.classes:
            if any(_fits(sku, pattern) for pattern in patterns):
                return window
        return self.default

    def wait(self, sku: str, row: Row, now: datetime) -> int:
        """Microseconds from now until the row is due; urgent rows are due at once."""
        if self.is_urgent(row):
            return 0
        window = self.window_of(sku)
        return window.length if window.at is None else _until(window.at, now)

    def may_fill(self, sku: str) -> bool:
        """Whether the SKU's rows may leave before their window ends, with a call that leaves anyway."""
        return self.window_of(sku).at is None

    def is_fresh(self, sku: str, delay: int) -> bool:
        """Whether a change of the SKU that took `delay` µs was in time; a daily window may take a day."""
        window = self.window_of(sku)
        longest = window.length if window.at is None else int(DAY / timedelta(microseconds=1))
        return delay <= longest + self.target

    def is_urgent(self, row: Row) -> bool:
        """The shop shows stock that is (nearly) gone, or hides stock that is there."""
        if row.acked is None:
            return False
        shown = row.to_write
        shrank = shown.quantity < row.acked.quantity and shown.quantity <= self.last_units
        return shrank or shown.in_stock != row.acked.in_stock


def _fits(sku: str, pattern: str) -> bool:
    """Only `*` has a meaning of its own: the other signs of fnmatch are common in SKUs."""
    return fnmatchcase(sku, pattern.replace("[", "[[]").replace("?", "[?]"))


def _until(at: time, now: datetime) -> int:
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    next_time = today if today > now else today + DAY
    return int((next_time - now) / timedelta(microseconds=1))


def groups_of(stocks_of_sources: Mapping[str, frozenset[int]]) -> dict[str, int]:
    """Source → group: sources that share a stock, directly or through others, must not be written side by side."""
    group_of_stock: dict[int, int] = {}
    groups: dict[str, int] = {}
    for number, (source, stocks) in enumerate(sorted(stocks_of_sources.items())):
        joined = {group_of_stock[stock] for stock in stocks if stock in group_of_stock}
        group = min(joined, default=number)
        groups = {known: group if old in joined else old for known, old in groups.items()}
        group_of_stock = {stock: group if old in joined else old for stock, old in group_of_stock.items()}
        group_of_stock |= dict.fromkeys(stocks, group)
        groups[source] = group
    return groups
