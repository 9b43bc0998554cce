"""What the targets are asked for, given where an order stands: decided by level, not by event.

A request is made once per attempt.  So it does not matter which event brought the order where it is, nothing is asked
twice, and a request that a person released after a refusal is made anew.  Nobody is told what it said itself.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from schemas.models.command import CommandKind
from schemas.models.order import Order
from schemas.models.order_event import EventLine, Track
from streams.domain.derived_id import derived_id
from streams.domain.order_entry import OrderEntry
from streams.domain.order_facts import Fact, Request
from streams.domain.order_holds import LEFT, OVER, HoldReason
from streams.domain.order_labels import labels_due, labels_void
from streams.domain.order_parcels import tracks_of
from streams.domain.order_routing import Routing
from streams.domain.order_rules import OrderRules
from streams.domain.order_stage import cancelled_whole, final_cancel, is_wanted_cancelled, refused_cancel
from streams.domain.order_standing import Standing
from streams.domain.order_table import ANSWERED, OrderState
from streams.domain.order_view import event_lines

ONCE = "1"
"""Attempt of what is asked for once."""

_GOODS_IN_DOUBT = frozenset(
    {
        HoldReason.SHIPPED_TOO_MUCH,
        HoldReason.SHIPPED_AFTER_CANCEL,
        HoldReason.UNKNOWN_LINE,
        HoldReason.CHANGED_AFTER_SENT,
    }
)
"""Holds under which no shipment is posted: it could be one of nothing, or of the wrong thing."""


class Intention(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request to one target, to be made a command.

    `status` is our word for the order's state; the target's is in `order_words`.  `with_order` says that the command
    carries the whole order.  `attempt` belongs into the command's id: the same request anew is another command.
    So does `turn`, above 0 where something may be asked for again that was asked for before, with other words between.
    """

    role: str
    kind: CommandKind
    part: str | None = None
    attempt: str = ONCE
    turn: int = 0
    with_order: bool = False
    lines: tuple[EventLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    source_code: str | None = None
    document: str | None = None
    status: str | None = None
    expected_at: int | None = None
    amount: int | None = None
    text: str | None = None
    happened_at: int | None = None
    service: str | None = None

    @property
    def request(self) -> Request:
        return Request(self.role, self.kind, self.part or "")


class Case(NamedTuple):
    """All that a decision looks at: the entry with its new view, but without what is decided now."""

    entry: OrderEntry
    standing: Standing
    rules: OrderRules
    routing: Routing

    @property
    def channel(self) -> str:
        """The system that placed the order."""
        return self.standing.statement.order.source_system

    def all(self, *kinds: str) -> tuple[Fact, ...]:
        return self.standing.look.all(*kinds)

    def answer(self, request: Request) -> Fact | None:
        return self.standing.progress.fact(ANSWERED, "/".join(request))

    def is_done(self, request: Request) -> bool:
        answer = self.answer(request)
        return answer is not None and (not answer.reason or _stays(answer))


def wanted(case: Case) -> Iterator[Intention]:
    """What is to be asked for now: of connected targets, in attempts not made yet."""
    asked = {one.key: one.attempt for one in case.entry.asked}
    for decide in _DECISIONS:
        for intention in decide(case):
            one = _retried(case, intention)
            told = asked.get(one.request)
            is_new = told != one.attempt and not (
                case.is_done(one.request) and (intention.attempt == ONCE or _is_again(told, intention.attempt))
            )
            if is_new and one.role in case.rules.roles:
                yield _told_apart(case, one) if one.request in asked else one


def _told_apart(case: Case, intention: Intention) -> Intention:
    """A state, a date or an order may become what it was before: that is another command, not the first one again."""
    if intention.kind not in _MAY_RETURN:
        return intention
    return msgspec.structs.replace(intention, turn=case.entry.counter)


_MAY_RETURN = frozenset({"RECORD_ORDER", "RECORD_STATUS", "ADD_COMMENT"})


def _is_again(told: str | None, attempt: str) -> bool:
    """What was asked last is this attempt, made once more after a release."""
    return told is not None and told.startswith(f"{attempt}@")


def _retried(case: Case, intention: Intention) -> Intention:
    """After a refusal that a person released, the same request is another attempt."""
    answer = case.answer(intention.request)
    if answer is None or not answer.reason or _stays(answer) or case.standing.look.last("RELEASED") <= answer.stamp.at:
        return intention
    return msgspec.structs.replace(intention, attempt=f"{intention.attempt}@{answer.stamp.at}")


def _stays(answer: Fact) -> bool:
    """What the shop has twice it keeps: nobody takes a shipment, an invoice or a credit memo back there."""
    return answer.system == "commerce" and answer.reason == HoldReason.DUPLICATE_SUSPECTED


# ── ERP ──────────────────────────────────────────────────────────────────────────────────────────


def _create_order(case: Case) -> Iterator[Intention]:
    """Anew after each rejection that was answered."""
    if case.entry.state is OrderState.ACCEPTED:
        lines = ordered_lines(case.standing)
        yield Intention(
            role="erp", kind="CREATE_ORDER", attempt=rejections(case.standing), with_order=True, lines=lines
        )


def rejections(standing: Standing) -> str:
    """Attempt of the order at the ERP: how often it was rejected before."""
    return str(len(standing.look.all("REJECTED")))


def ordered_lines(standing: Standing) -> tuple[EventLine, ...]:
    lines = standing.statement.order.lines
    return tuple(EventLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in lines)


def _cancel_order(case: Case) -> Iterator[Intention]:
    """Once the ERP has it, and every warehouse has let go."""
    tasks = [one for one in case.entry.asked if one.kind == "CREATE_TASK"]
    let_go = all(case.is_done(Request("wms", "CANCEL_TASK", one.part)) for one in tasks)
    if case.entry.stage is OrderState.CANCELLING and case.standing.is_acknowledged and let_go:
        yield Intention(
            role="erp",
            kind="CANCEL_ORDER",
            attempt=_request_time(case),
            document=case.entry.erp_number,
            with_order=True,
        )


def _request_time(case: Case) -> str:
    look = case.standing.look
    return str(max(look.last("CANCEL_REQUESTED"), *(fact.stamp.at for fact in cancelled_whole(look)), -1))


# ── WMS ──────────────────────────────────────────────────────────────────────────────────────────


def _create_tasks(case: Case) -> Iterator[Intention]:
    if not case.standing.is_acknowledged or case.entry.holds or case.entry.stage in _NO_TASKS:
        return
    for one in case.entry.asked:
        if one.kind == "CREATE_TASK":
            yield _task(one.part, one.source_code, one.lines)
    for task in case.routing.tasks:
        made = sum(one.kind == "CREATE_TASK" and one.source_code == task.source_code for one in case.entry.asked)
        part = task.source_code if not made else f"{task.source_code}.{made + 1}"
        lines = (EventLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in task.lines)
        yield _task(part, task.source_code, tuple(lines))


def _task(part: str, source_code: str, lines: tuple[EventLine, ...]) -> Intention:
    return Intention(role="wms", kind="CREATE_TASK", part=part, source_code=source_code, lines=lines, with_order=True)


_NO_TASKS = OVER | LEFT | {OrderState.CANCELLING}


def _cancel_tasks(case: Case) -> Iterator[Intention]:
    look = case.standing.look
    if not is_wanted_cancelled(look) or case.entry.stage in LEFT or refused_cancel(look) is not None:
        return
    for one in case.entry.asked:
        if one.kind == "CREATE_TASK" and not case.is_done(Request("wms", "CANCEL_TASK", one.part)):
            yield Intention(
                role="wms", kind="CANCEL_TASK", part=one.part, source_code=one.source_code, attempt=_request_time(case)
            )


# ── CRM ──────────────────────────────────────────────────────────────────────────────────────────


def _record(case: Case) -> Iterator[Intention]:
    """The order whenever it was stated with other content; its state and promised date whenever they changed since."""
    status, expected_at = case.entry.state.value, case.entry.promised_at
    version = _content(case.standing.statement.order)
    told = case.entry.asked_of("crm", "RECORD_ORDER")
    if told is None or told.attempt != version:
        yield Intention(
            role="crm", kind="RECORD_ORDER", attempt=version, with_order=True, status=status, expected_at=expected_at
        )
    if told is not None:
        attempt = f"{status}|{expected_at}"
        yield Intention(role="crm", kind="RECORD_STATUS", attempt=attempt, status=status, expected_at=expected_at)


def _content(order: Order) -> str:
    """What the CRM is told of an order: not when it changed or how the shop calls its state.

    Each document that is written to the shop changes those, and the order is stated anew.
    """
    plain = msgspec.structs.replace(order, event_id="", updated_at=0, status="")
    return derived_id(msgspec.msgpack.encode(plain))


# ── the shop ─────────────────────────────────────────────────────────────────────────────────────


def _tell_shop(case: Case) -> Iterator[Intention]:
    if case.standing.statement.order.channel not in case.rules.shop_channels:
        return
    for decide in (_number, _promise, _progress, _shipments, _late_numbers, _bills, _returns, _shop_cancel, _too_late):
        yield from decide(case)


def _number(case: Case) -> Iterator[Intention]:
    """Not while there are two: then a person must say which."""
    number = case.entry.erp_number
    if number and len({fact.document for fact in case.all("ACKNOWLEDGED")}) == 1:
        yield Intention(role="commerce", kind="SET_ERP_NUMBER", attempt=number, document=number)


def _promise(case: Case) -> Iterator[Intention]:
    """Confirmed, with the promised date, and again when that moves."""
    if not case.standing.is_acknowledged or case.entry.stage in LEFT | OVER:
        return
    expected_at = case.entry.promised_at
    text = "The order is confirmed."
    if expected_at is not None:
        text = f"The order is confirmed. Expected delivery: {_day(expected_at)}."
    yield _comment("promise", text, attempt=str(expected_at), expected_at=expected_at, status=OrderState.ACKNOWLEDGED)


def _day(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).date().isoformat()


def _comment(
    part: str, text: str, *, attempt: str = ONCE, expected_at: int | None = None, status: str | None = None
) -> Intention:
    return Intention(
        role="commerce",
        kind="ADD_COMMENT",
        part=part,
        text=text,
        attempt=attempt,
        expected_at=expected_at,
        status=status,
    )


def _progress(case: Case) -> Iterator[Intention]:
    for kind, words in (("PACKED", "Packed"), ("DELIVERED", "Delivered")):
        for fact in case.all(kind):
            if fact.system != case.channel:
                yield _comment(f"{kind.lower()}/{fact.part}", f"{words}: {fact.part}." if fact.named else f"{words}.")


def _shipments(case: Case) -> Iterator[Intention]:
    if any(hold.reason in _GOODS_IN_DOUBT for hold in case.entry.holds):
        return
    for fact in case.all("SHIPPED"):
        lines = event_lines(case.standing.progress, fact)
        if fact.system != case.channel and lines:
            yield Intention(
                role="commerce",
                kind="CREATE_SHIPMENT",
                part=fact.part,
                lines=lines,
                tracks=tracks_of(case.standing.progress, fact),
                source_code=fact.source_code or None,
            )


def _late_numbers(case: Case) -> Iterator[Intention]:
    """A label that the carrier answered for after its shipment was asked for: a shipment is never changed."""
    for fact in case.all("SHIPPED"):
        shipment = case.entry.asked_of("commerce", "CREATE_SHIPMENT", fact.part)
        tracks = tracks_of(case.standing.progress, fact)
        if shipment is not None and not shipment.tracked and not fact.tracks and tracks:
            numbers = ", ".join(f"{one.carrier_code} {one.number}".strip() for one in tracks)
            yield _comment(f"tracking/{fact.part}", f"Tracking number: {numbers}.", attempt=numbers)


def _bills(case: Case) -> Iterator[Intention]:
    """Money goes back only after all that left is posted: the shop no longer ships what it has refunded."""
    for kind, command in _SHOP_BILLS:
        for fact in case.all(kind):
            if fact.system != case.channel and (kind != "REFUNDED" or _is_posted(case)):
                lines = event_lines(case.standing.progress, fact)
                yield _about_money("commerce", command, fact, lines, ONCE)


def _is_posted(case: Case) -> bool:
    """Whether everything that left is at the shop."""
    left = (fact for fact in case.all("SHIPPED") if fact.system != case.channel)
    return all(case.is_done(Request("commerce", "CREATE_SHIPMENT", fact.part)) for fact in left)


_SHOP_BILLS: tuple[tuple[str, CommandKind], ...] = (("INVOICED", "CREATE_INVOICE"), ("REFUNDED", "CREATE_CREDIT_MEMO"))


def _about_money(role: str, kind: CommandKind, fact: Fact, lines: tuple[EventLine, ...], attempt: str) -> Intention:
    document = fact.document or None
    return Intention(
        role=role, kind=kind, part=fact.part, document=document, lines=lines, amount=fact.amount, attempt=attempt
    )


def _returns(case: Case) -> Iterator[Intention]:
    """The return's number, once the system that takes it back has given one."""
    for fact in case.all("RETURN_REQUESTED"):
        if fact.document and fact.system != case.channel:
            yield Intention(
                role="commerce", kind="SET_RETURN_NUMBER", part=fact.part, document=fact.document, attempt=fact.document
            )


def _shop_cancel(case: Case) -> Iterator[Intention]:
    """What has not left is cancelled at the shop, after everything that left is posted there."""
    look = case.standing.look
    is_over = final_cancel(look) is not None or bool(look.all("REFUSED"))
    said_itself = any(fact.system == case.channel for fact in cancelled_whole(look))
    if is_over and not said_itself and _is_posted(case):
        yield Intention(role="commerce", kind="CANCEL_ORDER")


def _too_late(case: Case) -> Iterator[Intention]:
    """Refused by a target, or overtaken by the goods."""
    look = case.standing.look
    has_left = case.entry.stage in LEFT and final_cancel(look) is None
    if look.all("CANCEL_REQUESTED") and (has_left or refused_cancel(look) is not None):
        yield _comment("cancel", "The order can no longer be cancelled.", attempt=str(look.last("CANCEL_REQUESTED")))


# ── the carrier ──────────────────────────────────────────────────────────────────────────────────


def _labels(case: Case) -> Iterator[Intention]:
    """The shop's own shipping method names the service where the settings say so; else the carrier's rates do."""
    for label in labels_due(case.entry, case.standing, case.rules.label_at):
        method = case.standing.statement.order.shipping_method or ""
        yield Intention(
            role="carrier",
            kind="BOOK_LABEL",
            part=label.part,
            attempt=label.attempt,
            with_order=True,
            lines=label.lines,
            source_code=label.source_code or None,
            document=label.shipment or None,
            expected_at=case.entry.promised_at,
            service=case.rules.services.get(method),
        )
    for one in labels_void(case.entry, case.standing):
        yield Intention(role="carrier", kind="VOID_LABEL", part=one.part, source_code=one.source_code or None)


# ── finance ──────────────────────────────────────────────────────────────────────────────────────

_BOOKED: tuple[tuple[str, CommandKind], ...] = (
    ("INVOICED", "POST_INVOICE"),
    ("CAPTURED", "POST_PAYMENT"),
    ("REFUNDED", "POST_CREDIT"),
)


def _book(case: Case) -> Iterator[Intention]:
    """Every document with its amount; anew when that grew: one reference, and the last amount counts."""
    for kind, command in _BOOKED:
        for fact in case.all(kind):
            if fact.system != "finance":
                asked = _about_money("finance", command, fact, (), str(fact.amount))
                yield msgspec.structs.replace(asked, with_order=True, happened_at=fact.first_at)


_DECISIONS = (_create_order, _cancel_tasks, _cancel_order, _create_tasks, _labels, _tell_shop, _record, _book)
