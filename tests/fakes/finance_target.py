"""An accounting system in memory: the port `FinanceTarget` with failures on order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from connectors.core.errors import ConnectorError, RejectedPayloadError
from schemas.models.document import BookedDocument, Booking
from tests.fakes.order_target import Failure

_LASTING = ("kind", "order_id", "document", "account", "currency")


@dataclass
class Held:
    """One document: what the port shows of it, as it was booked first, and what each posting changed."""

    shown: BookedDocument
    booking: Booking
    entries: list[int]
    is_locked: bool = False


@dataclass
class InMemoryFinanceTarget:
    """Behaves like the real ones (tests/contract/test_finance_targets.py) and remembers what it was asked.

    `posts` is every write that arrived, whatever came of it.  `failures` are used up one per write, None for a success;
    `read_failures` one per read.  Without `upserts` a post of an amount that is booked makes a second document.
    """

    upserts: bool = True
    read_lag: timedelta = timedelta()
    documents: list[Held] = field(default_factory=list)
    posts: list[Booking] = field(default_factory=list)
    closed_before: int = 0
    """Time (µs) before which nothing is booked any more."""
    failures: deque[Failure | None] = field(default_factory=deque)
    read_failures: deque[ConnectorError | None] = field(default_factory=deque)
    closed: bool = False

    async def post(self, booking: Booking) -> BookedDocument:
        self.posts.append(booking)
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not failure.after_effect:
            raise failure.error
        document = self._booked(booking)
        if failure is not None:
            raise failure.error
        return document.shown

    async def find_documents(self, reference: str) -> Sequence[BookedDocument]:
        self._fail_read()
        return [one.shown for one in self.of(reference)]

    async def check(self) -> None:
        self._fail_read()

    async def close(self) -> None:
        self.closed = True

    def of(self, reference: str) -> list[Held]:
        """Every document that carries the reference."""
        return [one for one in self.documents if one.shown.reference == reference]

    def _booked(self, booking: Booking) -> Held:
        known = self.of(booking.reference)
        if not known or (not self.upserts and known[0].shown.amount == booking.amount):
            self._check_period(booking)
            return self._made(booking)
        if any(getattr(known[0].booking, name) != getattr(booking, name) for name in _LASTING):
            raise RejectedPayloadError("the reference is another document's", fields=("reference",))
        self._correct(known[0], booking.amount)
        return known[0]

    def _made(self, booking: Booking) -> Held:
        shown = BookedDocument(
            reference=booking.reference,
            kind=booking.kind,
            number=f"D{len(self.documents) + 1}",
            amount=booking.amount,
            currency=booking.currency,
            status="POSTED",
        )
        self.documents.append(Held(shown, booking, [booking.amount]))
        return self.documents[-1]

    def _correct(self, document: Held, amount: int) -> None:
        if amount == document.shown.amount:
            return
        if document.is_locked:
            raise RejectedPayloadError("it is locked", fields=("amount",))
        self._check_period(document.booking)
        document.entries.append(amount - document.shown.amount)
        document.shown = msgspec.structs.replace(document.shown, amount=amount)

    def _check_period(self, booking: Booking) -> None:
        if booking.happened_at < self.closed_before:
            raise RejectedPayloadError("the period is closed", fields=("happened_at",))

    def _fail_read(self) -> None:
        error = self.read_failures.popleft() if self.read_failures else None
        if error is not None:
            raise error
