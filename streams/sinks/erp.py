"""Commands to the ERP."""

from collections.abc import Set as AbstractSet
from datetime import timedelta

from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import OrderTarget
from schemas.models.command import Command
from schemas.models.document import SalesOrder
from schemas.models.order import Order
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, Effect, Look

ROLE = "erp"


class ErpActs:
    """Creates are looked up by the unified order id; a cancellation can be repeated."""

    role, keeps = ROLE, False

    def __init__(self, port: OrderTarget, settle: timedelta) -> None:
        self._port = port
        self.manner = Manner(port.upserts, (settle + port.read_lag) // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:  # noqa: ARG002  ids are ours
        """A cancellation leaves nothing that could be looked up apart from the order: it is called again."""
        if command.kind != "CREATE_ORDER":
            return Look()
        return Look([_effect(one) for one in await self._port.find_orders(command.entity, _order(command))])

    async def call(self, command: Command) -> Effect:
        """Raises RejectedPayloadError for a kind that an ERP knows nothing of."""
        if command.kind == "CREATE_ORDER":
            return _effect(await self._port.create_order(command.entity, _order(command)))
        if command.kind == "CANCEL_ORDER" and command.document:
            await self._port.cancel_order(command.entity, await self._internal_id(command, command.document))
            return Effect(command.document)
        raise RejectedPayloadError(f"the ERP sink has no way to do {command.kind}", status=None)

    async def _internal_id(self, command: Command, number: str) -> str:
        """People know the order by its number; the ERP's addresses take its own id."""
        found = () if command.order is None else await self._port.find_orders(command.entity, command.order)
        return next((one.internal_id for one in found if number in {one.internal_id, one.number}), number)


def _order(command: Command) -> Order:
    if command.order is None:
        raise RejectedPayloadError("the command carries no order", status=None)
    return command.order


def _effect(made: SalesOrder) -> Effect:
    return Effect(made.internal_id, made.number)
