"""A day of stock closes where the ledger, the lane and their logs say the same of every SKU."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from streams.domain.closing import ABOUT, Kind, State
from streams.tables import STOCK_LEDGER, STOCK_WRITE, changelog
from streams.topics import COMMERCE_OUTCOME, DEAD_LETTER, DESIRED, STOCK_CHANGE
from tests.unit.streams.app.completeness.day import APP_ID, HOUR, PARTITION, finding_of, put, said
from tests.unit.streams.app.completeness.stock_day import StockDay, stock_day
from tests.unit.streams.domain.ledger import T0
from tests.unit.streams.flows.test_stock import full, record

pytestmark = pytest.mark.anyio
LEDGER, ROWS = changelog(APP_ID, STOCK_LEDGER), changelog(APP_ID, STOCK_WRITE)


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StockDay]:
    async with stock_day(tmp_path, monkeypatch) as made:
        yield made


async def _sold(day: StockDay) -> None:
    """A has three changes, B one; all of it is shown."""
    await day.change("A", full(1, 10), record(2, -3, at=1), record(3, -1, at=2))
    await day.change("B", full(4, 5, sku="B"))
    await day.show()


async def test_of_the_changes_of_a_sku_one_is_delivered_and_the_others_are_contained_in_it(day: StockDay) -> None:
    await _sold(day)

    page = await day.closing.page("stock")

    assert page.states == {State.DELIVERED: 2, State.SUPERSEDED: 2}
    assert (page.findings, page.closes, page.looks) == ((), True, 1)
    seen = {log.topic: log.count.seen for log in page.logs if log.count.seen}
    assert seen == {STOCK_CHANGE.name: 4, COMMERCE_OUTCOME.name: 2}


async def test_what_the_lane_has_not_written_yet_is_under_way(day: StockDay) -> None:
    await day.change("A", full(1, 10))
    day.logs.committed[DESIRED.name] = 0

    page = await day.closing.page("stock")

    assert (page.states, page.findings) == ({State.IN_FLIGHT: 1}, ())
    assert page.open[0].entity == "A"


async def test_changes_that_the_ledger_has_not_read_are_under_way(day: StockDay) -> None:
    put(day.broker, b"A", full(1, 10), STOCK_CHANGE.name)
    day.logs.committed[STOCK_CHANGE.name] = 0

    assert (await day.closing.page("stock")).states == {State.IN_FLIGHT: 1}


async def test_a_change_without_a_base_waits_for_one(day: StockDay) -> None:
    await day.change("A", record(1, -3))

    page = await day.closing.page("stock")

    assert (page.states, page.findings) == ({State.PARKED: 1}, ())


async def test_a_row_that_the_shop_refuses_is_dead(day: StockDay) -> None:
    day.lane.shop.refused_skus.add("A")
    await day.change("A", full(1, 10))
    await day.show()

    page = await day.closing.page("stock")

    assert (page.states, page.findings) == ({State.DEAD: 1}, ())


async def test_a_change_that_nobody_can_read_is_dead_once_it_has_a_letter(day: StockDay) -> None:
    await day.change("A", b"\xff")
    assert day.broker.log[DEAD_LETTER.name]

    page = await day.closing.page("stock")

    assert (page.states, page.findings) == ({State.DEAD: 1}, ())


# ── what was taken out ───────────────────────────────────────────────────────────────────────────


async def test_a_change_that_was_taken_from_its_log_is_named_with_its_sku(day: StockDay) -> None:
    await day.closing.page("stock")
    day.closing.pass_time(hours=1)
    day.logs.at = T0 + HOUR
    await _sold(day)
    day.logs.delete(STOCK_CHANGE.name, 2)

    page = await day.closing.page("stock")

    gone = finding_of(page, Kind.RECORD_GONE)
    assert (gone.entity, gone.where) == ("A", f"{STOCK_CHANGE.name}[{PARTITION}] offset 2")
    assert "find who deleted them" in ABOUT[gone.kind].advice
    assert not page.closes


async def test_a_change_that_the_ledger_took_and_whose_table_does_not_have_it_is_named(day: StockDay) -> None:
    await _sold(day)
    put(day.broker, b"A", record(9, -1, at=3), STOCK_CHANGE.name)

    page = await day.closing.page("stock")

    assert said(page) == {(Kind.NOT_IN_STATE, "A", "changelog of stock-ledger")}
    assert finding_of(page, Kind.NOT_IN_STATE).detail == f"{STOCK_CHANGE.name}[{PARTITION}] offset 4"


@pytest.mark.parametrize(("topic", "table"), [(LEDGER, "stock-ledger"), (ROWS, "stock-write")])
async def test_a_deleted_entry_of_a_table_is_named_with_its_sku(day: StockDay, topic: str, table: str) -> None:
    await _sold(day)
    put(day.broker, b"eA", None, topic)

    page = await day.closing.page("stock")

    assert said(page) == {(Kind.NOT_IN_STATE, "A", f"changelog of {table}")}
    assert page.states[State.MISSING] == 1


async def test_an_entry_that_was_written_again_after_its_deletion_is_there(day: StockDay) -> None:
    await _sold(day)
    for topic in (LEDGER, ROWS):
        [*_, newest] = [one.value for one in day.broker.log[topic] if one.key == b"eA"]
        put(day.broker, b"eA", None, topic)
        put(day.broker, b"eA", newest, topic)

    assert (await day.closing.page("stock")).closes


async def test_a_snapshot_that_was_taken_out_is_named_with_its_source(day: StockDay) -> None:
    await _sold(day)
    offset = next(at for at, one in enumerate(day.broker.log[DESIRED.name]) if one.key == b"A")
    day.logs.delete(DESIRED.name, offset)

    page = await day.closing.page("stock")

    gone = finding_of(page, Kind.SNAPSHOT_GONE)
    assert (gone.entity, gone.detail) == ("A", "source W1")
    assert "stock recount" in ABOUT[gone.kind].advice


async def test_a_snapshot_that_the_lane_took_and_whose_table_does_not_have_it_is_named(day: StockDay) -> None:
    await day.change("A", full(1, 10))

    page = await day.closing.page("stock")

    assert said(page) == {(Kind.NOT_IN_STATE, "A", "changelog of stock-write")}


async def test_an_outcome_that_was_taken_out_is_said_of_the_skus_that_lack_one(day: StockDay) -> None:
    await day.closing.page("stock")
    day.closing.pass_time(hours=1)
    day.logs.at = T0 + HOUR
    await _sold(day)
    day.logs.cut(COMMERCE_OUTCOME.name, 1)

    page = await day.closing.page("stock")

    gone = finding_of(page, Kind.RECORD_GONE)
    assert gone.where == f"{COMMERCE_OUTCOME.name}[{PARTITION}] offset 0"
    assert gone.detail in {"perhaps of A", "perhaps of B"}


@pytest.mark.parametrize("value", [b"", b"\x09" + bytes(20)])
async def test_what_another_release_wrote_into_a_table_is_left_out(day: StockDay, value: bytes) -> None:
    await _sold(day)
    for topic in (LEDGER, ROWS):
        put(day.broker, b"eA", value, topic)

    assert (await day.closing.page("stock")).closes


async def test_an_older_entry_behind_a_newer_one_changes_nothing(day: StockDay) -> None:
    await day.change("A", full(1, 10))
    await day.show()
    old = {topic: next(one.value for one in day.broker.log[topic] if one.key == b"eA") for topic in (LEDGER, ROWS)}
    await day.change("A", record(2, -3, at=1))
    await day.show()
    for topic, value in old.items():
        put(day.broker, b"eA", value, topic)

    assert (await day.closing.page("stock")).states == {State.DELIVERED: 1, State.SUPERSEDED: 1}


async def test_what_was_under_way_at_the_first_look_is_found_done_at_the_second(day: StockDay) -> None:
    await day.change("A", full(1, 10))
    await day.show()
    written = list(day.broker.log[LEDGER])
    day.broker.log[LEDGER].clear()
    clock = day.closing.clock
    sleep = clock.sleep

    async def later(delay: timedelta) -> None:
        if delay >= timedelta(seconds=60):
            day.broker.log[LEDGER] += written
        await sleep(delay)

    clock.sleep = later  # type: ignore[method-assign]  # between the looks the ledger is done
    page = await day.closing.page("stock")

    assert (page.looks, page.findings, page.states) == (2, (), {State.DELIVERED: 1})
