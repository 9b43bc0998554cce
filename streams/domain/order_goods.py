"""The order as an ERP books it: every amount once, though shops state a parent and its parts side by side.

Commerce shows a configurable as a parent with the money and one child with the goods; a bundle of dynamic price as a
parent with the sum and children with their own money; a bundle of fixed price as a parent with the money and children
without (magento/magento2: Sales order items, `parent_item_id`).  Nothing is computed: a line is left out, or takes
over what its parent states.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from schemas.models.order import Order, OrderLine


def goods_of(order: Order) -> Order:
    """The order without the lines that state a second time what their parts state; totals stay as they are."""
    by_id = {line.line_id: line for line in order.lines}
    parts: dict[str, list[OrderLine]] = defaultdict(list)
    for line in order.lines:
        parent = by_id.get(line.parent_line_id or "")
        if parent is not None and parent.parent_line_id not in by_id:  # a ring of parents leaves every line
            parts[parent.line_id].append(line)
    if not parts:
        return order
    return msgspec.structs.replace(order, lines=tuple(_booked(order.lines, by_id, parts)))


def _booked(
    lines: Sequence[OrderLine], by_id: Mapping[str, OrderLine], parts: Mapping[str, Sequence[OrderLine]]
) -> Iterator[OrderLine]:
    for line in lines:
        if line.line_id in parts and _is_stated_below(line, parts[line.line_id]):
            continue
        parent = by_id.get(line.parent_line_id or "")
        if parent is None or not _is_stated_below(parent, parts.get(parent.line_id, ())):
            yield line
        else:
            yield _in_place_of(parent, line)


def _is_stated_below(parent: OrderLine, parts: Sequence[OrderLine]) -> bool:
    """Whether the parts say it all: each has money of its own, or the only one stands for as many units."""
    if not parts:
        return False
    return all(part.row_total for part in parts) or (len(parts) == 1 and parts[0].quantity == parent.quantity)


def _in_place_of(parent: OrderLine, part: OrderLine) -> OrderLine:
    """What was chosen at the parent goes on with the part; its money only where the part states none."""
    chosen = msgspec.structs.replace(
        part,
        parent_line_id=None,
        options={**parent.options, **part.options},
        configuration={**parent.configuration, **part.configuration},
        note=part.note or parent.note,
        make_to_order=part.make_to_order or parent.make_to_order,
    )
    if part.row_total:
        return chosen
    return msgspec.structs.replace(
        chosen,
        price=parent.price,
        row_total=parent.row_total,
        discount=parent.discount,
        tax=parent.tax,
        tax_percent=parent.tax_percent,
    )
