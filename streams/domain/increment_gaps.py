"""Order numbers that are missing between those that were seen: which to ask the shop for, and what its answer means.

A shop counts the orders of each store: prefix, counter, suffix (Magento's sequence profile; nine digits by default).  A
number between two that were seen belongs to an order that nobody told us of, or to none: a payment that failed uses a
number up, and a database with several masters leaves some out.  Only the shop knows, so it is asked, once the number
has been missing for a while.  Which numbers are open does not depend on the order in which the others were seen.
"""

import re
from collections.abc import Callable, Iterable

import msgspec

COUNTER_DIGITS = 9
"""Magento pads to nine digits; what stands before them tells the stores apart."""
LARGEST_JUMP = 500
"""Beyond this a series counts as begun anew: somebody set the counter."""
OPEN_AT_MOST = 1000
SERIES_AT_MOST = 200
TOLD_AT_MOST = 50
ASKED_AT_ONCE = 20
ASK_AGAIN_AFTER = 3_600_000_000
"""What cannot be read is asked for again after an hour (µs): somebody may have mended it."""
WHY_AT_MOST = 200
_NUMBER = re.compile(r"(.*?)([0-9]{1,40})([^0-9]*)", re.DOTALL)


class Series(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The numbers of one store that were seen, from the lowest to the highest; `width` 0 is without leading zeros."""

    prefix: str
    suffix: str
    width: int
    low: int
    high: int

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.prefix, self.suffix, self.width)

    def written(self, counter: int) -> str:
        return f"{self.prefix}{counter:0{self.width}d}{self.suffix}"


class Missing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A number to be explained (times in µs).

    `asked_at` is 0 where the shop was not asked yet; `why` is its refusal.
    """

    number: str
    since: int
    asked_at: int = 0
    why: str = ""


class Gaps(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that is remembered: bounded, whatever the shop does.

    `never_placed` are the last numbers that the shop does not know; `given_up` counts what there was no room for.
    """

    series: tuple[Series, ...] = ()
    missing: tuple[Missing, ...] = ()
    never_placed: tuple[str, ...] = ()
    given_up: int = 0


def seen(gaps: Gaps, numbers: Iterable[str], now: int) -> Gaps:
    """The shop listed orders with these numbers: they are not missing; what lies between them and others may be.

    One that the shop refused to show stays until it was read.
    """
    for number in numbers:
        gaps = _counted(_listed(gaps, number), number, now)
    return _bounded(gaps)


def found(gaps: Gaps, number: str) -> Gaps:
    """The order was read."""
    return _without(gaps, lambda one: one.number == number)


def refused(gaps: Gaps, number: str, why: str, now: int) -> Gaps:
    """The shop has the order and it cannot be used: a person must look."""
    known = next((one for one in gaps.missing if one.number == number), Missing(number, now))
    one = msgspec.structs.replace(known, asked_at=now, why=why[:WHY_AT_MOST])
    others = tuple(other for other in gaps.missing if other.number != number)
    return _bounded(msgspec.structs.replace(gaps, missing=(*others, one)))


def never_placed(gaps: Gaps, number: str) -> Gaps:
    """The shop knows no such order: explained."""
    told = (*gaps.never_placed, number)[-TOLD_AT_MOST:]
    return msgspec.structs.replace(found(gaps, number), never_placed=told)


def due(gaps: Gaps, now: int, after: int) -> tuple[str, ...]:
    """Numbers to ask for now: missing for `after` (µs), a few at a time, those that waited longest first."""
    ripe = [one for one in gaps.missing if now >= _ripe_at(one, after)]
    ripe.sort(key=lambda one: (_ripe_at(one, after), one.number))
    return tuple(one.number for one in ripe[:ASKED_AT_ONCE])


def unexplained(gaps: Gaps, now: int, after: int) -> tuple[Missing, ...]:
    """What has been missing for longer than `after` (µs), or was refused."""
    return tuple(one for one in gaps.missing if one.why or now - one.since > after)


def _ripe_at(one: Missing, after: int) -> int:
    return one.asked_at + ASK_AGAIN_AFTER if one.asked_at else one.since + after


def _listed(gaps: Gaps, number: str) -> Gaps:
    return _without(gaps, lambda one: one.number == number and not one.why)


def _without(gaps: Gaps, is_over: Callable[[Missing], bool]) -> Gaps:
    missing = tuple(one for one in gaps.missing if not is_over(one))
    return gaps if len(missing) == len(gaps.missing) else msgspec.structs.replace(gaps, missing=missing)


def _counted(gaps: Gaps, number: str, now: int) -> Gaps:
    one = _series_of(number)
    if one is None:
        return gaps
    known = next((other for other in gaps.series if other.key == one.key), None)
    others = tuple(other for other in gaps.series if other.key != one.key)
    series, between = (one, range(0)) if known is None else _widened(known, one.low)
    missing = tuple(Missing(series.written(counter), now) for counter in between)
    return msgspec.structs.replace(gaps, series=(*others, series), missing=(*gaps.missing, *missing))


def _widened(known: Series, counter: int) -> tuple[Series, range]:
    """The series with one more number, and the counters between it and those that it held."""
    if known.low <= counter <= known.high:
        return known, range(0)
    between = range(known.high + 1, counter) if counter > known.high else range(counter + 1, known.low)
    if len(between) > LARGEST_JUMP:
        return msgspec.structs.replace(known, low=counter, high=counter), range(0)
    return msgspec.structs.replace(known, low=min(known.low, counter), high=max(known.high, counter)), between


def _series_of(number: str) -> Series | None:
    """A series of this number alone; None where it has no digits, or a form that could not be written again."""
    parts = _NUMBER.fullmatch(number)
    if parts is None:
        return None
    before, digits, suffix = parts.groups()
    counter = digits[-COUNTER_DIGITS:]
    is_padded = len(digits) >= COUNTER_DIGITS or digits.startswith("0")
    prefix, width = before + digits[: -len(counter)], len(counter) if is_padded else 0
    one = Series(prefix, suffix, width, int(counter), int(counter))
    return one if one.written(one.low) == number else None


def _bounded(gaps: Gaps) -> Gaps:
    """The newest of everything."""
    missing, series = gaps.missing[-OPEN_AT_MOST:], gaps.series[-SERIES_AT_MOST:]
    given_up = gaps.given_up + len(gaps.missing) - len(missing)
    return msgspec.structs.replace(gaps, series=series, missing=missing, given_up=given_up)
