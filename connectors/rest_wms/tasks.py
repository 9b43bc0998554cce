"""Pick tasks of a WMS, as the port `TaskTarget`."""

from collections.abc import Awaitable, Callable, Sequence

from connectors.core.errors import NotFoundError
from connectors.rest_wms import mapping
from connectors.rest_wms.client import WmsClient
from schemas.models.document import PickTask
from schemas.models.order import Order
from schemas.models.order_event import EventLine


class WmsTasks:
    """Every write is keyed by our task id, so a repeat is the same task."""

    def __init__(self, client: WmsClient, release: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._release = release

    async def create_task(
        self, task_id: str, order_id: str, order: Order, *, source_code: str, lines: Sequence[EventLine]
    ) -> PickTask:
        """One PUT with everything.  Safe to repeat: create or the same, by our id.

        Raises:
            RejectedPayloadError: refused content, or the WMS holds other content under this id.
        """
        task = mapping.to_task(order_id, order, source_code=source_code, lines=lines)
        return mapping.from_state(await self._client.put_task(task_id, task))

    async def find_task(self, task_id: str) -> PickTask | None:
        try:
            return mapping.from_state(await self._client.task(task_id))
        except NotFoundError:
            return None

    async def cancel_task(self, task_id: str) -> None:
        """Safe to repeat.

        Raises:
            NotFoundError: the WMS has no such task.
            RejectedPayloadError: picking is too far.
        """
        await self._client.cancel_task(task_id)

    async def check(self) -> None:
        await self._client.health()

    async def close(self) -> None:
        await self._release()
