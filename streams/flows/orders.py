"""Orders: all that is said of an order, folded into where it stands, and what each system is told of it.

`orders.event.v1` and the sinks' outcomes → table `orders` → `<role>.command.v1`.  An entry and the commands that were
decided with it are one write; the commands leave after it, as stored, and again after a kill.  Of the shop's outcomes
those of stock pass by: they are about SKUs.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from schemas.catalogue import ORDER_EVENT, outcome_contract
from schemas.models.cause import Cause
from schemas.models.command import Command
from schemas.models.operations import WRITE_STOCK, Outcome
from schemas.models.order import Order
from schemas.models.order_event import OrderEvent
from streams.domain import order_state
from streams.domain.derived_id import derived_id
from streams.domain.order_books import books_of
from streams.domain.order_goods import goods_of
from streams.domain.order_rules import OrderRules
from streams.domain.order_state import Intention, OrderEntry, Transition, Verdict
from streams.domain.reasons import DeadReason
from streams.domain.stock_door import Refused
from streams.domain.version import Version
from streams.flows.order_desk import NO_CHECKS, OrderDesk
from streams.flows.record_reader import Bad, RecordReader
from streams.flows.turns import Turn, Turns
from streams.runtime import outbox
from streams.runtime.clock import Clock
from streams.runtime.dead_letters import DeadLetters, Letter, SourceRecord
from streams.runtime.metrics import CONSUMED, IGNORED, ORDERS_HEARD
from streams.runtime.outbox import Message, Outboxes
from streams.runtime.partition_store import PartitionStore
from streams.runtime.table import BulkTable, Group, Write
from streams.runtime.versioned import pack, unpack
from streams.runtime.writer import Writer
from streams.topics import COMMANDS, SHIPMENT, Topic

ENTRY = b"e"
NO_ORDER = "not-of-an-order"
"""Why an outcome of the stock lane is ignored."""
SHOP = "commerce"
Encode = Callable[[str, msgspec.Struct], bytes]


def topic_of(command: Command) -> Topic:
    """Shipments take from the stock that the lane writes, so that they go by a topic beside it."""
    return SHIPMENT if (command.role, command.kind) == (SHOP, "CREATE_SHIPMENT") else COMMANDS[command.role]


class Said(NamedTuple):
    """One record, read."""

    order_id: str
    value: OrderEvent | Outcome
    cause: Cause


class OrdersFlow:
    """The caller gives one batch of one partition at a time; `rules.roles` are the sinks that are there."""

    def __init__(
        self,
        table: BulkTable,
        writer: Writer,
        letters: DeadLetters,
        *,
        reader: RecordReader,
        encode: Encode,
        rules: OrderRules,
        clock: Clock,
        desk: OrderDesk = NO_CHECKS,
    ) -> None:
        self._table, self._writer, self._letters = table, writer, letters
        self._reader, self._encode, self._clock = reader, encode, clock
        self._rules, self._desk = rules, desk
        self._outboxes = Outboxes(table, writer)
        self._turns = Turns(table.lock, self._take)

    async def take(self, topic: str, partition: int, records: Sequence[SourceRecord], generation: int) -> None:
        """Everything of the batch is durable or certain when this returns.

        Raises LeaseLostError, KafkaError, StoreError.
        """
        CONSUMED.labels(topic).inc(len(records))
        await (
            self._desk.ready() if topic == ORDER_EVENT.topic else self._desk.routes()
        )  # not under the lock, which a new assignment needs
        await self._turns.take(topic, partition, records, generation)

    async def _take(self, partition: int, turns: Sequence[Turn], generation: int) -> None:
        """One write for all of them; the caller holds the lock."""
        await self._outboxes.tell_left(partition, generation=generation)
        reached = self._table.tally(partition).upto
        said: list[Said] = []
        letters: list[Letter] = []
        passed: Counter[str] = Counter()
        for turn in turns:
            fresh_from = reached.get(turn.topic, 0)
            fresh = [record for record in turn.records if record.offset >= fresh_from]
            read, bad = await self._read(turn.topic, fresh)
            found = [one for one in read if one is not None]
            said += found
            letters += [one.letter for one in bad]
            passed.update(_passed(turn.topic, len(bad), len(read) - len(found)))
        await self._letters.send(letters, generation=generation)
        groups, messages = self._decide(partition, said)
        groups.append(Group(self._outboxes.gone(partition), passed))
        upto = {turn.topic: turn.records[-1].offset + 1 for turn in sorted(turns, key=_end)}
        await self._table.commit(partition, groups, generation=generation, upto=upto)
        self._outboxes.written(partition)
        await self._outboxes.tell(partition, messages, generation=generation)

    def forget(self, partitions: frozenset[int]) -> None:
        """The partitions are gone; what was sent of their outboxes is sent again by the next owner."""
        self._outboxes.forget(partitions)

    # ── read ─────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, topic: str, records: Sequence[SourceRecord]) -> tuple[Sequence[Said | None], list[Bad]]:
        """None where a record is about no order."""
        if topic == ORDER_EVENT.topic:
            return await self._reader.read(ORDER_EVENT, records, _event)
        return await self._reader.read(outcome_contract(topic.partition(".")[0]), records, _outcome)

    # ── decide ───────────────────────────────────────────────────────────────────────────────────

    def _decide(self, partition: int, said: Sequence[Said]) -> tuple[list[Group], dict[bytes, list[Message]]]:
        """One group per order: its entry, its commands, its counts."""
        store, tally = self._table.store(partition), self._table.tally(partition)
        epoch = tally.epoch
        before = _entries(store, list(dict.fromkeys(one.order_id for one in said)))
        entries = dict(before)
        counts: dict[str, Counter[str]] = {order_id: Counter() for order_id in entries}
        commands: dict[str, list[Command]] = {order_id: [] for order_id in entries}
        for one in said:
            transition = self._apply(entries[one.order_id], one)
            _count(counts[one.order_id], one.cause.topic, entries[one.order_id], transition)
            entries[one.order_id] = transition.entry
            if transition.reason:
                IGNORED.labels(one.cause.topic, transition.reason.partition(" ")[0]).inc()
            version = Version(epoch, transition.entry.counter)
            commands[one.order_id] += self._commands(transition, version, one.cause)
        groups: list[Group] = []
        outboxes: dict[bytes, list[Message]] = {}
        for order_id, entry in entries.items():
            _hear(before[order_id], entry)
            writes = []
            if entry != before[order_id]:
                version = Version(epoch, entry.counter)
                writes.append(Write(_key(order_id), pack(version, order_state.encode(entry)), version))
                if commands[order_id]:
                    name = order_id.encode() + entry.counter.to_bytes(8, "big")
                    outboxes[name] = [self._message(command) for command in commands[order_id]]
                    writes.append(outbox.stored(name, tally.next_version, outboxes[name]))
            groups.append(Group(writes, dict(counts[order_id])))
        return groups, outboxes

    def _apply(self, entry: OrderEntry, one: Said) -> Transition:
        now = self._clock.micros()
        if isinstance(one.value, Outcome):
            return order_state.answered(entry, one.value, now, rules=self._rules, given=self._desk.given())
        event, given = self._desk.checked(one.value)
        return order_state.apply(entry, event, now, rules=self._rules, given=given)

    def _commands(self, transition: Transition, version: Version, cause: Cause) -> list[Command]:
        return [self._command(transition.entry, one, version, cause) for one in transition.intentions]

    def _command(self, entry: OrderEntry, wanted: Intention, version: Version, cause: Cause) -> Command:
        return Command(
            command_id=_id_of(entry, wanted),
            role=wanted.role,
            kind=wanted.kind,
            entity=entry.order_id,
            part=wanted.part,
            epoch=version.epoch,
            counter=version.counter,
            at=self._clock.micros(),
            order=_order(entry, wanted),
            lines=wanted.lines,
            tracks=wanted.tracks,
            source_code=wanted.source_code,
            document=wanted.document,
            status=wanted.status,
            expected_at=wanted.expected_at,
            amount=wanted.amount,
            text=wanted.text,
            service=wanted.service,
            cause=cause,
            correlation_id=entry.order_id,
            order_number=_number(entry) if wanted.role == SHOP else None,
            happened_at=wanted.happened_at,
        )

    def _message(self, command: Command) -> Message:
        topic = topic_of(command).name
        return Message(topic, command.entity.encode(), self._encode(topic, command))


def _count(counts: Counter[str], topic: str, before: OrderEntry, transition: Transition) -> None:
    """Each record once; a parked event is applied with the one that it waited for, whichever topic brought that."""
    verdict = Verdict.APPLIED if transition.verdict is Verdict.PARKED else transition.verdict
    counts[f"{topic}/{verdict}"] += 1
    if parked := len(transition.entry.parked) - len(before.parked):
        counts[f"{ORDER_EVENT.topic}/parked"] += parked
        counts[f"{ORDER_EVENT.topic}/applied"] -= parked


def _hear(before: OrderEntry, after: OrderEntry) -> None:
    """An order counts when its channel first states it, whatever was heard of it before."""
    if before.order is None and after.order is not None:
        ORDERS_HEARD.labels(after.order.channel).inc()


def _entries(store: PartitionStore, order_ids: Sequence[str]) -> dict[str, OrderEntry]:
    found = store.get_many([_key(order_id) for order_id in order_ids])
    return {
        order_id: OrderEntry() if value is None else order_state.decode(unpack(value)[1])
        for order_id, value in zip(order_ids, found, strict=True)
    }


def _order(entry: OrderEntry, wanted: Intention) -> Order | None:
    """An ERP books every amount once, an accounting system needs no people; others see it as its channel states it."""
    if entry.order is None or not wanted.with_order:
        return None
    return _AS_TOLD.get(wanted.role, _whole)(entry.order)


def _whole(order: Order) -> Order:
    return order


_AS_TOLD: Mapping[str, Callable[[Order], Order]] = MappingProxyType({"erp": goods_of, "finance": books_of})


def _id_of(entry: OrderEntry, wanted: Intention) -> str:
    """The same in every replay."""
    turn = (wanted.turn,) if wanted.turn else ()
    return derived_id(entry.order_id, wanted.role, wanted.kind, wanted.part, wanted.attempt, *turn)


def _key(order_id: str) -> bytes:
    return ENTRY + order_id.encode()


def _number(entry: OrderEntry) -> str | None:
    return None if entry.order is None else entry.order.number


def _end(turn: Turn) -> int:
    return turn.records[-1].offset


def _passed(topic: str, dead: int, ignored: int) -> dict[str, int]:
    """Counts of the records that are about no order."""
    if ignored:
        IGNORED.labels(topic, NO_ORDER).inc(ignored)
    return {f"{topic}/{word}": number for word, number in (("dead", dead), ("ignored", ignored)) if number}


def _event(record: SourceRecord, event: OrderEvent) -> Said | Refused:
    return _said(record, event.order_id, event)


def _outcome(record: SourceRecord, outcome: Outcome) -> Said | Refused | None:
    if outcome.kind == WRITE_STOCK:
        return None
    return _said(record, outcome.entity, outcome)


def _said(record: SourceRecord, order_id: str, value: OrderEvent | Outcome) -> Said | Refused:
    if record.key != order_id.encode():
        return Refused(DeadReason.WRONG_KEY, f"key {record.key or b''!r:.80} is not the order id of the record")
    return Said(order_id, value, Cause(record.topic, record.partition, record.offset))
