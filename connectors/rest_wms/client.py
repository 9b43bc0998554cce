"""One method per endpoint of the contract: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

from connectors.core.calls import Call
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.rest_wms import answers, wire

T = TypeVar("T")


class WmsClient:
    """A task is keyed by our id in every call."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def put_task(self, task_id: str, task: wire.Task) -> wire.TaskState:
        """PUT v1/tasks/{task_id}: 201 made, 200 the same task as before.  Safe to repeat.

        Raises:
            RejectedPayloadError: refused content, or the id stands for other content.
        """
        call = Call(
            operation="put-task",
            method="PUT",
            path=path("/v1/tasks/{task_id}", task_id=task_id),
            effect=True,
            body=wire.encode(task),
        )
        return await self._state(call, task_id)

    async def task(self, task_id: str) -> wire.TaskState:
        """GET v1/tasks/{task_id}.

        Raises:
            NotFoundError: there is no such task.
        """
        call = Call(
            operation="read-task", method="GET", path=path("/v1/tasks/{task_id}", task_id=task_id), effect=False
        )
        return await self._state(call, task_id)

    async def cancel_task(self, task_id: str) -> wire.TaskState:
        """POST v1/tasks/{task_id}/cancel.  Safe to repeat: a cancelled task stays cancelled.

        Raises:
            NotFoundError: there is no such task.
            RejectedPayloadError: picking is too far.
        """
        call = Call(
            operation="cancel-task",
            method="POST",
            path=path("/v1/tasks/{task_id}/cancel", task_id=task_id),
            effect=True,
        )
        return await self._state(call, task_id)

    async def stock(self, sku: str) -> wire.StockState:
        """GET v1/stock/{sku}.

        Raises:
            NotFoundError: the WMS does not know the SKU.
        """

        def decode(body: bytes) -> wire.StockState:
            state = wire.decode_stock(body)
            if state.sku != sku:
                raise ValueError("an answer about another SKU")
            return state

        call = Call(operation="read-stock", method="GET", path=path("/v1/stock/{sku}", sku=sku), effect=False)
        return await self._sender.send(call, lambda answer: answers.read_stock(call, answer, decode))

    async def health(self) -> wire.Health:
        """GET v1/health; the credential is checked."""
        call = Call(operation="read-health", method="GET", path=path("/v1/health"), effect=False)
        return await self._send(call, wire.decode_health)

    async def close(self) -> None:
        await self._sender.close()

    async def _state(self, call: Call, task_id: str) -> wire.TaskState:
        def decode(body: bytes) -> wire.TaskState:
            state = wire.decode_state(body)
            if state.task_id != task_id:
                raise ValueError("an answer about another task")
            return state

        return await self._send(call, decode)

    async def _send(self, call: Call, decode: Callable[[bytes], T]) -> T:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))
