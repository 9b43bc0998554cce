"""A range read again beside live traffic, through the real flow and its store, with Kafka and time in memory."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import aiokafka
import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.models.operations import OperatorControl
from streams.app.batch_parts import FlowPart
from streams.app.reprocessing import AgainEvent, Reprocessing
from streams.runtime.control import StandingOrders
from streams.runtime.reprocess_order import DONE, REFUSED, RUNNING, WANTED, Again, again_of
from streams.tables import STOCK_LEDGER
from streams.topics import STOCK_CHANGE
from tests.fakes.still_clock import StillClock
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.partition import Raw
from tests.unit.streams.flows.wire import change_bytes
from tests.unit.streams.flows.worker import GENERATION, PARTITION, Worker

TOPIC = STOCK_CHANGE.name
KEY = f"replay/{TOPIC}/{PARTITION}"


class MemoryLog:
    """One partition, and its consumers; `fails` are raised by the next fetches."""

    def __init__(self) -> None:
        self.records: list[Raw] = []
        self.begins = 0
        self.fails: list[Exception] = []
        self.open = 0
        self._position = 0

    def make(self) -> aiokafka.AIOKafkaConsumer:
        return cast("aiokafka.AIOKafkaConsumer", self)

    async def start(self) -> None:
        self.open += 1

    async def stop(self) -> None:
        self.open -= 1

    def assign(self, partitions: Sequence[aiokafka.TopicPartition]) -> None: ...

    def seek(self, partition: aiokafka.TopicPartition, offset: int) -> None:
        self._position = offset

    async def beginning_offsets(
        self, partitions: Sequence[aiokafka.TopicPartition]
    ) -> dict[aiokafka.TopicPartition, int]:
        return dict.fromkeys(partitions, self.begins)

    async def position(self, partition: aiokafka.TopicPartition) -> int:
        return self._position

    async def getmany(
        self, partition: aiokafka.TopicPartition, *, timeout_ms: int, max_records: int
    ) -> dict[aiokafka.TopicPartition, list[Raw]]:
        if self.fails:
            raise self.fails.pop(0)
        found = [one for one in self.records if one.offset >= self._position][: min(max_records, 2)]
        self._position = found[-1].offset + 1 if found else self._position
        return {partition: found}


class Standing:
    """The orders that stand, and what was said of them since."""

    def __init__(self) -> None:
        self.orders: dict[str, OperatorControl] = {}
        self.said: list[tuple[str, str]] = []

    async def keep(self, order: OperatorControl) -> None:
        self.said.append((order.state, order.value))

    def want(self, first: int, end: int, *, topic: str = TOPIC) -> None:
        again = Again(topic, PARTITION, first, end, first)
        order = OperatorControl(key=again.key, state=WANTED, value=again.value, actor="me", reason="index lost", at=0)
        self.orders[order.key] = order

    @property
    def state(self) -> str:
        return self.orders[KEY].state


class Scene:
    """A worker that has read ten changes of two SKUs."""

    def __init__(self, folder: Path) -> None:
        self.worker = Worker(folder)
        self.log, self.standing = MemoryLog(), Standing()
        self.is_mine = True
        self.paused: set[str] = set()
        part = FlowPart(STOCK_LEDGER.name, self.worker.flow, self._failed, is_paused=self.paused.__contains__)
        self.reprocessing = Reprocessing(
            cast("StandingOrders", self.standing),
            {TOPIC: part},
            self,
            make_reader=self.log.make,
            keep=self.standing.keep,
            clock=StillClock(runs_freely=True),
        )
        for number in range(10):
            kind = "ABSOLUTE" if number < 2 else "DELTA"
            value = change_bytes(
                event_id=f"e{number}",
                source_sequence=number,
                sku="AB"[number % 2],
                kind=kind,
                quantity=Decimal(5),
                effective_at=T0 + number,
            )
            self.log.records.append(Raw(TOPIC, number, b"AB"[number % 2 :][:1], value, T0 // 1000, PARTITION))

    def _failed(self, error: BaseException) -> None:
        raise error

    # ── what the worker knows of its partitions ──────────────────────────────────────────────────

    def generation(self) -> int:
        return GENERATION

    def is_open(self, topic: str, partition: int) -> bool:
        return self.is_mine

    def accounted(self, topic: str, partition: int) -> int:
        return self.worker.table.tally(partition).upto.get(topic, 0)

    async def live(self, count: int = 10) -> None:
        await self.worker.open()
        await self.worker.take_records(self.log.records[:count])


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.worker.close()


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_records_that_come_again_change_nothing_and_have_their_snapshots_sent_again(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        before, counts, sent = scene.worker.stored(), scene.worker.counts, len(scene.worker.snapshots)
        scene.standing.want(0, 10)

        await scene.reprocessing.look()

        assert scene.worker.stored() == before
        assert scene.worker.counts == counts
        again = scene.worker.snapshots[sent:]
        assert {one.sku for one in again} == {"A", "B"}
        assert {one.counter for one in again} == {one.counter for one in scene.worker.snapshots[:sent]}
        assert scene.standing.state == DONE
        assert scene.standing.said[-1] == (DONE, "0-10@10")
        assert scene.log.open == 0

    _run(work)


def test_only_the_range_comes_again(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        sent = len(scene.worker.snapshots)
        scene.standing.want(4, 5)

        await scene.reprocessing.look()

        assert [one.sku for one in scene.worker.snapshots[sent:]] == ["A"]

    _run(work)


def test_records_that_the_live_flow_has_not_read_are_left_to_it(scene: Scene) -> None:
    async def work() -> None:
        await scene.live(6)
        scene.standing.want(2, 10)

        await scene.reprocessing.look()
        reached = again_of(scene.standing.orders[KEY])
        await scene.worker.take_records(scene.log.records[6:])
        await scene.reprocessing.look()

        assert reached is not None
        assert reached.reached <= 6
        assert scene.standing.state == DONE
        assert scene.worker.counts["wms.stock-change.v1/accepted"] == 10

    _run(work)


def test_the_next_owner_goes_on_from_where_the_last_one_said(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        scene.log.fails = [KafkaConnectionError("away")]
        await scene.reprocessing.look()
        assert scene.standing.state == WANTED

        order = scene.standing.orders[KEY]
        scene.standing.orders[KEY] = OperatorControl(
            key=order.key, state=RUNNING, value="0-10@9", actor="me", reason="", at=0
        )
        sent = len(scene.worker.snapshots)
        await scene.reprocessing.look()

        assert [one.sku for one in scene.worker.snapshots[sent:]] == ["B"]
        assert scene.standing.state == DONE

    _run(work)


@pytest.mark.parametrize("state", [DONE, REFUSED])
def test_an_order_that_has_ended_is_left_alone(scene: Scene, state: str) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        order = scene.standing.orders[KEY]
        scene.standing.orders[KEY] = OperatorControl(
            key=order.key, state=state, value=order.value, actor="me", reason="", at=0
        )

        await scene.reprocessing.look()

        assert scene.standing.said == []

    _run(work)


def test_a_partition_of_another_worker_is_left_to_it(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        scene.standing.want(0, 10, topic="orders.event.v1")
        scene.is_mine = False

        await scene.reprocessing.look()
        scene.is_mine = True
        await scene.reprocessing.look()

        assert scene.standing.state == DONE
        assert scene.standing.orders[f"replay/orders.event.v1/{PARTITION}"].state == WANTED

    _run(work)


def test_a_range_that_has_left_the_log_meanwhile_is_refused_with_what_is_gone(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        scene.log.begins = 4

        await scene.reprocessing.look()

        assert scene.standing.state == REFUSED
        assert scene.standing.orders[KEY].reason == "offsets 0 to 3 have left the log meanwhile"

    _run(work)


def test_a_paused_intake_is_not_passed_by(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        scene.paused.add(TOPIC)
        sent = len(scene.worker.snapshots)

        await scene.reprocessing.look()

        assert len(scene.worker.snapshots) == sent
        assert scene.standing.state == WANTED

    _run(work)


def test_nothing_is_read_again_once_partitions_go(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 10)
        await scene.reprocessing.quiesce(GENERATION)

        await scene.reprocessing.look()

        assert scene.standing.state == WANTED

    _run(work)


def test_a_batch_under_way_ends_before_partitions_go(scene: Scene) -> None:
    async def work() -> None:
        await scene.live()
        scene.standing.want(0, 2)
        order: list[str] = []
        entered, released = asyncio.Event(), asyncio.Event()

        class Slow:
            async def take_again(self, event: AgainEvent) -> None:
                entered.set()
                await released.wait()
                order.append("batch")

        scene.reprocessing._parts = {TOPIC: Slow()}
        look = asyncio.ensure_future(scene.reprocessing.look())
        await entered.wait()
        quiesced = asyncio.ensure_future(scene.reprocessing.quiesce(GENERATION))
        await asyncio.sleep(0)  # noqa: TID251  lets it begin
        released.set()
        await quiesced
        order.append("quiesced")
        await look

        assert order == ["batch", "quiesced"]

    _run(work)
