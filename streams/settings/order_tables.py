"""Tables and forms inside the settings of orders: routing rules, words of the systems."""

from typing import Literal

from pydantic import Field

from schemas.models.fulfilment_event import FulfilmentStep
from streams.settings.forms import Channel, ErpWords, EventKindOrNothing, Name
from streams.settings.frozen import Frozen


class RoutingSettings(Frozen):
    """Which sources a line may go to; a condition that is empty holds always."""

    sources: tuple[Name, ...] = Field(min_length=1, description="Commerce sources, the preferred one first.")
    countries: tuple[Name, ...] = Field((), description="Country codes of the address the goods go to.")
    regions: tuple[Name, ...] = Field((), description="Region codes of that address.")
    skus: str = Field("*", min_length=1, description="SKUs; `*` stands for any text.")
    channels: tuple[Channel, ...] = Field((), description="Channels that placed the order.")


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
