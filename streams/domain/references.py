"""Our names for what is made at targets that do not know an order by its unified id alone.

They are derived, so that a repeat, a cancellation and a comparison name the same one.
"""

from streams.domain.derived_id import derived_id

NO_PART = "0"
BOOKING_LENGTH = 32


def task_reference(order_id: str, part: str | None) -> str:
    """One task at a WMS per part of an order."""
    return f"{order_id}-{part or NO_PART}"


def booking_reference(order_id: str, kind: str, part: str | None) -> str:
    """A document in the books; an invoice and a credit of one number are two.

    The same for every attempt and every amount, so that a correction finds the document it is about.
    """
    return derived_id(order_id, kind, part or "")[:BOOKING_LENGTH]
