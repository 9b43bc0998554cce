"""Evidence of orders: what shop, logs and tables show, one partition of orders after the other.

Events, commands, outcomes and tables of an order lie in partitions of one number, so memory is bounded by the orders of
a partition; what has another key (the channels' records, shipments, dead letters) is read before.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.catalogue import COMMERCE_ORDER, ORDER_EVENT, SHIPMENT, Contract, command_contract, outcome_contract
from schemas.models.cause import Cause
from schemas.models.command import Command
from schemas.models.operations import WRITE_STOCK, Outcome
from schemas.models.order_event import OrderEvent
from streams.app.completeness.logs import Counting, Stretch, Window, record_of
from streams.app.completeness.reading import LetterPlaces, Reading, spans_of
from streams.domain import order_entry, work
from streams.domain.order_closing import Answered, Asked, EntrySeen, OrderEvidence, Record, WorkSeen
from streams.domain.order_entry import OrderEntry
from streams.domain.order_goods import goods_of
from streams.domain.order_holdings import OrderMoney
from streams.domain.order_id import unified_id
from streams.domain.version import NOTHING_SEEN, Version
from streams.runtime.operating.log_reader import LogRecord
from streams.runtime.operating.places import Partition, place_text
from streams.runtime.versioned import UnknownFormatError, unpack
from streams.tables import ORDERS, SHIPMENT_WORK, WORK, TableSpec
from streams.topics import COMMANDS, NEWS_INPUTS, OUTCOMES
from streams.topics import SHIPMENT as SHIPMENT_TOPIC

ENTRY = b"e"
MOST_ORDERS = 200_000
"""Of one run: what is kept of an order beside its evidence takes about a kilobyte."""
STATED = "PLACED"


class TooManyError(Exception):
    """More than a run keeps in memory; the message says what to do."""


@dataclass
class Gathered:
    """What is found of one order, as it is found."""

    number: str = ""
    placed_at: int | None = None
    inputs: list[Record] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    dead: list[Record] = field(default_factory=list)
    """Inputs that became letters."""
    events: dict[str, Record] = field(default_factory=dict)
    statements: list[Record] = field(default_factory=list)
    is_new: bool = False
    entry: EntrySeen | None = None
    entry_version: Version = NOTHING_SEEN
    entry_at: Record | None = None
    money: OrderMoney | None = None
    commands: dict[str, Asked] = field(default_factory=dict)
    newest: int = 0
    answers: dict[tuple[str, str], Answered] = field(default_factory=dict)
    works: dict[str, tuple[Version, WorkSeen]] = field(default_factory=dict)

    def evidence(self, order_id: str) -> OrderEvidence:
        return OrderEvidence(
            order_id,
            self.number,
            self.placed_at,
            tuple(self.inputs),
            tuple(self.letters),
            self.events,
            tuple(self.statements),
            self.entry,
            self.commands,
            self.newest,
            self.answers,
            {table: seen for table, (_version, seen) in self.works.items()},
            self.is_new,
        )

    def is_of(self, window: Window) -> bool:
        """Whether the order was heard in the stretch; others were only touched by it."""
        heard = [record.at for record in (*self.inputs, *self.dead, *self.statements)]
        heard += [] if self.placed_at is None else [self.placed_at]
        return any(window.since <= at < window.closed_at for at in heard)


class Listed(NamedTuple):
    """An order in the shop's list."""

    number: str
    placed_at: int


Book = defaultdict[str, Gathered]
Of = Callable[[str], Gathered]
"""Where what is found of an order goes."""
Keys = Mapping[str, Listed]
"""Unified order id → the shop's row."""


def topics_of(roles: Iterable[str]) -> tuple[str, ...]:
    """What of orders is read, all of it counted."""
    named = [name for role in roles for name in (COMMANDS[role].name, OUTCOMES[role].name)]
    news = (topic.name for topic in NEWS_INPUTS)
    return tuple(dict.fromkeys((COMMERCE_ORDER.topic, *news, ORDER_EVENT.topic, SHIPMENT_TOPIC.name, *named)))


