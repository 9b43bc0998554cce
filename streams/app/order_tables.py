"""The stored orders and the stored work of their sinks, as far as they are this worker's.

Tables hold every order there ever was, so they are gone through in pieces, and the streams work in between.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from schemas.catalogue import Contract, command_contract
from schemas.models.command import Command
from streams.runtime.table import BulkTable
from streams.sinks.shop import ROLE as SHOP
from streams.tables import ORDERS, SHIPMENT_WORK, WORK

if TYPE_CHECKING:
    from streams.app.application import Application

ENTRY = b"e"
PIECE = 100
"""Entries between two breaths of the streams."""
DECODE_S = 1.0


class OrderTables:
    """`roles` are the sinks that are there."""

    def __init__(self, application: "Application", roles: Sequence[str]) -> None:
        self.app, self.roles = application, tuple(roles)

    @property
    def orders(self) -> BulkTable:
        return self.app.shell.tables[ORDERS.name]

    def work(self, role: str) -> BulkTable:
        return self.app.shell.tables[WORK[role].name]

    def works(self, role: str) -> tuple[BulkTable, ...]:
        """The shop has a second one: its shipments go by a table of one partition, so that any worker may have it."""
        return (self.work(role), self.shipments) if role == SHOP else (self.work(role),)

    async def entries(self, table: BulkTable, partition: int) -> AsyncIterator[tuple[bytes, bytes]]:
        """Order id and stored value.  The partition may go in between: then there is no more of it."""
        start: bytes | None = None
        while partition in table.owned:
            piece = list(islice(table.store(partition).scan(ENTRY, start), PIECE))
            for key, stored in piece:
                yield key[len(ENTRY) :], stored
            if len(piece) < PIECE:
                return
            start = piece[-1][0] + b"\0"
            await self.app.clock.sleep(timedelta(0))

    @property
    def shipments(self) -> BulkTable:
        """The shop's second one."""
        return self.app.shell.tables[SHIPMENT_WORK.name]

    async def commands(
        self, role: str, values: Sequence[bytes], contract: Contract[Command] | None = None
    ) -> list[Command | None]:
        """None where one cannot be read, or the schema registry does not answer."""
        try:
            async with asyncio.timeout(DECODE_S):
                found = await self.app.serde.decode(contract or command_contract(role), values)
        except TimeoutError:
            return [None] * len(values)
        return [one if isinstance(one, Command) else None for one in found]
