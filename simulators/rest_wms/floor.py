"""The tasks of the warehouse and how far each is."""

from dataclasses import dataclass, field

from simulators.rest_wms.documents import Task
from simulators.rest_wms.settings import Settings

STEPS = ("RELEASED", "ALLOCATED", "PICKING", "PICKED", "PACKED", "LOADED", "SHIPPED", "DELIVERED")
CANCELLED = "CANCELLED"
ON_HOLD = "ON_HOLD"
STATUSES = (*STEPS, CANCELLED, ON_HOLD)


class DifferentContentError(Exception):
    """The id stands for another task."""


class TooFarError(Exception):
    """The goods are already being moved."""


@dataclass(slots=True)
class FloorTask:
    """`number` is the warehouse's own; `history` every status with its time."""

    task_id: str
    number: str
    content: Task
    status: str
    history: list[tuple[float, str]] = field(default_factory=list)

    def turn(self, status: str, now: float) -> None:
        self.status = status
        self.history.append((now, status))


@dataclass(slots=True)
class Floor:
    """Every task by its sender's id."""

    tasks: dict[str, FloorTask] = field(default_factory=dict)

    def put(self, task_id: str, content: Task, settings: Settings, *, now: float) -> bool:
        """Whether a task was made.  Raises DifferentContentError."""
        held = self.tasks.get(task_id)
        if held is not None:
            if held.content != content:
                raise DifferentContentError(task_id)
            return False
        made = FloorTask(task_id, f"T{len(self.tasks) + 1:07d}", content, settings.first_status)
        made.turn(settings.first_status, now)
        self.tasks[task_id] = made
        return True

    def cancel(self, task: FloorTask, settings: Settings, *, now: float) -> bool:
        """Whether it changed.  Raises TooFarError."""
        if task.status == CANCELLED:
            return False
        if task.status in STEPS and STEPS.index(task.status) > STEPS.index(settings.last_cancellable):
            raise TooFarError(task.task_id)
        task.turn(CANCELLED, now)
        return True

    def advance(self, task: FloorTask, to: str | None, *, now: float) -> bool:
        """One step on, or to `to` whatever it is; whether anything changed.  Raises ValueError for an unknown word."""
        if to is not None and to not in STATUSES:
            raise ValueError(f"to must be one of {', '.join(STATUSES)}")
        following = to or _after(task.status)
        if following is None or following == task.status:
            return False
        task.turn(following, now)
        return True


def _after(status: str) -> str | None:
    """A held task goes on where all begin; nothing follows the end or a cancellation."""
    if status == ON_HOLD:
        return STEPS[0]
    if status not in STEPS or status == STEPS[-1]:
        return None
    return STEPS[STEPS.index(status) + 1]
