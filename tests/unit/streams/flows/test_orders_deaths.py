"""A death between the state's acknowledgement and its commands' loses and doubles nothing, whatever was heard."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.models.command import Command
from schemas.models.order_event import OrderEvent
from streams.domain.order_checks import CheckPlan
from streams.domain.order_entry import OrderEntry
from streams.domain.order_id import unified_id
from streams.domain.order_lookup import LookUpRules
from streams.domain.order_routing import RoutingRule, RoutingRules
from streams.domain.order_rules import OrderRules
from streams.domain.order_table import ANSWERED, KINDS, MOVES, OrderState
from streams.flows.order_desk import OrderDesk
from streams.runtime.writer import Record
from streams.topics import COMMANDS, ORDER_EVENT, OUTCOMES, SHIPMENT
from tests.unit.streams.domain.order_histories import T0, UNIT
from tests.unit.streams.flows.order_lives import LIVES, TERSE, All, Ended, Step
from tests.unit.streams.flows.order_worker import OrderWorker, applied
from tests.unit.streams.flows.wire import model_of

pytestmark = pytest.mark.anyio
RULES = OrderRules(
    roles=frozenset(COMMANDS),
    shop_channels=frozenset({"commerce"}),
    furthest=frozenset({TERSE}),
    routing=RoutingRules((RoutingRule(("east",)),)),
)
DESK = OrderDesk(LookUpRules(CheckPlan(default=("address-valid",))))
TOPICS = (*(topic.name for topic in COMMANDS.values()), SHIPMENT.name)
MEANINGS = {
    "CREATE_ORDER/APPLIED": "ACKNOWLEDGED",
    "CREATE_ORDER/DEAD": "REJECTED",
    "CANCEL_ORDER/APPLIED": "CANCELLED",
}
"""What an outcome says of the order; any other is just an answer."""
STATE = 1
"""Of the writes of one step the first is the state's, the others are its commands'."""


class Heard(NamedTuple):
    """One step: the order's state before, what was heard, its state after, and the kinds of commands that left."""

    before: OrderState
    said: str
    after: OrderState
    commands: tuple[str, ...]


