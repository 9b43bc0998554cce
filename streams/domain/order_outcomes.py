"""What a command's outcome says of the order: a document the ERP made, a refusal, or just that it is done."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from schemas.models.operations import Outcome
from streams.domain.order_facts import REASON_LIMIT, Fact, Request, Stamp, answer, sorted_tracks

FAILED = "failed"
"""Reason of a refusal that gives none."""

FINAL = frozenset({"APPLIED", "DEAD", "HELD"})
"""States after which a command is not tried again by itself: the others are no answer yet, or say nothing new."""


def facts_of_outcome(outcome: Outcome, event_id: str) -> tuple[Fact, ...]:
    """Empty where the outcome is no answer."""
    if outcome.state not in FINAL:
        return ()
    stamp = Stamp(outcome.at, outcome.at, event_id)
    made = _MEANINGS.get((outcome.role, outcome.kind, outcome.state))
    return (made(outcome, stamp),) if made is not None else (_answer(outcome, stamp),)


def _answer(outcome: Outcome, stamp: Stamp) -> Fact:
    request = Request(outcome.role, outcome.kind, outcome.part or "")
    document = outcome.external_id or outcome.value or ""
    made = answer(request, stamp, document=document, reason="" if outcome.state == "APPLIED" else _reason(outcome))
    return msgspec.structs.replace(
        made, tracks=sorted_tracks(outcome.tracks), amount=outcome.amount, currency=outcome.currency or ""
    )


def _reason(outcome: Outcome) -> str:
    return (outcome.reason or FAILED)[:REASON_LIMIT]


def _acknowledged(outcome: Outcome, stamp: Stamp) -> Fact:
    number = outcome.value or outcome.external_id or ""
    return Fact("ACKNOWLEDGED", number or stamp.event_id, stamp.at, stamp, _sink(outcome), document=number)


def _rejected(outcome: Outcome, stamp: Stamp) -> Fact:
    return Fact("REJECTED", stamp.event_id, stamp.at, stamp, _sink(outcome), reason=_reason(outcome))


def _cancelled(outcome: Outcome, stamp: Stamp) -> Fact:
    return Fact("CANCELLED", stamp.event_id, stamp.at, stamp, _sink(outcome))


def _sink(outcome: Outcome) -> str:
    """Our own sink speaks, not the system that may have placed the order."""
    return f"{outcome.role}-sink"


_MEANINGS: Mapping[tuple[str, str, str], Callable[[Outcome, Stamp], Fact]] = MappingProxyType(
    {
        ("erp", "CREATE_ORDER", "APPLIED"): _acknowledged,
        ("erp", "CREATE_ORDER", "DEAD"): _rejected,
        ("erp", "CANCEL_ORDER", "APPLIED"): _cancelled,
    }
)