class OrderEvidences:
    """One look: `begin`, then `partition` for each number."""

    def __init__(
        self, reading: Reading, roles: Sequence[str], stretches: Mapping[Partition, Stretch], window: Window
    ) -> None:
        self._reading, self._roles, self._window = reading, tuple(roles), window
        self.stretches, self.counting = stretches, Counting(stretches)
        self._before: dict[int, Book] = defaultdict(lambda: Book(Gathered))
        self._orders = 0
        self._letters: LetterPlaces = {}
        self.erased: dict[tuple[str, str], LogRecord] = {}
        """Table and order → the deletion of its entry, where nothing was written after it."""
        self.names: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
        """Of records that are missing, as far as others name them as their cause: offset → order."""

    async def begin(self, listed: Keys) -> None:
        """What is not by partition of orders.  Raises TooManyError."""
        self._letters = await self._reading.letters(self.stretches, self.counting.take)
        for order_id, row in listed.items():
            one = self._early(order_id)
            one.number, one.placed_at = row.number, row.placed_at
        await self._inputs()
        await self._count_news()
        await self._shipments()

    def _early(self, order_id: str) -> Gathered:
        book = self._before[self._reading.app.partition_of(order_id)]
        if order_id not in book:
            self._orders += 1
            if self._orders > MOST_ORDERS:
                raise TooManyError(f"more than {MOST_ORDERS:,} orders in this time; name a shorter one")
        return book[order_id]

    async def _inputs(self) -> None:
        async for piece in self._reading.pieces(spans_of(self.stretches, (COMMERCE_ORDER.topic,))):
            orders = await self._reading.decoded(COMMERCE_ORDER, piece)
            for raw, order in zip(piece, orders, strict=True):
                self.counting.take(raw)
                if not self._window.since <= raw.at < self._window.closed_at:
                    continue
                try:
                    order_id = place_text(raw.place) if order is None else unified_id(order.channel, order.number)
                except ValueError:
                    order_id = place_text(raw.place)
                one = self._early(order_id)
                one.number = one.number or ("" if order is None else order.number)
                reason = self._letters.get((raw.topic, raw.partition, raw.offset))
                (one.inputs if reason is None else one.dead).append(record_of(raw, self.stretches))
                one.letters += [] if reason is None else [reason]

    async def _count_news(self) -> None:
        async for piece in self._reading.pieces(spans_of(self.stretches, [topic.name for topic in NEWS_INPUTS])):
            for raw in piece:
                self.counting.take(raw)

    async def _shipments(self) -> None:
        """They go by a topic and a table of one partition."""
        if "commerce" not in self._roles:
            return
        async for piece in self._reading.pieces(spans_of(self.stretches, (SHIPMENT_TOPIC.name,))):
            await self._commands(SHIPMENT, SHIPMENT_WORK, piece, self._early)
        span = await asyncio.to_thread(self._reading.changelog_span, SHIPMENT_WORK, 0, self._window.since)
        async for piece in self._reading.pieces(span):
            for raw in piece:
                self._work(SHIPMENT_WORK, raw, self._early)

    # ── one partition ────────────────────────────────────────────────────────────────────────────

    async def partition(self, number: int) -> Book:
        """Everything of its orders."""
        book = self._before.pop(number, Book(Gathered))
        async for piece in self._reading.pieces(spans_of(self.stretches, (ORDER_EVENT.topic,), number)):
            await self._events(piece, book)
        for role in self._roles:
            async for piece in self._reading.pieces(spans_of(self.stretches, (COMMANDS[role].name,), number)):
                await self._commands(command_contract(role), WORK[role], piece, book.__getitem__)
            async for piece in self._reading.pieces(spans_of(self.stretches, (OUTCOMES[role].name,), number)):
                await self._outcomes(role, piece, book)
        await self._tables(number, book)
        return book

    async def _events(self, piece: Sequence[LogRecord], book: Book) -> None:
        events = await self._reading.decoded(ORDER_EVENT, piece)
        for raw, event in zip(piece, events, strict=True):
            self.counting.take(raw)
            if event is not None:
                self._event(raw, event, book[event.order_id])

    def _event(self, raw: LogRecord, event: OrderEvent, one: Gathered) -> None:
        record = record_of(raw, self.stretches)
        self._name(event.cause, event.order_id)
        if reason := self._letters.get((raw.topic, raw.partition, raw.offset)):
            one.letters.append(reason)
            return
        one.events[event.event_id] = record
        if event.kind == STATED:
            one.statements.append(record)
            placed_at = 0 if event.order is None else event.order.placed_at
            one.is_new = one.is_new or self._is_all or placed_at >= self._window.since

    async def _commands(
        self, contract: Contract[Command], table: TableSpec, piece: Sequence[LogRecord], of: Of
    ) -> None:
        commands = await self._reading.decoded(contract, piece)
        for raw, command in zip(piece, commands, strict=True):
            self.counting.take(raw)
            if command is None or (raw.topic, raw.partition, raw.offset) in self._letters:
                continue
            one = of(command.entity)
            record = record_of(raw, self.stretches)
            part = command.part or ""
            asked = Asked(command.command_id, command.role, command.kind, part, table.name, record, command.amount)
            one.commands[command.command_id] = asked
            one.newest = max(one.newest, command.counter)
            self._name(command.cause, command.entity)

    def _name(self, cause: Cause | None, order_id: str) -> None:
        if cause is not None and self.counting.lacks(cause.topic, cause.partition, cause.offset):
            self.names[cause.topic, cause.partition][cause.offset] = order_id

    async def _outcomes(self, role: str, piece: Sequence[LogRecord], book: Book) -> None:
        """Those of stock are about SKUs."""
        outcomes = await self._reading.decoded(outcome_contract(role), piece)
        for raw, outcome in zip(piece, outcomes, strict=True):
            self.counting.take(raw)
            if outcome is not None and outcome.kind != WRITE_STOCK:
                self._name(outcome.cause, outcome.entity)
                answer = _answered(outcome, record_of(raw, self.stretches))
                book[outcome.entity].answers[answer.command_id, answer.state] = answer

    async def _tables(self, number: int, book: Book) -> None:
        span = await asyncio.to_thread(self._reading.changelog_span, ORDERS, number, self._window.since)
        async for piece in self._reading.pieces(span):
            for raw in piece:
                self._entry(raw, book)
        for role in self._roles:
            table = WORK[role]
            span = await asyncio.to_thread(self._reading.changelog_span, table, number, self._window.since)
            async for piece in self._reading.pieces(span):
                for raw in piece:
                    self._work(table, raw, book.__getitem__)

    def _entry(self, raw: LogRecord, book: Book) -> None:
        """Of a key the highest version counts, as in a recovery; a deletion counts where it comes last."""
        if raw.key is None or not raw.key.startswith(ENTRY):
            return
        order_id = raw.key[1:].decode("utf-8", "replace")
        one = book[order_id]
        self._noted(ORDERS, order_id, raw)
        if raw.value is None:
            one.entry, one.entry_version, one.entry_at = None, NOTHING_SEEN, None
            return
        try:
            version, payload = unpack(raw.value)
            entry = order_entry.decode(payload)
        except (UnknownFormatError, msgspec.MsgspecError):
            return
        if version >= one.entry_version:
            one.entry_version = version
            one.entry_at = Record(raw.topic, raw.partition, raw.offset, raw.at)
            one.entry = self._seen(entry, one)
            one.money = _money(entry)
            one.number = one.number or (one.money.number if one.money else "")

    def _noted(self, table: TableSpec, order_id: str, raw: LogRecord) -> None:
        self.erased.pop((table.name, order_id), None)
        if raw.value is None:
            self.erased[table.name, order_id] = raw

    def _seen(self, entry: OrderEntry, one: Gathered) -> EntrySeen:
        placed_at = 0 if entry.order is None else entry.order.placed_at
        first = entry.seen[0] if entry.seen else ""
        is_full = len(entry.seen) >= order_entry.SEEN_AT_MOST
        is_whole = not is_full and (first in one.events or placed_at >= self._window.since or self._is_all)
        return EntrySeen(
            state=entry.state.value,
            counter=entry.counter,
            placed_at=placed_at,
            holds=tuple(hold.reason for hold in entry.holds),
            parked=tuple(kind for parked in entry.parked for kind in parked.waits_for),
            seen=entry.seen,
            asked=tuple(asked.key for asked in entry.asked if asked.role in self._roles),
            is_whole=is_whole,
        )

    @property
    def _is_all(self) -> bool:
        """Whether the events are read from the first that there ever was."""
        spans = spans_of(self.stretches, (ORDER_EVENT.topic,)).values()
        return all(span.first == 0 for span in spans)

    def _work(self, table: TableSpec, raw: LogRecord, of: Of) -> None:
        if raw.key is None or not raw.key.startswith(ENTRY):
            return
        order_id = raw.key[1:].decode("utf-8", "replace")
        one = of(order_id)
        self._noted(table, order_id, raw)
        if raw.value is None:
            one.works.pop(table.name, None)
            return
        try:
            version, payload = unpack(raw.value)
            found = work.decode(payload)
        except (UnknownFormatError, msgspec.MsgspecError):
            return
        if version >= one.works.get(table.name, (NOTHING_SEEN, None))[0]:
            pending = frozenset(each.command_id for each in found.pending)
            ended = {each.command_id: each.state for each in found.ended}
            one.works[table.name] = (version, WorkSeen(pending, ended, found.held or ""))


def _answered(outcome: Outcome, record: Record) -> Answered:
    return Answered(
        outcome.command_id,
        outcome.role,
        outcome.kind,
        outcome.part or "",
        outcome.state,
        outcome.reason or "",
        outcome.external_id or "",
        record,
    )


def _money(entry: OrderEntry) -> OrderMoney | None:
    order = entry.order
    if order is None:
        return None
    bought = sum(line.parent_line_id is None for line in order.lines)
    goods = len(goods_of(order).lines)
    return OrderMoney(order.number, order.channel, order.totals.grand_total, order.currency, goods, bought)
