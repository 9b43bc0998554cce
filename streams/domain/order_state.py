"""The life of one order: what each event does to it, and what is asked of the targets then.

The state is worked out from the set of everything said (`order_facts`, `order_standing`), so that any permutation of
the same events, with any repeats, ends in the same state, as long as none is later than the patience.

The rule for early events: SHIPPED waits until PICKED covers its quantities, over all parts; then both count, whichever
came first.  Of a system that states the furthest step only (`OrderRules.furthest`) SHIPPED implies PICKED and waits for
the ERP alone.  What waits too long holds the order; a person who releases it then lets it count all the same.
"""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from schemas.models.operations import Outcome
from schemas.models.order_event import OrderEvent
from streams.domain import order_settle
from streams.domain.order_case import Intention
from streams.domain.order_door import refuse_event
from streams.domain.order_entry import ENTRY_LIMIT, FACTS_AT_MOST, SEEN_AT_MOST, OrderEntry, decode, encode
from streams.domain.order_facts import facts_of, with_facts
from streams.domain.order_holds import HoldReason
from streams.domain.order_outcomes import facts_of_outcome
from streams.domain.order_rules import DEFAULTS, NOTHING_GIVEN, Given, OrderRules
from streams.domain.order_statements import STATEMENTS, with_judgement, with_statement
from streams.domain.order_table import OrderState

__all__ = [
    "DEFAULTS",
    "NOTHING_GIVEN",
    "Given",
    "Intention",
    "OrderEntry",
    "OrderRules",
    "OrderState",
    "Transition",
    "Verdict",
    "answered",
    "apply",
    "decode",
    "encode",
    "judged",
    "next_deadline",
    "overdue",
]


class Verdict(StrEnum):
    """What became of an event."""

    APPLIED = "applied"
    IGNORED = "ignored"
    PARKED = "parked"
    REFUSED = "refused"
    HELD = "held"


class Transition(NamedTuple):
    """The entry after an event, what became of the event and why, and what is decided."""

    entry: OrderEntry
    verdict: Verdict
    reason: str = ""
    intentions: tuple[Intention, ...] = ()


def apply(
    entry: OrderEntry, event: OrderEvent, now: int, *, rules: OrderRules = DEFAULTS, given: Given = NOTHING_GIVEN
) -> Transition:
    """One event, normalised: its `order_id` is the unified one.  `now` in µs."""
    if refused := refuse_event(entry, event):
        return Transition(entry, Verdict.REFUSED, refused)
    if event.event_id in entry.seen:
        return Transition(entry, Verdict.IGNORED, "duplicate")
    if not rules.may_say(event.source_system, event.kind):
        return Transition(entry, Verdict.IGNORED, "not-owner")
    moment = _Moment(now, rules, given)
    known = msgspec.structs.replace(entry, order_id=event.order_id)
    if event.order is not None and event.kind in STATEMENTS:
        said = with_statement(known, event, event.order, given)
        return _settled(known, said, (event.kind, event.event_id), event.event_id, moment)
    facts = tuple(fact for fact in facts_of(event) if rules.may_say(event.source_system, fact.kind))
    said = msgspec.structs.replace(known, facts=with_facts(known.facts, facts))
    if event.kind == "RELEASED":
        said = order_settle.force(said, now)
    return _settled(known, said, facts[0].key, event.event_id, moment)


def judged(
    entry: OrderEntry,
    failing: tuple[str, ...],
    now: int,
    *,
    rules: OrderRules = DEFAULTS,
    given: Given = NOTHING_GIVEN,
) -> Transition:
    """The checks of the order that counts now were made, or made again."""
    if entry.stated < 0:
        return Transition(entry, Verdict.REFUSED, "no-order")
    said = with_judgement(entry, failing)
    if said == entry:
        return Transition(entry, Verdict.IGNORED, "stale")
    return _again(entry, said, _Moment(now, rules, given))


