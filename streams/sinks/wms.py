"""Commands to the WMS."""

import contextlib
from collections.abc import Set as AbstractSet
from datetime import timedelta

from connectors.core.errors import NotFoundError, RejectedPayloadError
from connectors.core.order_ports import TaskTarget
from schemas.models.command import Command
from streams.domain.references import task_reference
from streams.domain.work import Manner
from streams.sinks.acts import NONE_TAKEN, Effect, Look

ROLE = "wms"


class WmsActs:
    """A task is known by our id, so that a repeat is the same task."""

    role, keeps = ROLE, False

    def __init__(self, port: TaskTarget, settle: timedelta) -> None:
        self._port = port
        self.manner = Manner(upserts=True, settle=settle // timedelta(microseconds=1))

    async def look(self, command: Command, taken: AbstractSet[str] = NONE_TAKEN) -> Look:  # noqa: ARG002  ids are ours
        """A cancellation leaves nothing that could be looked up apart from the task: it is called again."""
        if command.kind != "CREATE_TASK":
            return Look()
        found = await self._port.find_task(task_id(command))
        return Look(() if found is None else (Effect(found.task_id, found.number),))

    async def call(self, command: Command) -> Effect:
        """Raises RejectedPayloadError for a kind that a WMS knows nothing of."""
        if command.kind == "CREATE_TASK" and command.order is not None:
            made = await self._port.create_task(
                task_id(command),
                command.entity,
                command.order,
                source_code=command.source_code or "",
                lines=command.lines,
            )
            return Effect(made.task_id, made.number)
        if command.kind == "CANCEL_TASK":
            with contextlib.suppress(NotFoundError):  # there is nothing that could be picked
                await self._port.cancel_task(task_id(command))
            return Effect(task_id(command))
        raise RejectedPayloadError(f"the wms sink has no way to do {command.kind}", status=None)


def task_id(command: Command) -> str:
    """One task per part of an order; derived, so that a cancellation names the same one."""
    return task_reference(command.entity, command.part)
