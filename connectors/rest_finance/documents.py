"""Documents in the books of an accounting system, as the port `FinanceTarget`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from connectors.core.errors import NotFoundError, RejectedPayloadError
from connectors.rest_finance import mapping
from connectors.rest_finance.client import FinanceClient
from schemas.models.document import BookedDocument, Booking


class FinanceDocuments:
    """Every write is keyed by our reference, so a repeat is the same document."""

    upserts = True

    def __init__(self, client: FinanceClient, release: Callable[[], Awaitable[None]], *, read_lag: timedelta) -> None:
        self._client = client
        self._release = release
        self.read_lag = read_lag

    async def post(self, booking: Booking) -> BookedDocument:
        """One PUT with everything.  Safe to repeat: booked, the same, or corrected to this amount.

        Raises:
            RejectedPayloadError: refused content, a closed period, a locked document; or the books show another amount
                than was put (they round, say), which no repetition would cure.
        """
        made = await self._client.put_document(booking.reference, mapping.to_document(booking))
        if (made.amount, made.currency) != (booking.amount, booking.currency):
            raise RejectedPayloadError(
                f"the books show {made.number} with another amount or currency than was put",
                fields=("amount",),
                status=None,
            )
        return made

    async def find_documents(self, reference: str) -> Sequence[BookedDocument]:
        """None or one: a reference is a key."""
        try:
            return [await self._client.document(reference)]
        except NotFoundError:
            return []

    async def check(self) -> None:
        await self._client.health()

    async def close(self) -> None:
        await self._release()
