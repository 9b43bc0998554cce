"""What a WMS has of a SKU at this moment, as the port `AvailabilitySource`."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation

from connectors.core.errors import TargetUnavailableError
from connectors.rest_wms.client import WmsClient


class WmsStock:
    """One question, one answer."""

    def __init__(self, client: WmsClient, release: Callable[[], Awaitable[None]]) -> None:
        self._client, self._release = client, release

    async def available(self, sku: str) -> Decimal:
        """See the port.

        Raises:
            NotFoundError: the WMS does not know the SKU.
            TargetUnavailableError: an answer that nobody can use.
        """
        state = await self._client.stock(sku)
        try:
            found = Decimal(state.available)
        except InvalidOperation:
            raise TargetUnavailableError("the WMS told a quantity that is none") from None
        if not found.is_finite() or found < 0:
            raise TargetUnavailableError("the WMS told a quantity that no warehouse has")
        return found

    async def close(self) -> None:
        await self._release()
