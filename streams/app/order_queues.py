"""Which orders wait: for a person, or for a target.  What has not changed is not gone through again."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from streams.app import order_view
from streams.app.order_tables import OrderTables
from streams.domain import order_state, work
from streams.domain.order_entry import Parked
from streams.domain.order_holds import HoldReason
from streams.domain.order_state import OrderState
from streams.domain.work import Work
from streams.runtime.logs import logger
from streams.runtime.table import BulkTable
from streams.runtime.versioned import unpack
from streams.sinks.command_calls import SUSPECTED
from streams.tables import ORDERS
from streams.web.order_facts import MOST_STORED, OrderSums, Queue, QueueFact, QueueRow

LOOK_S = 1.5
"""A look that somebody waits for; the one in the background may take as long as it needs."""
FRESH_S = 1.0
PAUSE_S, SHARE = 5.0, 20
"""The background looks this often, and never for more than a twentieth of the time."""
_NONE = msgspec.Raw()
_KEPT_OPEN = {HoldReason.REFUSED_AT_SHOP.value}
_LOG = logger("streams.order-queues")


class _Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields of a stored order that tell whether it waits; the others are passed over."""

    made: int
    order_id: str
    counter: int
    state: str
    stage: msgspec.Raw
    stated: msgspec.Raw
    lines: msgspec.Raw
    payment: msgspec.Raw
    parts: msgspec.Raw
    documents: msgspec.Raw
    promised_at: msgspec.Raw
    holds: msgspec.Raw
    parked: tuple[Parked, ...] = ()
    refused: msgspec.Raw = _NONE
    forced: msgspec.Raw = _NONE
    asked: msgspec.Raw = _NONE
    seen: msgspec.Raw = _NONE
    statements: msgspec.Raw = _NONE
    facts: msgspec.Raw = _NONE
    remarks: tuple[msgspec.Raw, ...] = ()


