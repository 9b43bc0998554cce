"""/v1/adobe/events: what Adobe I/O Events delivers, and the challenge by which it makes sure of the address.

Sources: Adobe I/O Events, webhooks guide (challenge, asynchronous validation, two signatures of which one is enough)
and its page on retries: 429 and 5xx are tried again for 24 hours, any other refusal is final.
"""

import re
from dataclasses import dataclass

from aiohttp import web

from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.settings.entrances import GatewaySettings
from streams.sources import adobe_events
from streams.sources.adobe_events import NotForUsError
from streams.sources.adobe_keys import KEY_PATH, AdobeKeys, KeysAwayError
from streams.sources.answers import Reason, RefusedError, json_answer
from streams.sources.bodies import CLOUD_EVENTS, body_of, check_form, only, wait_with_body
from streams.sources.hint_answers import done, malformed, unsigned
from streams.sources.hints import Hint
from streams.sources.json_form import MalformedError
from streams.sources.order_completion import OrderCompletion
from streams.sources.rsa_signature import is_signed
from streams.sources.turnstile import Turnstile

PATH = "/v1/adobe/events"
SOURCE = "adobe-events"
ROOM = 8
"""A delivery may be as large as eight orders."""
SIGNATURES = (
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LIMIT = "STREAMS_GATEWAY__ADOBE_EVENTS__MAX_BODY_BYTES"
_LOG = logger("streams.gateway")


class Seldom:
    """Once a second: what anybody may cause must not be a flood of lines."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last = clock, float("-inf")

    def now(self) -> bool:
        now = self._clock.monotonic()
        if now - self._last < 1:
            return False
        self._last = now
        return True


@dataclass(frozen=True, slots=True, eq=False)
class AdobeRoute:
    """One address for every event; whose it is the client id in the signed body says."""

    settings: GatewaySettings
    keys: AdobeKeys
    completion: OrderCompletion
    turnstile: Turnstile
    validations: Seldom

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.challenge, allow_head=False)
        app.router.add_post(PATH, self.post, expect_handler=wait_with_body)

    async def challenge(self, request: web.Request) -> web.Response:
        """Says back what was asked; letters and digits only, so that nothing else can be said through us."""
        asked = request.query.getall("challenge", [])
        if len(asked) != 1 or not _CHALLENGE.fullmatch(asked[0]):
            raise RefusedError(Reason.MALFORMED, "Send one challenge of letters, digits, - and _.")
        return json_answer({"challenge": asked[0]})

    async def post(self, request: web.Request) -> web.Response:
        """Raises RefusedError."""
        check_form(request, CLOUD_EVENTS)
        pairs = _signatures(request)
        with self.turnstile.passed(ROOM):
            body = await self._body(request)
            if not pairs:
                return self._validation(body)
            hints = await self._believed(body, pairs)
            counts = await done(self.completion, SOURCE, hints, "")
        return json_answer({"events": len(hints), **{outcome.value: count for outcome, count in counts.items()}})

    async def _body(self, request: web.Request) -> bytes:
        """Adobe never sends again what was refused with 408: it is told to.  Raises RefusedError."""
        most = self.settings.adobe_events.max_body_bytes
        try:
            return await body_of(request, at_most=most, within_s=self.settings.read_s, limit=_LIMIT)
        except RefusedError as error:
            if error.reason is not Reason.TOO_SLOW:
                raise
            raise RefusedError(Reason.BUSY, error.problem.error, told=f"{SOURCE}: too-slow") from None

    async def _believed(self, body: bytes, pairs: tuple[tuple[str, str], ...]) -> tuple[Hint, ...]:
        """The hints of a body that is Adobe's and ours.  For another client's no key is fetched.  Raises RefusedError.

        What is wrong with a body is told to its signer only.
        """
        try:
            hints = adobe_events.hints_of(body, self.settings.adobe_events.client_id)
        except NotForUsError:
            raise unsigned(f"{SOURCE}: another-client") from None
        except MalformedError as error:
            await self._check(body, pairs)
            raise malformed(error, SOURCE) from None
        await self._check(body, pairs)
        return hints

    def _validation(self, body: bytes) -> web.Response:
        """Adobe asks for a look at an address of its own, where the challenge failed.

        Nobody signed this, so the address is not called: it is logged, and a person opens it.  Raises RefusedError.
        """
        try:
            address = adobe_events.validation_of(body)
        except MalformedError:
            address = ""
        if not address:
            raise unsigned(f"{SOURCE}: no-signature")
        if self.validations.now():
            _LOG.warning("adobe-validation-asked", open_within_5_min=address)
        return json_answer({"validation": "logged"})

    async def _check(self, body: bytes, pairs: tuple[tuple[str, str], ...]) -> None:
        """One signature that is right is enough.  Raises RefusedError."""
        away = ""
        for signature, path in pairs:
            try:
                key = await self.keys.key(path)
            except KeysAwayError as error:
                away = str(error)
                continue
            if key is not None and is_signed(key, signature, body):
                self.keys.proved(path)
                return
        if away:
            sentence = "Adobe's public keys cannot be had; send it again later."
            raise RefusedError(Reason.KEYS_AWAY, sentence, told=f"{SOURCE}: {away}")
        raise unsigned(f"{SOURCE}: wrong-signature")


def _signatures(request: web.Request) -> tuple[tuple[str, str], ...]:
    """Signature and path of its key, where both are there and the path has the documented form."""
    found = ((only(request, signature), only(request, path)) for signature, path in SIGNATURES)
    return tuple((signature, path) for signature, path in found if signature and KEY_PATH.fullmatch(path))
