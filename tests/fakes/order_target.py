"""An ERP in memory: the port `OrderTarget` with failures on order."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from connectors.core.errors import ConnectorError, NotFoundError, RejectedPayloadError
from schemas.models.document import SalesOrder
from schemas.models.order import Order


@dataclass(frozen=True)
class Failure:
    """What one write answers; with `after_effect` it is carried out first, as when the answer is lost."""

    error: ConnectorError
    after_effect: bool = False


@dataclass
class Document:
    """One sales order: what the port shows of it, and the order as it was last sent."""

    shown: SalesOrder
    order: Order


@dataclass
class InMemoryOrderTarget:
    """Behaves like the real ones (tests/contract/test_order_targets.py) and remembers what it was asked.

    `documents` is what the ERP holds, in order of making; `creates` and `cancels` every write that arrived, whatever
    came of it.  `failures` are used up one per write, None for a success; `read_failures` one per read.
    Without `upserts` a second create makes a second document.  `unseen` holds documents back from `find_orders`.
    """

    accounts: Collection[str | None] = ()
    items: Collection[str] = ()
    upserts: bool = True
    read_lag: timedelta = timedelta()
    documents: list[Document] = field(default_factory=list)
    creates: list[str] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    failures: deque[Failure | None] = field(default_factory=deque)
    read_failures: deque[ConnectorError | None] = field(default_factory=deque)
    unseen: set[str] = field(default_factory=set)
    closed: bool = False

    async def create_order(self, order_id: str, order: Order) -> SalesOrder:
        self.creates.append(order_id)
        failure = self._before_effect()
        self._validate(order)
        document = self._make(order_id, order)
        if failure is not None:
            raise failure.error
        return document.shown

    async def find_orders(self, order_id: str, order: Order) -> Sequence[SalesOrder]:
        self._fail_read()
        return [one.shown for one in self.of(order_id) if one.shown.internal_id not in self.unseen]

    async def cancel_order(self, order_id: str, internal_id: str) -> None:
        self.cancels.append(order_id)
        failure = self._before_effect()
        for document in self.documents:
            if document.shown.internal_id == internal_id:
                _cancel(document)
                break
        else:
            raise NotFoundError(f"there is no order {internal_id}")
        if failure is not None:
            raise failure.error

    async def check(self) -> None:
        self._fail_read()

    async def close(self) -> None:
        self.closed = True

    def of(self, order_id: str) -> list[Document]:
        """Every document that carries the id."""
        return [one for one in self.documents if one.shown.order_id == order_id]

    def _make(self, order_id: str, order: Order) -> Document:
        known = self.of(order_id)
        if known and self.upserts:
            known[0].order = order
            return known[0]
        number = len(self.documents) + 1
        work_orders = {one.line_id: f"WO{number}-{one.line_id}" for one in order.lines if one.make_to_order}
        shown = SalesOrder(
            order_id=order_id, number=f"SO{number}", internal_id=str(number), status="open", work_orders=work_orders
        )
        self.documents.append(Document(shown, order))
        return self.documents[-1]

    def _validate(self, order: Order) -> None:
        if order.customer.account_code not in self.accounts:
            raise RejectedPayloadError("unknown account", fields=("account_code",))
        unknown = tuple(one.sku for one in order.lines if one.sku not in self.items)
        if unknown:
            raise RejectedPayloadError(f"unknown item {unknown[0]}", fields=unknown)

    def _before_effect(self) -> Failure | None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not failure.after_effect:
            raise failure.error
        return failure

    def _fail_read(self) -> None:
        error = self.read_failures.popleft() if self.read_failures else None
        if error is not None:
            raise error


def _cancel(document: Document) -> None:
    if document.shown.status == "shipped":
        raise RejectedPayloadError("it is shipped", fields=("status",))
    document.shown = msgspec.structs.replace(document.shown, status="cancelled")
