"""What the books show: a document to its sender, everything to the control routes."""

from decimal import Decimal
from typing import Any

import msgspec

from simulators.core import wire
from simulators.rest_finance.books import BookedDocument, Books
from simulators.rest_finance.settings import Settings, shown


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of PUT /_sim/state."""

    settings: dict[str, Any] | None = None  # checked by settings.changed, which knows the names


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /_sim/lock: which document (all), and whether it is locked or unlocked."""

    reference: str | None = None
    locked: bool = True


def state_of(document: BookedDocument, amount: Decimal) -> dict[str, object]:
    return {
        "reference": document.reference,
        "kind": document.content.kind,
        "number": document.number,
        "currency": document.content.currency,
        "amount": money(amount),
        "status": document.status,
    }


def money(amount: Decimal) -> str:
    """Text: digits that no reader can spoil."""
    return str(wire.plain(amount))


def show(books: Books, settings: Settings) -> dict[str, object]:
    documents = [
        {
            **state_of(one, one.amount),
            "content": msgspec.to_builtins(one.content),
            "entries": [{"amount": money(each.amount), "period": each.period, "at": each.at} for each in one.entries],
        }
        for one in books.documents.values()
    ]
    return {"settings": shown(settings), "documents": documents}
