"""One method per endpoint of the contract: values in, values out, errors from the tree."""

from collections.abc import Callable
from typing import TypeVar

from connectors.core.calls import Call
from connectors.core.http import Sender
from connectors.core.paths import path
from connectors.rest_carrier import answers, wire

T = TypeVar("T")


class CarrierClient:
    """A label is keyed by our reference in every call."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def rates(self, inquiry: wire.Inquiry) -> wire.Offers:
        """POST v1/rates: a question, which books nothing.

        Raises:
            RejectedPayloadError: the carrier does not deliver there.
        """
        call = Call(
            operation="read-rates", method="POST", path=path("/v1/rates"), effect=False, body=wire.encode(inquiry)
        )
        return await self._send(call, wire.decode_offers)

    async def put_label(self, reference: str, parcel: wire.Parcel) -> wire.LabelState:
        """PUT v1/labels/{reference}: 201 made, 200 the same label as before.  Safe to repeat.

        Raises:
            RejectedPayloadError: refused content, or the label is void.
            ConflictError: the reference stands for other content.
        """
        call = Call(
            operation=answers.PUT_LABEL,
            method="PUT",
            path=path("/v1/labels/{reference}", reference=reference),
            effect=True,
            body=wire.encode(parcel),
        )
        return await self._state(call, reference)

    async def label(self, reference: str) -> wire.LabelState:
        """GET v1/labels/{reference}.

        Raises:
            NotFoundError: there is no such label.
        """
        call = Call(
            operation="read-label",
            method="GET",
            path=path("/v1/labels/{reference}", reference=reference),
            effect=False,
        )
        return await self._state(call, reference)

    async def void_label(self, reference: str) -> wire.LabelState:
        """POST v1/labels/{reference}/void.  Safe to repeat: a void label stays void.

        Raises:
            NotFoundError: there is no such label.
            RejectedPayloadError: the carrier has the parcel.
        """
        call = Call(
            operation="void-label",
            method="POST",
            path=path("/v1/labels/{reference}/void", reference=reference),
            effect=True,
        )
        return await self._state(call, reference)

    async def health(self) -> wire.Health:
        """GET v1/health; the credential is checked."""
        call = Call(operation="read-health", method="GET", path=path("/v1/health"), effect=False)
        return await self._send(call, wire.decode_health)

    async def close(self) -> None:
        await self._sender.close()

    async def _state(self, call: Call, reference: str) -> wire.LabelState:
        def decode(body: bytes) -> wire.LabelState:
            state = wire.decode_state(body)
            if state.reference != reference:
                raise ValueError("an answer about another label")
            return state

        return await self._send(call, decode)

    async def _send(self, call: Call, decode: Callable[[bytes], T]) -> T:
        return await self._sender.send(call, lambda answer: answers.read(call, answer, decode))
