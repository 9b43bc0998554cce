"""The ERP in memory, with upsert and without."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from connectors.core.errors import UnknownOutcomeError
from tests.contract.order_target import ACCOUNT, CATALOGUE, ErpLine, OrderTargetCase
from tests.fakes.order_target import Failure, InMemoryOrderTarget


class MemoryErp:
    """`Erp` on the fake."""

    def __init__(self, *, upserts: bool) -> None:
        self.target = InMemoryOrderTarget(accounts={ACCOUNT}, items=CATALOGUE, upserts=upserts)

    async def documents(self, order_id: str) -> int:
        return len(self.target.of(order_id))

    async def lines(self, order_id: str) -> Sequence[ErpLine]:
        (document,) = self.target.of(order_id)
        return [ErpLine(one.sku, one.quantity) for one in document.order.lines]

    async def is_open(self, order_id: str) -> bool:
        (document,) = self.target.of(order_id)
        return document.shown.status == "open"

    async def ship(self, order_id: str) -> None:
        (document,) = self.target.of(order_id)
        document.shown = msgspec.structs.replace(document.shown, status="shipped")

    async def lose_next_answer(self) -> None:
        self.target.failures.append(Failure(UnknownOutcomeError("the answer was lost"), after_effect=True))

    async def pass_time(self) -> None:
        return None


@asynccontextmanager
async def opened(*, upserts: bool) -> AsyncIterator[MemoryErp]:
    erp = MemoryErp(upserts=upserts)
    try:
        yield erp
    finally:
        await erp.target.close()


CASES = [
    OrderTargetCase(name="memory", opened=partial(opened, upserts=True)),
    OrderTargetCase(name="memory-without-upsert", opened=partial(opened, upserts=False)),
]
