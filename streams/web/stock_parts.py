"""Asks for one SKU wherever it is held: the ledger at its partition's owner, the rows at the lane's owner.

Any worker answers for any SKU.  It asks the owner with its own token, for two seconds at most, and says so where the
owner does not answer: what is known is shown, what is not is named.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from connectors.core.errors import ConnectorError
from streams.runtime.clock import Clock
from streams.web.fleet import Fleet, Peers, PeerSilentError
from streams.web.introspection import Introspection, NotOwnedError
from streams.web.stock_facts import LedgerFact, RowFact, RowsFact, ShopFact

OWN_PATH = "/api/v1/stock/own"
WITHIN_S = 2.0
SHOP_WITHIN_S = 3.0
NEAR_AT_MOST = 5


class OwnStock(msgspec.Struct, frozen=True):
    """What one worker holds of a SKU; `has_…` False where another one owns that part."""

    worker: str = ""
    has_ledger: bool = False
    ledger: LedgerFact | None = None
    has_rows: bool = False
    rows: tuple[RowFact, ...] = ()
    near: tuple[str, ...] = ()


class StockParts(NamedTuple):
    """What was found; `rows` None where the lane's owner did not answer.  `owner`, `lane_owner`: ids of workers."""

    sku: str
    as_of: int
    owner: str | None
    lane_owner: str | None
    ledger_known: bool
    ledger: LedgerFact | None
    rows: tuple[RowFact, ...] | None
    missing: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    asked_shop: bool = False
    shop: tuple[ShopFact, ...] = ()
    shop_error: str = ""
    standstill: str = ""
    """Why no row goes out at the moment; empty while they do."""


_DECODER = msgspec.json.Decoder(OwnStock)
Part = OwnStock | PeerSilentError | None


class StockLookup:
    """One look-up at a time per call; nothing is kept."""

    def __init__(self, introspection: Introspection, fleet: Fleet, peers: Peers, clock: Clock) -> None:
        self._introspection, self._fleet, self._peers, self._clock = introspection, fleet, peers, clock

    async def own(self, sku: str) -> OwnStock:
        """What this worker holds."""
        part = OwnStock(self._introspection.facts().worker, near=self._introspection.near(sku))
        with suppress(NotOwnedError):  # another worker tells it
            part = msgspec.structs.replace(part, ledger=await self._introspection.ledger(sku), has_ledger=True)
        try:
            rows = await self._introspection.rows(sku)
        except NotOwnedError:
            return part
        return msgspec.structs.replace(part, rows=_rows(rows), has_rows=True)

    async def look_up(self, sku: str, *, ask_shop: bool = False) -> StockParts:
        """Never raises for a worker or a target that does not answer: it is named in the result."""
        url, lane_url = self._introspection.owner_of_sku(sku), self._introspection.owner_of_lane()
        ledger_part, lane_part = await self._both(sku, url, lane_url)
        ledger_known = isinstance(ledger_part, OwnStock) and ledger_part.has_ledger
        rows_known = isinstance(lane_part, OwnStock) and lane_part.has_rows
        parts = StockParts(
            sku=sku,
            as_of=self._clock.micros(),
            owner=self._name(url, ledger_part),
            lane_owner=self._name(lane_url, lane_part),
            ledger_known=ledger_known,
            ledger=ledger_part.ledger if isinstance(ledger_part, OwnStock) else None,
            rows=lane_part.rows if rows_known and isinstance(lane_part, OwnStock) else None,
            missing=(
                *self._missing(url, ledger_part, "this SKU", "the ledger", known=ledger_known),
                *self._missing(lane_url, lane_part, "the stock lane", "what was written", known=rows_known),
            ),
        )
        if ledger_known and parts.ledger is None:
            parts = parts._replace(near=await self._near(sku))
        return await self._with_shop(parts) if ask_shop else parts

    async def _both(self, sku: str, url: str | None, lane_url: str | None) -> tuple[Part, Part]:
        """The two owners side by side; one question where they are the same."""
        if url == lane_url:
            part = await self._part(url, sku)
            return part, part
        first, second = await asyncio.gather(self._part(url, sku), self._part(lane_url, sku))
        return first, second

    async def _part(self, url: str | None, sku: str) -> Part:
        if url is None:
            return None
        try:
            if url == self._introspection.facts().url:
                return await _within(self.own(sku))
            return _DECODER.decode(await self._peers.get(url, OWN_PATH, {"sku": sku}))
        except PeerSilentError as error:
            return error
        except msgspec.MsgspecError as error:
            return PeerSilentError(f"its answer cannot be read: {error}"[:200])

    async def _near(self, sku: str) -> tuple[str, ...]:
        """From every worker that answers."""
        found = await asyncio.gather(*(self._part(url, sku) for url in self._introspection.peers()))
        near = (one for part in found if isinstance(part, OwnStock) for one in part.near)
        return tuple(dict.fromkeys(near))[:NEAR_AT_MOST]

    def _missing(self, url: str | None, part: Part, whose: str, what: str, *, known: bool) -> tuple[str, ...]:
        if known:
            return ()
        if url is None:
            return (f"Nobody owns {whose} at the moment: {what} is left out. Partitions are being shared out.",)
        name = self._name(url, part)
        if isinstance(part, PeerSilentError):
            return (f"{name} owns {whose} and does not answer ({part}): {what} is left out.",)
        return (f"{name} is taking over {whose}: {what} is left out until its table is rebuilt.",)

    def _name(self, url: str | None, part: Part = None) -> str | None:
        told = part.worker if isinstance(part, OwnStock) else ""
        return told or (None if url is None else self._fleet.name_of(url))

    async def _with_shop(self, parts: StockParts) -> StockParts:
        """One call, three seconds at most."""
        codes = {row.source_code for row in parts.rows or ()}
        codes |= {source.source_code for source in (parts.ledger.sources if parts.ledger else ())}
        if not codes:
            return parts._replace(asked_shop=True, shop_error="No source of this SKU is known, so nothing was asked.")
        try:
            async with asyncio.timeout(SHOP_WITHIN_S):
                shop = await self._introspection.shop(parts.sku, tuple(sorted(codes)))
        except TimeoutError:
            return parts._replace(asked_shop=True, shop_error=f"Commerce did not answer in {SHOP_WITHIN_S:.0f} s.")
        except ConnectorError as error:
            why = f"Commerce did not tell: {type(error).__name__}, {error.message}"
            return parts._replace(asked_shop=True, shop_error=why[:300])
        return parts._replace(asked_shop=True, shop=shop)


async def _within(work: Awaitable[OwnStock]) -> OwnStock:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await work
    except TimeoutError:
        raise PeerSilentError(f"no answer in {WITHIN_S:.0f} s") from None


def _rows(fact: RowsFact | None) -> tuple[RowFact, ...]:
    return () if fact is None else fact.rows
