"""What happened to an order, oldest first: what was said, answered and asked, and why it is held."""

from datetime import datetime

import msgspec

from streams.web.envelope import State
from streams.web.order_facts import EntryFact, SaidFact
from streams.web.order_parts import POSTED
from streams.web.order_words import asked_words, hold_title, speaker, why_waiting
from streams.web.shipment_words import ShipmentWait
from streams.web.situation import ROLE
from streams.web.words import moment


class Moment(msgspec.Struct, frozen=True):
    """One line of the time line."""

    at: datetime
    state: State
    kind: str
    text: str
    detail: str


_BAD = frozenset({"REJECTED", "REFUSED", "CREDIT_HELD", "DELIVERY_FAILED", "SENT_BACK", "UNKNOWN"})


def events(entry: EntryFact, now: int, shipments: tuple[ShipmentWait, ...] = ()) -> tuple[Moment, ...]:
    """What was said and what was answered, what is asked and not answered, and why it is held: oldest first."""
    found = [_said(one) for one in entry.said]
    for one in shipments:
        if one.place:
            what = f"{speaker(ROLE)} is asked to {asked_words(POSTED[1], one.part)}"
            found.append(
                Moment(one.since or moment(now), "unknown", "call", what, "Not answered yet; why stands above.")
            )
    for work in entry.works:
        for asked in work.pending:
            what = f"{speaker(work.role)} is asked to {asked_words(asked.kind, asked.part)}"
            when = moment(asked.at if asked.at is not None else now)
            found.append(Moment(when, "unknown", "call", what, f"Not answered yet. {why_waiting(work, now)}"))
    found += [
        Moment(moment(hold.at), "attention", "decision", f"Held: {hold_title(hold.reason)}", hold.detail)
        for hold in entry.holds
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _said(one: SaidFact) -> Moment:
    if one.kind == "ANSWERED":
        return _answered(one)
    what = f"{speaker(one.system)}: {one.kind.lower().replace('_', ' ')}"
    about_it = f"{what}{f' {one.part}' if one.part else ''}{f', {one.quantity}' if one.quantity else ''}"
    told = [one.document, one.reason, "" if one.standing == "counts" else _STANDING[one.standing]]
    state: State = "attention" if one.standing != "counts" or one.kind in _BAD else "ok"
    kind = "act" if one.system == "operator" else "outcome" if one.system.endswith("-sink") else "message"
    return Moment(moment(one.at), state, kind, about_it, "; ".join(filter(None, told)))


_STANDING = {"waits": "waits for an earlier step, does not count yet", "refused": "refused: not legal at that time"}


def _answered(one: SaidFact) -> Moment:
    role, kind, part = (*one.part.split("/", 2), "", "", "")[:3]
    what = f"{speaker(role)}: {asked_words(kind, part)}"
    state: State = "stopped" if one.reason else "ok"
    text = f"{what}: {'refused' if one.reason else 'done'}"
    return Moment(moment(one.at), state, "outcome", text, one.reason or one.document)
