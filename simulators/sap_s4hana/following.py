"""The steps by which documents follow from an order: bills, returns and what is paid back for them.

A bill of a delivery refers to the delivery and names the order as its sales document; the credit memo of a return
names the return.  Fields: the contracts of the two services; which document refers to which is general knowledge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from simulators.sap_s4hana.book import Book, Document, Item, amounts_of
from simulators.sap_s4hana.customizing import text
from simulators.sap_s4hana.documents import (
    CREDIT_MEMO,
    CREDIT_REQUEST,
    DELIVERY,
    INVOICE,
    ORDER,
    RETURN,
    FollowOn,
    Position,
    Preceding,
)
from simulators.sap_s4hana.settings import Settings

CENT = Decimal("0.01")
Detail = dict[str, object]


class NotNowError(Exception):
    """The order is not in a state for the step."""


def need(holds: object, why: str) -> None:
    """Raises NotNowError."""
    if not holds:
        raise NotNowError(why)


def bill(document: Document, book: Book, _settings: Settings, now: float) -> Detail:
    """All that is delivered and not billed yet."""
    left = {item.number: _unbilled(document, item, book) for item in document.items}
    need(any(left.values()), "nothing is delivered that is not billed")
    return _billed(document, book, left, now)


def bill_part(document: Document, book: Book, _settings: Settings, now: float) -> Detail:
    """Half of it, rounded up to whole pieces."""
    left = {item.number: _unbilled(document, item, book) for item in document.items}
    half = {number: min((one / 2).to_integral_value(ROUND_CEILING), one) for number, one in left.items()}
    need(any(half.values()) and half != left, "nothing is delivered that could be billed in part")
    return _billed(document, book, half, now)


def authorise_return(document: Document, book: Book, settings: Settings, now: float) -> Detail:
    """One piece of the first item that was delivered and is not yet sent back."""
    for item in document.items:
        back = book.follow_ons.quantity(document.number, item.number, RETURN)
        quantity = min(Decimal(1), item.quantity - back) if item.delivered else Decimal(0)
        if quantity > 0:
            reference = _returned(document, item, book, settings)
            taken = _position(item, "10", quantity, reference, reference, before=back)
            made = book.follow_ons.add(RETURN, "CBAR", document.number, [taken], now)
            return {"return": made.number, "amount": str(made.net + made.tax)}
    raise NotNowError("nothing of this order can come back")


def credit(document: Document, book: Book, _settings: Settings, now: float) -> Detail:
    """The goods have come back, and a credit memo is made of the return."""
    for made in book.follow_ons.of(document.number, RETURN):
        back = [one for one in made.positions if not one.received and not one.rejection_reason]
        if back:
            return _credited(made, back, book, now)
    raise NotNowError("no return is open")


def credit_by_request(document: Document, book: Book, settings: Settings, now: float) -> Detail:
    """One piece of the first item that was billed is paid back, and nothing comes back: a request and its memo."""
    for item in document.items:
        if book.follow_ons.quantity(document.number, item.number, INVOICE) >= 1:
            before = book.follow_ons.quantity(document.number, item.number, CREDIT_REQUEST)
            reference = _returned(document, item, book, settings)
            asked = _position(item, "10", Decimal(1), reference, reference, before=before)
            request = book.follow_ons.add(CREDIT_REQUEST, "CR", document.number, [asked], now)
            source = Preceding(request.number, "10", CREDIT_REQUEST)
            paid = replace(asked, reference=source, sales=source)
            memo = book.follow_ons.add(CREDIT_MEMO, "G2", document.number, [paid], now)
            return {"request": request.number, "credit_memo": memo.number, "amount": str(memo.net + memo.tax)}
    raise NotNowError("nothing is billed")


def reject_return(document: Document, book: Book, settings: Settings, now: float) -> Detail:
    """The company does not take it back."""
    for made in book.follow_ons.of(document.number, RETURN):
        back = [one for one in made.positions if not one.received and not one.rejection_reason]
        for one in back:
            one.rejection_reason = settings.rejection_reasons[0]
        if back:
            made.changed_at = now
            return {"return": made.number}
    raise NotNowError("no return is open")


def cancel_bill(document: Document, book: Book, _settings: Settings, now: float) -> Detail:
    """The newest invoice; SAP makes another document for it, which is not simulated."""
    made = [one for one in book.follow_ons.of(document.number, INVOICE) if not one.cancelled]
    need(made, "nothing is billed")
    made[-1].cancelled, made[-1].changed_at = True, now
    return {"invoice": made[-1].number}


def _unbilled(document: Document, item: Item, book: Book) -> Decimal:
    billed = book.follow_ons.quantity(document.number, item.number, INVOICE)
    return item.quantity - billed if item.delivered else Decimal(0)


def _billed(document: Document, book: Book, quantities: Mapping[str, Decimal], now: float) -> Detail:
    positions = list(_bill_positions(document, book, quantities))
    made = book.follow_ons.add(INVOICE, "F2", document.number, positions, now)
    return {"invoice": made.number, "amount": str(made.net + made.tax)}


def _bill_positions(document: Document, book: Book, quantities: Mapping[str, Decimal]) -> Iterator[Position]:
    billed = [item for item in document.items if quantities[item.number]]
    for index, item in enumerate(billed):
        before = book.follow_ons.quantity(document.number, item.number, INVOICE)
        delivered = Preceding(item.delivery or "", item.number, DELIVERY)
        order = Preceding(document.number, item.number, ORDER)
        yield _position(item, str((index + 1) * 10), quantities[item.number], delivered, order, before=before)


def _returned(document: Document, item: Item, book: Book, settings: Settings) -> Preceding:
    """What the return is made from: the order, or the invoice where the company works so and has one."""
    if settings.returns_refer_to == "invoice":
        for made in book.follow_ons.of(document.number, INVOICE):
            for one in made.positions:
                if one.order_item == item.number:
                    return Preceding(made.number, one.number, INVOICE)
    return Preceding(document.number, item.number, ORDER)


def _credited(made: FollowOn, back: list[Position], book: Book, now: float) -> Detail:
    positions = []
    for index, one in enumerate(back):
        one.received = True
        source = Preceding(made.number, one.number, RETURN)
        number = str((index + 1) * 10)
        positions.append(Position(number, one.order_item, one.material, one.quantity, one.net, one.tax, source, source))
    made.changed_at = now
    memo = book.follow_ons.add(CREDIT_MEMO, "G2", made.order, positions, now)
    return {"return": made.number, "credit_memo": memo.number, "amount": str(memo.net + memo.tax)}


def _position(
    item: Item, number: str, quantity: Decimal, reference: Preceding, sales: Preceding, *, before: Decimal
) -> Position:
    """Parts of an item add up to its amounts: each has what all up to it have, less what came before."""
    net, tax = (_part(whole, item, before + quantity) - _part(whole, item, before) for whole in amounts_of(item))
    return Position(number, item.number, text(item.sent, "Material"), quantity, net, tax, reference, sales)


def _part(whole: Decimal, item: Item, quantity: Decimal) -> Decimal:
    return (whole * quantity / item.quantity).quantize(CENT)
