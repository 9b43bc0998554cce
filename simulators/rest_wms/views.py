"""What the warehouse shows: a task's state to its sender, everything to the control routes."""

from typing import Any

import msgspec

from simulators.rest_wms.events import FulfilmentRecord
from simulators.rest_wms.floor import Floor, FloorTask
from simulators.rest_wms.settings import Settings, shown


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PUT /_sim/state."""

    settings: dict[str, Any] | None = None  # checked by settings.changed, which knows the names


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /_sim/advance: which task (all), to which status (the next)."""

    task_id: str | None = None
    to: str | None = None


def state_of(task: FloorTask) -> dict[str, object]:
    return {
        "task_id": task.task_id,
        "order_id": task.content.order_id,
        "number": task.number,
        "status": task.status,
    }


def said(record: FulfilmentRecord) -> dict[str, object]:
    """Quantities as text: digits that no reader can spoil."""
    lines = [{**line, "quantity": str(line["quantity"].normalize())} for line in record["lines"]]
    return {**record, "lines": lines}


def show(floor: Floor, settings: Settings) -> dict[str, object]:
    tasks = [
        {**state_of(task), "content": msgspec.to_builtins(task.content), "history": task.history, "told": task.told}
        for task in floor.tasks.values()
    ]
    return {"settings": shown(settings), "tasks": tasks}
