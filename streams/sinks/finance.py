"""Commands to the accounting system."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from types import MappingProxyType

from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import FinanceTarget
from schemas.models.command import Command
from schemas.models.document import BookedDocument, Booking, BookingKind
from schemas.models.order import Order
from streams.domain.references import booking_reference
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, Effect, Look

ROLE = "finance"

_KINDS: Mapping[str, BookingKind] = MappingProxyType(
    {"POST_INVOICE": "invoice", "POST_PAYMENT": "payment", "POST_CREDIT": "credit"}
)


class FinanceActs:
    """Every document has one reference for all its attempts, so that a correction finds the document it is about."""

    role, keeps = ROLE, False

    def __init__(self, port: FinanceTarget, settle: timedelta) -> None:
        self._port = port
        self.manner = Manner(port.upserts, (settle + port.read_lag) // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:  # noqa: ARG002  references are ours
        """The document, where it has the amount that is asked for; two are told whatever they come to."""
        wanted = booking_of(command)
        found = await self._port.find_documents(wanted.reference)
        if len(found) == 1 and found[0].amount != wanted.amount:
            return Look()
        return Look(tuple(_effect(one) for one in found))

    async def call(self, command: Command) -> Effect:
        """Raises RejectedPayloadError for what cannot be booked: no amount, no account, no such kind."""
        return _effect(await self._port.post(booking_of(command)))


def booking_of(command: Command) -> Booking:
    """What is booked, as it was stated.

    Raises:
        RejectedPayloadError: something is missing that no accounting system can do without, with what a person can do.
    """
    kind = _KINDS.get(command.kind)
    if kind is None:
        raise RejectedPayloadError(f"the finance sink has no way to do {command.kind}", status=None)
    order = _order(command)
    return Booking(
        reference=reference_of(command),
        kind=kind,
        order_id=command.entity,
        order_number=order.number,
        channel=order.channel,
        document=_named(command.document or command.part, "document", "its system must name it"),
        account=_named(
            order.customer.account_code,
            "account_code",
            "its channel must state the order with it, or somebody books it by hand",
        ),
        currency=order.currency,
        amount=_amount(command),
        happened_at=command.at if command.happened_at is None else command.happened_at,
        cost_centre=order.customer.cost_centre,
        purchase_order=order.payment.purchase_order,
        payment_method=order.payment.method or None,
        terms=order.payment.terms,
        order_total=order.totals.grand_total,
        order_tax=order.totals.tax,
    )


def reference_of(command: Command) -> str:
    """The same for every attempt and every amount; an invoice and a credit of one number are two documents."""
    return booking_reference(command.entity, command.kind, command.part)


def _order(command: Command) -> Order:
    if command.order is None:
        raise RejectedPayloadError("the command carries no order", status=None)
    return command.order


def _named(value: str | None, field: str, advice: str) -> str:
    if not value:
        raise RejectedPayloadError(f"there is no {field}: {advice}", fields=(field,), status=None)
    return value


def _amount(command: Command) -> int:
    if command.amount is None or command.amount < 0:
        stated = "no amount" if command.amount is None else "an amount below nothing"
        advice = "its system must state what the document comes to"
        raise RejectedPayloadError(f"the document has {stated}: {advice}", fields=("amount",), status=None)
    return command.amount


def _effect(made: BookedDocument) -> Effect:
    """People know it by the number that the books gave it."""
    return Effect(made.number, made.number)
