"""Orders as the API shows them.  Facts: AdobeDocs/commerce-webapi, rest/tutorials/orders and the OpenAPI file.

Null fields are left out, money is in the order's currency (`base_…` the same: one currency), an order's discount is
negative, a row's positive; times are UTC without a zone.
"""

from datetime import UTC, datetime
from typing import Any

from simulators.adobe_commerce.order_parts import AddressSeed
from simulators.adobe_commerce.order_rows import ZERO, OrderItem, money
from simulators.adobe_commerce.orders import Order, Remark
from simulators.core.wire import plain

Shown = dict[str, Any]  # JSON of the vendor's form


def utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def stated(shown: Shown) -> Shown:
    """Without what is null."""
    return {name: value for name, value in shown.items() if value is not None}


def show_order(order: Order) -> Shown:
    placed, customer = order.placed, order.placed.customer
    return stated(
        {
            "entity_id": order.id,
            "increment_id": order.increment_id,
            "ext_order_id": order.ext_order_id,
            "state": order.state,
            "status": order.status,
            "hold_before_state": order.held_in,
            "store_id": order.store_id,
            "store_name": "Main Website\nMain Website Store\n",
            "created_at": utc(order.created_at),
            "updated_at": utc(order.updated_at),
            "customer_id": customer.id,
            "customer_is_guest": int(customer.id is None),
            "customer_email": customer.email,
            "customer_firstname": customer.firstname,
            "customer_lastname": customer.lastname,
            "customer_group_id": customer.group_id,
            "customer_taxvat": customer.taxvat,
            "customer_note": placed.customer_note,
            "coupon_code": placed.coupon_code,
            "is_virtual": int(placed.shipping is None),
            "order_currency_code": placed.currency,
            "base_currency_code": placed.currency,
            "shipping_description": "Example carrier" if placed.shipping else None,
            "total_qty_ordered": plain(sum((item.ordered for item in order.items if item.parent is None), ZERO)),
            "total_item_count": sum(item.parent is None for item in order.items),
            **_totals(order),
            "items": [show_item(order, item) for item in order.items],
            "billing_address": _address(order, placed.billing, "billing"),
            "payment": _payment(order),
            "status_histories": [show_remark(order, remark) for remark in reversed(order.history)],
            "extension_attributes": _extensions(order),
        }
    )


def _totals(order: Order) -> Shown:
    placed = order.placed
    totals = {
        "subtotal": order.subtotal,
        "discount_amount": -order.discount or ZERO,
        "shipping_amount": placed.shipping_amount,
        "shipping_tax_amount": placed.shipping_tax,
        "tax_amount": order.tax,
        "grand_total": order.grand_total,
        "total_paid": order.paid or None,
        "total_refunded": order.refunded or None,
        "total_due": order.grand_total - order.paid,
    }
    shown = {name: None if amount is None else money(amount) for name, amount in totals.items()}
    return shown | {f"base_{name}": amount for name, amount in shown.items()}


def show_item(order: Order, item: OrderItem, *, with_parent: bool = True) -> Shown:
    line, parent = item.line, item.parent
    return stated(
        {
            "item_id": item.id,
            "order_id": order.id,
            "parent_item_id": parent.id if parent else None,
            "sku": item.sku,
            "name": item.name,
            "product_type": item.product_type,
            "price": money(item.price),
            "base_price": money(item.price),
            "row_total": item.row_total,
            "discount_amount": line.discount,
            "tax_amount": line.tax,
            "tax_percent": line.tax_percent,
            "qty_ordered": plain(item.ordered),
            "qty_shipped": plain(item.shipped),
            "qty_canceled": plain(item.cancelled),
            "qty_invoiced": plain(item.invoiced),
            "qty_refunded": plain(item.refunded),
            "created_at": utc(order.created_at),
            "updated_at": utc(order.updated_at),
            "parent_item": show_item(order, parent, with_parent=False) if parent and with_parent else None,
            "product_option": _options(item),
            "extension_attributes": _gift(line.gift_message),
        }
    )


def _options(item: OrderItem) -> Shown | None:
    line = item.line
    groups: Shown = {
        "custom_options": [{"option_id": name, "option_value": value} for name, value in line.options.items()],
        "configurable_item_options": [
            {"option_id": name, "option_value": value} for name, value in line.configuration.items()
        ],
    }
    held = {name: group for name, group in groups.items() if group}
    return {"extension_attributes": held} if held else None


def _gift(message: str) -> Shown | None:
    return {"gift_message": {"sender": "", "recipient": "", "message": message}} if message else None


def _address(order: Order, address: AddressSeed, kind: str) -> Shown:
    return stated(
        {
            "address_type": kind,
            "entity_id": 2 * order.id + (kind == "shipping"),
            "parent_id": order.id,
            "email": order.placed.customer.email,
            **{name: getattr(address, name) for name in address.__struct_fields__},
        }
    )


def _payment(order: Order) -> Shown:
    """`account_status` and `cc_last4` stand there as null in Adobe's own sample."""
    payment = order.placed.payment
    return {
        "account_status": None,
        "additional_information": ["Example payment"],
        "cc_last4": None,
        **stated(
            {
                "entity_id": order.id,
                "parent_id": order.id,
                "method": payment.method,
                "po_number": payment.po_number,
                "last_trans_id": payment.last_trans_id,
                "amount_ordered": order.grand_total,
                "amount_authorized": payment.amount_authorized,
                "amount_paid": order.paid or None,
                "amount_refunded": order.refunded or None,
            }
        ),
    }


def show_remark(order: Order, remark: Remark) -> Shown:
    return stated(
        {
            "entity_id": remark.id,
            "entity_name": "order",
            "parent_id": order.id,
            "comment": remark.comment,
            "status": remark.status,
            "is_customer_notified": remark.is_customer_notified,
            "is_visible_on_front": remark.is_visible_on_front,
            "created_at": utc(remark.created_at),
        }
    )


def _extensions(order: Order) -> Shown:
    placed, customer = order.placed, order.placed.customer
    shown: Shown = {}
    if placed.shipping is not None:
        shipping = {"address": _address(order, placed.shipping, "shipping"), "method": placed.shipping_method}
        shown["shipping_assignments"] = [
            {"shipping": shipping, "items": [show_item(order, item) for item in order.items]}
        ]
    if customer.company_id is not None:
        shown["company_order_attributes"] = {
            "order_id": order.id,
            "company_id": customer.company_id,
            "company_name": customer.company_name or "",
        }
    return shown
