"""Where is this order, what does it wait for, who did what?  One order as one value, with what is not known said."""

from datetime import datetime

import msgspec

from streams.domain.order_table import OrderState, is_refused
from streams.web.envelope import WORST_FIRST, Envelope, State
from streams.web.order_facts import STUCK_AFTER_S, EntryFact, HoldFact, LineFact, ShipmentFact, WorkFact
from streams.web.order_parts import POSTED, OrderParts
from streams.web.order_time_line import Moment, events
from streams.web.order_words import (
    Words,
    about,
    asked_words,
    hold_advice,
    hold_title,
    sentence,
    speaker,
    system,
    why_waiting,
)
from streams.web.shipment_words import ShipmentWait, waits
from streams.web.situation import ROLE, Situation
from streams.web.words import moment, moment_or_none, visible

STEPS = ("ordered", "allocated", "picked", "packed", "shipped", "delivered", "cancelled", "returned", "refunded")


class HoldLine(msgspec.Struct, frozen=True):
    """One reason why a person must look."""

    reason: str
    title: str
    detail: str
    at: datetime | None
    advice: str


class Parked(msgspec.Struct, frozen=True):
    """An event that waits for another one; after `until` a person must look."""

    kind: str
    part: str
    waits_for: tuple[str, ...]
    until: datetime


class Asked(msgspec.Struct, frozen=True):
    """A command that is not answered."""

    kind: str
    part: str
    what: str
    since: datetime | None


class SystemLine(msgspec.Struct, frozen=True, kw_only=True):
    """One target: done, under way or waiting, and with which numbers."""

    role: str
    name: str
    target: str
    mode: str
    state: State
    word: str
    why: str
    numbers: tuple[str, ...]
    pending: tuple[Asked, ...]
    attempts: int
    intent_at: datetime | None
    not_before: datetime | None
    held: str


class Document(msgspec.Struct, frozen=True):
    """A document that a system made of the order."""

    system: str
    kind: str
    number: str


class OrderLine(msgspec.Struct, frozen=True):
    """One line; `steps` in the order of `OrderView.steps`."""

    line_id: str
    sku: str
    steps: tuple[str, ...]
    promised_at: datetime | None
    note: str


class Shipment(msgspec.Struct, frozen=True):
    """A shipment or a return."""

    kind: str
    part: str
    source_code: str
    document: str
    tracks: tuple[str, ...]
    word: str


class Act(msgspec.Struct, frozen=True):
    """Whether an act makes sense now; `why` says why it does not."""

    may: bool
    why: str = ""


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order."""

    asked: str
    id: str
    found: bool
    state: State
    order_state: str
    about: str
    headline: str
    sentence: str
    owner: str | None
    missing: tuple[str, ...]
    several: tuple[str, ...]
    version: str = ""
    channel: str = ""
    number: str = ""
    erp_number: str | None = None
    placed_at: datetime | None = None
    promised_at: datetime | None = None
    currency: str = ""
    total: str | None = None
    holds: tuple[HoldLine, ...] = ()
    parked: tuple[Parked, ...] = ()
    systems: tuple[SystemLine, ...] = ()
    steps: tuple[str, ...] = ()
    """Columns of the lines: those that are 0 for all lines are left out, and named in `steps_left_out`."""
    steps_left_out: tuple[str, ...] = ()
    lines: tuple[OrderLine, ...] = ()
    documents: tuple[Document, ...] = ()
    parts: tuple[Shipment, ...] = ()
    shipments: tuple[ShipmentWait, ...] = ()
    """Those that the shop has not posted; none of them is told where `missing` says so."""
    events: tuple[Moment, ...] = ()
    events_left_out: int = 0
    release: Act = Act(may=False)
    reject: Act = Act(may=False)
    correct: Act = Act(may=False)
    cancel: Act = Act(may=False)
    people: tuple[tuple[str, str], ...] | None = None
    """None: not shown unasked."""


def order_page(parts: OrderParts, at: Situation) -> Envelope[OrderView]:
    """The state of the sentence is the answer's."""
    entry = parts.entry
    waiting = () if entry is None else waits(parts.shipments or (), entry.holds, at)
    state, headline, text = _judged(parts, waiting)
    view = OrderView(
        asked=parts.asked,
        id=parts.asked if entry is None else entry.order_id,
        found=entry is not None,
        state=state,
        order_state="unknown" if entry is None else entry.state,
        about="" if entry is None else about(entry.state),
        headline=headline,
        sentence=text,
        owner=parts.owner,
        missing=parts.missing,
        several=parts.several,
        shipments=waiting,
    )
    filled = view if entry is None else _filled(view, entry, parts)
    return Envelope(moment(parts.as_of), at.fleet.own.worker, state, filled, at.fleet.workers)


