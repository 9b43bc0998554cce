"""One method per endpoint of Commerce's order services: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from connectors.adobe_commerce import answers, scope
from connectors.adobe_commerce import wire as rows
from connectors.adobe_commerce.criteria import Criteria
from connectors.adobe_commerce.orders import bodies, wire
from connectors.adobe_commerce.orders.outcomes import read_create
from connectors.adobe_commerce.settings import Settings
from connectors.core.calls import Answer, Call, Query
from connectors.core.http import Sender
from connectors.core.paths import Path

T = TypeVar("T")

_QUANTITIES = "qty_ordered,qty_shipped,qty_invoiced,qty_refunded,qty_canceled"
_STANDING = f"entity_id,increment_id,state,status,ext_order_id,items[item_id,parent_item_id,sku,{_QUANTITIES}]"


class OrderClient:
    """Every call goes to the deployment's prefix and store scope."""

    def __init__(self, sender: Sender, settings: Settings) -> None:
        self._sender = sender
        self._settings = settings
        self._headers = scope.headers(settings)

    async def changes(self, criteria: Criteria) -> rows.Page[wire.ChangeRow]:
        """GET orders, of each only when it changed."""
        query = criteria.query(fields="items[entity_id,increment_id,created_at,updated_at],total_count")
        return await self._list("list-orders", "orders", query, wire.decode_changes)

    async def standings(self, criteria: Criteria) -> rows.Page[wire.StandingRow]:
        """GET orders, of each only where it stands."""
        query = criteria.query(fields=f"items[{_STANDING}],total_count")
        return await self._list("list-orders", "orders", query, wire.decode_standings)

    async def held(self, criteria: Criteria) -> rows.Page[wire.HeldRow]:
        """GET orders, of each only what it comes to."""
        fields = "entity_id,increment_id,grand_total,order_currency_code,items[item_id]"
        query = criteria.query(fields=f"items[{fields}],total_count")
        return await self._list("list-orders", "orders", query, wire.decode_held)

    async def order(self, entity_id: str) -> wire.OrderRow:
        """GET orders/{id}.  Raises NotFoundError."""
        return await self._read("read-order", "orders/{id}", (), wire.decode_order, id=entity_id)

    async def standing(self, entity_id: str) -> wire.StandingRow:
        """GET orders/{id}, only where it stands.  Raises NotFoundError."""
        query = (("fields", _STANDING),)
        return await self._read("read-order", "orders/{id}", query, wire.decode_standing, id=entity_id)

    async def comments(self, entity_id: str) -> rows.Page[wire.CommentRow]:
        """GET orders/{id}/comments: the whole history, in one page."""
        return await self._read("list-comments", "orders/{id}/comments", (), wire.decode_comments, id=entity_id)

    async def shipments(self, criteria: Criteria) -> rows.Page[wire.ShipmentRow]:
        """GET shipments."""
        return await self._list("list-shipments", "shipments", criteria.query(), wire.decode_shipments)

    async def invoices(self, criteria: Criteria) -> rows.Page[wire.BillRow]:
        """GET invoices."""
        return await self._list("list-invoices", "invoices", criteria.query(), wire.decode_bills)

    async def credit_memos(self, criteria: Criteria) -> rows.Page[wire.BillRow]:
        """GET creditmemos."""
        return await self._list("list-credit-memos", "creditmemos", criteria.query(), wire.decode_bills)

    async def save_order(self, body: bodies.SaveBody) -> None:
        """POST orders with an entity id: the fields that are sent, and no others, are set."""
        call = self._write("save-order", scope.route(self._settings, "orders"), body)
        await self._send(call, lambda answer: answers.read(call, answer, wire.decode_saved))

    async def add_comment(self, entity_id: str, body: bodies.CommentBody) -> None:
        """POST orders/{id}/comments: one more row each time."""
        await self._create("add-comment", "orders/{id}/comments", body, wire.decode_flag, id=entity_id)

    async def ship(self, entity_id: str, body: bodies.ShipBody) -> int:
        """POST order/{orderId}/ship: another shipment each time, while something is left."""
        return await self._create("ship-order", "order/{orderId}/ship", body, rows.decode_id, orderId=entity_id)

    async def invoice(self, entity_id: str, body: bodies.InvoiceBody) -> int:
        """POST order/{orderId}/invoice: another invoice each time, while something is left."""
        return await self._create("invoice-order", "order/{orderId}/invoice", body, rows.decode_id, orderId=entity_id)

    async def refund(self, entity_id: str, body: bodies.RefundBody) -> int:
        """POST order/{orderId}/refund, offline: another credit memo each time, while something is left."""
        return await self._create("refund-order", "order/{orderId}/refund", body, rows.decode_id, orderId=entity_id)

    async def cancel(self, entity_id: str) -> bool:
        """POST orders/{id}/cancel: False, with 200, where it cannot be."""
        call = self._write("cancel-order", scope.route(self._settings, "orders/{id}/cancel", id=entity_id), None)
        return await self._send(call, lambda answer: answers.read(call, answer, wire.decode_flag))

    async def _list(self, operation: str, template: str, query: Query, decode: Callable[[bytes], T]) -> T:
        return await self._read(operation, template, query, decode)

    async def _read(
        self, operation: str, template: str, query: Query, decode: Callable[[bytes], T], **values: str
    ) -> T:
        call = Call(
            operation=operation,
            method="GET",
            path=scope.route(self._settings, template, **values),
            effect=False,
            query=query,
            headers=self._headers,
        )
        return await self._send(call, lambda answer: answers.read(call, answer, decode))

    async def _create(
        self, operation: str, template: str, body: msgspec.Struct, decode: Callable[[bytes], T], **values: str
    ) -> T:
        call = self._write(operation, scope.route(self._settings, template, **values), body)
        return await self._send(call, lambda answer: read_create(call, answer, decode))

    def _write(self, operation: str, path: Path, body: msgspec.Struct | None) -> Call:
        return Call(
            operation=operation,
            method="POST",
            path=path,
            effect=True,
            headers=self._headers,
            body=None if body is None else rows.encode(body),
        )

    async def _send(self, call: Call, read: Callable[[Answer], T]) -> T:
        return await self._sender.send(call, read)
