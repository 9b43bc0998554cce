"""Commands to the CRM."""

from collections.abc import Set as AbstractSet
from datetime import timedelta

from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import CrmTarget
from schemas.models.command import Command
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, Effect, Look

ROLE = "crm"


class CrmActs:
    """Absolute values under our own id: whatever became of a call, the next one states the whole again."""

    role, keeps = ROLE, False

    def __init__(self, port: CrmTarget, settle: timedelta) -> None:
        self._port = port
        self.manner = Manner(upserts=True, settle=settle // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:  # noqa: ARG002  there is no need to
        """Nothing to find out: it is upserted again."""
        return Look()

    async def call(self, command: Command) -> Effect:
        """Raises RejectedPayloadError for a kind that a CRM knows nothing of."""
        status = command.status or ""
        if command.kind == "RECORD_ORDER" and command.order is not None:
            made = await self._port.record_order(command.entity, command.order, status=status)
            return Effect(made.internal_id)
        if command.kind == "RECORD_STATUS":
            await self._port.record_status(command.entity, status=status, expected_at=command.expected_at)
            return Effect(command.entity, status)
        raise RejectedPayloadError(f"the crm sink has no way to do {command.kind}", status=None)
