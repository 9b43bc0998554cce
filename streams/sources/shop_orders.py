"""The poller `commerce-orders`: asks the shop which orders changed, and for the numbers that are missing.

The list of changes says when an order changed, no more; each order that changed is then read whole, as every other
reader reads it, so that one state of an order is one statement with one event id, by whatever way it comes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from connectors.core.errors import ConnectorError, NotFoundError, PermanentError
from schemas.models.document import OrderChange
from schemas.models.order import Order
from schemas.models.source_cursor import SourceCursor
from streams.domain import increment_gaps as gaps
from streams.domain import order_scan
from streams.domain.order_scan import SURE_AFTER, Memory, Scan, Seen
from streams.runtime.clock import Clock
from streams.runtime.logs import logger
from streams.runtime.metrics import POLL_EXPLAINED
from streams.sources.json_form import EPOCH
from streams.sources.order_record import Encode, TooLargeError, found_order
from streams.sources.poller import Found, Number, Reading, UnreadableCursorError
from streams.sources.target_calls import TargetCalls

NAME = "commerce-orders"
_LOG = logger("streams.poll")


class OrderReads(Protocol):
    """As much of a ShopOrderTarget as is asked."""

    async def changed_orders(self, since: int, after: str = "") -> Sequence[OrderChange]:
        """As the port's."""
        ...

    async def read_order(self, number: str) -> Order:
        """As the port's."""
        ...


class Bounds(NamedTuple):
    """All in µs: how far back a round begins, when a missing number is asked for, where the first round begins."""

    overlap: int
    gap_after: int
    since: int | None = None


class _Step(NamedTuple):
    """What is remembered after some orders, and what they are appended as."""

    memory: Memory
    found: tuple[Found, ...] = ()

    def and_(self, other: "_Step") -> "_Step":
        return _Step(other.memory, (*self.found, *other.found))


class ShopOrderPoller:
    """One shop."""

    name = NAME

    def __init__(self, port: OrderReads, calls: TargetCalls, encode: Encode, clock: Clock, bounds: Bounds) -> None:
        self._port, self._calls, self._encode, self._clock, self._bounds = port, calls, encode, clock, bounds

    def check(self, cursor: SourceCursor) -> None:
        """Raises UnreadableCursorError."""
        try:
            order_scan.decode(cursor.memory)
        except msgspec.MsgspecError as error:
            raise UnreadableCursorError(f"the cursor of {NAME!r} cannot be read: {error}") from None

    async def read(self, cursor: SourceCursor | None) -> Reading:
        """Raises ConnectorError where not one order could be read; else what was read before the failure is kept."""
        now = self._clock.micros()
        memory = order_scan.decode(cursor.memory) if cursor else order_scan.begun(self._begin(now))
        scan = order_scan.scan_of(memory, now, self._bounds.overlap)
        changes = await self._calls.made(lambda: self._port.changed_orders(scan.since, scan.after))
        if changes:
            return self._reading(memory, await self._changes(memory, scan, changes), now)
        step = await self._missing(memory, now)
        step = _Step(order_scan.ended(step.memory, self._bounds.overlap), step.found)
        return self._reading(memory, step, now)

    def _begin(self, now: int) -> int:
        return now if self._bounds.since is None else self._bounds.since

    # ── what changed ─────────────────────────────────────────────────────────────────────────────

    async def _changes(self, memory: Memory, scan: Scan, changes: Sequence[OrderChange]) -> _Step:
        done = _Step(memory)
        for number, change in enumerate(changes):
            try:
                step = await self._change(done.memory, change)
            except ConnectorError:
                if not number:
                    raise
                break  # it is the first of the next page
            done = done.and_(_Step(order_scan.passed(step.memory, scan, change), step.found))
        return done

    async def _change(self, memory: Memory, change: OrderChange) -> _Step:
        if change.placed_at >= memory.watched_from:
            noticed = gaps.seen(memory.gaps, [change.number], self._clock.micros())
            memory = msgspec.structs.replace(memory, gaps=noticed)
        if order_scan.is_known(memory, change):
            return _Step(memory)
        try:
            return await self._whole(memory, change.number)
        except NotFoundError:
            return _Step(memory)  # deleted since
        except (PermanentError, TooLargeError, ValueError) as error:
            seen = Seen(change.entity_id, change.updated_at, "", is_sure=True)
            return _Step(self._refused(order_scan.with_seen(memory, seen), change.number, error))

    async def _whole(self, memory: Memory, number: str) -> _Step:
        """The order as it is now, unless it was stated so.  Raises PermanentError, TooLargeError, ValueError."""
        order = await self._calls.made(lambda: self._port.read_order(number))
        entity_id = order.entity_id or order.number
        read = msgspec.structs.replace(memory, gaps=gaps.found(memory.gaps, number))
        seen = order_scan.with_seen(read, self._seen(entity_id, order))
        if order_scan.was_stated(memory, entity_id, order.event_id):
            return _Step(seen)
        return _Step(seen, (found_order(order, NAME, self._encode),))

    def _seen(self, entity_id: str, order: Order) -> Seen:
        is_sure = self._clock.micros() >= order.updated_at + SURE_AFTER
        return Seen(entity_id, order.updated_at, order.event_id, is_sure)

    def _refused(self, memory: Memory, number: str, error: Exception) -> Memory:
        _LOG.warning("order-unreadable", poller=NAME, number=number, why=str(error)[: gaps.WHY_AT_MOST])
        return msgspec.structs.replace(memory, gaps=gaps.refused(memory.gaps, number, str(error), self._clock.micros()))

    # ── what is missing ──────────────────────────────────────────────────────────────────────────

    async def _missing(self, memory: Memory, now: int) -> _Step:
        done = _Step(memory)
        for place, number in enumerate(gaps.due(memory.gaps, now, self._bounds.gap_after)):
            try:
                done = done.and_(await self._look_up(done.memory, number))
            except ConnectorError:
                if not place:
                    raise
                break
        return done

    async def _look_up(self, memory: Memory, number: str) -> _Step:
        try:
            step = await self._whole(memory, number)
        except NotFoundError:
            POLL_EXPLAINED.labels(NAME).inc()
            _LOG.info("number-never-placed", poller=NAME, number=number)
            return _Step(msgspec.structs.replace(memory, gaps=gaps.never_placed(memory.gaps, number)))
        except (PermanentError, TooLargeError, ValueError) as error:
            return _Step(self._refused(memory, number, error))
        _LOG.warning("missing-order-found", poller=NAME, number=number)
        return step

    # ── what is told ─────────────────────────────────────────────────────────────────────────────

    def _reading(self, before: Memory, step: _Step, now: int) -> Reading:
        memory = step.memory
        open_ = gaps.unexplained(memory.gaps, now, self._bounds.gap_after)
        cursor = SourceCursor(name=NAME, position=_told(memory.position), memory=order_scan.encode(memory), at=now)
        return Reading(
            step.found,
            cursor,
            is_end=memory.scan is None,
            is_news=order_scan.is_news(before, memory),
            read_up_to=0 if memory.scan is None else memory.position,
            unexplained=tuple(Number(one.number, one.since, one.why) for one in open_),
            never_placed=memory.gaps.never_placed,
        )


def micros_of(moment: str) -> int:
    """Of a time with its zone; raises ValueError."""
    return round((datetime.fromisoformat(moment) - EPOCH).total_seconds() * 1_000_000)


def _told(at: int) -> str:
    """For people: the place itself is in the memory."""
    return datetime.fromtimestamp(at / 1_000_000, EPOCH.tzinfo).isoformat(timespec="seconds").replace("+00:00", "Z")
