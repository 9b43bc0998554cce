"""One method per endpoint of the contract: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

from connectors.core.calls import Call
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.rest_finance import answers, mapping, wire
from schemas.models.document import BookedDocument

T = TypeVar("T")


class FinanceClient:
    """A document is keyed by our reference in every call."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def put_document(self, reference: str, document: wire.Document) -> BookedDocument:
        """PUT v1/documents/{reference}: 201 booked, 200 booked before, or corrected now.  Safe to repeat.

        Raises:
            RejectedPayloadError: refused content, a closed period, a locked document, or a reference of another one.
        """
        call = Call(
            operation="put-document",
            method="PUT",
            path=path("/v1/documents/{reference}", reference=reference),
            effect=True,
            body=wire.encode(document),
        )
        return await self._state(call, reference)

    async def document(self, reference: str) -> BookedDocument:
        """GET v1/documents/{reference}.

        Raises:
            NotFoundError: there is no such document.
        """
        call = Call(
            operation="read-document",
            method="GET",
            path=path("/v1/documents/{reference}", reference=reference),
            effect=False,
        )
        return await self._state(call, reference)

    async def health(self) -> wire.Health:
        """GET v1/health; the credential is checked."""
        call = Call(operation="read-health", method="GET", path=path("/v1/health"), effect=False)
        return await self._send(call, wire.decode_health)

    async def close(self) -> None:
        await self._sender.close()

    async def _state(self, call: Call, reference: str) -> BookedDocument:
        def decode(body: bytes) -> BookedDocument:
            found = mapping.from_state(wire.decode_state(body))
            if found.reference != reference:
                raise ValueError("an answer about another document")
            return found

        return await self._send(call, decode)

    async def _send(self, call: Call, decode: Callable[[bytes], T]) -> T:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))
