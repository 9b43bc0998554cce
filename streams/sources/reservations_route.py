"""Reservations and availability over HTTP: who asks is known by a token, and every refusal says what to do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from streams.runtime.metrics import RESERVATION_ANSWERS
from streams.settings.entrances import GatewaySettings
from streams.sources.answers import STATUS, Reason, RefusedError, json_answer
from streams.sources.availability import AvailabilityDesk
from streams.sources.bearer import Clients
from streams.sources.bodies import body_of, check_form, wait_with_body
from streams.sources.json_form import MalformedError
from streams.sources.kafka_log import NotAppendedError
from streams.sources.reservation_answers import Availability, NotEnough, shown, units
from streams.sources.reservation_body import asked_of, key_of, order_id_of, wish_of
from streams.sources.reservation_desk import (
    Answer,
    OtherWishError,
    ReservationDesk,
    UndecidedError,
    UnknownReservationError,
    UnknownSkuError,
)
from streams.sources.shop_reserved import ShopSilentError
from streams.sources.turnstile import Turnstile

PATH = "/v1/reservations"
CREATED, DONE = 201, 200
AGAIN = "Nobody decided in time: send it again with the same Idempotency-Key; what was decided is then the answer."
ENDED = "The reservation is {}: make a new one, with an Idempotency-Key of its own."
Handler = Callable[[web.Request, str], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, eq=False)
class ReservationsRoute:
    """Every address below /v1/reservations, /v1/availability, and the document that describes them."""

    settings: GatewaySettings
    clients: Clients
    desk: ReservationDesk
    availability: AvailabilityDesk
    turnstile: Turnstile

    def add_to(self, app: web.Application) -> None:
        add = app.router
        add.add_post(PATH, self._served("create", self.create), expect_handler=wait_with_body)
        add.add_post(PATH + "/{id}/confirm", self._served("confirm", self.confirm), expect_handler=wait_with_body)
        add.add_post(PATH + "/{id}/release", self._served("release", self.release), expect_handler=wait_with_body)
        add.add_get(PATH + "/{id}", self._served("get", self.get))
        add.add_get("/v1/availability", self._served("availability", self.available))
        add.add_get("/v1/openapi.json", openapi)

    # ── each address ─────────────────────────────────────────────────────────────────────────────

    async def create(self, request: web.Request, client: str) -> web.Response:
        """201 with the reservation, 200 where it was made before, 409 where there is not enough."""
        check_form(request)
        key, body = key_of(request), await self._body(request)
        set_ = self.settings.reservations
        wish = wish_of(body, ttl_s=set_.ttl_s, longest_s=set_.longest_ttl_s)
        if parts := set_.components.get(wish.sku):
            told = ", ".join(sorted(parts))
            raise RefusedError(Reason.OTHER_REQUEST, f"{wish.sku} is made of components: reserve each of {told}.")
        answer = await self.desk.create(client, key, wish)
        if answer.told.state == "REFUSED":
            return self._not_enough(answer)
        return self._told(answer, DONE if answer.reading is None else CREATED)

    async def confirm(self, request: web.Request, client: str) -> web.Response:
        """The customer has ordered: the goods stay held for this order."""
        check_form(request)
        order_id = order_id_of(await self._body(request))
        answer = await self.desk.confirm(client, request.match_info["id"], order_id)
        told = answer.told
        if told.state not in ("CONFIRMED", "FULFILLED"):
            raise RefusedError(Reason.ENDED, ENDED.format(told.state.lower()))
        if told.order_id != order_id:
            raise RefusedError(Reason.ENDED, "The reservation was confirmed for another order.")
        return self._told(answer)

    async def release(self, request: web.Request, client: str) -> web.Response:
        """The customer has left, or the order was cancelled: the goods are free again."""
        answer = await self.desk.release(client, request.match_info["id"])
        if answer.told.state == "FULFILLED":
            raise RefusedError(Reason.ENDED, "The goods of its order were taken: there is nothing to give back.")
        return self._told(answer)

    async def get(self, request: web.Request, client: str) -> web.Response:
        """As it stands now."""
        return self._told(self.desk.now(self.desk.find(client, request.match_info["id"])))

    async def available(self, request: web.Request, _client: str) -> web.Response:
        sku, quantity = asked_of(request)
        found = await self.availability.of(sku, quantity)
        return json_answer(
            Availability(
                sku=sku,
                quantity=units(quantity),
                available=quantity <= found.left,
                left=units(found.left),
                checked=found.checked,
                age_seconds=round(found.age_s, 3),
                why=found.why,
                components={name: units(left) for name, left in found.components.items()},
            )
        )

    # ── around each ──────────────────────────────────────────────────────────────────────────────

    def _served(self, asked: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            with self.turnstile.passed():
                try:
                    async with _told_as_refusals():
                        response = await handler(request, self.clients.of(request))
                except RefusedError as error:
                    RESERVATION_ANSWERS.labels(asked, str(STATUS[error.reason])).inc()
                    raise
            RESERVATION_ANSWERS.labels(asked, str(response.status)).inc()
            return response

        return serve

    async def _body(self, request: web.Request) -> bytes:
        set_ = self.settings
        return await body_of(request, at_most=set_.max_body_bytes, within_s=set_.read_s)

    def _told(self, answer: Answer, status: int = DONE) -> web.Response:
        return json_answer(shown(answer, self.desk.sku_of(answer.told.sku)), status)

    def _not_enough(self, answer: Answer) -> web.Response:
        there = units(answer.told.left)
        sku = self.desk.sku_of(answer.told.sku)
        error = f"There are {there} of {sku}; ask for no more, with an Idempotency-Key of its own."
        return json_answer(NotEnough(error, there, shown(answer, sku)), STATUS[Reason.NOT_ENOUGH])


async def openapi(_request: web.Request) -> web.Response:
    """What this serves, for machines: OpenAPI 3.1."""
    return web.Response(body=document(), content_type="application/json", charset="utf-8")


def document() -> bytes:
    return (files("streams.sources") / "openapi.json").read_bytes()


@asynccontextmanager
async def _told_as_refusals() -> AsyncIterator[None]:
    try:
        yield
    except MalformedError as error:
        raise RefusedError(Reason.MALFORMED, "Something is missing or wrong.", fields=error.problems) from None
    except UnknownSkuError:
        raise RefusedError(Reason.UNKNOWN_SKU, "Nothing is known of this SKU: it was never counted.") from None
    except UnknownReservationError:
        raise RefusedError(Reason.UNKNOWN_RESERVATION, "There is no such reservation of yours.") from None
    except OtherWishError as error:
        sentence = f"This Idempotency-Key was used before with another {error}; give every wish a key of its own."
        raise RefusedError(Reason.OTHER_REQUEST, sentence) from None
    except (UndecidedError, NotAppendedError) as error:
        raise RefusedError(Reason.UNDECIDED, AGAIN, told=str(error)) from None
    except ShopSilentError as error:
        sentence = "The shop does not tell what its open orders have, so nothing can be promised; send it again."
        raise RefusedError(Reason.SHOP_AWAY, sentence, told=str(error), headers={"Retry-After": "1"}) from None
