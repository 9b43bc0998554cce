"""POST /v1/commerce/webhook: a webhook of Adobe Commerce that names an order.

Commerce waits with the shopper's request until this is answered, believes only 200 with an operation, and never tries
again (commerce-extensibility, webhooks).  So what is lost here, events or the poll must find.
"""

from dataclasses import dataclass

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from streams.settings.entrances import GatewaySettings
from streams.sources.answers import json_answer
from streams.sources.bodies import body_of, check_form, only, wait_with_body
from streams.sources.commerce_webhook import number_of
from streams.sources.hint_answers import done, malformed, unsigned
from streams.sources.hints import Hint, is_name
from streams.sources.json_form import MalformedError
from streams.sources.order_completion import OrderCompletion
from streams.sources.rsa_signature import as_commerce_signs, is_signed
from streams.sources.turnstile import Turnstile

PATH = "/v1/commerce/webhook"
SOURCE = "commerce-webhook"
SIGNATURE = "x-adobe-commerce-webhook-signature"
REQUEST_ID = "x-adobe-commerce-request-id"
SUCCESS = {"op": "success"}


@dataclass(frozen=True, slots=True, eq=False)
class WebhookRoute:
    """One address for every webhook of the one shop."""

    settings: GatewaySettings
    key: RSAPublicKey
    completion: OrderCompletion
    turnstile: Turnstile

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(PATH, self.post, expect_handler=wait_with_body)

    async def post(self, request: web.Request) -> web.Response:
        """Raises RefusedError."""
        check_form(request)
        signature, cause = only(request, SIGNATURE), only(request, REQUEST_ID)
        if not signature:
            raise unsigned(f"{SOURCE}: no-signature")
        with self.turnstile.passed():
            body = await body_of(request, at_most=self.settings.max_body_bytes, within_s=self.settings.read_s)
            if not is_signed(self.key, signature, as_commerce_signs(body)):
                raise unsigned(f"{SOURCE}: wrong-signature")
            hint = _hint(body)
            await done(self.completion, SOURCE, (hint,), cause if is_name(cause) else SOURCE)
        return json_answer(SUCCESS)


def _hint(body: bytes) -> Hint:
    """A webhook has no id that could be known again: its order's state has.  Raises RefusedError."""
    try:
        return Hint("", number_of(body))
    except MalformedError as error:
        raise malformed(error, SOURCE) from None
