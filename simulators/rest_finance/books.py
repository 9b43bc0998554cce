"""The books: documents by reference, each with its entries, of which none is ever changed."""

from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import NamedTuple

from simulators.rest_finance.documents import Document
from simulators.rest_finance.settings import Settings

POSTED, LOCKED = "POSTED", "LOCKED"
NUMBERS = {"invoice": "INV", "payment": "PAY", "credit": "CRN"}


class NotBookedError(Exception):
    """The books refuse it; `code` is the contract's word, `fields` the members that are to blame."""

    def __init__(self, code: str, *fields: str) -> None:
        super().__init__(code)
        self.code, self.fields = code, fields


class BookEntry(NamedTuple):
    """One posting: by how much the document rose or fell, and the period that it stands in (YYYY-MM)."""

    amount: Decimal
    period: str
    at: float


@dataclass(slots=True)
class BookedDocument:
    """`number` is the books' own; what it comes to is the sum of its entries."""

    reference: str
    number: str
    content: Document
    status: str = POSTED
    entries: list[BookEntry] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        return sum((one.amount for one in self.entries), Decimal(0))

    def amount_at(self, then: float) -> Decimal | None:
        """What it came to at that time; None where it was not booked yet."""
        seen = [one.amount for one in self.entries if one.at <= then]
        return sum(seen, Decimal(0)) if seen else None


@dataclass(slots=True)
class Books:
    """Every document by its sender's reference."""

    documents: dict[str, BookedDocument] = field(default_factory=dict)

    def put(self, reference: str, content: Document, settings: Settings, *, now: float) -> tuple[bool, bool]:
        """Whether it was made, and whether anything changed.  Raises NotBookedError."""
        held = self.documents.get(reference)
        amount = Decimal(content.amount)
        if held is None:
            _check_names(content, settings)
            _check_period(content, settings)
            number = f"{NUMBERS[content.kind]}-{len(self.documents) + 1:06d}"
            held = self.documents[reference] = BookedDocument(reference, number, content)
            held.entries.append(BookEntry(amount, period_of(content), now))
            return True, True
        if different := held.content.differences(content):
            raise NotBookedError("different-content", *different)
        if amount == held.amount:
            return False, False
        if held.status == LOCKED:
            raise NotBookedError("document-locked", "amount")
        _check_period(held.content, settings)
        held.entries.append(BookEntry(amount - held.amount, period_of(held.content), now))
        return False, True


def period_of(content: Document) -> str:
    """The month of the document, in UTC."""
    return content.happened_at.astimezone(UTC).strftime("%Y-%m")


def _check_names(content: Document, settings: Settings) -> None:
    if settings.accounts is not None and content.account not in settings.accounts:
        raise NotBookedError("unknown-account", "account")
    if settings.currencies is not None and content.currency not in settings.currencies:
        raise NotBookedError("unknown-currency", "currency")


def _check_period(content: Document, settings: Settings) -> None:
    if settings.closed_through is not None and period_of(content) <= settings.closed_through:
        raise NotBookedError("period-closed", "happened_at")
