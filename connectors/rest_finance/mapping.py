"""Between our bookings and the contract's documents; pure, and nothing is computed."""

from datetime import UTC, datetime, timedelta

from connectors.core.errors import RejectedPayloadError
from connectors.rest_finance import wire
from schemas.errors import EncodeError
from schemas.micros import MICROS, micros_of_text
from schemas.models.document import BookedDocument, Booking

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_document(booking: Booking) -> wire.Document:
    """Raises RejectedPayloadError for an amount below nothing, or a date that no calendar has."""
    return wire.Document(
        kind=booking.kind,
        order_id=booking.order_id,
        order_number=booking.order_number,
        channel=booking.channel,
        document=booking.document,
        account=booking.account,
        currency=booking.currency,
        amount=money_text(booking.amount, "amount"),
        happened_at=time_text(booking.happened_at),
        cost_centre=booking.cost_centre,
        purchase_order=booking.purchase_order,
        payment_method=booking.payment_method,
        terms=booking.terms,
        order_total=_maybe_money(booking.order_total, "order_total"),
        order_tax=_maybe_money(booking.order_tax, "order_tax"),
    )


def from_state(state: wire.DocumentState) -> BookedDocument:
    """Raises ValueError where the amount is no money."""
    try:
        amount = micros_of_text(state.amount)
    except EncodeError as exc:
        raise ValueError("an amount that is none") from exc
    return BookedDocument(
        reference=state.reference,
        kind=state.kind,
        number=state.number,
        amount=amount,
        currency=state.currency,
        status=state.status,
    )


def to_state(document: BookedDocument) -> wire.DocumentState:
    return wire.DocumentState(
        reference=document.reference,
        kind=document.kind,
        number=document.number,
        currency=document.currency,
        amount=money_text(document.amount, "amount"),
        status=document.status,
    )


def money_text(micros: int, field: str) -> str:
    """30500000 → `30.5`: all digits and no superfluous zero.

    Raises:
        RejectedPayloadError: below nothing; the contract's kinds say which way money went.
    """
    if micros < 0:
        raise RejectedPayloadError(f"{field} is below nothing", fields=(field,), status=None)
    whole, rest = divmod(micros, MICROS)
    return f"{whole}" + f".{rest:06d}".rstrip("0").rstrip(".")


def time_text(micros: int) -> str:
    """RFC 3339 in UTC, to the microsecond.

    Raises:
        RejectedPayloadError: before the year 1 or after 9999.
    """
    try:
        moment = _EPOCH + timedelta(microseconds=micros)
    except OverflowError as exc:
        raise RejectedPayloadError("a date is too far away", fields=("happened_at",), status=None) from exc
    return moment.isoformat().replace("+00:00", "Z")


def _maybe_money(micros: int | None, field: str) -> str | None:
    return None if micros is None else money_text(micros, field)
