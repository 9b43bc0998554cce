"""A shop's orders in memory: the port `ShopOrderTarget` with failures on order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from connectors.core.errors import ConnectorError, NotFoundError, RejectedPayloadError
from schemas.models.document import LineQuantity, OrderChange, Shipment, ShopDocument, ShopLine, ShopOrder
from schemas.models.order import Order
from schemas.models.order_event import Track

PAGE = 50
SECOND = 1_000_000


@dataclass(frozen=True)
class Failure:
    """What one write answers; with `after_effect` it is carried out first, as when the answer is lost."""

    error: ConnectorError
    after_effect: bool = False


@dataclass
class Kept:
    """One order and everything that was made of it."""

    order: Order
    shown: ShopOrder
    comments: list[str] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    invoices: list[ShopDocument] = field(default_factory=list)
    credit_memos: list[ShopDocument] = field(default_factory=list)

    def line(self, line_id: str) -> ShopLine:
        for line in self.shown.lines:
            if line.line_id == line_id:
                return line
        raise RejectedPayloadError(f"no line {line_id}", fields=(line_id,))

    def count(self, line_id: str, **counts: int) -> None:
        """Add to the counts of one line."""
        lines = tuple(
            line
            if line.line_id != line_id
            else msgspec.structs.replace(line, **{name: getattr(line, name) + by for name, by in counts.items()})
            for line in self.shown.lines
        )
        self.shown = msgspec.structs.replace(self.shown, lines=lines)

    def enter(self, state: str) -> None:
        self.shown = msgspec.structs.replace(self.shown, state=state, status=state)


@dataclass
class InMemoryShopOrderTarget:
    """Behaves like the real ones (tests/contract/test_shop_order_targets.py) and remembers what it was asked.

    `failures` are used up one per write, None for a success; `read_failures` one per read.  `statuses` are those that
    a comment may set, whatever the state.
    """

    orders: dict[str, Kept] = field(default_factory=dict)
    statuses: frozenset[str] = frozenset({"new"})
    failures: deque[Failure | None] = field(default_factory=deque)
    read_failures: deque[ConnectorError | None] = field(default_factory=deque)
    writes: list[str] = field(default_factory=list)
    closed: bool = False
    _last_id: int = 0

    def place(self, order: Order) -> str:
        """A shopper's order; its entity id."""
        entity_id = self._new_id()
        lines = tuple(
            ShopLine(line_id=line.line_id, parent_line_id=line.parent_line_id, sku=line.sku, ordered=line.quantity)
            for line in order.lines
        )
        shown = ShopOrder(number=order.number, entity_id=entity_id, state="new", status="new", lines=lines)
        self.orders[entity_id] = Kept(msgspec.structs.replace(order, entity_id=entity_id), shown)
        return entity_id

    async def read_order(self, number: str) -> Order:
        return self._by_number(number).order

    async def shop_order(self, number: str) -> ShopOrder:
        return self._by_number(number).shown

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        """By whole seconds, as Commerce compares."""
        self._fail_read()
        begin = (since // SECOND, int(after or 0))
        found = sorted((kept.order.updated_at // SECOND, int(key), kept.order) for key, kept in self.orders.items())
        behind = [order for second, entity_id, order in found if (second, entity_id) > begin]
        return [_change(order) for order in behind[:PAGE]]

    async def shipments(self, entity_id: str) -> Sequence[Shipment]:
        self._fail_read()
        return list(self.orders[entity_id].shipments) if entity_id in self.orders else []

    async def invoices(self, entity_id: str) -> Sequence[ShopDocument]:
        self._fail_read()
        return list(self.orders[entity_id].invoices) if entity_id in self.orders else []

    async def credit_memos(self, entity_id: str) -> Sequence[ShopDocument]:
        self._fail_read()
        return list(self.orders[entity_id].credit_memos) if entity_id in self.orders else []

    async def comments(self, entity_id: str) -> Sequence[str]:
        self._fail_read()
        return list(self.orders[entity_id].comments) if entity_id in self.orders else []

    async def set_external_id(self, entity_id: str, external_id: str) -> None:
        failure, kept = self._begin("set_external_id", entity_id)
        kept.shown = msgspec.structs.replace(kept.shown, external_id=external_id)
        _end(failure)

    async def add_comment(self, entity_id: str, *, reference: str, text: str, status: str | None, notify: bool) -> None:
        failure, kept = self._begin("add_comment", entity_id)
        if status is not None and status not in self.statuses:
            raise RejectedPayloadError(f"status {status} does not belong to the state", fields=(status,))
        kept.comments.append(f"{text} (ref {reference}){' by mail' if notify else ''}")
        _end(failure)

    async def ship(
        self,
        entity_id: str,
        *,
        reference: str,
        lines: Sequence[LineQuantity],
        source_code: str,
        tracks: Sequence[Track],
        notify: bool,
    ) -> str:
        failure, kept = self._begin("ship", entity_id)
        _check(lines)
        left = [(line, kept.line(line.line_id)) for line in lines]
        sent = [LineQuantity(a.line_id, min(a.quantity, b.ordered - b.shipped - b.cancelled)) for a, b in left]
        sent = [line for line in sent if line.quantity > 0]
        if not sent:
            raise RejectedPayloadError("nothing is left to ship")
        for line in sent:
            kept.count(line.line_id, shipped=line.quantity)
        shipment = Shipment(
            internal_id=self._new_id(),
            reference=reference,
            source_code=source_code,
            lines=tuple(sent),
            tracks=tuple(tracks),
        )
        kept.shipments.append(shipment)
        kept.enter("processing")
        _end(failure)
        return shipment.internal_id

    async def invoice(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity], capture: bool) -> str:
        failure, kept = self._begin("invoice", entity_id)
        _check(lines)
        for line in lines:
            known = kept.line(line.line_id)
            if line.quantity > known.ordered - known.invoiced - known.cancelled:
                raise RejectedPayloadError(f"more than is left of line {line.line_id}")
        made = self._bill(kept, reference, lines)
        for line in lines:
            kept.count(line.line_id, invoiced=line.quantity)
        kept.invoices.append(made)
        kept.enter("processing")
        _end(failure)
        return made.internal_id

    async def refund(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity]) -> str:
        failure, kept = self._begin("refund", entity_id)
        _check(lines)
        for line in lines:
            known = kept.line(line.line_id)
            if line.quantity > known.invoiced - known.refunded:
                raise RejectedPayloadError(f"more than was invoiced of line {line.line_id}")
        made = self._bill(kept, reference, lines)
        for line in lines:
            kept.count(line.line_id, refunded=line.quantity)
        kept.credit_memos.append(made)
        _end(failure)
        return made.internal_id

    async def cancel(self, entity_id: str) -> bool:
        failure, kept = self._begin("cancel", entity_id)
        if not any(line.invoiced for line in kept.shown.lines):
            for line in kept.shown.lines:
                kept.count(line.line_id, cancelled=line.ordered - line.shipped - line.cancelled)
            kept.enter("canceled")
        _end(failure)
        return kept.shown.state == "canceled"

    async def check(self) -> None:
        self._fail_read()

    async def close(self) -> None:
        self.closed = True

    def _by_number(self, number: str) -> Kept:
        self._fail_read()
        for kept in self.orders.values():
            if kept.order.number == number:
                return kept
        raise NotFoundError(f"there is no order {number!r}")

    def _begin(self, name: str, entity_id: str) -> tuple[Failure | None, Kept]:
        self.writes.append(name)
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not failure.after_effect:
            raise failure.error
        if entity_id not in self.orders:
            raise NotFoundError(f"there is no order {entity_id}")
        return failure, self.orders[entity_id]

    def _bill(self, kept: Kept, reference: str, lines: Sequence[LineQuantity]) -> ShopDocument:
        prices = {line.line_id: line.price or 0 for line in kept.order.lines}
        total = sum(prices[line.line_id] * line.quantity // 1_000_000 for line in lines)
        return ShopDocument(internal_id=self._new_id(), reference=reference, lines=tuple(lines), total=total)

    def _new_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _fail_read(self) -> None:
        error = self.read_failures.popleft() if self.read_failures else None
        if error is not None:
            raise error


def _change(order: Order) -> OrderChange:
    return OrderChange(
        number=order.number,
        entity_id=order.entity_id or "",
        placed_at=order.placed_at,
        updated_at=order.updated_at // SECOND * SECOND,
    )


def _check(lines: Sequence[LineQuantity]) -> None:
    if not lines or any(line.quantity <= 0 for line in lines):
        raise RejectedPayloadError("lines with quantities are needed")


def _end(failure: Failure | None) -> None:
    if failure is not None:
        raise failure.error
