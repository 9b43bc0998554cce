"""What every `StockTarget` promises, real or in memory; subclasses say how one is opened."""

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal

import pytest

from connectors.core.errors import ConnectorError, UnknownOutcomeError
from connectors.core.ports import StockTarget
from schemas.models.source_item import SourceItem, StockPair

STOCKS = {"default": {1}, "central": {2}, "east": {2}}
AWKWARD = (
    "A,B",
    ",",
    "A/B",
    "../../V1/orders/1",
    "%2e%2e",
    "a b",
    "a+b",
    "a&b=c",
    "it's",
    'say "x"',
    "ünï-日本",
    "1",
    "01",
)
CATALOGUE = ("SKU-1", "SKU-2", "Case", *AWKWARD, *(f"N{number:05d}" for number in range(700)))


def item(sku: str, quantity: str = "5", source_code: str = "default", *, in_stock: bool = True) -> SourceItem:
    return SourceItem(sku, source_code, Decimal(quantity), in_stock)


class StockTargetSuite:
    """The shop has the sources and stocks of `STOCKS`, the products of `CATALOGUE`, and no stock rows of theirs."""

    source = "default"
    many_sources = True

    def opened(self) -> AbstractAsyncContextManager[StockTarget]:
        raise NotImplementedError

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.fixture
    async def target(self) -> AsyncIterator[StockTarget]:
        async with self.opened() as target:
            yield target

    @pytest.mark.anyio
    @pytest.mark.parametrize("quantity", ["190.7", "0.0001", "99999999.9999", "0", "1000", "0.1", "1E+3", "5.5000"])
    async def test_a_quantity_is_shown_to_the_last_digit(self, target: StockTarget, quantity: str) -> None:
        await target.write_source_items([item("SKU-1", quantity)])

        shown = await target.read_source_items([StockPair("default", "SKU-1")])

        assert shown[StockPair("default", "SKU-1")].quantity == Decimal(quantity)

    @pytest.mark.anyio
    async def test_a_repeated_write_changes_nothing(self, target: StockTarget) -> None:
        rows = [item("SKU-1", "190.7"), item("SKU-2", "0", in_stock=False)]
        pairs = [row.pair for row in rows]
        await target.write_source_items(rows)
        once = await target.read_source_items(pairs)

        await target.write_source_items(rows)

        assert await target.read_source_items(pairs) == once == {row.pair: row for row in rows}

    @pytest.mark.anyio
    async def test_a_later_write_replaces_quantity_and_status(self, target: StockTarget) -> None:
        await target.write_source_items([item("SKU-1", "7")])
        newer = item("SKU-1", "0", in_stock=False)

        await target.write_source_items([newer])

        assert await target.read_source_items([newer.pair]) == {newer.pair: newer}

    @pytest.mark.anyio
    async def test_a_pair_that_is_not_known_is_absent(self, target: StockTarget) -> None:
        assert await target.read_source_items([StockPair(self.source, "NOBODY"), StockPair("nowhere", "SKU-1")]) == {}

    @pytest.mark.anyio
    async def test_nothing_to_do_is_done(self, target: StockTarget) -> None:
        await target.write_source_items([])

        assert await target.read_source_items([]) == {}
        assert await target.missing_skus([]) == frozenset()

    @pytest.mark.anyio
    async def test_a_sku_in_another_spelling_is_another_sku(self, target: StockTarget) -> None:
        await target.write_source_items([item("Case", "3")])

        assert await target.read_source_items([StockPair("default", "CASE"), StockPair("default", "case")]) == {}
        assert await target.missing_skus(["Case", "CASE"]) == {"CASE"}

    @pytest.mark.anyio
    @pytest.mark.parametrize("sku", AWKWARD)
    async def test_an_awkward_sku_is_written_read_and_found_as_it_is(self, target: StockTarget, sku: str) -> None:
        row = item(sku, "2.5")
        await target.write_source_items([item("SKU-1", "9"), row])

        assert await target.read_source_items([row.pair]) == {row.pair: row}
        assert await target.missing_skus([sku, "NOBODY"]) == {"NOBODY"}

    @pytest.mark.anyio
    async def test_hundreds_of_pairs_are_read_in_one_request_of_ours(self, target: StockTarget) -> None:
        numbers = random.Random(7).sample(range(700), 700)
        sources = sorted(STOCKS) if self.many_sources else [self.source]
        rows = [item(f"N{number:05d}", str(number), sources[number % len(sources)]) for number in numbers]
        await target.write_source_items(rows)

        shown = await target.read_source_items([row.pair for row in rows])

        assert shown == {row.pair: row for row in rows}

    @pytest.mark.anyio
    async def test_missing_skus_are_exactly_those_that_the_catalogue_lacks(self, target: StockTarget) -> None:
        unknown = {f"X{number:05d}" for number in range(400)} | {"X,Y"}

        assert await target.missing_skus([*CATALOGUE, *unknown]) == unknown

    @pytest.mark.anyio
    async def test_sources_and_their_stocks_are_told(self, target: StockTarget) -> None:
        wanted = STOCKS if self.many_sources else {self.source: STOCKS[self.source]}

        assert await target.source_codes() == wanted.keys()
        assert await target.stocks_of_sources() == wanted

    @pytest.mark.anyio
    async def test_an_unknown_source_is_refused_and_nothing_of_it_shown(self, target: StockTarget) -> None:
        stray = item("SKU-1", "4", "nowhere")

        with pytest.raises(ConnectorError) as refused:
            await target.write_source_items([stray])

        assert not isinstance(refused.value, UnknownOutcomeError)
        assert await target.read_source_items([stray.pair]) == {}

    @pytest.mark.anyio
    async def test_the_rows_of_a_source_are_listed_page_by_page_each_once(self, target: StockTarget) -> None:
        if not target.lists_source_items:
            with pytest.raises(ConnectorError):
                await target.list_source_items(self.source, "")
            return
        rows = [item(sku, "2.5") for sku in AWKWARD] + [item(f"N{number:05d}", str(number)) for number in range(650)]
        await target.write_source_items([*rows, item("SKU-1", "4", "east")])

        listed = await every_listed(target, "default")

        assert sorted(one.sku for one in listed) == sorted(row.sku for row in rows)
        assert {one.pair: one for one in listed} == {row.pair: row for row in rows}
        assert await every_listed(target, "central") == []

    @pytest.mark.anyio
    async def test_a_row_that_comes_meanwhile_hides_no_other(self, target: StockTarget) -> None:
        if not target.lists_source_items:
            return
        rows = [item(f"N{number:05d}") for number in range(400)]
        await target.write_source_items(rows)
        first = await target.list_source_items("default", "")

        await target.write_source_items([item("1"), item("01")])  # before all others: pages by number would shift
        rest = await every_listed(target, "default", first.items[-1].sku)

        assert [one.sku for one in (*first.items, *rest)] == [row.sku for row in rows]

    @pytest.mark.anyio
    async def test_a_check_of_a_healthy_target_is_quiet(self, target: StockTarget) -> None:
        await target.check()


async def every_listed(target: StockTarget, source: str, after: str = "") -> list[SourceItem]:
    """All pages behind a SKU."""
    found: list[SourceItem] = []
    while True:
        page = await target.list_source_items(source, found[-1].sku if found else after)
        found += page.items
        if page.is_last:
            return found


@asynccontextmanager
async def closing(target: StockTarget) -> AsyncIterator[StockTarget]:
    try:
        yield target
    finally:
        await target.close()