def answered(
    entry: OrderEntry, outcome: Outcome, now: int, *, rules: OrderRules = DEFAULTS, given: Given = NOTHING_GIVEN
) -> Transition:
    """How a command ended: what it means for the order is a fact like any other.

    `value` of CREATE_ORDER's outcome is what the ERP calls the order (else `external_id` is); a create's `external_id`
    is the document at the target.
    """
    if outcome.entity != entry.order_id:
        return Transition(entry, Verdict.REFUSED, "wrong-order")
    event_id = f"{outcome.command_id}:{outcome.state}"
    if event_id in entry.seen:
        return Transition(entry, Verdict.IGNORED, "duplicate")
    facts = facts_of_outcome(outcome, event_id)
    if not facts:
        return Transition(entry, Verdict.IGNORED, "no-answer")
    said = msgspec.structs.replace(entry, facts=with_facts(entry.facts, facts))
    return _settled(entry, said, facts[0].key, event_id, _Moment(now, rules, given))


def overdue(entry: OrderEntry, now: int, *, rules: OrderRules = DEFAULTS, given: Given = NOTHING_GIVEN) -> Transition:
    """Time alone: what waited too long holds the order.  Nothing changes before `next_deadline`."""
    deadline = next_deadline(entry)
    if deadline is None or deadline > now:
        return Transition(entry, Verdict.IGNORED, "nothing-due")
    return _again(entry, entry, _Moment(now, rules, given))


def next_deadline(entry: OrderEntry) -> int | None:
    """When the next parked event will have waited too long (µs); None where none waits that is not noticed already."""
    noticed = {hold.at for hold in entry.holds if hold.reason == HoldReason.PREDECESSOR_MISSING}
    return min((one.until for one in entry.parked if one.until not in noticed), default=None)


class _Moment(NamedTuple):
    now: int
    rules: OrderRules
    given: Given


def _again(before: OrderEntry, said: OrderEntry, moment: _Moment) -> Transition:
    """Worked out anew, though no event came."""
    entry, intentions = order_settle.settle(said, moment.now, moment.rules, moment.given)
    entry = msgspec.structs.replace(entry, counter=before.counter + 1)
    verdict, reason = _verdict(before, entry, ("", ""))
    return Transition(entry, verdict, reason, intentions)


def _settled(before: OrderEntry, said: OrderEntry, key: tuple[str, str], event_id: str, moment: _Moment) -> Transition:
    """The entry once it heard something, and what that did."""
    if said == before:
        return Transition(_remembering(before, event_id), Verdict.IGNORED, "stale")
    if len(said.facts) > FACTS_AT_MOST:
        return Transition(before, Verdict.REFUSED, "too-many-facts")
    entry, intentions = order_settle.settle(_remembering(said, event_id), moment.now, moment.rules, moment.given)
    if len(encode(entry)) > ENTRY_LIMIT:
        return Transition(before, Verdict.REFUSED, "too-large")
    verdict, reason = _verdict(before, entry, key)
    return Transition(entry, verdict, reason, intentions)


def _remembering(entry: OrderEntry, event_id: str) -> OrderEntry:
    seen = (*entry.seen, event_id)[-SEEN_AT_MOST:]
    return msgspec.structs.replace(entry, seen=seen, counter=entry.counter + 1)


def _verdict(before: OrderEntry, entry: OrderEntry, key: tuple[str, str]) -> tuple[Verdict, str]:
    if key in entry.refused:
        return Verdict.REFUSED, f"illegal-in-{entry.stage}"
    parked = next((one for one in entry.parked if (one.kind, one.part) == key), None)
    if parked is not None:
        return Verdict.PARKED, f"waits-for-{'-or-'.join(parked.waits_for)}"
    old = {(hold.reason, hold.detail) for hold in before.holds}
    new = [hold for hold in entry.holds if (hold.reason, hold.detail) not in old]
    return (Verdict.HELD, new[0].reason) if new else (Verdict.APPLIED, "")
