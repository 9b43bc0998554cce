"""The suite of `FinanceTarget` for the one in memory and for each product that keeps books."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from tests.contract.finance_target import APRIL, FinanceTargetSuite, Opened
from tests.contract.rest_books import rest_finance
from tests.fakes.finance_target import InMemoryFinanceTarget


@dataclass
class InMemoryBookkeeper:
    target: InMemoryFinanceTarget

    async def close_march(self) -> None:
        self.target.closed_before = APRIL

    async def lock(self, reference: str) -> None:
        for document in self.target.of(reference):
            document.is_locked = True

    async def entries(self) -> dict[str, list[int]]:
        return {one.shown.reference: one.entries for one in self.target.documents}


class TestInMemory(FinanceTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return _in_memory()


class TestRestFinance(FinanceTargetSuite):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        return rest_finance()


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Opened]:
    target = InMemoryFinanceTarget()
    yield Opened(target, InMemoryBookkeeper(target))
