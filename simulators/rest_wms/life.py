"""What the warehouse does with a task after it came in; `PLAN` is what happens where nobody says otherwise.

Names and order of the steps: `connectors/rest_wms/openapi.json` (status) and the steps of wms.fulfilment-event.v1.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal

from simulators.core.life import Life, Step, check_plan
from simulators.rest_wms.events import Said
from simulators.rest_wms.floor import CANCELLED, STEPS, FloorTask
from simulators.rest_wms.settings import Settings

PLAN: tuple[Step, ...] = (
    Step("allocate", 2),
    Step("cancel", 4, 0.02, ends=True),
    Step("hold", 5, 0.05),
    Step("pick", 8),
    Step("short", 10, 0.05),
    Step("picked", 12),
    Step("pack", 15),
    Step("ship-part", 18, 0.2),
    Step("ship", 24),
    Step("deliver", 45),
)
_DONE = frozenset({CANCELLED, "SHIPPED", "DELIVERED"})


class NotNowError(Exception):
    """The task is not in a state for the step."""


def life_of(settings: Settings) -> Life:
    """Raises ValueError for a plan with a step that nobody knows."""
    plan = PLAN if settings.life_plan is None else settings.life_plan
    check_plan(plan, frozenset(STEPS_OF_LIFE))
    return Life(plan if settings.life else (), settings.seed, settings.life_rate)


def do(what: str, task: FloorTask, now: float) -> list[Said]:
    """What the warehouse says of it.  Raises NotNowError; then nothing has changed."""
    return STEPS_OF_LIFE[what](task, now)


def said_of(task: FloorTask) -> Said:
    """The status of a task that was moved as a whole, by its sender or by command."""
    lines = task.left() if task.status == CANCELLED else task.to_ship()
    return Said(task.status, lines, task.shipment if task.status in _NUMBERED else None)


def said_after_move(task: FloorTask) -> list[Said]:
    """After a command that moves a task as a whole: what left is told by shipment."""
    if task.status == "SHIPPED" and task.shipments:
        shipment, lines = task.shipments[-1]
        return [Said("SHIPPED", lines, shipment)]
    if task.status == "DELIVERED" and task.shipments:
        return [Said("DELIVERED", lines, shipment) for shipment, lines in task.shipments]
    return [said_of(task)]


_NUMBERED = frozenset({"PACKED", "LOADED", "SHIPPED", "DELIVERED"})


def _to(status: str) -> "Do":
    def run(task: FloorTask, now: float) -> list[Said]:
        """Only forwards: a task that was moved on by hand is not moved back."""
        if task.status in _DONE or _rank(task.status) >= _rank(status):
            raise NotNowError(task.status)
        task.turn(status, now)
        return [said_of(task)]

    return run


def _hold(task: FloorTask, now: float) -> list[Said]:
    if _rank(task.status) > _rank("ALLOCATED") or task.status == CANCELLED:
        raise NotNowError(task.status)
    task.turn("ON_HOLD", now)
    return [Said("ON_HOLD", {})]


def _cancel(task: FloorTask, now: float) -> list[Said]:
    """The warehouse gives the task back."""
    if task.status in _DONE or _rank(task.status) > _rank("ALLOCATED"):
        raise NotNowError(task.status)
    task.turn(CANCELLED, now)
    return [said_of(task)]


def _short(task: FloorTask, now: float) -> list[Said]:
    """One piece of the last line is not where it should be, and this task ships without it."""
    if task.status != "PICKING":
        raise NotNowError(task.status)
    line = task.content.lines[-1]
    missing = min(Decimal(1), Decimal(line.quantity))
    if sum(task.to_ship().values()) <= missing:
        raise NotNowError("nothing would be left to ship")
    task.missing[line.line_id] = missing
    task.history.append((now, "SHORTED"))
    return [Said("SHORTED", {line.line_id: missing})]


def _ship_part(task: FloorTask, now: float) -> list[Said]:
    """Half of each line, rounded up, where something stays behind."""
    if task.status != "PACKED":
        raise NotNowError(task.status)
    part = {line: (left / 2).to_integral_value(ROUND_CEILING) for line, left in task.to_ship().items()}
    part = {line: min(quantity, task.to_ship()[line]) for line, quantity in part.items()}
    if part == task.to_ship():
        raise NotNowError("nothing would stay behind")
    shipment = task.ship(part)
    task.history.append((now, "PARTIALLY_SHIPPED"))
    return [Said("PARTIALLY_SHIPPED", part, shipment)]


def _ship(task: FloorTask, now: float) -> list[Said]:
    if task.status in _DONE or _rank(task.status) < _rank("PACKED"):
        raise NotNowError(task.status)
    rest = task.to_ship()
    shipment = task.ship(rest)
    task.turn("SHIPPED", now)
    return [Said("SHIPPED", rest, shipment)]


def _deliver(task: FloorTask, now: float) -> list[Said]:
    """Each shipment by itself."""
    if task.status != "SHIPPED":
        raise NotNowError(task.status)
    task.turn("DELIVERED", now)
    return [Said("DELIVERED", lines, shipment) for shipment, lines in task.shipments]


Do = Callable[[FloorTask, float], list[Said]]
STEPS_OF_LIFE: Mapping[str, Do] = {
    "allocate": _to("ALLOCATED"),
    "pick": _to("PICKING"),
    "picked": _to("PICKED"),
    "pack": _to("PACKED"),
    "load": _to("LOADED"),
    "hold": _hold,
    "cancel": _cancel,
    "short": _short,
    "ship-part": _ship_part,
    "ship": _ship,
    "deliver": _deliver,
}


def _rank(status: str) -> int:
    """A held task stands before all steps, a cancelled one behind them."""
    if status == CANCELLED:
        return len(STEPS)
    return STEPS.index(status) if status in STEPS else -1
