"""What waits for a target, when it will have gone out and what will miss its cut-off, in one line."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from streams.domain.forecast import Due, Forecast, forecast
from streams.web.facts import ComparedFact
from streams.web.order_words import short
from streams.web.role_sinks import RoleSink
from streams.web.words import count, many, moment, rate, seconds_since, span

STATES = {"open": "down", "trying": "down", "needs-operator": "refusing us"}


class CutOffLine(msgspec.Struct, frozen=True):
    """Orders and the cut-off that they will miss, or have missed; the time is that of the cut-off's own zone."""

    cut_off: str
    orders: int


class QueueLine(msgspec.Struct, frozen=True):
    """The queue of one sink; None where it is not known."""

    text: str
    waiting: int
    per_s: float | None
    drain_s: float | None
    will_miss: tuple[CutOffLine, ...] | None
    missed: tuple[CutOffLine, ...]
    oldest_since: datetime | None
    compared: tuple[ComparedFact, ...] = ()
    """Forecasts and what then happened, the newest last."""
    compared_text: str = ""


def queue_line(one: RoleSink, now: int) -> QueueLine:
    made = forecast(one.queue, one.per_s, now)
    return QueueLine(
        text=text(one, made, now),
        waiting=made.waiting,
        per_s=made.per_s,
        drain_s=made.drain_s,
        will_miss=None if made.will_miss is None else _lines(made.will_miss),
        missed=_lines(made.missed),
        oldest_since=None if one.queue.since is None else moment(one.queue.since),
        compared=one.compared,
        compared_text=_compared(one.compared),
    )


def text(one: RoleSink, made: Forecast, now: int) -> str:
    """`4,812 safe in queue, ERP down 37 min, drain 41 min at 2/s, 31 will miss the 14:00 cut-off`."""
    if not made.waiting:
        return "nothing waits"
    parts = [f"{count(made.waiting)} safe in queue"]
    if one.target.state in STATES:
        since = f" {span(seconds_since(one.target.since, now))}" if one.target.since else ""
        parts.append(f"{short(one.role)} {STATES[one.target.state]}{since}")
    if one.mode != "run":
        parts.append(f"sink {one.mode}")
    if made.drain_s is None or made.per_s is None:
        parts.append("drain unknown: nothing was done yet that would tell how fast")
    else:
        parts.append(f"drain {span(made.drain_s)} at {rate(made.per_s)}")
    parts += [f"{count(due.orders)} missed the {_time(due, now)} cut-off" for due in made.missed]
    if made.will_miss is None:
        parts.append("who misses a cut-off unknown")
    else:
        parts += [f"{count(due.orders)} will miss the {_time(due, now)} cut-off" for due in made.will_miss]
    return ", ".join(parts)


def _time(due: Due, now: int) -> str:
    """With its day, where that is not today there."""
    local = datetime.fromisoformat(due.label)
    today = moment(now).astimezone(local.tzinfo).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%a %H:%M}"


def _lines(due: Iterable[Due]) -> tuple[CutOffLine, ...]:
    return tuple(CutOffLine(one.label, one.orders) for one in due)


def _compared(found: tuple[ComparedFact, ...]) -> str:
    if not found:
        return ""
    last = found[-1]
    off = abs(last.took_s - last.said_s) / max(last.took_s, 1.0)
    return (
        f"the last forecast said {span(last.said_s)} for {many(last.waiting, 'order')}, it took {span(last.took_s)} "
        f"({off:.0%} off)"
    )
