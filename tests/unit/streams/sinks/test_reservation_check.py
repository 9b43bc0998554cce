"""What a shop reserves against what its open orders promise: every difference that is one, and no other."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from connectors.core.errors import TargetUnavailableError
from schemas.models.reservation import SalesStock, SellingRules
from streams.domain.drift import Verdict
from streams.domain.reconciliation import ReconcileRules, Run, RunState, Scope
from streams.domain.reservation_candidates import Kind
from streams.domain.reservations import Certainty, compensation_of
from streams.sinks import reservation_check
from tests.fakes.reservations import MICROS, MemoryReservations
from tests.unit.streams.sinks.lane import Lane, lane
from tests.unit.streams.sinks.reconciling import compare, edit, ended, start

pytestmark = pytest.mark.anyio
SKUS = ("A", "B", "C", "D", "E")
UNITS = 40


@asynccontextmanager
async def shop(folder: Path, **given: object) -> AsyncIterator[tuple[Lane, MemoryReservations]]:
    """Two stocks, each with a source of its own that has as much of every SKU, and one that no stock sells from."""
    async with lane(folder, **given) as at:
        made = MemoryReservations(at.shop, SalesStock(1, ("north",), ("base",)), SalesStock(2, ("south",), ("b2b",)))
        made.skus = list(SKUS)
        for sku in SKUS:
            for source in ("north", "south", "elsewhere"):
                edit(at, sku, UNITS, source)
        at.at.reservations = made
        yield at, made


async def compared(at: Lane, run: str = "r") -> Run:
    return await compare(at, Scope.RESERVATIONS, run=run)


def told(run: Run) -> list[tuple[Kind, str, int, int]]:
    """Each finding with its difference in units."""
    return [(one.kind, one.sku, one.stock_id, one.difference // MICROS) for one in run.findings]


async def test_a_shop_that_reserves_what_is_promised_agrees_in_every_stock(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        for units in (3, 4, 5):
            there.order("A", units)
        there.order("A", 7, stock_id=2, shipped=2 * MICROS)
        there.order("B", 9, is_over=True, state="complete")

        run = await compared(at)

        assert (run.state, run.found, run.compared, run.expected, run.listed) == (RunState.DONE, 0, 10, 10, 10)
        assert run.looks[Verdict.AGREES] == 10
        assert there.asked_salable == []


async def test_too_much_that_is_reserved_is_found_with_its_order_and_what_sets_it_right(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.order("A", 3)
        there.order("C", 5, stock_id=2)
        there.order("C", 2, stock_id=2)
        there.wrong[2, "C"] = 5 * MICROS

        run = await compared(at)

        [found] = run.findings
        assert told(run) == [(Kind.DEDUCTED_TWICE, "C", 2, -5)]
        assert (found.salable, found.available, found.expected) == (28 * MICROS, 40 * MICROS, -7 * MICROS)
        assert (found.certainty, found.candidates[0].order_number) == (Certainty.CERTAIN, "000000002")
        compensation = compensation_of(found)
        assert compensation is not None
        assert compensation.argument == "000000002:C:+5.000000:2"
        assert (run.found, run.looks[Verdict.AGREES]) == (1, 9)


async def test_too_little_that_is_reserved_is_found_too(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.order("B", 4)
        there.wrong[1, "B"] = -4 * MICROS

        assert told(await compared(at)) == [(Kind.NOT_RESERVED, "B", 1, 4)]


async def test_the_order_is_only_likely_where_not_all_of_them_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reservation_check, "MOST_LINES", 1)
    async with shop(tmp_path) as (at, there):
        there.order("B", 9)
        there.order("B", 4)
        there.wrong[1, "B"] = 4 * MICROS

        [found] = (await compared(at)).findings

        assert (found.certainty, [one.order_number for one in found.candidates]) == (Certainty.LIKELY, ["000000002"])


async def test_more_promised_than_is_there_is_found_though_the_sum_is_right(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.order("A", UNITS + 5)

        run = await compared(at)

        assert told(run) == [(Kind.NEGATIVE, "A", 1, 0)]


async def test_what_is_out_of_stock_says_nothing_of_its_reservations(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        edit(at, "A", 0)
        edit(at, "B", UNITS, in_stock=False)
        there.wrong[1, "A"] = there.wrong[1, "B"] = 3 * MICROS

        run = await compared(at)

        assert (run.found, run.compared, run.looks[Verdict.SET_ASIDE]) == (0, 8, 2)


async def test_a_stock_whose_sources_are_all_disabled_has_nothing_and_is_set_aside(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.stocks = (*there.stocks, SalesStock(3, (), ("outlet",)))

        run = await compared(at)

        assert (run.found, run.looks[Verdict.SET_ASIDE]) == (0, len(SKUS))


async def test_what_a_product_keeps_back_is_read_once_and_explains_the_difference(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.rules["D"] = SellingRules(threshold=3 * MICROS)

        run = await compared(at)

        assert (run.found, run.looks[Verdict.AGREES]) == (0, 10)
        assert there.asked_rules == ["D"]


async def test_what_the_shop_usually_keeps_back_needs_no_second_look(tmp_path: Path) -> None:
    rules = ReconcileRules(threshold=2 * MICROS)
    async with shop(tmp_path, reconcile=rules) as (at, there):
        there.rules = dict.fromkeys(SKUS, SellingRules(threshold=2 * MICROS))

        run = await compared(at)

        assert (run.looks[Verdict.AGREES], there.asked_rules, there.asked_salable) == (10, [], [])


async def test_a_product_that_is_sold_beyond_what_is_there_is_not_negative(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.rules["E"] = SellingRules(backorders=True)
        there.order("E", UNITS + 9)

        assert told(await compared(at)) == []


async def test_an_order_between_the_two_readings_is_no_finding(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.before_salable = _once(lambda: there.order("A", 1))

        run = await compared(at)

        assert (told(run), run.looks[Verdict.AGREES], run.looks[Verdict.UNSETTLED]) == ([], 10, 0)
        assert there.asked_salable  # it was a suspect


async def test_what_is_wrong_is_found_beside_what_moves_and_what_never_rests_is_told_as_such(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.order("B", 4)
        there.wrong[1, "B"] = 4 * MICROS
        there.before_salable = lambda: there.order("A", 1, stock_id=1)

        run = await compared(at)

        assert told(run) == [(Kind.DEDUCTED_TWICE, "B", 1, -4)]
        assert run.looks[Verdict.UNSETTLED] == 1


async def test_stock_that_changes_between_two_looks_is_no_finding(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        units: Iterator[int] = count(UNITS + 1)
        there.wrong[1, "A"] = 2 * MICROS
        there.before_salable = lambda: edit(at, "A", next(units))

        run = await compared(at)

        assert (told(run), run.looks[Verdict.UNSETTLED]) == ([], 1)


async def test_a_difference_that_is_another_one_at_each_look_is_not_told(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):

        def worse() -> None:
            there.wrong[1, "A"] += MICROS

        there.before_salable = worse

        run = await compared(at)

        assert (told(run), run.looks[Verdict.UNSETTLED]) == ([], 1)


async def test_suspects_beyond_what_memory_is_for_are_counted_and_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reservation_check, "MOST_SUSPECTS", 2)
    async with shop(tmp_path) as (at, there):
        for sku in SKUS:
            there.wrong[1, sku] = MICROS

        run = await compared(at)

        assert told(run) == [(Kind.UNEXPLAINED, "A", 1, -1), (Kind.UNEXPLAINED, "B", 1, -1)]
        assert run.looks[Verdict.UNSETTLED] == 3


async def test_suspects_are_asked_for_so_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservation_check, "SKUS_AT_ONCE", 2)
    async with shop(tmp_path) as (at, there):
        for sku in SKUS:
            there.wrong[2, sku] = MICROS

        run = await compared(at)

        assert len(told(run)) == len(SKUS)
        assert there.asked_salable == [("A", "B"), ("C", "D"), ("E",)] * 2


async def test_a_shop_that_goes_away_ends_the_run_with_what_was_found_by_then(tmp_path: Path) -> None:
    async with shop(tmp_path) as (at, there):
        there.wrong[1, "A"] = MICROS
        at.shop.read_failures.extend([TargetUnavailableError("maintenance")] * 10)

        run = await compared(at)

        assert (run.state, run.findings) == (RunState.FAILED, [])
        assert "maintenance" in run.why


async def test_a_shop_that_does_not_let_them_be_seen_is_refused_with_why(tmp_path: Path) -> None:
    async with lane(tmp_path) as at:
        start(at, Scope.RESERVATIONS)

        run = await ended(at)

        assert run.state is RunState.REFUSED
        assert "single stock has no list" in run.why


def _once(act: Callable[[], object]) -> Callable[[], object]:
    left = [act]
    return lambda: left.pop()() if left else None
