"""Shipments, invoices and credit memos as the API shows them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from simulators.adobe_commerce.billing import Bill
from simulators.adobe_commerce.order_rows import ZERO, money
from simulators.adobe_commerce.order_views import Shown, utc
from simulators.adobe_commerce.shipments import DocumentItem, Shipment
from simulators.core.wire import plain

PAID = 2
"""State of an invoice; of a credit memo it means refunded."""


def show_shipment(shipment: Shipment) -> Shown:
    return {
        **_head(shipment.id, shipment.order_id, shipment.created_at),
        "total_qty": _total(shipment.items),
        "items": [_row(shipment.id, row) for row in shipment.items],
        "tracks": [
            {
                "entity_id": number,
                "order_id": shipment.order_id,
                "parent_id": shipment.id,
                "weight": 0,
                "qty": 0,
                "description": "",
                **track,
            }
            for number, track in enumerate(shipment.tracks, start=1)
        ],
        "comments": _comments(shipment.id, shipment.comments),
        "extension_attributes": {"source_code": shipment.source_code},
    }


def show_invoice(invoice: Bill) -> Shown:
    return {
        **_bill(invoice),
        "total_qty": _total(invoice.items),
        "items": [_billed(invoice.id, row) for row in invoice.items],
    }


def show_credit_memo(memo: Bill) -> Shown:
    return {
        **_bill(memo),
        "adjustment": memo.adjustment,
        "items": [{**_billed(memo.id, row), "base_cost": 0, "base_price": money(row.item.price)} for row in memo.items],
    }


def _bill(bill: Bill) -> Shown:
    return {
        **_head(bill.id, bill.order.id, bill.created_at),
        "state": PAID,
        "order_currency_code": bill.order.placed.currency,
        "shipping_amount": money(bill.shipping),
        "grand_total": bill.grand_total,
        "base_grand_total": bill.grand_total,
        "comments": _comments(bill.id, bill.comments),
    }


def _head(number: int, order_id: int, at: float) -> Shown:
    return {
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "order_id": order_id,
        "created_at": utc(at),
        "updated_at": utc(at),
    }


def _billed(number: int, row: DocumentItem) -> Shown:
    return {
        **_row(number, row),
        "name": row.item.name,
        "price": money(row.item.price),
        "row_total": money(row.item.price * row.quantity),
    }


def _row(number: int, row: DocumentItem) -> Shown:
    return {
        "entity_id": row.id,
        "parent_id": number,
        "order_item_id": row.item.id,
        "sku": row.item.sku,
        "qty": plain(row.quantity),
    }


def _total(items: Sequence[DocumentItem]) -> Decimal:
    return plain(sum((row.quantity for row in items if row.item.parent is None), ZERO))


def _comments(number: int, comments: Sequence[Mapping[str, object]]) -> list[Shown]:
    return [
        {"entity_id": position, "parent_id": number, "is_customer_notified": 0, **comment}
        for position, comment in enumerate(comments, start=1)
    ]
