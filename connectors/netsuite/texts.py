"""What NetSuite has no field for, as people there read it: the memo of an order and the description of a line.

The first row of a description is our line id, by which a line that is read back is known again.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from schemas.models.order import Contact, Order, OrderLine

_LINE_ID = re.compile(r"#(\S+)")


def description(line: OrderLine) -> str:
    """Line id, name, options, configuration, note."""
    rows = [f"#{quote(line.line_id, safe='')}", line.name]
    rows += [f"{label}: {value}" for label, value in (*line.options.items(), *line.configuration.items())]
    rows += _labelled((("Note", line.note), ("Part of", line.parent_line_id)))
    return "\n".join(row for row in rows if row)


def line_id(text: str | None) -> str | None:
    """Our line id of a description; None where somebody in NetSuite wrote it anew."""
    found = _LINE_ID.fullmatch((text or "").split("\n", 1)[0].strip())
    return unquote(found[1]) if found else None


def memo(order: Order, *, ship_by: str | None) -> str | None:
    """Instructions first; `ship_by` is a shipping method that has no record."""
    customer, payment = order.customer, order.payment
    rows = [order.instructions or ""]
    rows += _labelled(
        (
            ("Order", order.number),
            ("Cost centre", customer.cost_centre),
            ("Tax id", customer.tax_id),
            ("Ship by", ship_by),
            ("Paid by", payment.method),
            ("Payment", payment.transaction_id),
            ("Approval", order.approval),
        )
    )
    rows += [f"Contact ({one.role}): {_contact(one)}" for one in order.contacts]
    return "\n".join(row for row in rows if row) or None


def _contact(contact: Contact) -> str:
    return ", ".join(part for part in (contact.name, contact.email, contact.telephone) if part)


def _labelled(rows: Iterable[tuple[str, str | None]]) -> Iterator[str]:
    return (f"{label}: {text}" for label, text in rows if text)
