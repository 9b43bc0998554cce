"""What a shipment that the shop has not posted waits for, and since when: in one sentence."""

from datetime import datetime

import msgspec

from streams.domain.order_holds import HoldReason
from streams.domain.work import MASKED_AT_MOST
from streams.topics import SHIPMENT
from streams.web.envelope import State
from streams.web.order_facts import STUCK_AFTER_S, HoldFact, LaneStandFact, ShipmentFact, WorkFact
from streams.web.order_words import why_waiting
from streams.web.situation import ROLE, Situation
from streams.web.words import age, ago, moment_or_none, plain, seconds_since, visible

REFUSED = "commerce/CREATE_SHIPMENT/"
"""Begins the detail of the hold of a shipment that the shop refused."""
SINK = "commerce-orders"
_GOES = "It is posted by itself after that."


class ShipmentWait(msgspec.Struct, frozen=True):
    """A shipment that waits; `place` is that of its command, empty where a person must release the order first."""

    part: str
    source_code: str
    state: State
    text: str
    since: datetime | None
    place: str


def waits(shipments: tuple[ShipmentFact, ...], holds: tuple[HoldFact, ...], at: Situation) -> tuple[ShipmentWait, ...]:
    """Those that the shop refused, then those that have not been posted, in the order in which they go."""
    refused = (_refused(one) for one in holds if _is_refused(one))
    return (*refused, *(_wait(one, at) for one in shipments))


def _is_refused(hold: HoldFact) -> bool:
    return hold.reason == HoldReason.COMMAND_FAILED and hold.detail.startswith(REFUSED)


def _refused(hold: HoldFact) -> ShipmentWait:
    part, _, reason = hold.detail.removeprefix(REFUSED).rpartition(": ")
    text = (
        f"The shop refused it ({reason}): it waits for a person. Set right what the shop misses there, then release "
        "the order: it is asked anew. The trace has the shop's answer."
    )
    return ShipmentWait(part, "", "attention", text, moment_or_none(hold.at), "")


def _wait(one: ShipmentFact, at: Situation) -> ShipmentWait:
    is_late = one.at is None or seconds_since(one.at, at.now) > STUCK_AFTER_S
    state, text = _why(one, at)
    return ShipmentWait(
        one.part,
        one.source_code,
        "attention" if is_late and state == "ok" else state,
        text,
        moment_or_none(one.at),
        f"{SHIPMENT.name}-0-{one.offset}",
    )


def _why(one: ShipmentFact, at: Situation) -> tuple[State, str]:
    """The first thing that stands in its way."""
    if one.after:
        return "ok", f"Waits for the shipment {visible(one.after)} of the same order, which goes first."
    found = _of_sink(one, at)
    if found is not None:
        return found
    if one.lane is None:
        return "unknown", (
            "Waits for the stock lane, which does not know yet what is under way: normal for some seconds after a "
            "worker came or went."
        )
    return _of_lane(one, one.lane, at)


def _of_sink(one: ShipmentFact, at: Situation) -> tuple[State, str] | None:
    """Held, not let out, refused without a reason, not answered, or put off."""
    work = one.work
    if work.held or work.mode != "run" or work.state != "closed":
        return "attention", f"{why_waiting(work, at.now)}{_ordered(at, work.mode)}"
    if one.masked:
        return "attention", _masked(one, at.now)
    if work.intent_at is not None:
        return "attention", _unknown(work, at.now)
    if work.not_before is not None and work.not_before > at.now:
        return "ok", why_waiting(work, at.now)
    return None


def _masked(one: ShipmentFact, now: int) -> str:
    again = one.work.not_before
    next_ = f" The next try is in {age(seconds_since(now, again))}." if again is not None and again > now else ""
    return (
        f"The shop refused it {one.masked} of {MASKED_AT_MOST} times without saying why (its source may hold too "
        f"little).{next_} After {MASKED_AT_MOST} times a person is asked."
    )


def _unknown(work: WorkFact, now: int) -> str:
    left = "" if work.intent_at is None else f" {ago(seconds_since(work.intent_at, now))}"
    return (
        f"Whether the shop has it is not known: a call left{left} and was not answered. The shop is asked for it "
        "before it is posted once more, and its rows are not written meanwhile."
    )


def _of_lane(one: ShipmentFact, lane: LaneStandFact, at: Situation) -> tuple[State, str]:
    where = visible(one.source_code) or "its source"
    if lane.short:
        rows = "; ".join(
            f"{plain(row.shown)} of {visible(row.sku)}, and {plain(row.needed)} leave" for row in lane.short
        )
        text = f"The shop shows too little at {where}: {rows}. The stock lane writes that first."
        if lane.mode == "run":
            return "ok", f"{text} {_GOES}"
        return "attention", f"{text} It is in mode {lane.mode} and writes nothing.{_ordered(at, lane.mode, ROLE)}"
    if lane.written:
        return "ok", f"A write of {', '.join(map(visible, lane.written))} at {where} is not answered yet. {_GOES}"
    return "ok", why_waiting(one.work, at.now)


def _ordered(at: Situation, mode: str, sink: str = SINK) -> str:
    """Who said so, and when; nothing where that is a setting, or not known here yet."""
    order = at.order(f"sink/{sink}")
    if order is None or order.state != mode or mode == "run":
        return ""
    return (
        f" {visible(order.actor)} said so {ago(seconds_since(order.at, at.now))}: `commerce-streams sinks run {sink}`."
    )
