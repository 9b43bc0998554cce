"""A list of reference rows in memory, read as a source's: the reference ports with failures on order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.core.errors import ConfigurationError, ConnectorError
from connectors.core.reference_ports import ReferencePage
from schemas.models.reference import Account, Product, ProductPrices

RowT = TypeVar("RowT", Product, ProductPrices, Account)


@dataclass
class InMemoryRows(Generic[RowT]):
    """Behaves like the real ones (tests/contract/test_reference_sources.py); `page` is any of the ports' methods.

    `rows` holds the newest of each key in order of change.  `overlap` rows are told again to whoever begins behind the
    end.  `failures` are used up one per call.  `most` is what one call tells at most.
    """

    key: Callable[[RowT], str]
    rows: dict[str, tuple[int, RowT]] = field(default_factory=dict)
    overlap: int = 1
    most: int = 1000
    failures: deque[ConnectorError | None] = field(default_factory=deque)
    cursors: list[str] = field(default_factory=list)
    changes: int = 0

    def put(self, *rows: RowT) -> None:
        """New, or changed."""
        for row in rows:
            self.changes += 1
            self.rows.pop(self.key(row), None)
            self.rows[self.key(row)] = (self.changes, row)

    def remove(self, key: str) -> None:
        del self.rows[key]

    async def page(self, cursor: str) -> ReferencePage[RowT]:
        self.cursors.append(cursor)
        self._fail()
        since = self._since(cursor)
        behind: Sequence[tuple[int, RowT]] = [one for one in self.rows.values() if one[0] > since]
        told = behind[: self.most]
        is_end = len(behind) <= self.most
        newest = max((at for at, _ in told), default=max(since, 0))
        reached = max(newest, since + self.overlap) if cursor.startswith("end-") else newest
        return ReferencePage([row for _, row in told], f"end-{reached}" if is_end else f"mid-{newest}", is_end)

    products = prices = accounts = page

    async def check(self) -> None:
        self._fail()

    async def close(self) -> None:
        """Nothing is open."""

    def _since(self, cursor: str) -> int:
        word, _, number = cursor.partition("-")
        if not cursor:
            return 0
        if word not in {"end", "mid"} or not number.isdigit():
            raise ConfigurationError(f"{cursor!r} is no cursor of this fake")
        return int(number) - (self.overlap if word == "end" else 0)

    def _fail(self) -> None:
        error = self.failures.popleft() if self.failures else None
        if error is not None:
            raise error
