"""What may be asked of a shop about its reservations.  All of it only reads."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from schemas.models.reservation import PromisedLine, Salable, SalesStock, SellingRules


class LinePage(NamedTuple):
    """Rows of some orders; `after` asks for the orders behind them, None where there are none."""

    lines: Sequence[PromisedLine]
    after: str | None


class SalablePage(NamedTuple):
    """SKUs of a stock, by SKU; `after` as above."""

    items: Sequence[Salable]
    after: str | None


class ReservedSource(Protocol):
    """A shop that takes orders before anything is shipped, and knows how much of a SKU they have."""

    async def reserved(self, sku: str) -> int | None:
        """What its open orders have (micros); rather too much than too little while its stock is being written.

        None where it shows the SKU as out of stock: then it does not tell.  Raises NotFoundError for a SKU that it
        does not sell, and else from `connectors.core.errors`, never UnknownOutcomeError.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class ReservationSource(ReservedSource, Protocol):
    """A shop that reserves for its orders by itself, and shows what its reservations follow from.

    Every method raises from `connectors.core.errors`, never UnknownOutcomeError.  Pages go by key, so that what comes
    or goes meanwhile neither hides others nor shows them twice.
    """

    async def sales_stocks(self) -> Sequence[SalesStock]:
        """Every stock that some channel sells from."""
        ...

    async def open_lines(self, after: str = "") -> LinePage:
        """Of orders that are in no final state, the next ones behind `after`."""
        ...

    async def lines_of(self, sku: str, most: int) -> tuple[Sequence[PromisedLine], bool]:
        """Of the newest orders with the SKU, in whatever state; and whether these are all of them."""
        ...

    async def salable_page(self, stock: SalesStock, after: str = "") -> SalablePage:
        """What may be sold from a stock, the next SKUs behind `after`."""
        ...

    async def salable(self, stock: SalesStock, skus: Collection[str]) -> Mapping[str, int]:
        """The same of these SKUs; one that the shop does not sell is absent."""
        ...

    async def selling_rules(self, sku: str) -> SellingRules | None:
        """None where there is no such product."""
        ...
