"""Asks for one order wherever it is held, by the id that all systems know or by a number that one of them gave.

Any worker answers for any order.  It asks the owner of the order's partition with its own token, for two seconds at
most, and says so where that one does not answer.  A number says nothing of the partition, so all workers are asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from streams.domain.order_id import is_unified
from streams.runtime.clock import Clock
from streams.web.envelope import SilentWorker
from streams.web.fleet import Fleet, Peers, PeerSilentError
from streams.web.introspection import Introspection, NotOwnedError
from streams.web.order_facts import EntryFact, FoundFact, OrderSource, Queue, QueueFact, ShipmentFact
from streams.web.words import moment

POSTED = ("commerce", "CREATE_SHIPMENT")
OWN = "/api/v1/orders/own"
WITHIN_S = 2.0
AnswerT = TypeVar("AnswerT")


class OwnOrder(msgspec.Struct, frozen=True):
    """What one worker holds of an order; `has_entry` False where another one owns it."""

    worker: str = ""
    has_entry: bool = False
    entry: EntryFact | None = None


class OwnShipments(msgspec.Struct, frozen=True):
    """What one worker holds of an order's shipments; `is_here` False where another one posts them."""

    worker: str = ""
    is_here: bool = False
    shipments: tuple[ShipmentFact, ...] = ()


class OrderParts(NamedTuple):
    """What was found; `known` False where the owner did not answer, so that nothing can be said."""

    asked: str
    as_of: int
    owner: str | None = None
    known: bool = False
    entry: EntryFact | None = None
    missing: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    """Orders that carry the number that was asked for."""
    shipments: tuple[ShipmentFact, ...] | None = ()
    """Those that the shop has not posted; None where nobody tells."""


