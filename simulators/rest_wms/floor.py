"""The tasks of the warehouse and how far each is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.core.life import Life
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
    """`number` is the warehouse's own; `history` every status with its time.

    `missing` is what could not be found, by line; `shipments` are those that left, with what was in them; `told` counts
    what was said of it.
    """

    task_id: str
    number: str
    content: Task
    status: str
    history: list[tuple[float, str]] = field(default_factory=list)
    missing: dict[str, Decimal] = field(default_factory=dict)
    shipments: list[tuple[str, Mapping[str, Decimal]]] = field(default_factory=list)
    told: int = 0

    def turn(self, status: str, now: float) -> None:
        self.status = status
        self.history.append((now, status))

    @property
    def shipment(self) -> str:
        """Number of the shipment that is being made, or of the last one where everything has left."""
        open_one = len(self.shipments) + (1 if any(self.to_ship().values()) or not self.shipments else 0)
        return f"{self.number}-{open_one}"

    def left(self) -> dict[str, Decimal]:
        """What has not been shipped, by line."""
        sent = {one.line_id: Decimal(0) for one in self.content.lines}
        for _, lines in self.shipments:
            sent |= {line: sent[line] + quantity for line, quantity in lines.items()}
        asked = {one.line_id: Decimal(one.quantity) - sent[one.line_id] for one in self.content.lines}
        return {line: quantity for line, quantity in asked.items() if quantity > 0}

    def to_ship(self) -> dict[str, Decimal]:
        """What is left, without what is missing on the floor."""
        there = {line: quantity - self.missing.get(line, Decimal(0)) for line, quantity in self.left().items()}
        return {line: quantity for line, quantity in there.items() if quantity > 0}

    def ship(self, lines: Mapping[str, Decimal]) -> str:
        """Its number."""
        shipment = self.shipment
        self.shipments.append((shipment, dict(lines)))
        return shipment


@dataclass(slots=True)
class Floor:
    """Every task by its sender's id."""

    tasks: dict[str, FloorTask] = field(default_factory=dict)
    life: Life = field(default_factory=Life)

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
        self.life.begin(task_id, now)
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
        if following == "SHIPPED" and task.to_ship():
            task.ship(task.to_ship())
        task.turn(following, now)
        return True


def _after(status: str) -> str | None:
    """A held task goes on where all begin; nothing follows the end or a cancellation."""
    if status == ON_HOLD:
        return STEPS[0]
    if status not in STEPS or status == STEPS[-1]:
        return None
    return STEPS[STEPS.index(status) + 1]
