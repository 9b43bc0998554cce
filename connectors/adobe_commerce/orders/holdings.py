"""Orders of the shop by their numbers, as the port `Holdings`."""

from collections.abc import Sequence

from connectors.adobe_commerce.criteria import Criteria, Filter
from connectors.adobe_commerce.orders import wire
from connectors.adobe_commerce.orders.client import OrderClient
from connectors.adobe_commerce.paging import every_row
from connectors.adobe_commerce.settings import Settings
from schemas.micros import micros_of_text
from schemas.models.document import Held

MOST = 50
"""Numbers of one list: the server loads each order whole, whatever it is asked to show."""


class OrderHoldings:
    """The server compares without regard to case, and splits a list at commas: a number with one is asked for alone."""

    at_once = MOST

    def __init__(self, client: OrderClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """`total` is the grand total in the order's currency."""
        wanted = frozenset(references)
        rows: list[wire.HeldRow] = []
        listed = sorted(number for number in wanted if "," not in number)
        if listed:
            rows += await self._rows(Filter("increment_id", "in", ",".join(listed)))
        for number in sorted(wanted - frozenset(listed)):
            rows += await self._rows(Filter("increment_id", "eq", number))
        return [_held(row) for row in rows if row.increment_id in wanted]

    async def _rows(self, filter_: Filter) -> list[wire.HeldRow]:
        size = min(self._settings.page_size, MOST)
        return await every_row(self._client.held, Criteria(groups=(filter_,), sort=("entity_id",), page_size=size))


def _held(row: wire.HeldRow) -> Held:
    return Held(
        reference=row.increment_id,
        internal_id=str(row.entity_id),
        number=row.increment_id,
        total=None if row.grand_total is None else micros_of_text(str(row.grand_total)),
        currency=row.order_currency_code,
        lines=len(row.items),
    )
