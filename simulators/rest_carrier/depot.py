"""The parcels of the carrier and how far each is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from simulators.core.life import Life
from simulators.rest_carrier.documents import Inquiry, Parcel
from simulators.rest_carrier.settings import Service, Settings

BOOKED, VOID = "BOOKED", "VOID"
STEPS = ("IN_TRANSIT", "DELIVERY_FAILED", "DELIVERED", "SENT_BACK")
ENDS = frozenset({VOID, "DELIVERED", "SENT_BACK"})


class DifferentContentError(Exception):
    """The reference stands for another parcel."""


class VoidError(Exception):
    """The label was made void."""


class TooFarError(Exception):
    """The carrier has the parcel."""


class NotNowError(Exception):
    """The parcel is not in a state for the step."""


@dataclass(slots=True)
class BookedParcel:
    """`history` is every status with its time, `told` counts what was said of it; `price` is decimal text."""

    reference: str
    tracking_number: str
    content: Parcel
    price: str
    status: str = BOOKED
    history: list[tuple[float, str]] = field(default_factory=list)
    told: int = 0

    def turn(self, status: str, now: float) -> None:
        self.status = status
        self.history.append((now, status))

    def go_on(self, status: str, now: float) -> None:
        """Raises NotNowError where it is at an end already, or delivered before anybody has it."""
        if self.status in ENDS or (status != "IN_TRANSIT" and self.status == BOOKED):
            raise NotNowError(self.status)
        self.turn(status, now)


@dataclass(slots=True)
class Depot:
    """Every parcel by its sender's reference."""

    parcels: dict[str, BookedParcel] = field(default_factory=dict)
    life: Life = field(default_factory=Life)

    def book(self, reference: str, content: Parcel, price: str, *, now: float) -> bool:
        """Whether a label was made.  Raises DifferentContentError, VoidError."""
        held = self.parcels.get(reference)
        if held is not None:
            if held.status == VOID:
                raise VoidError(reference)
            if held.content != content:
                raise DifferentContentError(reference)
            return False
        made = BookedParcel(reference, f"PX{len(self.parcels) + 1:010d}", content, price)
        made.turn(BOOKED, now)
        self.parcels[reference] = made
        self.life.begin(reference, now)
        return True


def make_void(parcel: BookedParcel, *, now: float) -> bool:
    """Whether it changed.  Raises TooFarError."""
    if parcel.status == VOID:
        return False
    if parcel.status != BOOKED:
        raise TooFarError(parcel.reference)
    parcel.turn(VOID, now)
    return True


def offers(content: Inquiry | Parcel, settings: Settings) -> Iterator[tuple[Service, str]]:
    """Every service with its price, in decimal text."""
    pieces = sum(Decimal(line.quantity) for line in content.lines)
    for service in settings.services:
        price = Decimal(service.price) + Decimal(service.more) * max(Decimal(0), pieces - 1)
        yield service, f"{price.quantize(Decimal('0.01'))}"


def refused_fields(content: Inquiry | Parcel, settings: Settings) -> list[str]:
    """Members of the address for which the carrier does not go there."""
    to = content.ship_to
    refused = ["ship_to.country"] if to.country in settings.undeliverable else []
    return refused + (["ship_to.postcode"] if to.postcode in settings.undeliverable_postcodes else [])
