"""Commands to the carrier: labels, each exactly one."""

import contextlib
from collections.abc import Set as AbstractSet
from datetime import timedelta

from connectors.core.errors import NotFoundError, RejectedPayloadError
from connectors.core.order_ports import CarrierTarget
from schemas.models.command import Command
from schemas.models.document import Label
from schemas.models.order import Order
from schemas.models.order_event import Track
from streams.domain.label_choice import chosen, is_in_time
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, Effect, Look

ROLE = "carrier"
NO_PART = "0"


class CarrierActs:
    """A label is looked for by our reference before each call: rates change, and a repeat could choose another one."""

    role, keeps = ROLE, False

    def __init__(self, port: CarrierTarget, settle: timedelta) -> None:
        self._port = port
        self.manner = Manner(upserts=False, settle=settle // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:  # noqa: ARG002  references are ours
        """A label that is void is none; making it void once more is harmless, so that is not looked up."""
        if command.kind != "BOOK_LABEL":
            return Look()
        found = await self._port.find(reference_of(command))
        return Look(() if found is None else (_effect(found, ""),))

    async def call(self, command: Command) -> Effect:
        """Raises RejectedPayloadError for a kind that a carrier knows nothing of, and where it offers nothing."""
        if command.kind == "BOOK_LABEL" and command.order is not None:
            return await self._book(command, command.order)
        if command.kind == "VOID_LABEL":
            with contextlib.suppress(NotFoundError):  # it was never booked
                await self._port.cancel(reference_of(command))
            return Effect(None, None, "the label is void")
        raise RejectedPayloadError(f"the carrier sink has no way to do {command.kind}", status=None)

    async def _book(self, command: Command, order: Order) -> Effect:
        service, why = (
            (command.service, "by shipping method") if command.service else await self._choose(command, order)
        )
        label = await self._port.book(
            reference_of(command),
            command.entity,
            order,
            service=service,
            shipment=command.document,
            source_code=command.source_code or "",
            lines=command.lines,
        )
        return _effect(label, why)

    async def _choose(self, command: Command, order: Order) -> tuple[str, str]:
        """The service, and why this one."""
        source, promised_at = command.source_code or "", command.expected_at
        offers = await self._port.rates(order, source_code=source, lines=command.lines)
        best = chosen(offers, currency=order.currency, now=command.at, promised_at=promised_at)
        if best is None:
            raise RejectedPayloadError("the carrier offers no service for it", status=None)
        in_time = is_in_time(best, command.at, promised_at)
        return best.service, "cheapest in time" if in_time else "fastest, later than promised"


def _effect(label: Label, why: str) -> Effect:
    """The label's address or id is no secret to operators, who may print it; it is not in the order's own facts."""
    return Effect(
        label.tracking_number,
        label.document,
        f"service {label.service}{f', {why}' if why else ''}",
        (Track(carrier_code=label.carrier_code, title=label.service, number=label.tracking_number),),
        label.price,
        label.currency,
    )


def reference_of(command: Command) -> str:
    """One label per part of an order; derived, so that making it void names the same one."""
    return f"{command.entity}-{command.part or NO_PART}"
