"""POST /v1/orders/{channel}: one signed order, answered when Kafka has it.

The signature is checked over the bytes as they came, before anything reads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from streams.runtime.clock import Clock
from streams.settings.entrances import GatewaySettings
from streams.settings.forms import secret_bytes
from streams.sources import signature
from streams.sources.answers import UNSIGNED, Reason, RefusedError, json_answer
from streams.sources.bodies import body_of, check_form, only, wait_with_body
from streams.sources.json_form import MalformedError
from streams.sources.kafka_log import NotAppendedError
from streams.sources.order_acceptance import OrderAcceptance, Receipt
from streams.sources.recent import OtherContentError
from streams.sources.signature import Claim, UnsignedError
from streams.sources.turnstile import Turnstile

PATH = "/v1/orders/{channel}"
ACCEPTED, KNOWN = 202, 200


def keys_of(settings: GatewaySettings) -> Mapping[str, tuple[bytes, ...]]:
    """Channel → the keys that may sign for it."""
    return {channel: tuple(secret_bytes(one) for one in known) for channel, known in settings.secrets.items()}


@dataclass(frozen=True, slots=True, eq=False)
class OrdersRoute:
    """One address per channel."""

    settings: GatewaySettings
    keys: Mapping[str, Sequence[bytes]]
    acceptance: OrderAcceptance
    turnstile: Turnstile
    clock: Clock

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self.post, expect_handler=wait_with_body)

    async def post(self, request: web.Request) -> web.Response:
        """Raises RefusedError."""
        channel = request.match_info["channel"]
        keys = self.keys.get(channel)
        if keys is None:
            raise RefusedError(Reason.UNKNOWN_CHANNEL, "There is no such channel here.")
        check_form(request)
        with self.turnstile.passed():
            claim, body = await self._signed(request, channel, keys)
            receipt = await self._accepted(channel, claim, body)
        return json_answer(receipt, KNOWN if receipt.duplicate else ACCEPTED)

    async def _signed(self, request: web.Request, channel: str, keys: Sequence[bytes]) -> tuple[Claim, bytes]:
        """What cannot be right is refused before the body is read."""
        try:
            claim = self._claim(request)
            body = await body_of(request, at_most=self.settings.max_body_bytes, within_s=self.settings.read_s)
            signature.check(claim, body, keys)
        except UnsignedError as error:
            told = f"{channel}: {error.reason}"
            headers = {"WWW-Authenticate": "Standard-Webhooks"}
            raise RefusedError(Reason.NOT_SIGNED, UNSIGNED, headers=headers, told=told) from None
        return claim, body

    def _claim(self, request: web.Request) -> Claim:
        return signature.claim_of(
            only(request, "webhook-id"),
            only(request, "webhook-timestamp"),
            only(request, "webhook-signature"),
            now=self.clock.micros(),
        )

    async def _accepted(self, channel: str, claim: Claim, body: bytes) -> Receipt:
        told = f"{channel}: {claim.id}"
        try:
            return await self.acceptance.accept(channel, claim.id, body)
        except MalformedError as error:
            sentence = "The order cannot be read; correct the fields named here and send it again."
            raise RefusedError(Reason.MALFORMED, sentence, fields=error.problems, told=told) from None
        except OtherContentError:
            sentence = "This event_id was used for another content; give every event an id of its own."
            raise RefusedError(Reason.OTHER_CONTENT, sentence, told=told) from None
        except NotAppendedError as error:
            sentence = "The order was not acknowledged by Kafka; send it again with the same event_id."
            raise RefusedError(Reason.NOT_APPENDED, sentence, told=f"{told}: {error}") from None
