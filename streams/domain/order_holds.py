"""Why an order is held: every reason at once, each cleared by what answers it.

A person's RELEASED clears what happened before it, save a credit hold, which is the ERP's to lift.  Details name lines,
quantities and codes, never people.
"""

from collections.abc import Iterator
from enum import StrEnum

from streams.domain.order_entry import Hold
from streams.domain.order_facts import Fact, request_of
from streams.domain.order_stage import (
    Look,
    cancelled_whole,
    final_cancel,
    is_wanted_cancelled,
    is_whole,
    refused_cancel,
)
from streams.domain.order_table import ANSWERED, OrderState
from streams.domain.quantities import to_decimal

BEFORE_THE_ERP = frozenset({OrderState.PLACED, OrderState.ACCEPTED})
OVER = frozenset({OrderState.CANCELLED, OrderState.REJECTED})
LEFT = frozenset({OrderState.SHIPPED, OrderState.DELIVERED, OrderState.CLOSED})
HOLDING_ROLES = frozenset({"erp", "wms", "commerce"})
"""Targets whose refusal holds the order.

A CRM, a carrier or an accounting system that refuses delays nobody else: that is a remark.
"""

CANCELLED_THERE = frozenset({"canceled", "cancelled"})
"""Words of a channel for an order that it has cancelled itself; Adobe Commerce writes the first."""


class HoldReason(StrEnum):
    """Stored; a metric label and a runbook heading."""

    CHECK_FAILED = "check-failed"
    REJECTED = "rejected-by-target"
    CREDIT = "credit"
    SHIPPED_TOO_MUCH = "shipped-too-much"
    SHIPPED_AFTER_CANCEL = "shipped-after-cancel"
    UNKNOWN_LINE = "unknown-line"
    DUPLICATE_SUSPECTED = "duplicate-suspected"
    CANCELLED_BY_WAREHOUSE = "cancelled-by-warehouse"
    CANCEL_REFUSED = "cancel-refused"
    COMMAND_FAILED = "command-failed"
    PREDECESSOR_MISSING = "predecessor-missing"
    UNROUTED = "unrouted"
    CHANGED_AFTER_SENT = "changed-after-sent"
    REFUSED_BESIDE = "refused-beside"
    REFUSED_AT_SHOP = "refused-at-shop"
    SENT_BACK = "sent-back"


def holds_of(look: Look, stage: OrderState) -> Iterator[Hold]:
    """What the facts alone give; `stage` is the state without holds."""
    released = look.last("RELEASED")
    for source in (_checks, _rejection, _failures, _contradictions):
        yield from (hold for hold in source(look, stage) if hold.at >= released)
    yield from _credit(look, stage)


def remarks_of(look: Look) -> Iterator[Hold]:
    """Refusals beside the way of the goods: the order goes on, and a person must look all the same, to the very end.

    A release answers one: the same is asked anew.
    """
    released = look.last("RELEASED")
    for fact in look.all(ANSWERED):
        if fact.reason and fact.system not in HOLDING_ROLES and fact.stamp.at >= released:
            yield _failure(fact, HoldReason.REFUSED_BESIDE)
    yield from (remark for remark in _refused_at_shop(look) if remark.at >= released)


def _refused_at_shop(look: Look) -> Iterator[Hold]:
    """The shop keeps open what has ended everywhere else, until it says that it cancelled it.

    It counts from the first refusal: who released it knows of it, whatever the shop answers to being asked anew.
    """
    placed = look.statement.order
    if placed.status.casefold() in CANCELLED_THERE or any(
        fact.system == placed.source_system for fact in cancelled_whole(look)
    ):
        return
    for fact in look.all(ANSWERED):
        if fact.reason and request_of(fact)[:2] == ("commerce", "CANCEL_ORDER"):
            yield Hold(HoldReason.REFUSED_AT_SHOP, f"{fact.part}: {fact.reason}", fact.first_at)


def _checks(look: Look, stage: OrderState) -> Iterator[Hold]:
    if stage in BEFORE_THE_ERP:
        for reason in look.statement.failing or ():
            yield Hold(HoldReason.CHECK_FAILED, reason, look.statement.first_at)


def _rejection(look: Look, stage: OrderState) -> Iterator[Hold]:
    """The ERP or a warehouse will not do it; a correction or a later acknowledgement answers that.

    When the order was placed says nothing here: that is the channel's clock, which may be ahead of ours.
    """
    rejected = look.newest("REJECTED")
    if rejected is None or stage in OVER | LEFT:
        return
    corrected = look.statement.stamp.at if look.statement.kind == "CORRECTED" else 0
    if rejected.stamp.at > max(look.last("ACKNOWLEDGED"), corrected):
        yield Hold(HoldReason.REJECTED, rejected.reason, rejected.stamp.at)