class Lives:
    """All lives, one order after the other on one worker, which dies at the steps of these numbers.

    `is_there`: it dies when the broker has the first commands of the step and has not said so; else just before.
    """

    def __init__(self, folder: Path, deaths: Collection[int] = (), *, is_there: bool = False) -> None:
        self.worker = OrderWorker(folder, desk=DESK, rules=RULES)
        self.heard: list[Heard] = []
        self.deaths = 0
        self.entries: dict[str, OrderEntry] = {}
        self._dies_at, self._is_there = deaths, is_there
        self._answered: set[str] = set()
        self._read: dict[str, int] = {}
        self.commands: dict[str, Command] = {}
        """By id, in the order in which they came."""

    async def led(self) -> "Lives":
        await self.worker.open()
        for number, life in enumerate(LIVES.values(), 1):
            order_id = unified_id("commerce", f"{number:09d}")
            for step in life:
                await self._take(order_id, step)
            self.entries[order_id] = self.worker.entry(order_id)
        self.counts, self.dead = dict(self.worker.counts), self.worker.dead
        self.worker.close()
        return self

    async def _take(self, order_id: str, step: Step) -> None:
        if isinstance(step, All):
            while opened := self._open(order_id):
                await self._answer(opened[0], Ended(opened[0].role, opened[0].kind))
        elif isinstance(step, Ended):
            command = next(one for one in self._open(order_id) if (one.role, one.kind) == (step.role, step.kind))
            await self._answer(command, step)
        else:
            event = _of(order_id, step)
            await self._hear(order_id, step.kind, ORDER_EVENT.name, lambda: self.worker.happen(event))

    async def _answer(self, command: Command, end: Ended) -> None:
        self._answered.add(command.command_id)
        number = len(self._answered)
        outcome = applied(
            command,
            state=end.state,
            reason=None if end.state == "APPLIED" else "rejected-by-target",
            at=T0 + (100 + number) * UNIT,
            external_id=f"x{number}",
            value=None,
        )
        said = MEANINGS.get(f"{end.kind}/{end.state}", ANSWERED)
        await self._hear(command.entity, said, OUTCOMES[end.role].name, lambda: self.worker.answer(outcome))

    async def _hear(self, order_id: str, said: str, topic: str, hears: Callable[[], Awaitable[None]]) -> None:
        before, broker = self.worker.entry(order_id).stage, self.worker.broker
        broker.writes, broker.after_effect = 0, self._is_there
        broker.fails_at = STATE + 1 if len(self.heard) in self._dies_at else 0
        try:
            await hears()
        except KafkaConnectionError:
            self.deaths += 1
            broker.fails_at = 0
            await self.worker.flow_killed()
            await self.worker.follow(topic)
        kinds = tuple(sorted({one.kind for one in self._left()}))
        self.heard.append(Heard(before, said, self.worker.entry(order_id).stage, kinds))

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def _left(self) -> list[Command]:
        """Commands that came since the last look, and were not known."""
        fresh: list[Command] = []
        for topic in TOPICS:
            log = self.worker.broker.log[topic]
            told = [model_of(topic, one.value, Command) for one in log[self._read.get(topic, 0) :]]
            self._read[topic] = len(log)
            fresh += [one for one in told if one.command_id not in self.commands]
        self.commands |= {one.command_id: one for one in fresh}
        return fresh

    def _open(self, order_id: str) -> list[Command]:
        """What nobody answered, the oldest first."""
        mine = (one for one in self.commands.values() if one.entity == order_id)
        opened = [one for one in mine if one.command_id not in self._answered]
        return sorted(opened, key=lambda one: (one.counter, one.role, one.kind, one.part or ""))

    def told(self) -> dict[str, list[Record]]:
        """Topic → its records in order; the same bytes again count once."""
        return {topic: list(dict.fromkeys(self.worker.broker.log[topic])) for topic in TOPICS}


def _of(order_id: str, event: OrderEvent) -> OrderEvent:
    """Said of this order."""
    number = order_id.partition("-")[2]
    order = None if event.order is None else msgspec.structs.replace(event.order, number=number)
    return msgspec.structs.replace(event, order_id=order_id, order=order)


def _firsts(heard: Sequence[Heard]) -> list[int]:
    """Numbers of the steps at which something with commands is heard for the first time."""
    found: dict[Heard, int] = {}
    for number, one in enumerate(heard):
        if one.commands:
            found.setdefault(one, number)
    return list(found.values())


async def test_the_lives_hear_every_kind_and_take_every_arrow_and_no_command_is_decided_twice(tmp_path: Path) -> None:
    lives = await Lives(tmp_path).led()

    arrows = {(state, kind, after) for state, moves in MOVES.items() for kind, to in moves.items() for after in to}
    assert arrows - {(one.before, one.said, one.after) for one in lives.heard} == set()
    assert {*KINDS, ANSWERED} - {one.said for one in lives.heard} == set()
    assert len(lives.commands) == sum(len(lives.worker.broker.log[topic]) for topic in TOPICS)


@pytest.mark.parametrize("is_there", [False, True], ids=["before its commands", "between its commands"])
async def test_a_death_between_the_state_and_its_commands_loses_none_and_decides_none_twice(
    tmp_path: Path,
    is_there: bool,  # noqa: FBT001
) -> None:
    whole = await Lives(tmp_path / "whole").led()
    firsts = _firsts(whole.heard)

    broken = await Lives(tmp_path / "broken", firsts, is_there=is_there).led()

    assert broken.deaths == len(firsts)
    assert broken.told() == whole.told(), "the same bytes in the same order: none missing, none more"
    assert (broken.heard, broken.entries, broken.counts) == (whole.heard, whole.entries, whole.counts)
    assert broken.dead == []
