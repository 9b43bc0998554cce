"""A reservation, from a channel's wish to its owner's decision: asked on a topic, answered on another.

Nothing is decided here.  The id is made of client and idempotency key, so that a repeat, at whichever gateway and
after whatever failed, names the same reservation and finds its first answer.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import msgspec

from schemas.models.stock_reservation import Reservation, ReservationAction, ReservationRequest
from streams.domain.derived_id import derived_id
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import RESERVATION_SECONDS, RESERVATIONS_SILENT
from streams.runtime.operating.posting import Outgoing
from streams.settings.reservations import ReservationSettings
from streams.sources.order_acceptance import Encode, Log
from streams.sources.order_record import headers_of
from streams.sources.reservation_body import Wish
from streams.sources.reservation_book import ReservationBook
from streams.sources.shop_acks import ShopAcks
from streams.sources.shop_reserved import Reading, ShopReserved
from streams.sources.stock_book import StockBook
from streams.topics import RESERVATION_REQUEST

TOPIC = RESERVATION_REQUEST.name
EVENT_TYPE = "commerce.reservation.v1.ReservationRequest"
LOOK_EVERY = timedelta(milliseconds=50)
_LOG = logger("streams.gateway")


class Books(NamedTuple):
    """What is followed in memory."""

    reservations: ReservationBook
    stock: StockBook
    acks: ShopAcks
    reserved: ShopReserved


class Answer(NamedTuple):
    """A reservation as it stands; `reading` where it was made just now."""

    told: Reservation
    provisional: bool
    reading: Reading | None = None


class UnknownSkuError(Exception):
    """No snapshot of the SKU: no source of it has been counted."""


class UnknownReservationError(Exception):
    """None of this client with this id."""


class UndecidedError(Exception):
    """The owner did not decide in time, or too late; the message is for the log."""


class OtherWishError(Exception):
    """The idempotency key was used before, for something else; `fields` differ."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class ReservationDesk:
    """One for all clients; `item_of` is the ledger's name of a SKU."""

    def __init__(
        self,
        books: Books,
        log: Log,
        settings: ReservationSettings,
        *,
        encode: Encode,
        clock: Clock,
        item_of: Callable[[str], str],
        sku_of: Callable[[str], str],
    ) -> None:
        self._books, self._log, self._settings = books, log, settings
        self._encode, self._clock = encode, clock
        self._item_of, self.sku_of = item_of, sku_of

    async def create(self, client: str, key: str, wish: Wish) -> Answer:
        """The owner's decision, the first one for this key; whatever it says.

        Raises OtherWishError, UnknownSkuError, ShopSilentError, NotAppendedError, UndecidedError.
        """
        name = derived_id("reservation", client, key)
        known = self._books.reservations.get(name)
        if known is not None and known.state != "LATE":
            return self.now(self._same(known, wish))
        if wish.sku not in self._books.stock:
            raise UnknownSkuError
        reading = await self._books.reserved.now(wish.sku)
        request = self._request(
            name,
            self._item_of(wish.sku),
            client,
            "CREATE",
            quantity=wish.quantity,
            ttl_ms=wish.ttl_ms,
            patience_ms=self._settings.answer_ms,
            shop_reserved=reading.reserved,
            is_checkout=client in self._settings.checkouts,
        )
        told = self._same(await self._decided(request, 0 if known is None else known.revision), wish)
        if told.state == "LATE":
            raise UndecidedError("the owner came to it too late")
        return (await self._firm(self.now(told)))._replace(reading=reading)

    async def confirm(self, client: str, name: str, order_id: str) -> Answer:
        """As it stands then, whatever that is.  Raises UnknownReservationError, NotAppendedError, UndecidedError."""
        known = self.find(client, name)
        if known.state != "HELD":
            return self.now(known)
        request = self._request(name, known.sku, client, "CONFIRM", order_id=order_id)
        return self.now(await self._decided(request, known.revision))

    async def release(self, client: str, name: str) -> Answer:
        """As `confirm`."""
        known = self.find(client, name)
        if known.state not in ("HELD", "CONFIRMED"):
            return self.now(known)
        return self.now(await self._decided(self._request(name, known.sku, client, "RELEASE"), known.revision))

    def find(self, client: str, name: str) -> Reservation:
        """Raises UnknownReservationError, also for those of other clients."""
        known = self._books.reservations.get(name)
        if known is None or known.client != client or known.state == "LATE":
            raise UnknownReservationError
        return known

    def now(self, told: Reservation) -> Answer:
        """Provisional while the shop may still sell the last units that it holds."""
        held = told.state in ("HELD", "CONFIRMED") and bool(told.parts)
        shown = not held or not told.is_last
        stock = self._books.stock.get(self.sku_of(told.sku))
        return Answer(told, provisional=not (shown or self._books.acks.shows(told, stock)))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _same(self, told: Reservation, wish: Wish) -> Reservation:
        asked = {"sku": wish.sku, "quantity": wish.quantity, "ttl_seconds": wish.ttl_ms}
        was = {"sku": self.sku_of(told.sku), "quantity": told.quantity, "ttl_seconds": told.ttl_ms}
        other = tuple(name for name, value in asked.items() if was[name] != value)
        if other:
            raise OtherWishError(other)
        return told

    async def _firm(self, answer: Answer) -> Answer:
        """Waits for the shop, not longer than the setting says."""
        until = self._clock.monotonic() + self._settings.firm_ms / 1000
        while answer.provisional and self._clock.monotonic() < until:
            try:
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await self._books.acks.news()
            except TimeoutError:
                pass
            answer = self.now(self._books.reservations.get(answer.told.reservation_id) or answer.told)
        return answer

    async def _decided(self, request: ReservationRequest, revision: int) -> Reservation:
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._settings.answer_ms / 1000):
                await self._append(request)
                return await self._books.reservations.after(request.reservation_id, revision)
        except TimeoutError:
            RESERVATIONS_SILENT.inc()
            raise UndecidedError(f"no decision within {self._settings.answer_ms} ms") from None
        finally:
            RESERVATION_SECONDS.observe(self._clock.monotonic() - began)

    async def _append(self, request: ReservationRequest) -> None:
        headers = headers_of(
            request.request_id, f"/gateway/{request.client}", EVENT_TYPE, request.at, request.reservation_id
        )
        await self._log.append(Outgoing(TOPIC, request.sku.encode(), self._encode(TOPIC, request), headers))

    def _request(
        self, name: str, item: str, client: str, action: ReservationAction, **fields: object
    ) -> ReservationRequest:
        at = self._clock.micros()
        plain = {
            "request_id": derived_id("request", name, action, at),
            "reservation_id": name,
            "sku": item,
            "action": action,
            "client": client,
            "at": at,
            **fields,
        }
        return msgspec.convert(plain, ReservationRequest)
