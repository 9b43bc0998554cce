"""Tasks of a WMS with our ids, as the port `Holdings`: the contract knows a task by its id alone, so one at a time."""

from collections.abc import Sequence

from connectors.core.errors import NotFoundError
from connectors.rest_wms.client import WmsClient
from schemas.models.document import Held


class TaskHoldings:
    """An id is a key: there is never more than one task."""

    at_once = 1

    def __init__(self, client: WmsClient) -> None:
        self._client = client

    async def held(self, references: Sequence[str]) -> Sequence[Held]:
        found: list[Held] = []
        for task_id in dict.fromkeys(references):
            try:
                state = await self._client.task(task_id)
            except NotFoundError:
                continue
            found.append(Held(reference=state.task_id, internal_id=state.task_id, number=state.number))
        return found
