"""Which orders wait: for a person's decision, or for a target that has not answered; the oldest first."""

from collections import Counter
from datetime import datetime

import msgspec

from streams.web.envelope import Envelope, State, Workers
from streams.web.order_facts import Queue, QueueFact, QueueRow
from streams.web.order_parts import Waiting
from streams.web.order_words import asked_words, hold_title, speaker
from streams.web.role_sinks import BREAKER_STATE
from streams.web.situation import Situation
from streams.web.words import MICROS, age, many, moment, moment_or_none, seconds_since, span

PAGE = 100
OFF = "Orders are off: no ERP is named (STREAMS_ORDERS__ERP)."


class Reason(msgspec.Struct, frozen=True):
    """Why an order is held."""

    reason: str
    title: str
    detail: str


class QueueLine(msgspec.Struct, frozen=True, kw_only=True):
    """One order that waits; `since` None where that could not be read."""

    id: str
    href: str
    since: datetime | None
    state: State
    reasons: tuple[Reason, ...]
    waits_for: str
    target: str
    target_state: State
    target_word: str
    attempts: int
    currency: str
    total: str | None
    promised_at: datetime | None


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """One queue; `total_is` says whether it is complete, `missing` what is left out."""

    queue: Queue
    state: State
    headline: str
    sentence: str
    items: tuple[QueueLine, ...]
    total: int | None
    total_is: str
    oldest_since: datetime | None
    reasons: dict[str, int]
    longer_s: float | None
    missing: tuple[str, ...]


class OrdersView(msgspec.Struct, frozen=True, kw_only=True):
    """Both queues, for the page; without orders `headline` says so."""

    on: bool
    state: State
    headline: str
    sentence: str
    queues: tuple[QueueView, ...] = ()


def queue_view(found: Waiting, queue: Queue, longer_s: float) -> QueueView:
    """Held: everything that waits for a person.  Stuck: what waits for a target for longer than `longer_s`."""
    before = None if queue == "held" else found.as_of - int(longer_s * MICROS)
    rows = sorted(
        (row for told in found.told for row in _of(told, before)), key=lambda row: (row.since or 0, row.order_id)
    )
    is_exact = found.is_whole and not any(_is_cut(told, before) for told in found.told)
    total = sum(told.total for told in found.told) if queue == "held" else len(rows)
    missing = _missing(found)
    oldest = next((row.since for row in rows if row.since is not None), None)
    state, headline, text = _sentence(queue, total, missing, longer_s, is_exact=is_exact)
    return QueueView(
        queue=queue,
        state=state,
        headline=headline,
        sentence=text,
        items=tuple(_line(row, found.as_of) for row in rows[:PAGE]),
        total=total if found.told else None,
        total_is="exact" if is_exact else "at least",
        oldest_since=moment_or_none(oldest),
        reasons=dict(Counter(code for row in rows for code in _codes(row)).most_common()),
        longer_s=None if queue == "held" else longer_s,
        missing=missing,
    )


def orders_page(queues: tuple[QueueView, ...], at: Situation) -> Envelope[OrdersView]:
    """The verdict is that of the worse queue."""
    held, stuck = queues
    worse = next((one for one in (held, stuck) if one.state == "attention"), None)
    worse = worse or next((one for one in (held, stuck) if one.state == "unknown"), held)
    other = stuck if worse is held else held
    text = " ".join(filter(None, (worse.sentence, "" if other.state == "ok" else f"{other.headline}.")))
    if held.state == stuck.state == "ok":
        text = f"{held.headline}, and none waits long for a target."
    view = OrdersView(on=True, state=worse.state, headline=worse.headline, sentence=text, queues=queues)
    return _envelope(view, at, at.fleet.workers)


def orders_off(at: Situation) -> Envelope[OrdersView]:
    return _envelope(OrdersView(on=False, state="unknown", headline="Orders are off", sentence=OFF), at, None)


def queue_envelope(view: QueueView, found: Waiting, at: Situation) -> Envelope[QueueView]:
    asked = len(found.told) + len(found.silent)
    workers = Workers(asked, len(found.told), found.silent)
    return Envelope(moment(found.as_of), at.fleet.own.worker, view.state, view, workers)


def _envelope(view: OrdersView, at: Situation, workers: Workers | None) -> Envelope[OrdersView]:
    return Envelope(moment(at.now), at.fleet.own.worker, view.state, view, workers or at.fleet.workers)


def _of(told: QueueFact, before: int | None) -> tuple[QueueRow, ...]:
    """What cannot be dated is not known to be young."""
    return tuple(row for row in told.rows if before is None or row.since is None or row.since <= before)


def _is_cut(told: QueueFact, before: int | None) -> bool:
    """Whether rows that belong here may not have been told."""
    return told.total > len(told.rows) and len(_of(told, before)) == len(told.rows) and before is not None


def _codes(row: QueueRow) -> list[str]:
    return list(dict.fromkeys(one.reason for one in row.holds)) or [row.role]


def _missing(found: Waiting) -> tuple[str, ...]:
    silent = tuple(f"{one.id} does not answer ({one.why}): its orders are left out." for one in found.silent)
    cut = tuple(
        f"{one.worker} could not look through all of its orders in time." for one in found.told if not one.is_whole
    )
    return (*silent, *cut)


def _sentence(
    queue: Queue, total: int, missing: tuple[str, ...], longer_s: float, *, is_exact: bool
) -> tuple[State, str, str]:
    left_out = " ".join(missing)
    if not total:
        if missing:
            return "unknown", "Not everything is known", left_out
        calm = "No order is held" if queue == "held" else f"No order waits longer than {span(longer_s)} for a target"
        return "ok", calm, ""
    number = many(total, "order") if is_exact else f"At least {many(total, 'order')}"
    if queue == "held":
        text = f"Nothing of {'it' if total == 1 else 'them'} is lost: each goes on once somebody decided."
        headline = f"{number} {'waits' if total == 1 else 'wait'} for a decision"
    else:
        headline = f"{number} {'waits' if total == 1 else 'wait'} longer than {span(longer_s)} for a target"
        text = "They go out by themselves once the target takes them; do not key them by hand."
    return "attention", headline, f"{text} {left_out}".rstrip()


def _target(row: QueueRow, now: int) -> tuple[State, str]:
    """Why the order waits, as far as its target goes."""
    if not row.target_state:
        return "unknown", "unknown"
    if row.held:
        return "attention", "held at the sink"
    if row.mode != "run":
        return "attention", f"sink in mode {row.mode}"
    words = {"closed": "answers", "trying": "being tried", "open": "does not answer", "needs-operator": "refuses us"}
    word = words.get(row.target_state, row.target_state)
    since = (
        f" for {age(seconds_since(row.target_since, now))}" if row.target_since and row.target_state != "closed" else ""
    )
    return BREAKER_STATE.get(row.target_state, "unknown"), f"{word}{since}"


def _line(row: QueueRow, now: int) -> QueueLine:
    waits = ""
    if row.role:
        held = f"; {row.held}" if row.held else ""
        waits = f"{speaker(row.role)}: {asked_words(row.what, '')}{held}"
    target_state, target_word = _target(row, now)
    return QueueLine(
        id=row.order_id,
        href=f"/orders/{row.order_id}",
        since=moment_or_none(row.since),
        state="attention",
        reasons=tuple(Reason(one.reason, hold_title(one.reason), one.detail) for one in row.holds),
        waits_for=waits,
        target=row.target,
        target_state=target_state,
        target_word=target_word,
        attempts=row.attempts,
        currency=row.currency,
        total=row.total,
        promised_at=moment_or_none(row.promised_at),
    )
