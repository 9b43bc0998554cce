"""What a customer return or a billing document says of the orders that it belongs to; pure.

One document may belong to several orders (a collective invoice): each is told its own lines and its own share.
Amounts of credit memos are told above zero, as those of invoices.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from connectors.sap_s4hana import document_wire, event_mapping, wire
from connectors.sap_s4hana.event_mapping import document, event_id_of
from connectors.sap_s4hana.settings import Settings
from schemas.micros import micros_of_text
from schemas.models.erp_order_event import ErpOrderEvent, ErpOrderEventKind
from schemas.models.order_event import EventLine

RECEIVED = "X"


class OurOrder(NamedTuple):
    """A sales order that carries an id of ours; its items by number, without the zeros in front."""

    order_id: str
    number: str
    items: Mapping[str, wire.ItemRow]


class PlacedReturn(NamedTuple):
    """An item of a return, and the order's item that comes back by it."""

    row: document_wire.ReturnItemRow
    order_item: str


class PlacedBilling(NamedTuple):
    """An item of a billing document, and the order's item that it bills or credits."""

    row: document_wire.BillingItemRow
    order_item: str


def plain(item: str) -> str:
    """SAP fills numbers of items up with zeros in some fields and not in others."""
    return item.lstrip("0")


def kind_of(made: document_wire.BillingRow, settings: Settings) -> ErpOrderEventKind | None:
    """None for what says nothing of an order: pro forma, debit memo, what was cancelled and what cancels it."""
    if made.is_cancelled:
        return None
    kinds: dict[str, ErpOrderEventKind] = {
        settings.invoice_category: "INVOICED",
        settings.credit_memo_category: "REFUNDED",
    }
    return kinds.get(made.category or "")


def billing_events(
    made: document_wire.BillingRow, placed: Sequence[PlacedBilling], order: OurOrder, settings: Settings
) -> Iterator[ErpOrderEvent]:
    """Told once, at the time of its making.  Raises ValueError or ArithmeticError for what is none."""
    kind = kind_of(made, settings)
    if kind is None:
        return
    at = event_mapping.made_at(made.creation_date, made.creation_time, settings)
    name = "invoice" if kind == "INVOICED" else "credit-memo"
    amount = sum(Decimal(one.row.net_amount) + Decimal(one.row.tax_amount) for one in placed)
    yield ErpOrderEvent(
        **document(kind, made.number, at, event_id_of(name, made.number, order.number)),
        **_of(order),
        amount=micros_of_text(format(abs(amount), "f")),
        lines=_lines([(one.order_item, one.row.material, one.row.quantity) for one in placed], order, settings),
    )


def return_events(
    made: document_wire.ReturnRow, placed: Sequence[PlacedReturn], order: OurOrder, settings: Settings
) -> Iterator[ErpOrderEvent]:
    """A return may be seen in its last state only, so that it tells its beginning too.

    Raises ValueError or ArithmeticError for what is none.
    """
    common: dict[str, Any] = {**_of(order), "part": made.number}
    begun = event_id_of("return", made.number, order.number)
    lines = _returned(placed, order, settings)
    yield ErpOrderEvent(
        **document("RETURN_REQUESTED", made.number, _made_at(made, order, settings), begun), **common, lines=lines
    )
    at = wire.from_date(made.last_change_date_time or "")
    back = [one for one in placed if not one.row.rejection_reason]
    if not back:
        reason = min(one.row.rejection_reason or "" for one in placed)
        ended = document("RETURN_REJECTED", made.number, at, event_id_of("return", made.number, order.number, str(at)))
        yield ErpOrderEvent(**ended, **common, lines=lines, reason=reason)
    elif all(_is_received(one.row) for one in back):
        ended = document("RETURN_RECEIVED", made.number, at, event_id_of("return", made.number, order.number, str(at)))
        yield ErpOrderEvent(**ended, **common, lines=_returned(back, order, settings))


def _of(order: OurOrder) -> dict[str, Any]:
    return {"source_system": event_mapping.SYSTEM, "erp_number": order.number, "order_id": order.order_id}


def _is_received(row: document_wire.ReturnItemRow) -> bool:
    """Its own mark where returns are managed, else that nothing more is to come of the item."""
    return row.received == RECEIVED or row.process_status == event_mapping.ALL


def _made_at(made: document_wire.ReturnRow, order: OurOrder, settings: Settings) -> int:
    """A return says the day only; the process flow of the order's items has the time too."""
    flows = (one for item in order.items.values() for one in item.flow.results)
    own = next((one for one in flows if plain(one.subsequent_document) == plain(made.number)), None)
    if own is not None and own.creation_date:
        return event_mapping.made_at(own.creation_date, own.creation_time, settings)
    return event_mapping.made_at(made.creation_date, None, settings)


def _returned(placed: Sequence[PlacedReturn], order: OurOrder, settings: Settings) -> tuple[EventLine, ...]:
    return _lines([(one.order_item, one.row.material, one.row.quantity) for one in placed], order, settings)


def _lines(told: Sequence[tuple[str, str | None, str]], order: OurOrder, settings: Settings) -> tuple[EventLine, ...]:
    """Items without a quantity are texts or values, and no goods."""
    found = []
    for order_item, material, quantity in told:
        item = order.items.get(order_item)
        micros = abs(micros_of_text(quantity))
        sku = material or (item.material if item is not None else "")
        if micros and sku:
            line_id = None if item is None else event_mapping.line_id_of(item, settings)
            found.append(EventLine(line_id=line_id, sku=sku, quantity=micros))
    return tuple(found)