def _judged(parts: OrderParts, waiting: tuple[ShipmentWait, ...]) -> Words:
    """A shipment that waits is told first where nothing else is worse; what nobody tells of is never green."""
    found = sentence(parts, STUCK_AFTER_S)
    entry = parts.entry
    if entry is None or entry.holds:
        return found
    if parts.shipments is None:
        return ("unknown", *found[1:]) if found[0] == "ok" else found
    one = min(waiting, key=lambda each: WORST_FIRST.index(each.state), default=None)
    nothing_else = not any(work.pending for work in entry.works)
    if one is not None and (nothing_else or WORST_FIRST.index(one.state) < WORST_FIRST.index(found[0])):
        return one.state, "Waiting for the shop", f"Shipment {visible(one.part)}: {one.text}"
    return found


def not_an_order(at: Situation, asked: str, headline: str, why: str) -> Envelope[OrderView]:
    """The form with why nothing was looked up."""
    view = OrderView(
        asked=asked,
        id=asked,
        found=False,
        state="unknown",
        order_state="unknown",
        about="",
        headline=headline,
        sentence=why,
        owner=None,
        missing=(),
        several=(),
    )
    return Envelope(moment(at.now), at.fleet.own.worker, "unknown", view, at.fleet.workers)


def _filled(view: OrderView, entry: EntryFact, parts: OrderParts) -> OrderView:
    now = parts.as_of
    shown = [step for step in STEPS if any(getattr(line, step) != "0" for line in entry.lines)]
    return msgspec.structs.replace(
        view,
        version=entry.version,
        channel=entry.channel,
        number=entry.number,
        erp_number=entry.erp_number,
        placed_at=moment_or_none(entry.placed_at),
        promised_at=moment_or_none(entry.promised_at),
        currency=entry.currency,
        total=entry.total,
        holds=tuple(_hold(one) for one in entry.holds),
        parked=tuple(Parked(one.kind, one.part, one.waits_for, moment(one.until)) for one in entry.parked),
        systems=tuple(
            _shop(_system(work, entry, now), parts.shipments, view.shipments)
            if work.role == ROLE
            else _system(work, entry, now)
            for work in entry.works
        ),
        steps=tuple(shown),
        steps_left_out=tuple(step for step in STEPS if step not in shown) if entry.lines else (),
        lines=tuple(_line(line, shown) for line in entry.lines),
        documents=tuple(Document(system(one.system), one.kind, one.number) for one in entry.documents),
        parts=tuple(
            Shipment(one.kind, one.part, one.source_code, one.document, one.tracks, _part_word(one.is_done, one.posted))
            for one in entry.parts
        ),
        events=events(entry, now, view.shipments),
        events_left_out=entry.said_in_all - len(entry.said),
        release=_release(entry),
        reject=_person(entry, "REFUSED", "rejected"),
        correct=_person(entry, "CORRECTED", "corrected"),
        cancel=_cancel(entry),
    )


def _hold(one: HoldFact) -> HoldLine:
    title, advice = hold_title(one.reason), hold_advice(one.reason)
    return HoldLine(one.reason, title, one.detail, moment_or_none(one.at), advice)


# ── what each system has and owes ────────────────────────────────────────────────────────────────


