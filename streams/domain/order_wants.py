"""What the targets are asked for, given where an order stands: decided by level, not by event.

A request is made once per attempt.  So it does not matter which event brought the order where it is, nothing is asked
twice, and a request that a person released after a refusal is made anew.  Nobody is told what it said itself.
"""

from collections.abc import Iterator

import msgspec

from schemas.models.command import CommandKind
from schemas.models.order import Order
from schemas.models.order_event import EventLine
from streams.domain.derived_id import derived_id
from streams.domain.order_case import ONCE, Case, Intention, about_money, stays
from streams.domain.order_facts import Request
from streams.domain.order_holds import LEFT, OVER
from streams.domain.order_labels import labels_due, labels_void
from streams.domain.order_stage import cancelled_whole, is_wanted_cancelled, refused_cancel
from streams.domain.order_standing import Standing
from streams.domain.order_table import OrderState
from streams.domain.order_wants_shop import tell_shop


def wanted(case: Case) -> Iterator[Intention]:
    """What is to be asked for now: of connected targets, in attempts not made yet."""
    asked = {one.key: one.attempt for one in case.entry.asked}
    for decide in _DECISIONS:
        for intention in decide(case):
            one = _retried(case, intention)
            told = asked.get(one.request)
            is_known = told == one.attempt or _is_again(told, one.attempt)
            is_new = not is_known and not (intention.attempt == ONCE and case.is_done(one.request))
            if is_new and one.role in case.rules.roles:
                yield _told_apart(case, one) if one.request in asked else one


def _told_apart(case: Case, intention: Intention) -> Intention:
    """A state, a date, an address may become what it was before: that is another command, not the first one again."""
    if intention.kind not in _MAY_RETURN:
        return intention
    return msgspec.structs.replace(intention, turn=case.entry.counter)


_MAY_RETURN = frozenset({"RECORD_ORDER", "RECORD_STATUS", "ADD_COMMENT", "BOOK_LABEL"})


def _is_again(told: str | None, attempt: str) -> bool:
    """What was asked last is this attempt, made once more after a release."""
    return told is not None and told.startswith(f"{attempt}@")


def _retried(case: Case, intention: Intention) -> Intention:
    """After a refusal that a person released, the same request is another attempt."""
    answer = case.answer(intention.request)
    if answer is None or not answer.reason or stays(answer) or case.standing.look.last("RELEASED") <= answer.stamp.at:
        return intention
    return msgspec.structs.replace(intention, attempt=f"{intention.attempt}@{answer.stamp.at}")


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
    yield Intention(
        role="crm", kind="RECORD_ORDER", attempt=version, with_order=True, status=status, expected_at=expected_at
    )
    if case.entry.asked_of("crm", "RECORD_ORDER") is not None:
        attempt = f"{status}|{expected_at}"
        yield Intention(role="crm", kind="RECORD_STATUS", attempt=attempt, status=status, expected_at=expected_at)


def _content(order: Order) -> str:
    """What the CRM is told of an order: not when it changed or how the shop calls its state.

    Each document that is written to the shop changes those, and the order is stated anew.
    """
    plain = msgspec.structs.replace(order, event_id="", updated_at=0, status="")
    return derived_id(msgspec.msgpack.encode(plain))


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
                asked = about_money("finance", command, fact, (), str(fact.amount))
                yield msgspec.structs.replace(asked, with_order=True, happened_at=fact.first_at)


_DECISIONS = (_create_order, _cancel_tasks, _cancel_order, _create_tasks, _labels, tell_shop, _record, _book)
