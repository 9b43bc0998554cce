"""What sinks may ask of the systems behind an order, whatever product each is.

Fakes in tests/fakes pass the same suites.  Every method raises from `connectors.core.errors`; reads never raise
UnknownOutcomeError.  `order_id` is the unified order id: letters, digits, `_` and `-` only.  Mappings are the
connector's; it decides nothing and re-computes nothing: taxes, discounts and totals go over as the order states them.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from schemas.models.document import (
    BookedDocument,
    Booking,
    CrmRecord,
    Label,
    LineQuantity,
    Offer,
    OrderChange,
    PickTask,
    SalesOrder,
    Shipment,
    ShopDocument,
    ShopOrder,
)
from schemas.models.erp_order_event import ErpOrderEvent
from schemas.models.order import Order
from schemas.models.order_event import EventLine, Track


class Target(Protocol):
    """What every port has."""

    async def check(self) -> None:
        """One cheap read that proves address and credential."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class OrderTarget(Target, Protocol):
    """An ERP that takes sales orders."""

    @property
    def upserts(self) -> bool:
        """Whether a second create of the same order is the same document; else look first."""
        ...

    @property
    def read_lag(self) -> timedelta:
        """How long a document that was made may stay unseen by `find_orders`."""
        ...

    async def create_order(self, order_id: str, order: Order) -> SalesOrder:
        """Make the order, with every line, in one call or in calls that are inert until the last.

        Safe to repeat where `upserts`; elsewhere only after `find_orders` found none.
        """
        ...

    async def find_orders(self, order_id: str, order: Order) -> Sequence[SalesOrder]:
        """Every order that carries our id: none, one, or the two that a person must look at."""
        ...

    async def cancel_order(self, order_id: str, internal_id: str) -> None:
        """Cancel it.  Safe to repeat: one that is cancelled already is success.

        Raises RejectedPayloadError where the ERP no longer lets it go.
        """
        ...


class OrderEventSource(Target, Protocol):
    """A system that can be asked what happened to orders; most ERPs tell it to nobody by themselves."""

    async def order_events(self, cursor: str) -> tuple[Sequence[ErpOrderEvent], str]:
        """What happened behind the cursor, oldest first, in pages; and the cursor behind it.

        "" begins with what happens from now on.  The cursor is the connector's own text, below 10,000 characters, and
        leaves room behind it for what becomes visible late, so events come again; the same happening has the same
        `event_id` each time.  There is no more for now where the cursor that comes back is the one that was given.
        """
        ...


class TaskTarget(Target, Protocol):
    """A WMS that takes pick tasks; it knows a task by our id, so a repeat is the same task."""

    async def create_task(
        self, task_id: str, order_id: str, order: Order, *, source_code: str, lines: Sequence[EventLine]
    ) -> PickTask:
        """Pick list, packing instructions and address.  Safe to repeat: keyed by `task_id`."""
        ...

    async def find_task(self, task_id: str) -> PickTask | None:
        """The task, or None."""
        ...

    async def cancel_task(self, task_id: str) -> None:
        """Safe to repeat.  Raises RejectedPayloadError where picking is too far."""
        ...


class CrmTarget(Target, Protocol):
    """A CRM that keeps the account's orders; it upserts by our id."""

    async def record_order(self, order_id: str, order: Order, *, status: str) -> CrmRecord:
        """Account, order and lines.  Safe to repeat: upserts by external id, absolute values."""
        ...

    async def record_status(self, order_id: str, *, status: str, expected_at: int | None) -> None:
        """Status and promised date of a recorded order.  Safe to repeat."""
        ...


class FinanceTarget(Target, Protocol):
    """An accounting system.  What it holds of a document is known by our reference."""

    @property
    def upserts(self) -> bool:
        """Whether a second `post` under the same reference is the same document; else look first."""
        ...

    @property
    def read_lag(self) -> timedelta:
        """How long a document that was posted may stay unseen, or show its last amount, in `find_documents`."""
        ...

    async def post(self, booking: Booking) -> BookedDocument:
        """Book it.  A reference that is booked with another amount is corrected: one document, with this amount.

        How a correction is entered (written over, or a further entry of the difference) is the system's own affair.
        Safe to repeat where `upserts`; elsewhere only after `find_documents` did not show this amount.
        Raises RejectedPayloadError where it does not let itself be booked: a closed period, a locked document, the
        same reference with another account, currency, order or kind.  Nothing is changed then.
        """
        ...

    async def find_documents(self, reference: str) -> Sequence[BookedDocument]:
        """Every document that carries our reference: none, one, or the two that a person must look at."""
        ...


