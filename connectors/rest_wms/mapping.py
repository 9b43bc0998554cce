"""Between orders and pick tasks, and between a task's state and our document; pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.core.errors import RejectedPayloadError
from connectors.rest_wms import wire
from schemas.micros import MICROS
from schemas.models.document import PickTask
from schemas.models.order import Address, Order, OrderLine
from schemas.models.order_event import EventLine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_task(order_id: str, order: Order, *, source_code: str, lines: Sequence[EventLine]) -> wire.Task:
    """What to pick comes from `lines`, how to pack it from the order.

    Raises:
        RejectedPayloadError: a line that is not of the order, or a date that no calendar has.
    """
    return wire.Task(
        order_id=order_id,
        source_code=source_code,
        lines=tuple(_line(one, order) for one in lines),
        ship_to=to_address(order.shipping) if order.shipping else None,
        shipping_method=order.shipping_method,
        instructions=order.instructions,
        requested_at=time_text(order.requested_at) if order.requested_at is not None else None,
    )


def from_state(state: wire.TaskState) -> PickTask:
    return PickTask(task_id=state.task_id, order_id=state.order_id, number=state.number, status=state.status)


def to_state(task: PickTask) -> wire.TaskState:
    return wire.TaskState(task_id=task.task_id, order_id=task.order_id, number=task.number, status=task.status)


def to_address(address: Address) -> wire.Address:
    """All that a label needs; the tax id stays here."""
    return wire.Address(
        first_name=address.first_name,
        last_name=address.last_name,
        company=address.company,
        street=address.street,
        city=address.city,
        region=address.region,
        region_code=address.region_code,
        postcode=address.postcode,
        country=address.country,
        telephone=address.telephone,
    )


def from_address(address: wire.Address) -> Address:
    return Address(
        first_name=address.first_name,
        last_name=address.last_name,
        company=address.company,
        street=address.street,
        city=address.city,
        region=address.region,
        region_code=address.region_code,
        postcode=address.postcode,
        country=address.country,
        telephone=address.telephone,
    )


def quantity_text(micros: int) -> str:
    """2500000 → `2.5`: all digits and no superfluous zero."""
    whole, rest = divmod(abs(micros), MICROS)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}" + f".{rest:06d}".rstrip("0").rstrip(".")


def time_text(micros: int) -> str:
    """RFC 3339 in UTC, to the microsecond.

    Raises:
        RejectedPayloadError: before the year 1 or after 9999.
    """
    try:
        moment = _EPOCH + timedelta(microseconds=micros)
    except OverflowError as exc:
        raise RejectedPayloadError("a date is too far away", fields=("requested_at",), status=None) from exc
    return moment.isoformat().replace("+00:00", "Z")


def _line(wanted: EventLine, order: Order) -> wire.Line:
    line = _line_of(wanted, order.lines)
    parent = next((one for one in order.lines if one.line_id == line.parent_line_id), None)
    return wire.Line(
        line_id=line.line_id,
        sku=wanted.sku,
        quantity=quantity_text(wanted.quantity),
        unit=line.unit,
        note=line.note or (parent.note if parent else None),
        options=_with_parents(line.options, parent.options if parent else {}),
        configuration=_with_parents(line.configuration, parent.configuration if parent else {}),
    )


def _line_of(wanted: EventLine, lines: Sequence[OrderLine]) -> OrderLine:
    """By id; where only the SKU is known, by the one line of that SKU that has no lines of its own."""
    if wanted.line_id is not None:
        found = [line for line in lines if line.line_id == wanted.line_id]
    else:
        parents = {line.parent_line_id for line in lines}
        found = [line for line in lines if line.sku == wanted.sku and line.line_id not in parents]
    if len(found) != 1:
        name = wanted.line_id if wanted.line_id is not None else wanted.sku
        raise RejectedPayloadError(f"{len(found)} lines of the order are {name!r}", fields=(name,), status=None)
    return found[0]


def _with_parents(own: Mapping[str, str], parents: Mapping[str, str]) -> dict[str, str]:
    """Channels keep what was chosen at the parent of a configured line, and the goods at its child."""
    return {**parents, **own}
