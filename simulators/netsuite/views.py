"""Orders as NetSuite shows them, and the state page."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from simulators.core import wire
from simulators.netsuite.settings import Settings, shown
from simulators.netsuite.state import (
    Document,
    ItemSeed,
    Line,
    RecordSeed,
    SalesOrder,
    Seed,
    State,
    numbered,
    numbered_items,
)

RECORD_ROOT = "/services/rest/record/v1"
STATUS_NAMES = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
APPROVALS = {True: "B", False: "A"}


class Parts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What PUT /_sim/state takes; what is absent stays."""

    settings: dict[str, object] | None = None
    customers: list[str | RecordSeed] | None = None
    items: list[str | ItemSeed] | None = None
    terms: list[str | RecordSeed] | None = None
    currencies: list[str | RecordSeed] | None = None

    def touch_state(self) -> bool:
        return any(getattr(self, name) is not None for name in self.__struct_fields__ if name != "settings")


def merged(seed: Seed, parts: Parts) -> Seed:
    changes: dict[str, object] = {}
    if parts.items is not None:
        changes["items"] = numbered_items(parts.items)
    for name, first in (("customers", 101), ("terms", 2), ("currencies", 1)):
        given = getattr(parts, name)
        if given is not None:
            changes[name] = numbered(given, first)
    return msgspec.structs.replace(seed, **changes)


def show_order(order: SalesOrder, base: str, *, expand: bool) -> dict[str, object]:
    """With `expand` the lines, else a link to them."""
    self_link = f"{base}{RECORD_ROOT}/salesOrder/{order.id}"
    whole = total(order)
    return {
        "links": [{"rel": "self", "href": self_link}],
        "id": str(order.id),
        **({} if order.external_id is None else {"externalId": order.external_id}),
        "tranId": order.tran_id,
        "status": {"id": order.status, "refName": STATUS_NAMES[order.status]},
        "orderStatus": {"id": APPROVALS[order.approved], "refName": STATUS_NAMES[APPROVALS[order.approved]]},
        **order.header,
        "createdDate": _stamp(order.created_at),
        "lastModifiedDate": _stamp(order.modified_at),
        "subtotal": _subtotal(order),
        "total": whole,
        "item": _show_lines(order, expand=expand, link=f"{self_link}/item"),
    }


def _show_lines(order: SalesOrder, *, expand: bool, link: str) -> dict[str, object]:
    if not expand:
        return {"links": [{"rel": "self", "href": link}]}
    rows = [_show_line(line, link) for line in order.lines]
    return {
        "links": [{"rel": "self", "href": link}],
        "items": rows,
        "count": len(rows),
        "hasMore": False,
        "offset": 0,
        "totalResults": len(rows),
    }


def _show_line(line: Line, link: str) -> dict[str, object]:
    shown_line: dict[str, object] = {
        **line.fields,
        "links": [{"rel": "self", "href": f"{link}/{line.line}"}],
        "line": line.line,
        "lineUniqueKey": str(line.unique_key),
        "item": {"id": line.item.id, "refName": line.item.name},
        "quantity": wire.plain(line.quantity),
        "rate": wire.plain(line.rate),
        "amount": wire.plain(line.amount),
        "expectedShipDate": line.expected.isoformat(),
        "isClosed": line.is_closed,
        "quantityFulfilled": wire.plain(line.fulfilled),
        "quantityBilled": wire.plain(line.billed),
        "quantityBackOrdered": wire.plain(line.left if line.item.made else Decimal(0)),
        "itemIsFulfilled": line.left <= 0,
    }
    if line.work_order is not None:
        shown_line["woId"] = line.work_order
    return shown_line


def _subtotal(order: SalesOrder) -> Decimal:
    return wire.plain(sum((line.amount for line in order.lines), Decimal(0)))


def total(order: SalesOrder) -> Decimal:
    """As the account adds it up: lines, discount (a negative sum), shipping, tax."""
    beside = (order.header.get(name) for name in ("discountRate", "shippingCost", "taxTotal"))
    added = [one.decimal() for one in beside if isinstance(one, wire.Number)]
    return wire.plain(_subtotal(order) + sum(added, Decimal(0)))


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def show_state(state: State, settings: Settings) -> dict[str, object]:
    """For tests, demos and people: every order with how many times it was made and saved."""
    return {
        "settings": shown(settings),
        "customers": [one.external_id or one.id for one in state.seed.customers],
        "items": [one.external_id or one.id for one in state.seed.items],
        "orders": [summary(one, state) for one in state.orders.values()],
        "doubled": list(state.doubled()),
    }


def summary(order: SalesOrder, state: State) -> dict[str, object]:
    """Quantities and money as text: digits that no reader can spoil."""
    documents = state.by_order.get(order.id, [])
    return {
        "id": str(order.id),
        "tran_id": order.tran_id,
        "external_id": order.external_id,
        "status": order.status,
        "created": order.created,
        "saved": order.saved,
        "total": str(total(order)),
        "lines": [_summary_of_line(line) for line in order.lines],
        "deliveries": [one.kind for one in documents if one.kind != "workOrder"],
        "documents": [_summary_of_document(one) for one in documents],
    }


def _summary_of_document(document: Document) -> dict[str, object]:
    return {
        "kind": document.kind,
        "tran_id": document.tran_id,
        "status": document.status,
        "amount": str(wire.plain(document.amount)),
        "lines": {str(line): str(wire.plain(quantity)) for line, quantity in document.lines.items()},
    }


def _summary_of_line(line: Line) -> dict[str, object]:
    return {
        "sku": line.item.external_id or line.item.id,
        "quantity": str(wire.plain(line.quantity)),
        "amount": str(wire.plain(line.amount)),
        "is_closed": line.is_closed,
        "work_order": line.work_order,
    }
