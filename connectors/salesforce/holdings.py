"""Orders at a Salesforce org with our ids, as the port `Holdings`."""

from collections import Counter
from collections.abc import Sequence

from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from schemas.models.document import Held


class OrderHoldings:
    """Two questions for a portion: the orders, and their lines."""

    at_once = 30

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """Without amounts: an order's TotalAmount is Salesforce's own sum of prices without discount and tax."""
        found: list[Held] = []
        for portion in soql.portions(list(dict.fromkeys(references))):
            rows = await self._client.held(portion)
            lines = Counter[str]()
            for records in soql.portions([row.id for row in rows]):
                lines.update(line.order_id for line in await self._client.lines_of(records))
            found += [Held(reference=row.commerce_id, internal_id=row.id, lines=lines[row.id]) for row in rows]
        return found
