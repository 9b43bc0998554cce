"""Numbers, spans and times as people read them: every figure with its unit, every point with its age."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from zoneinfo import ZoneInfo

MICROS = 1_000_000
SHOWN = 80
MARKS_IN_A_ROW = 3
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DAY = 86_400


def count(number: int) -> str:
    """1,024 for 1024."""
    return f"{number:,}"


def many(number: int, one: str, several: str = "") -> str:
    """`1 record`, `1,024 records`."""
    return f"{count(number)} {one if number == 1 else several or one + 's'}"


def upper_first(text: str) -> str:
    """As a sentence begins; the rest stays, names of classes too."""
    return text[:1].upper() + text[1:]


def span(seconds: float) -> str:
    """How long: 0.4 s, 36 s, 36 min, 4 h 12 min, 3 d."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}".removesuffix(".0") + " s"
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 2 * _DAY:
        hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{int(seconds // _DAY)} d"


def age(seconds: float) -> str:
    """A span in whole seconds, as the script of the pages counts it on."""
    return span(float(int(max(0.0, seconds))))


def ago(seconds: float) -> str:
    """A point in time: 36 min ago."""
    return "just now" if seconds < 1 else f"{age(seconds)} ago"


def rate(per_second: float) -> str:
    """212/s, 0.8/s, 34/min."""
    if 0 < per_second < 0.1:
        return f"{per_second * 60:.1f}".removesuffix(".0") + "/min"
    return f"{per_second:.1f}".removesuffix(".0") + "/s" if per_second < 10 else f"{per_second:,.0f}/s"


def number(value: float) -> str:
    """At most three digits after the point, none that say nothing."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def plain(quantity: str) -> str:
    """120 for the 120.0000 of a target; what is no number stays."""
    try:
        return f"{Decimal(quantity).normalize():f}"
    except InvalidOperation:
        return quantity


def ranges(numbers: Iterable[int]) -> str:
    """0–2, 5 for 0, 1, 2, 5."""
    runs: list[list[int]] = []
    for one in sorted(set(numbers)):
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def moment(micros: int) -> datetime:
    """Aware UTC time of microseconds since 1970."""
    return datetime.fromtimestamp(micros / MICROS, UTC)


def moment_or_none(micros: int | None) -> datetime | None:
    return None if not micros else moment(micros)


def seconds_since(then: int, now: int) -> float:
    return max(0, now - then) / MICROS


def absolute(at: datetime, zone: ZoneInfo) -> str:
    """2026-11-21 02:38:20 Europe/Berlin · 01:38:20 UTC."""
    there = at.astimezone(zone)
    if zone.key == "UTC":
        return f"{there:%Y-%m-%d %H:%M:%S} UTC"
    utc = at.astimezone(UTC)
    other_day = f"{utc:%Y-%m-%d} " if utc.date() != there.date() else ""
    return f"{there:%Y-%m-%d %H:%M:%S} {zone.key} · {other_day}{utc:%H:%M:%S} UTC"


def visible(text: str, limit: int = SHOWN) -> str:
    """Text of somebody else: what cannot be seen is written out, and what is too long is cut with its length."""
    shown = [_character(one) for one in _without_piles(text[: limit + 1])]
    if len(text) <= limit:
        return "".join(shown)
    return "".join(shown[:limit]) + f"… {count(len(text))} characters"


def _character(one: str) -> str:
    return f"<U+{ord(one):04X}>" if unicodedata.category(one) in _HIDDEN else one


def _without_piles(text: str) -> Iterable[str]:
    """Marks that stack on one letter leave their line: three are enough for any script, more are counted."""
    for stacks, run in groupby(text, lambda one: unicodedata.category(one) in ("Mn", "Me")):
        ones = list(run)
        if not stacks or len(ones) <= MARKS_IN_A_ROW:
            yield from ones
        else:
            yield from ones[:MARKS_IN_A_ROW]
            yield from f"<+{len(ones) - MARKS_IN_A_ROW} marks>"