def _failures(look: Look, stage: OrderState) -> Iterator[Hold]:
    """A target refused one command, or no longer lets go what the shop has cancelled."""
    yield from _doubled(look)
    if stage in OVER:
        return
    for fact in look.all(ANSWERED):
        is_cancel = request_of(fact).kind.startswith("CANCEL_")
        if fact.reason and fact.system in HOLDING_ROLES and not is_cancel and not _is_doubled(fact):
            yield _failure(fact)
    refused = refused_cancel(look)
    if refused is not None and (cancelled_whole(look) or _has_let_go(look)):
        yield Hold(HoldReason.CANCEL_REFUSED, f"{refused.part}: {refused.reason}", refused.stamp.at)


def _doubled(look: Look) -> Iterator[Hold]:
    """Also of an order that is over: what is there twice goes on at its target."""
    for fact in look.all(ANSWERED):
        if _is_doubled(fact) and fact.system in HOLDING_ROLES:
            yield _failure(fact)


def _is_doubled(fact: Fact) -> bool:
    return fact.reason == HoldReason.DUPLICATE_SUSPECTED


def _failure(fact: Fact, reason: HoldReason = HoldReason.COMMAND_FAILED) -> Hold:
    if _is_doubled(fact):
        return Hold(HoldReason.DUPLICATE_SUSPECTED, f"{fact.part}: the target has {fact.document}", fact.stamp.at)
    return Hold(reason, f"{fact.part}: {fact.reason}", fact.stamp.at)


def _has_let_go(look: Look) -> bool:
    """A warehouse cancelled its task: nobody ships what the ERP keeps."""
    return any(request_of(fact).kind == "CANCEL_TASK" and not fact.reason for fact in look.all(ANSWERED))


def _credit(look: Look, stage: OrderState) -> Iterator[Hold]:
    held, released = look.newest("CREDIT_HELD"), look.newest("CREDIT_RELEASED")
    if held is None or stage in OVER | LEFT:
        return
    if released is None or released.stamp < held.stamp:
        yield Hold(HoldReason.CREDIT, held.reason, held.stamp.at)


def _contradictions(look: Look, _stage: OrderState) -> Iterator[Hold]:
    """Two systems, or a system and the order, say what cannot both be so."""
    for line, kind, stated, ordered, at in look.progress.excesses:
        detail = f"line {line}: {kind} {to_decimal(stated)}, ordered and not cancelled {to_decimal(ordered)}"
        yield Hold(HoldReason.SHIPPED_TOO_MUCH, detail, at)
    for name, kind, at in look.progress.strangers:
        yield Hold(HoldReason.UNKNOWN_LINE, f"{kind} names {name!r}, which the order does not have", at)
    yield from _two_orders(look)
    yield from _shipped_after_the_end(look)
    yield from _part_cancelled(look)
    yield from _sent_back(look)


def _two_orders(look: Look) -> Iterator[Hold]:
    found = look.all("ACKNOWLEDGED")
    numbers = sorted({fact.document for fact in found if fact.document})
    if len(numbers) > 1:
        detail = f"the ERP has it as {' and as '.join(numbers)}"
        yield Hold(HoldReason.DUPLICATE_SUSPECTED, detail, max(fact.stamp.at for fact in found))


def _shipped_after_the_end(look: Look) -> Iterator[Hold]:
    """Goods left though the order was cancelled or refused before."""
    ends = [end for end in (final_cancel(look), look.newest("REFUSED")) if end is not None]
    for fact in look.all("SHIPPED"):
        lines = sorted(look.progress.shares[fact.key].items())
        quantities = ", ".join(f"line {line}: {to_decimal(micros)}" for line, micros in lines)
        for end in ends:
            if fact.first_at > end.stamp.at:
                detail = f"{end.kind} by {end.system}, then SHIPPED by {fact.system}: {quantities}"
                yield Hold(HoldReason.SHIPPED_AFTER_CANCEL, detail, fact.stamp.at)


def _part_cancelled(look: Look) -> Iterator[Hold]:
    """A warehouse gave up its part without saying which lines: nobody else ships them."""
    if is_wanted_cancelled(look) or look.all("REFUSED"):
        return
    for fact in look.all("CANCELLED"):
        if not fact.lines and not is_whole(fact):
            yield Hold(HoldReason.CANCELLED_BY_WAREHOUSE, f"{fact.system}: {fact.part}", fact.stamp.at)


def _sent_back(look: Look) -> Iterator[Hold]:
    """A parcel that is on its way back: somebody must send it again, or give the money back."""
    for fact in look.all("SENT_BACK"):
        yield Hold(HoldReason.SENT_BACK, f"{fact.system}: {fact.part}", fact.stamp.at)
