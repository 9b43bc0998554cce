"""Documents in the books by our references, as the port `Holdings`: the contract knows them one at a time."""

from collections.abc import Sequence

from connectors.core.errors import NotFoundError
from connectors.rest_finance.client import FinanceClient
from schemas.models.document import Held


class DocumentHoldings:
    """A reference is a key: there is never more than one document."""

    at_once = 1

    def __init__(self, client: FinanceClient) -> None:
        self._client = client

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        """`total` is what all entries of the document come to."""
        found: list[Held] = []
        for reference in dict.fromkeys(references):
            try:
                booked = await self._client.document(reference)
            except NotFoundError:
                continue
            found.append(
                Held(
                    reference=booked.reference,
                    internal_id=booked.number,
                    number=booked.number,
                    total=booked.amount,
                    currency=booked.currency,
                )
            )
        return found
