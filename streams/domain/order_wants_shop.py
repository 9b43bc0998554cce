"""What the shop is asked for: what became of an order, in documents and comments that shoppers see."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from schemas.models.command import CommandKind
from streams.domain.order_case import ONCE, Case, Intention, about_money
from streams.domain.order_facts import Request
from streams.domain.order_holds import LEFT, OVER, HoldReason
from streams.domain.order_parcels import tracks_of
from streams.domain.order_stage import cancelled_whole, final_cancel, refused_cancel
from streams.domain.order_table import OrderState
from streams.domain.order_view import event_lines

_GOODS_IN_DOUBT = frozenset(
    {
        HoldReason.SHIPPED_TOO_MUCH,
        HoldReason.SHIPPED_AFTER_CANCEL,
        HoldReason.UNKNOWN_LINE,
        HoldReason.CHANGED_AFTER_SENT,
    }
)
"""Holds under which no shipment is posted: it could be one of nothing, or of the wrong thing."""


def tell_shop(case: Case) -> Iterator[Intention]:
    """Of its own orders only, and nothing that it said itself."""
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
    """A number that came after its shipment was asked for without one: a shipment is never changed."""
    for fact in case.all("SHIPPED"):
        shipment = case.entry.asked_of("commerce", "CREATE_SHIPMENT", fact.part)
        tracks = tracks_of(case.standing.progress, fact)
        if shipment is not None and not shipment.tracked and tracks:
            numbers = ", ".join(f"{one.carrier_code} {one.number}".strip() for one in tracks)
            yield _comment(f"tracking/{fact.part}", f"Tracking number: {numbers}.", attempt=numbers)


def _bills(case: Case) -> Iterator[Intention]:
    """Money goes back only after all that left is posted: the shop no longer ships what it has refunded."""
    for kind, command in _SHOP_BILLS:
        for fact in case.all(kind):
            if fact.system != case.channel and (kind != "REFUNDED" or _is_posted(case)):
                lines = event_lines(case.standing.progress, fact)
                yield about_money("commerce", command, fact, lines, ONCE)


def _is_posted(case: Case) -> bool:
    """Whether everything that left is at the shop."""
    left = (fact for fact in case.all("SHIPPED") if fact.system != case.channel)
    return all(case.is_done(Request("commerce", "CREATE_SHIPMENT", fact.part)) for fact in left)


_SHOP_BILLS: tuple[tuple[str, CommandKind], ...] = (("INVOICED", "CREATE_INVOICE"), ("REFUNDED", "CREATE_CREDIT_MEMO"))


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