def _system(work: WorkFact, entry: EntryFact, now: int) -> SystemLine:
    state, word = _work_word(work, entry)
    return SystemLine(
        role=work.role,
        name=speaker(work.role),
        target=work.target,
        mode=work.mode,
        state=state,
        word=word,
        why=why_waiting(work, now) if work.pending else "",
        numbers=tuple(one.number for one in entry.documents if one.system.removesuffix("-sink") == work.role),
        pending=tuple(
            Asked(one.kind, one.part, asked_words(one.kind, one.part), moment_or_none(one.at)) for one in work.pending
        ),
        attempts=work.attempts,
        intent_at=moment_or_none(work.intent_at),
        not_before=moment_or_none(work.not_before),
        held=work.held,
    )


def _shop(line: SystemLine, facts: tuple[ShipmentFact, ...] | None, waiting: tuple[ShipmentWait, ...]) -> SystemLine:
    """The shop has a second list of what it owes: the shipments."""
    if facts is None:
        return msgspec.structs.replace(line, state="unknown", word="its shipments are not known")
    if not facts:
        return line
    asked = (Asked(POSTED[1], one.part, asked_words(POSTED[1], one.part), moment_or_none(one.at)) for one in facts)
    line = msgspec.structs.replace(line, pending=(*line.pending, *asked))
    if line.state != "ok" or line.why:
        return line
    state = min((one.state for one in waiting), key=WORST_FIRST.index)
    return msgspec.structs.replace(line, state=state, word="under way" if state == "ok" else "waits")


def _work_word(work: WorkFact, entry: EntryFact) -> tuple[State, str]:
    if work.held:
        return "attention", f"held: {work.held}"
    if work.pending:
        if work.state != "closed" or work.mode != "run":
            return "attention", "waits"
        return "ok", "under way" if work.attempts or work.intent_at is not None else "goes out next"
    if not any(role == work.role for role, _kind, _part in entry.asked):
        return "unknown", "not asked yet"
    return "ok", "answered all that it was asked"


def _line(line: LineFact, steps: list[str]) -> OrderLine:
    made = f"made to order{f', work order {line.work_order}' if line.work_order else ''}" if line.make_to_order else ""
    quantities = tuple(str(getattr(line, step)) for step in steps)
    return OrderLine(line.line_id, line.sku, quantities, moment_or_none(line.promised_at), made)


def _part_word(is_done: bool, posted: str) -> str:  # noqa: FBT001  two facts of one part
    return f"{'done' if is_done else 'on its way'}{f', in the shop as {posted}' if posted else ''}"


# ── what a person may do ─────────────────────────────────────────────────────────────────────────


def _release(entry: EntryFact) -> Act:
    """What was refused beside the order's way is asked anew as well."""
    is_held = bool(entry.holds) or any(work.held for work in entry.works)
    return Act(may=True) if is_held else Act(may=False, why="It is not held.")


_LEFT = frozenset({OrderState.SHIPPED, OrderState.DELIVERED, OrderState.CLOSED})


def _cancel(entry: EntryFact) -> Act:
    """Whatever has not left can be asked back, as often as a target refuses that."""
    if entry.stage == OrderState.CANCELLING:
        return Act(may=False, why="Its cancellation is asked for already; a target has yet to answer.")
    if entry.stage in _LEFT:
        return Act(may=False, why=f"It is {entry.stage}: its goods have left. What comes back is a return.")
    if is_refused(OrderState(entry.stage), "CANCEL_REQUESTED"):
        return Act(may=False, why=f"It is over: {entry.stage}.")
    if OrderState.EXPECTED in {entry.state, entry.stage}:
        return Act(may=False, why="The order itself has not come.")
    return Act(may=True)


def _person(entry: EntryFact, kind: str, word: str) -> Act:
    """What the state machine refuses is refused here, before anything is written."""
    if is_refused(OrderState(entry.stage), kind):
        return Act(may=False, why=f"In state {entry.stage} an order can no longer be {word}: others work on it.")
    if entry.state == OrderState.EXPECTED:
        return Act(may=False, why="The order itself has not come.")
    return Act(may=True)