class CarrierTarget(Target, Protocol):
    """A carrier, or a shipping system before several; it knows a parcel by our reference.

    `order_id` and `shipment` go onto the label, so that the carrier's events name them; `shipment` is None where the
    warehouse has no name for it.
    """

    async def rates(self, order: Order, *, source_code: str, lines: Sequence[EventLine]) -> Sequence[Offer]:
        """What it would cost from that place to the order's shipping address; a read, nothing is booked.

        Raises RejectedPayloadError where it does not deliver there.
        """
        ...

    async def book(
        self,
        reference: str,
        order_id: str,
        order: Order,
        *,
        service: str,
        shipment: str | None,
        source_code: str,
        lines: Sequence[EventLine],
    ) -> Label:
        """A label for one parcel.  Keyed by `reference`: the same content once more is the same label.

        Raises RejectedPayloadError where it does not deliver there, or does not know the service; ConflictError where
        the reference stands for other content, which `find` then shows.
        """
        ...

    async def find(self, reference: str) -> Label | None:
        """The label; None where there is none, or it is void."""
        ...

    async def cancel(self, reference: str) -> None:
        """Make it void.  Safe to repeat.

        Raises NotFoundError; RejectedPayloadError where the carrier has the parcel already.
        """
        ...


class ShopOrderTarget(Target, Protocol):
    """The shop's side of an order.  Documents carry our reference, so that a lost answer can be looked up."""

    async def read_order(self, number: str) -> Order:
        """The whole order.  Raises NotFoundError."""
        ...

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        """The next page of orders by their last change, oldest first; empty where there are no more.

        Without `after` it begins with what changed in the second of `since` (µs) or later; with it, behind the order of
        that entity id in that second: pass on the last row of a page.  So nothing slips over the border of two pages
        while orders change.  An order that changes again comes again, later; what becomes visible late, or changes
        twice within one second, is not told twice: begin anew a little earlier, and read what is new by `read_order`.
        """
        ...

    async def shop_order(self, number: str) -> ShopOrder:
        """Where it stands.  Raises NotFoundError."""
        ...

    async def shipments(self, entity_id: str) -> Sequence[Shipment]:
        """Every shipment of the order."""
        ...

    async def invoices(self, entity_id: str) -> Sequence[ShopDocument]:
        """Every invoice of the order."""
        ...

    async def credit_memos(self, entity_id: str) -> Sequence[ShopDocument]:
        """Every credit memo of the order."""
        ...

    async def set_external_id(self, entity_id: str, external_id: str) -> None:
        """Write the ERP's number to the order.  Safe to repeat: absolute."""
        ...

    async def add_comment(self, entity_id: str, *, reference: str, text: str, status: str | None, notify: bool) -> None:
        """A comment in the order's history, with `reference` in it.  NOT safe to repeat: look for it first."""
        ...

    async def comments(self, entity_id: str) -> Sequence[str]:
        """The texts of the order's history, for looking a reference up."""
        ...

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
        """Make a shipment; its id.  NOT safe to repeat: look for `reference` in `shipments` first."""
        ...

    async def invoice(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity], capture: bool) -> str:
        """Make an invoice; its id.  NOT safe to repeat: look for `reference` in `invoices` first."""
        ...

    async def refund(self, entity_id: str, *, reference: str, lines: Sequence[LineQuantity]) -> str:
        """Make an offline credit memo; its id.  NOT safe to repeat; never returns stock: the WMS owns it."""
        ...

    async def cancel(self, entity_id: str) -> bool:
        """Cancel what is not shipped; whether the order is cancelled afterwards, read back.  Safe to repeat."""
        ...