class Waiting(NamedTuple):
    """One queue over all workers: `silent` did not tell theirs, `cut` could not look through all of it."""

    as_of: int
    told: tuple[QueueFact, ...]
    silent: tuple[SilentWorker, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.silent and all(one.is_whole for one in self.told)


class Revealing(Protocol):
    """The way to other workers for somebody who may see people."""

    async def post(self, url: str, path: str, body: bytes) -> bytes:
        """The body of a 200 answer.  Raises PeerSilentError within two seconds."""
        ...


class Asking(NamedTuple):
    """Whom to ask, and how."""

    introspection: Introspection
    fleet: Fleet
    peers: Peers
    revealing: Revealing
    clock: Clock


class People(msgspec.Struct, frozen=True):
    """Everything of an order that names somebody; None where the order is not known."""

    people: tuple[tuple[str, str], ...] | None = None


class OrderLookup:
    """One look-up at a time per call; nothing is kept."""

    def __init__(self, source: OrderSource, asking: Asking) -> None:
        self.source = source
        self._introspection, self._fleet, self._peers, self._revealing, self._clock = asking

    async def own(self, order_id: str) -> OwnOrder:
        """What this worker holds."""
        part = OwnOrder(self._introspection.facts().worker)
        with suppress(NotOwnedError):  # another worker tells it
            part = msgspec.structs.replace(part, entry=await self.source.entry(order_id), has_entry=True)
        return part

    async def look_up(self, text: str) -> OrderParts:
        """Never raises for a worker that does not answer: it is named in the result."""
        parts = await self._by_id(text) if is_unified(text) else OrderParts(text, self._clock.micros(), known=True)
        if parts.entry is not None or not parts.known:
            return parts
        found, missing = await self._find(text)
        if len(found) == 1:
            parts = (await self._by_id(found[0]))._replace(asked=text)
            return parts._replace(missing=(*parts.missing, *missing))
        return parts._replace(several=found, missing=missing, known=bool(found) or not missing)

    async def _by_id(self, order_id: str) -> OrderParts:
        url = self.source.owner_of(order_id)
        part = None if url is None else await self._ask(url, "", {"id": order_id}, OwnOrder, lambda: self.own(order_id))
        told = part.worker if isinstance(part, OwnOrder) else ""
        name = told or (None if url is None else self._fleet.name_of(url))
        parts = OrderParts(order_id, self._clock.micros(), name)
        if isinstance(part, OwnOrder) and part.has_entry:
            return await self._with_shipments(parts._replace(known=True, entry=part.entry))
        return parts._replace(missing=(_why(name, part),))

    async def own_shipments(self, order_id: str) -> OwnShipments:
        """What this worker holds of them."""
        part = OwnShipments(self._introspection.facts().worker)
        with suppress(NotOwnedError):  # another worker tells them
            part = msgspec.structs.replace(part, shipments=await self.source.shipments(order_id), is_here=True)
        return part

    async def _with_shipments(self, parts: OrderParts) -> OrderParts:
        """One worker posts the shipments of all orders; it is asked where one was asked for."""
        entry = parts.entry
        if entry is None or not any(asked[:2] == POSTED for asked in entry.asked):
            return parts
        url, order_id = self.source.owner_of_shipments(), entry.order_id
        part = (
            None
            if url is None
            else await self._ask(
                url, "/shipments", {"id": order_id}, OwnShipments, lambda: self.own_shipments(order_id)
            )
        )
        if isinstance(part, OwnShipments) and part.is_here:
            return parts._replace(shipments=part.shipments)
        why = f" ({part})" if isinstance(part, PeerSilentError) else ""
        who = "Nobody posts shipments" if url is None else f"{self._fleet.name_of(url)} does not tell of shipments{why}"
        return parts._replace(
            shipments=None, missing=(f"{who} at the moment: whether one waits is not known.", *parts.missing)
        )

    async def _find(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Orders by number, and what was left out."""
        urls = list(self._introspection.peers())
        answers = await asyncio.gather(
            *(self._ask(url, "/find", {"q": text}, FoundFact, lambda: self.source.find(text)) for url in urls)
        )
        found: list[str] = []
        missing: list[str] = []
        for url, answer in zip(urls, answers, strict=True):
            if isinstance(answer, PeerSilentError):
                missing.append(f"{self._fleet.name_of(url)} does not answer ({answer}): its orders were not searched.")
                continue
            found += answer.order_ids
            if not answer.is_whole:
                missing.append(f"{self._fleet.name_of(url)} could not search all of its orders in time: name the id.")
        return tuple(dict.fromkeys(found)), tuple(missing)

    async def waiting(self, queue: Queue) -> Waiting:
        """From every worker."""
        urls = list(self._introspection.peers())
        asked = {"queue": queue}
        answers = await asyncio.gather(
            *(self._ask(url, "/queue", asked, QueueFact, lambda: self.source.queue(queue)) for url in urls)
        )
        now = self._clock.micros()
        silent = tuple(
            SilentWorker(self._fleet.name_of(url), moment(now), str(one))
            for url, one in zip(urls, answers, strict=True)
            if isinstance(one, PeerSilentError)
        )
        return Waiting(now, tuple(one for one in answers if isinstance(one, QueueFact)), silent)

    async def people_elsewhere(self, order_id: str, body: bytes) -> People | None:
        """From the owner, which audits the look; None where this worker is the owner.  Raises PeerSilentError."""
        url = self.source.owner_of(order_id)
        if url is None:
            raise PeerSilentError("nobody owns this order at the moment")
        if url == self._introspection.facts().url:
            return None
        try:
            return msgspec.json.decode(await self._revealing.post(url, f"{OWN}/people", body), type=People)
        except msgspec.MsgspecError as error:
            raise PeerSilentError(f"its answer cannot be read: {error}"[:200]) from None

    async def _ask(  # noqa: PLR0913  one question, to whoever owns the answer
        self, url: str, path: str, params: Mapping[str, str], kind: type[AnswerT], own: Callable[[], Awaitable[AnswerT]]
    ) -> AnswerT | PeerSilentError:
        try:
            if url == self._introspection.facts().url:
                async with asyncio.timeout(WITHIN_S):
                    return await own()
            return msgspec.json.decode(await self._peers.get(url, OWN + path, params), type=kind)
        except TimeoutError:
            return PeerSilentError(f"no answer in {WITHIN_S:.0f} s")
        except PeerSilentError as error:
            return error
        except msgspec.MsgspecError as error:
            return PeerSilentError(f"its answer cannot be read: {error}"[:200])


def _why(name: str | None, part: OwnOrder | PeerSilentError | None) -> str:
    if part is None:
        return "Nobody owns this order at the moment: partitions are being shared out. Ask again in some seconds."
    if isinstance(part, PeerSilentError):
        return f"{name} owns this order and does not answer ({part})."
    return f"{name} is taking over this order: ask again when its table is rebuilt."
