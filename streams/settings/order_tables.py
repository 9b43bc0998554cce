"""Tables and forms inside the settings of orders: routing rules, words of the systems."""

from typing import Literal, get_args

from pydantic import Field

from schemas.models.fulfilment_event import FulfilmentStep
from streams.settings.forms import Channel, ErpWords, EventKindOrNothing, Name, TimeOfDay, TimeZone
from streams.settings.frozen import Frozen


class RoutingSettings(Frozen):
    """Which sources a line may go to; a condition that is empty holds always."""

    sources: tuple[Name, ...] = Field(min_length=1, description="Commerce sources, the preferred one first.")
    countries: tuple[Name, ...] = Field((), description="Country codes of the address the goods go to.")
    regions: tuple[Name, ...] = Field((), description="Region codes of that address.")
    skus: str = Field("*", min_length=1, description="SKUs; `*` stands for any text.")
    channels: tuple[Channel, ...] = Field((), description="Channels that placed the order.")


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class CutOffSettings(Frozen):
    """By when an order must have reached the ERP, so that the day's production takes it."""

    at: tuple[TimeOfDay, ...] = Field(min_length=1, max_length=24, description="Times of day, e.g. 14:00.")
    zone: TimeZone = Field("UTC", description="Zone of these times, e.g. Europe/Berlin.")
    weekdays: tuple[Weekday, ...] = Field(WEEKDAYS, min_length=1, description="Days on which production is planned.")
    lead_days: int | None = Field(
        None,
        ge=0,
        le=365,
        description="An order with a requested date need be there so many days before it only; unset: at the next one.",
    )


class LabelSettings(Frozen):
    """When labels are booked, and by which service."""

    at: Literal["packed", "picked"] = Field(
        "packed", description="Step of the warehouse after which a label is booked; picked: it tells no packing."
    )
    services: dict[str, Name] = Field(
        default_factory=dict,
        description="Shipping method of the order → the carrier's service; others: the cheapest that is in time.",
    )


class WordSettings(Frozen):
    """What the words of systems mean; an entry is added to the tables of docs/orders.md, or replaces one of them."""

    erp: ErpWords = Field(
        default_factory=dict, description="Status of the ERP, in any case → kind of event; empty text: says nothing."
    )
    wms: dict[FulfilmentStep, EventKindOrNothing] = Field(
        default_factory=dict, description="Step of a WMS → kind of event; empty text: says nothing."
    )
