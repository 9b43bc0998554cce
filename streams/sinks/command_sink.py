"""Does commands at a target, each effect once: an entity at a time, an intent before a call, a look before a repeat.

Commands are taken into the table first (streams/sinks/work_table.py), so an outage of the target holds up nothing in
Kafka; what may be done next is decided by streams/domain/work.py.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from connectors.core.errors import LeaseLostError
from schemas.models.command import Command
from streams.domain import work
from streams.domain.cut_off import Urgency, urgency
from streams.domain.forecast import Queue
from streams.domain.urgency_queue import UrgencyQueue
from streams.domain.work import Pending, Work
from streams.runtime.logs import logger
from streams.runtime.metrics import PENDING, SINK_MODE
from streams.sinks.command_calls import MICROS, CommandCalls, Mode
from streams.sinks.sink_context import Arrived, Entity, SinkContext
from streams.sinks.sink_meter import SinkMeter

IDLE = timedelta(seconds=1)
READ_AT_ONCE = 500
"""Entities that are looked into together when an assignment begins."""
MODES = {"paused": 0, "shadow": 1, "run": 2}
_LOG = logger("streams.command-sink")


class CommandSink:
    """`opened` and `close` frame an assignment; `fold` takes commands in."""

    def __init__(self, context: SinkContext, mode: Callable[[], Mode]) -> None:
        self._at, self._mode = context, mode
        self.meter = SinkMeter(
            context.name,
            context.acts.role,
            context.gate,
            context.clock,
            at_once=context.at_once,
            cut_offs=context.cut_offs,
            target_us=context.latency_target_us,
        )
        self._calls = CommandCalls(context, mode, self.meter)
        self._queue: UrgencyQueue[Entity] = UrgencyQueue()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        context.gate.when_free(self._wake.set)

    @property
    def pending(self) -> int:
        """Entities with a command that has not ended."""
        return len(self._queue) - len(self._calls.ended)

    # ── commands in ──────────────────────────────────────────────────────────────────────────────

    async def fold(self, partition: int, arrived: Sequence[Arrived], *, dead: int = 0, upto: Mapping[str, int]) -> None:
        """A batch of the topic; returns when its commands are acknowledged in the changelog."""
        at = self._at
        async with at.table.table.lock(partition):
            entries = at.table.entries(partition, list(dict.fromkeys(one.command.entity for one in arrived)))
            changed: dict[str, Work] = {}
            ignored = superseded = 0
            taken = dead + sum(one.is_new for one in arrived)
            for one in arrived:
                before = changed.get(one.command.entity, entries[one.command.entity])
                after, verdict = work.received(before, Pending(one.command.command_id, one.value, one.place))
                if verdict == "new" and await self._is_asked_anew(before, one.command):
                    after = work.ended(after, "SUPERSEDED")
                    superseded += 1
                if verdict == "new":
                    changed[one.command.entity] = after
                elif one.is_new:
                    ignored += 1
            found = {
                f"{at.command_topic}/taken": taken,
                f"{at.command_topic}/ignored": ignored,
                f"{at.command_topic}/superseded": superseded,
                f"{at.command_topic}/dead": dead,
            }
            counts = {name: number for name, number in found.items() if number}
            await at.keep(partition, changed, counts, upto=upto)
            waiting = {one.command_id for entry in (entries | changed).values() for one in entry.pending}
        await at.beside.arrived([one.command for one in arrived if one.command.command_id in waiting])
        for one in arrived:
            if one.command.command_id in waiting and one.command.entity in changed:
                entity = Entity(partition, one.command.entity)
                self._queue.add(entity, at.clock.micros(), urgency(one.command, at.cut_offs))
        self._wake.set()

    async def _is_asked_anew(self, before: Work, command: Command) -> bool:
        """Whether a person released what is held: the flow asks for the same again, and that is looked up afresh."""
        if before.held is None:
            return False
        [head] = await self._at.serde.decode(self._at.contract, [before.head.value])
        return isinstance(head, Command) and (head.kind, head.part) == (command.kind, command.part)

    # ── opened, closed ───────────────────────────────────────────────────────────────────────────

    async def opened(self, partitions: frozenset[int], generation: int) -> None:
        """The partitions are ours and recovered: what is left in them is due."""
        self._at.is_closing = False
        self._at.generation = generation
        now = self._at.clock.micros()
        for partition in sorted(partitions):
            unfinished = self._at.table.unfinished(partition)
            while names := list(islice(unfinished, READ_AT_ONCE)):
                for entity, how in (await self._urgencies(partition, names)).items():
                    self._queue.add(entity, now, how)
        if not self._tasks:
            self._tasks = [asyncio.ensure_future(self._run()) for _ in range(self._at.at_once)]

    async def _urgencies(self, partition: int, names: Sequence[str]) -> dict[Entity, Urgency]:
        """Of what is next of each; what has only checks left misses nothing."""
        entries = self._at.table.entries(partition, names)
        heads = {name: one.head.value for name, one in entries.items() if one.pending}
        decoded = await self._at.serde.decode(self._at.contract, list(heads.values()))
        commands = {name: one for name, one in zip(heads, decoded, strict=True) if isinstance(one, Command)}
        nothing = Urgency(self._at.clock.micros())
        return {
            Entity(partition, name): urgency(commands[name], self._at.cut_offs) if name in commands else nothing
            for name in names
        }

    async def close(self, within: timedelta) -> int:
        """No new call; wait for those under way.  How many were left with their intent open."""
        self._at.is_closing = True
        self._wake.set()
        running, self._tasks = self._tasks, []
        left: set[asyncio.Task[None]] = set()
        if running:
            _done, left = await asyncio.wait(running, timeout=within.total_seconds())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1)
            _LOG.warning("calls-left-open", calls=len(left), why="the next owner looks their outcome up")
        self._queue = UrgencyQueue()
        self._calls.ended.clear()
        self.meter.closed()
        self._at.sent.clear()
        self._at.untold.clear()
        self._at.generation = -1
        return len(left)

    # ── calls out ────────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        """Until closed.  Where the lease was lost, the entity waits: a rebalance closes the sink meanwhile."""
        while not self._at.is_closing:
            self._measure()
            entity = None if self._mode() == "paused" or self._at.gate.ahead_in() > 0 else self._take()
            if entity is None:
                await self._pause()
                continue
            again: int | None = self._at.clock.micros() + MICROS
            how: Urgency | None = None
            try:
                again = await self._step(entity)
                if self._calls.just_ended(entity) and again is not None:
                    how = (await self._urgencies(entity.partition, [entity.name]))[entity]
            except LeaseLostError as lost:
                _LOG.warning("sink-lost-lease", sink=self._at.name, why=str(lost)[:200])
            except Exception as error:  # noqa: BLE001  reported, and it ends the process
                self._at.failed(error)
            finally:
                self._queue.put_back(entity, again, how)

    async def _step(self, entity: Entity) -> int | None:
        """One step with a turn at the target; what it took counts where it did not fail."""
        gate = self._at.gate
        with gate.ahead() as turn:
            failures = gate.breaker.failures
            again = await self._calls.step(entity)
        if turn.is_used and gate.breaker.failures <= failures:
            self.meter.worked(turn.held_s, turn.made)
        return again

    def _take(self) -> Entity | None:
        return self._queue.take(self._at.clock.micros())

    def _measure(self) -> None:
        PENDING.labels(self._at.name).set(self.pending)
        SINK_MODE.labels(self._at.name).set(MODES[self._mode()])
        self.waiting()

    def waiting(self) -> Queue:
        """What waits for the target, as of a second ago."""
        return self.meter.queue(self._queue.waiting, self._calls.ended)

    async def _pause(self) -> None:
        next_at = self._queue.next_at()
        now = self._at.clock.micros()
        wait = IDLE.total_seconds() if next_at is None else max(0.0, (next_at - now) / MICROS)
        self._wake.clear()
        try:
            seconds = max(0.01, min(max(wait, self._at.gate.ahead_in()), IDLE.total_seconds()))
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