class _Queue(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first field of stored work."""

    pending: tuple[msgspec.Raw, ...] = ()


class _Waiting(NamedTuple):
    """Stored work with something left to do; `offset` is that of its next command."""

    offset: int
    order_id: str
    work: Work


Tally = Mapping[str, tuple[int, int]]
"""Kind of event, or reason → how many, and the first time."""


class _Part(NamedTuple):
    """What was found in one partition of one table when its changelog stood at `offset`."""

    held: tuple[QueueRow, ...] = ()
    waiting: tuple[_Waiting, ...] = ()
    total: int = 0
    is_whole: bool = True
    undecided: int = 0
    reasons: Tally = MappingProxyType({})
    """Of all held orders, not of the rows alone; since when."""
    parked: Tally = MappingProxyType({})
    """Until when the first of them waits."""
    doubled: int = 0
    failing: int = 0
    offset: int | None = None


_HEAD = msgspec.msgpack.Decoder(_Head)
_QUEUE = msgspec.msgpack.Decoder(_Queue)


class OrderQueues:
    """Of one worker."""

    def __init__(self, tables: OrderTables) -> None:
        self._tables, self._clock = tables, tables.app.clock
        self._parts: dict[tuple[str, int], _Part] = {}
        self._looked_at: float | None = None
        self._took_s = 0.0
        self._sums = OrderSums()
        self._looking = asyncio.Lock()
        self._background: asyncio.Task[None] | None = None

    async def queue(self, queue: Queue) -> QueueFact:
        """At most a second old, or cut short where that takes longer than a look may."""
        await self._look(within_s=LOOK_S)
        if queue == "held":
            parts = self._parts_of(ORDERS.name)
            rows = oldest((row for part in parts for row in part.held), MOST_STORED)
        else:
            roles = self._tables.roles
            parts = [part for role in roles for part in self._works_of(role)]
            rows = oldest([row for role in roles for row in await self._waiting(role, MOST_STORED)], MOST_STORED)
        whole = all(part.is_whole for part in parts)
        total = sum(part.total for part in parts)
        return QueueFact(self._tables.app.worker_id, self._clock.micros(), tuple(rows), total, whole)

    def sums(self) -> OrderSums:
        """As of the last look; the next one begins where it is time."""
        if self._is_older(max(PAUSE_S, SHARE * self._took_s)) and (self._background is None or self._background.done()):
            self._background = asyncio.ensure_future(self._in_background())
        return self._sums

    def _is_older(self, seconds: float) -> bool:
        return self._looked_at is None or self._clock.monotonic() - self._looked_at >= seconds

    async def _in_background(self) -> None:
        try:
            await self._look(within_s=None)
        except Exception:  # noqa: BLE001  the pages go on without these figures; the streams do not notice
            _LOG.exception("orders-not-looked-through")

    # ── a look ───────────────────────────────────────────────────────────────────────────────────

    async def _look(self, *, within_s: float | None) -> None:
        """Goes through what changed."""
        async with self._looking:
            if not self._is_older(FRESH_S):
                return
            started = self._clock.monotonic()
            until = None if within_s is None else started + within_s
            tables = (self._tables.orders, *chain.from_iterable(map(self._tables.works, self._tables.roles)))
            for table in tables:
                for partition in sorted(table.owned):
                    await self._look_at(table, partition, until)
            owned = {(table.name, partition) for table in tables for partition in table.owned}
            self._parts = {key: part for key, part in self._parts.items() if key in owned}
            self._looked_at = self._clock.monotonic()
            self._took_s = self._looked_at - started
            self._sums = await self._added()

    async def _look_at(self, table: BulkTable, partition: int, until: float | None) -> None:
        if partition not in table.owned:
            return
        offset = table.store(partition).offset
        known = self._parts.get((table.name, partition))
        if known is None or not known.is_whole or known.offset != offset:
            scan = self._held if table.name == ORDERS.name else self._unfinished
            self._parts[table.name, partition] = (await scan(table, partition, until))._replace(offset=offset)

    async def _held(self, table: BulkTable, partition: int, until: float | None) -> _Part:
        rows: list[QueueRow] = []
        total = undecided = 0
        parked: dict[str, tuple[int, int]] = {}
        reasons: dict[str, tuple[int, int]] = {}
        async for order_id, stored in self._tables.entries(table, partition):
            if self._is_over(until):
                return _Part(
                    tuple(rows), (), total, is_whole=False, undecided=undecided, reasons=reasons, parked=parked
                )
            payload = unpack(stored)[1]
            head = _HEAD.decode(payload)
            for one in head.parked:
                _tally(parked, one.kind, one.until)
            if head.state == OrderState.HELD or head.remarks:
                total += 1
                row = order_view.held_row(order_id.decode(), order_state.decode(payload))
                rows.append(row)
                codes = _earliest((hold.reason, hold.at) for hold in row.holds)
                undecided += codes.keys() != _KEPT_OPEN
                for code, at in codes.items():
                    _tally(reasons, code, at)
                rows = oldest(rows, MOST_STORED) if len(rows) > 2 * MOST_STORED else rows
        shown = tuple(oldest(rows, MOST_STORED))
        return _Part(shown, (), total, undecided=undecided, reasons=reasons, parked=parked)

    async def _unfinished(self, table: BulkTable, partition: int, until: float | None) -> _Part:
        rows: list[_Waiting] = []
        total = doubled = failing = 0
        async for order_id, stored in self._tables.entries(table, partition):
            if self._is_over(until):
                return _Part((), tuple(rows), total, is_whole=False, doubled=doubled, failing=failing)
            payload = unpack(stored)[1]
            if _QUEUE.decode(payload).pending:
                total += 1
                one = work.decode(payload)
                doubled += one.held == SUSPECTED
                failing += work.is_failing(one)
                rows.append(_Waiting(one.head.place[2], order_id.decode(), one))
                rows = _first(rows, MOST_STORED) if len(rows) > 2 * MOST_STORED else rows
        return _Part((), tuple(_first(rows, MOST_STORED)), total, doubled=doubled, failing=failing)

    def _is_over(self, until: float | None) -> bool:
        return until is not None and self._clock.monotonic() > until

    # ── what it found ────────────────────────────────────────────────────────────────────────────

    def _parts_of(self, table: str) -> list[_Part]:
        return [part for (name, _), part in self._parts.items() if name == table]

    def _works_of(self, role: str) -> list[_Part]:
        return [part for table in self._tables.works(role) for part in self._parts_of(table.name)]

    async def _waiting(self, role: str, most: int) -> list[QueueRow]:
        """Commands of a partition came in the order of their offsets: the lowest have waited longest."""
        found = [one for part in self._works_of(role) for one in _first(part.waiting, most)]
        heads = await self._tables.commands(role, [one.work.head.value for one in found])
        rows = (
            order_view.waiting_row(one.order_id, role, one.work, head) for one, head in zip(found, heads, strict=True)
        )
        return oldest(rows, most)

    async def _added(self) -> OrderSums:
        held = self._parts_of(ORDERS.name)
        rows = [row for part in held for row in part.held]
        since = {role: await self._waiting(role, 1) for role in self._tables.roles}
        works = {role: list(self._works_of(role)) for role in self._tables.roles}
        waiting = {role: sum(part.total for part in parts) for role, parts in works.items()}
        doubled = {role: sum(part.doubled for part in parts) for role, parts in works.items()}
        failing = {role: sum(part.failing for part in parts) for role, parts in works.items()}
        parked = [(kind, *found) for part in held for kind, found in part.parked.items()]
        reasons = [(code, *found) for part in held for code, found in part.reasons.items()]
        return OrderSums(
            as_of=self._clock.micros(),
            held=sum(part.total for part in held),
            undecided=sum(part.undecided for part in held),
            oldest_held_at=min((row.since for row in rows if row.since is not None), default=None),
            reasons=dict(_summed((code, number) for code, number, _at in reasons)),
            waiting={role: number for role, number in waiting.items() if number},
            oldest_waiting_at={role: row.since for role, found in since.items() for row in found if row.since},
            oldest_by_reason=_earliest((code, at) for code, _number, at in reasons),
            parked=dict(_summed((kind, number) for kind, number, _until in parked)),
            oldest_parked_until=_earliest((kind, until) for kind, _number, until in parked),
            doubled={role: number for role, number in doubled.items() if number},
            failing={role: number for role, number in failing.items() if number},
            is_whole=all(part.is_whole for part in self._parts.values()),
        )


def _tally(into: dict[str, tuple[int, int]], name: str, at: int) -> None:
    number, first = into.get(name, (0, at))
    into[name] = (number + 1, min(first, at))


def _earliest(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, at in pairs:
        found[name] = min(at, found.get(name, at))
    return found


def _summed(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    found = Counter[str]()
    for name, number in pairs:
        found[name] += number
    return found


def oldest(rows: Iterable[QueueRow], most: int) -> list[QueueRow]:
    """What has no time comes first: it is not known to be young."""
    return nsmallest(most, rows, key=lambda row: (row.since or 0, row.order_id))


def _first(rows: Iterable[_Waiting], most: int) -> list[_Waiting]:
    return nsmallest(most, rows, key=lambda one: one.offset)
