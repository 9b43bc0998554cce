"""What becomes of a task by itself, and what the warehouse says of it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import fastavro
import pytest

from simulators.core.clock import SystemClock
from simulators.core.life import Step
from simulators.core.server import ServerOptions
from simulators.rest_wms import RestWmsSimulator, Settings
from simulators.rest_wms.events import FulfilmentRecord
from simulators.rest_wms.life import PLAN, STEPS_OF_LIFE
from simulators.rest_wms.server import main
from simulators.rest_wms.speaking import Disorder, Scrambler
from simulators.wms.wire import schema_of
from tests.unit.simulators.core.support import eventually, in_loop
from tests.unit.simulators.rest_wms.support import Warehouse

LIVING = Settings(life=True)
TWO_LINES = [
    {"line_id": "501", "sku": "PUMP-200", "quantity": "3"},
    {"line_id": "502", "sku": "SEAL-7", "quantity": "4"},
]


class Ahead(SystemClock):
    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Listener:
    """A speaker that keeps what it was told."""

    def __init__(self) -> None:
        self.records: list[FulfilmentRecord] = []

    def say(self, record: FulfilmentRecord, now: float) -> None:  # noqa: ARG002 - the protocol's
        self.records.append(record)

    def go_on(self, now: float) -> None:
        """Nothing is held back."""


@asynccontextmanager
async def living(settings: Settings = LIVING) -> AsyncIterator[tuple[Warehouse, Ahead, Listener, RestWmsSimulator]]:
    clock, listener = Ahead(), Listener()
    simulator = RestWmsSimulator(settings, clock=clock)
    simulator.wms.said.speaker = listener  # in place of Kafka
    async with simulator, aiohttp.ClientSession() as session:
        yield Warehouse(simulator, session), clock, listener, simulator


async def said(warehouse: Warehouse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await warehouse.get("/_sim/events"))["events"]
    return found


async def do(warehouse: Warehouse, what: str, task_id: str = "t-1") -> int:
    return (await warehouse.post("/_sim/life", {"task_id": task_id, "what": what}))[0]


def shown(event: dict[str, Any]) -> tuple[str, dict[str, str], str | None]:
    return event["step"], {one["order_line"]: one["quantity"] for one in event["lines"]}, event["shipment_id"]


@in_loop
async def test_a_task_goes_its_way_once_and_every_step_is_said_with_lines_and_shipment() -> None:
    plan = tuple(Step(one.what, one.after_s) for one in PLAN if one.what not in {"cancel", "hold", "short"})
    async with living(Settings(life=True, life_plan=plan)) as (warehouse, clock, listener, simulator):
        await warehouse.put(lines=TWO_LINES)
        for second in (*range(0, 50, 2), 200):
            clock.ahead_s = second
            simulator.beat()

        rest, all_lines = {"501": "1", "502": "2"}, {"501": "3", "502": "4"}
        assert [shown(one) for one in await said(warehouse)] == [
            ("RELEASED", all_lines, None),
            ("ALLOCATED", all_lines, None),
            ("PICKING", all_lines, None),
            ("PICKED", all_lines, None),
            ("PACKED", all_lines, "T0000001-1"),
            ("PARTIALLY_SHIPPED", {"501": "2", "502": "2"}, "T0000001-1"),
            ("SHIPPED", rest, "T0000001-2"),
            ("DELIVERED", {"501": "2", "502": "2"}, "T0000001-1"),
            ("DELIVERED", rest, "T0000001-2"),
        ]
        life = [one for one in await warehouse.journal() if one["kind"] == "life"]
        assert [one["detail"]["what"] for one in life] == [one.what for one in plan]
        assert all(one["effect"] for one in life)
        assert len({one["event_id"] for one in listener.records}) == len(listener.records) == 9


@in_loop
async def test_what_is_said_fits_the_schema_and_names_the_order_as_it_was_told() -> None:
    codec = fastavro.parse_schema(schema_of("wms.fulfilment-event.v1"))
    async with living() as (warehouse, clock, listener, simulator):
        for number in range(40):
            await warehouse.put(f"t-{number}", order_id=f"web-{number}", lines=TWO_LINES, shipping_method="ground")
        for second in range(0, 60, 2):
            clock.ahead_s = second
            simulator.beat()

        for record in listener.records:
            assert fastavro.validate(record, codec, strict=True)
            assert record["extras"]["task_id"] == f"t-{record['order_id'].removeprefix('web-')}"
        steps = {one["step"] for one in listener.records}
        assert {"SHORTED", "PARTIALLY_SHIPPED", "ON_HOLD", "CANCELLED", "DELIVERED"} <= steps
        tracked = [one for one in listener.records if one["step"] == "SHIPPED"]
        assert all(one["packages"][0]["tracking_number"] for one in tracked)


@in_loop
async def test_nothing_ships_twice_and_what_is_short_does_not_ship() -> None:
    async with living() as (warehouse, clock, listener, simulator):
        for number in range(60):
            await warehouse.put(f"t-{number}", order_id=f"web-{number}", lines=TWO_LINES)
        for second in range(0, 60, 2):
            clock.ahead_s = second
            simulator.beat()

        asked = {"501": Decimal(3), "502": Decimal(4)}
        for number in range(60):
            told = [one for one in listener.records if one["order_id"] == f"web-{number}"]
            gone: dict[str, Decimal] = {}
            for one in told:
                if one["step"] in {"SHIPPED", "PARTIALLY_SHIPPED", "SHORTED", "CANCELLED"}:
                    for each in one["lines"]:
                        line = each["order_line"] or ""
                        gone[line] = gone.get(line, Decimal(0)) + each["quantity"]
            assert gone == asked


@in_loop
async def test_the_same_tasks_meet_the_same_fate_in_every_run() -> None:
    async def run(seed: int) -> list[tuple[str, str]]:
        async with living(Settings(life=True, seed=seed)) as (warehouse, clock, listener, simulator):
            for number in range(30):
                await warehouse.put(f"t-{number}", lines=TWO_LINES)
            clock.ahead_s = 100
            simulator.beat()
            return sorted((one["event_id"], one["step"]) for one in listener.records)

    first = await run(1)
    assert first == await run(1)
    assert first != await run(2)


@in_loop
async def test_tasks_go_on_without_anybody_asking() -> None:
    async with living(Settings(life=True, life_rate=1000)) as (warehouse, _, _, _):
        await warehouse.put()

        async def is_over() -> bool:
            return (await said(warehouse))[-1]["step"] in {"DELIVERED", "CANCELLED"}

        await eventually(is_over)


@in_loop
async def test_a_task_that_its_sender_cancelled_goes_nowhere() -> None:
    async with living() as (warehouse, clock, _, simulator):
        await warehouse.put()
        await warehouse.call("POST", "/v1/tasks/t-1/cancel")
        clock.ahead_s = 100
        simulator.beat()

        assert [one["step"] for one in await said(warehouse)] == ["RELEASED", "CANCELLED"]
        life = [one for one in await warehouse.journal() if one["kind"] == "life"]
        assert life
        assert not any(one["effect"] for one in life)


@in_loop
async def test_a_repeated_task_says_nothing_new_and_a_reset_forgets_what_was_planned() -> None:
    async with living() as (warehouse, clock, listener, simulator):
        await warehouse.put()
        await warehouse.put()
        assert len(listener.records) == 1

        await warehouse.post("/_sim/reset")
        clock.ahead_s = 100
        assert simulator.beat() == 0
        assert await said(warehouse) == []


@in_loop
async def test_tasks_moved_by_command_say_so_and_ship_once() -> None:
    async with living(Settings(location_codes={"wh-east": "EAST-01"})) as (warehouse, _, listener, _):
        await warehouse.put()
        await warehouse.advance(to="SHIPPED")
        await warehouse.advance(to="DELIVERED")

        assert [one["step"] for one in listener.records] == ["RELEASED", "SHIPPED", "DELIVERED"]
        assert {one["location_code"] for one in listener.records} == {"EAST-01"}
        assert [str(one["quantity"].normalize()) for one in listener.records[1]["lines"]] == ["2"]


@pytest.mark.parametrize("what", sorted(STEPS_OF_LIFE))
def test_a_step_that_does_not_fit_is_refused_and_nothing_is_said(what: str) -> None:
    @in_loop
    async def run() -> None:
        async with living() as (warehouse, _, listener, _):
            await warehouse.put()
            await do(warehouse, "cancel")

            assert await do(warehouse, what) == 409
            assert len(listener.records) == 2

    run()


def records() -> Iterator[FulfilmentRecord]:
    for number in range(200):
        yield {"event_id": str(number)}  # type: ignore[typeddict-item]  # the scrambler looks at nothing


def test_disorder_loses_nothing_and_follows_from_its_seed() -> None:
    def run(seed: int) -> list[tuple[str, str]]:
        scrambler = Scrambler(Random(seed), Disorder(duplicates=0.2, reorder=0.2, hold_s=5))
        sent = []
        for number, record in enumerate(records()):
            sent += [*scrambler.push(record, float(number)), *scrambler.due(float(number))]
        return [(one.record["event_id"], one.what) for one in [*sent, *scrambler.rest()]]

    first = run(1)
    assert {name for name, _ in first} == {str(number) for number in range(200)}
    assert {what for _, what in first} == {"normal", "duplicate", "reordered"}
    assert [name for name, _ in first] != sorted((name for name, _ in first), key=int)
    assert first == run(1) != run(2)


def test_without_disorder_everything_is_sent_once_in_order() -> None:
    scrambler = Scrambler(Random(1))
    sent = [one for number, record in enumerate(records()) for one in scrambler.push(record, float(number))]

    assert [one.record["event_id"] for one in sent] == [str(number) for number in range(200)]
    assert scrambler.rest() == []


def test_events_without_an_address_end_it_with_2_and_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--events"]) == 2
    assert "--bootstrap" in capsys.readouterr().err


def test_the_journal_of_a_process_shows_its_life(tmp_path: Path) -> None:
    """The plan's steps, once, in the file that outlives the process."""

    @in_loop
    async def run() -> None:
        clock = Ahead()
        simulator = RestWmsSimulator(LIVING, ServerOptions(journal=tmp_path / "journal.jsonl"), clock=clock)
        async with simulator, aiohttp.ClientSession() as session:
            await Warehouse(simulator, session).put()
            clock.ahead_s = 100
            simulator.beat()
            simulator.beat()

    run()
    lines = [json.loads(one) for one in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    life = [one["detail"]["what"] for one in lines if one["kind"] == "life"]
    assert len(life) == len(set(life)) > 5
