"""What the gateway follows and asks to answer reservations: opened together, closed together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from connectors.core.ports import AvailabilitySource
from connectors.core.reservation_ports import ReservedSource
from schemas.catalogue import DESIRED_STOCK, RESERVATION
from streams.domain.quantities import from_decimal
from streams.runtime.clock import Clock
from streams.runtime.health import Health
from streams.runtime.kafka import reader_maker
from streams.runtime.reference_table import ReferenceTable
from streams.runtime.serde import Serde
from streams.settings import Settings
from streams.sources.availability import AvailabilityDesk, LookUp
from streams.sources.bearer import Clients
from streams.sources.order_acceptance import Log
from streams.sources.reservation_book import ReservationBook
from streams.sources.reservation_desk import Books, ReservationDesk
from streams.sources.shop_acks import ShopAcks
from streams.sources.shop_reserved import ShopReserved
from streams.sources.stock_book import StockBook

WAIT_MS = 500
"""How long the broker holds a question for records; a record comes at once."""
WAITS = "reservations"


class ReservationParts(NamedTuple):
    """What the routes need."""

    clients: Clients
    desk: ReservationDesk
    availability: AvailabilityDesk


def parts_of(
    settings: Settings, books: Books, log: Log, serde: Serde, clock: Clock, *, look_up: AvailabilitySource | None
) -> ReservationParts:
    """From the settings, over what is followed."""
    set_ = settings.gateway.reservations
    tokens = {client: [one.get_secret_value().encode() for one in known] for client, known in set_.tokens.items()}
    items = settings.inventory.items
    ours = {sku: item for item, sku in items.items()}
    components = {
        sku: {one: from_decimal(each) for one, each in parts.items()} for sku, parts in set_.components.items()
    }
    desk = ReservationDesk(
        books,
        log,
        set_,
        encode=serde.encode,
        clock=clock,
        item_of=lambda sku: ours.get(sku, sku),
        sku_of=lambda item: items.get(item, item),
    )
    availability = AvailabilityDesk(
        books, components, from_decimal(settings.inventory.last_units), LookUp(look_up, set_.check_ms / 1000)
    )
    return ReservationParts(Clients(tokens, set_.per_s, clock), desk, availability)


@asynccontextmanager
async def following(
    settings: Settings, serde: Serde, clock: Clock, health: Health, *, port: ReservedSource | None
) -> AsyncIterator[Books]:
    """The books, fed until the block ends; what stands in the log already is read before readiness.

    A topic that is read anew is read into the same book.
    """
    set_ = settings.gateway.reservations
    reservations, stock = ReservationBook(), StockBook()
    make = reader_maker(settings.kafka, f"{settings.app_id}-gateway", wait_ms=WAIT_MS)
    read = partial(ReferenceTable, make_consumer=make, serde=serde, clock=clock, health=health, without="", waits=WAITS)
    tables = (read(RESERVATION, lambda: reservations), read(DESIRED_STOCK, lambda: stock))
    back = timedelta(seconds=set_.longest_ttl_s)
    acks = ShopAcks(make, serde, clock, partitions=settings.kafka.partitions, back=back)
    for one in (*tables, acks):
        one.start()
    reserved = ShopReserved(port, set_.shop_ms / 1000, clock)
    try:
        yield Books(reservations, stock, acks, reserved)
    finally:
        await asyncio.gather(*(one.stop() for one in (*tables, acks)))
        await reserved.close()
