"""Between orders and parcels, and between the carrier's offers and labels and our documents; pure."""

from collections.abc import Mapping, Sequence

from connectors.core.errors import RejectedPayloadError
from connectors.rest_carrier import wire
from schemas.micros import MICROS, micros_of_text
from schemas.models.document import Label, Offer
from schemas.models.order import Address, Order
from schemas.models.order_event import EventLine

VOID = "VOID"


def to_inquiry(order: Order, *, source_code: str, lines: Sequence[EventLine]) -> wire.Inquiry:
    """Raises RejectedPayloadError for an order that nothing is shipped of."""
    return wire.Inquiry(ship_from=source_code, ship_to=_ship_to(order), lines=_lines(order, lines))


def to_parcel(
    order_id: str, order: Order, *, service: str, shipment: str | None, source_code: str, lines: Sequence[EventLine]
) -> wire.Parcel:
    """Raises RejectedPayloadError for an order that nothing is shipped of."""
    return wire.Parcel(
        order_reference=order_id,
        shipment_reference=shipment,
        service=service,
        ship_from=source_code,
        ship_to=_ship_to(order),
        lines=_lines(order, lines),
    )


def from_offer(offer: wire.Offer) -> Offer:
    return Offer(service=offer.service, price=to_micros(offer.price), currency=offer.currency, days=offer.days)


def from_state(state: wire.LabelState) -> Label:
    return Label(
        reference=state.reference,
        tracking_number=state.tracking_number,
        carrier_code=state.carrier_code,
        service=state.service,
        price=None if state.price is None else to_micros(state.price),
        currency=state.currency,
        document=state.document,
    )


def to_state(label: Label, status: str) -> wire.LabelState:
    return wire.LabelState(
        reference=label.reference,
        tracking_number=label.tracking_number,
        carrier_code=label.carrier_code,
        service=label.service,
        status=status,
        price=None if label.price is None else micros_text(label.price),
        currency=label.currency,
        document=label.document,
    )


def to_address(address: Address) -> wire.Address:
    """All that a label needs; the tax id stays here."""
    return wire.Address(**{name: getattr(address, name) for name in wire.Address.__struct_fields__})


def from_address(address: wire.Address) -> Address:
    return Address(**{name: getattr(address, name) for name in wire.Address.__struct_fields__})


def micros_text(micros: int) -> str:
    """2500000 → `2.5`: all digits and no superfluous zero."""
    whole, rest = divmod(abs(micros), MICROS)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}" + f".{rest:06d}".rstrip("0").rstrip(".")


def to_micros(text: str) -> int:
    """Of money in the contract's form, which `wire` has checked."""
    return micros_of_text(text)


def _ship_to(order: Order) -> wire.Address:
    if order.shipping is None:
        raise RejectedPayloadError("the order has no shipping address", fields=("ship_to",), status=None)
    return to_address(order.shipping)


def _lines(order: Order, lines: Sequence[EventLine]) -> tuple[wire.Line, ...]:
    units: Mapping[str, str | None] = {line.line_id: line.unit for line in order.lines}
    return tuple(
        wire.Line(sku=one.sku, quantity=micros_text(one.quantity), unit=units.get(one.line_id or "")) for one in lines
    )
