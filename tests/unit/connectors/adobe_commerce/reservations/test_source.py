"""What of Commerce's reservations can be seen: single requests and answers of the port."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.adobe_commerce.opening import open_ports
from connectors.core.calls import Dependencies
from connectors.core.errors import ConfigurationError, NotFoundError, TargetUnavailableError
from connectors.core.reservation_ports import ReservationSource
from schemas.models.reservation import Salable, SalesStock, SellingRules
from tests.fakes.clock import FakeClock
from tests.unit.connectors.adobe_commerce.shops import settings

pytestmark = pytest.mark.anyio
UNIT = 1_000_000
STOCK = SalesStock(1, ("north",), ("base",))
Rows = Sequence[object]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Shop:
    """Answers by path with the pages that are set, the last of them for ever; remembers what it was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.sees("inventory/sources", [{"source_code": code, "enabled": code != "closed"} for code in _SOURCES])
        self.sees("inventory/stock-source-links", _LINKS)
        self.sees("inventory/stocks", _STOCKS)
        self.answers("store/websites", _WEBSITES)
        self.answers("store/storeViews", _STORE_VIEWS)

    def sees(self, path: str, *pages: Rows, total: int | None = None) -> None:
        """Pages of a list route."""
        self.answers(path, *({"items": rows, "total_count": len(rows) if total is None else total} for rows in pages))

    def answers(self, path: str, *bodies: object) -> None:
        self.pages[path] = list(bodies)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().split("?")[0].removeprefix("/rest/all/V1/")
        query = parse_qs(request.url.query.decode())
        self.asked.append((path, {name.removeprefix("searchCriteria"): one[0] for name, one in query.items()}))
        if path not in self.pages:
            return httpx.Response(404, json={"message": 'The Product with the "%1" SKU doesn\'t exist.'})
        bodies = self.pages[path]
        return httpx.Response(200, json=bodies.pop(0) if len(bodies) > 1 else bodies[0])

    def queries(self, path: str) -> list[Mapping[str, str]]:
        return [query for one, query in self.asked if one == path]

    def filters(self, path: str) -> list[list[str]]:
        """Field, value and condition of each filter, query by query."""
        return [[value for name, value in one.items() if "filters" in name] for one in self.queries(path)]


_SOURCES = ("north", "south", "closed")
_LINKS = [
    {"stock_id": stock, "source_code": code, "priority": 1}
    for stock, code in ((1, "north"), (1, "closed"), (2, "south"), (2, "north"))
]
_STOCKS = [
    {"stock_id": number, "name": str(number), "extension_attributes": {"sales_channels": channels}}
    for number, channels in (
        (1, [{"type": "website", "code": "base"}]),
        (2, [{"type": "group", "code": "x"}, {"type": "website", "code": "b2b"}]),
        (3, []),
    )
]
_WEBSITES = [{"id": 0, "code": "admin"}, {"id": 1, "code": "base"}, {"id": 2, "code": "b2b"}, {"id": 9, "code": "none"}]
_STORE_VIEWS = [{"id": number, "website_id": website} for number, website in ((0, 0), (1, 1), (2, 2), (3, 1), (9, 9))]
SALABLE = "inventory/export-stock-salable-qty/website/base"


@asynccontextmanager
async def reservations(shop: Shop, **given: Any) -> AsyncIterator[ReservationSource]:
    ports = open_ports(settings(**given), Dependencies(clock=FakeClock(), transport=httpx.MockTransport(shop)))
    assert ports.reservations is not None
    try:
        yield ports.reservations
    finally:
        await ports.reservations.close()


def order(number: int, *items: Mapping[str, object], store: int | None = 1, state: str = "processing") -> object:
    return {
        "entity_id": number,
        "increment_id": f"{number:09}",
        "state": state,
        "store_id": store,
        "items": items,
    }


def item(number: int, sku: str, ordered: float, **more: object) -> dict[str, object]:
    return {"item_id": number, "sku": sku, "qty_ordered": ordered, **more}


async def test_a_stock_has_its_enabled_sources_and_the_websites_that_sell_from_it() -> None:
    async with reservations(Shop()) as source:
        assert await source.sales_stocks() == [
            SalesStock(1, ("north",), ("base",)),
            SalesStock(2, ("south", "north"), ("b2b",)),
        ]


async def test_open_lines_stand_at_the_stock_of_their_store_views_website() -> None:
    shop = Shop()
    orders = [order(number, item(number, "A", 2), store=store) for number, store in ((5, 1), (6, 2), (7, 3))]
    strangers = [order(8, item(8, "A", 1), store=9), order(9, item(9, "A", 1), store=None)]
    shop.sees("orders", [*orders, *strangers])
    async with reservations(shop) as source:
        await source.sales_stocks()

        page = await source.open_lines()

    assert [(one.order_number, one.stock_id, one.open) for one in page.lines] == [
        ("000000005", 1, 2 * UNIT),
        ("000000006", 2, 2 * UNIT),
        ("000000007", 1, 2 * UNIT),
    ]
    assert page.after is None
    assert shop.filters("orders") == [["state", "complete,closed,canceled", "nin", "entity_id", "0", "gt"]]


async def test_pages_of_orders_go_by_id_and_are_never_larger_than_the_server_can_load() -> None:
    shop = Shop()
    shop.sees("orders", [order(number, item(number, "A", 1)) for number in range(1, 51)], [])
    async with reservations(shop, page_size=300) as source:
        await source.sales_stocks()
        first = await source.open_lines()
        assert first.after == "50"
        rest = await source.open_lines(first.after)

    assert (len(first.lines), len(rest.lines), rest.after) == (50, 0, None)
    assert [query["[pageSize]"] for query in shop.queries("orders")] == ["50", "50"]
    assert shop.filters("orders")[1][3:] == ["entity_id", "50", "gt"]
    assert shop.queries("orders")[0]["[sortOrders][0][field]"] == "entity_id"


async def test_a_server_that_repeats_its_last_page_ends_the_reading() -> None:
    shop = Shop()
    shop.sees("orders", [order(7, item(7, "A", 1)), order(8, item(8, "A", 1))])
    async with reservations(shop, page_size=2) as source:
        assert (await source.open_lines()).after == "8"
        assert (await source.open_lines("8")).after is None


async def test_of_a_bundle_its_parts_are_promised_and_move_with_the_whole() -> None:
    """The vendor counts a bundle that ships together by its parent."""
    shop = Shop()
    bundle = item(1, "KIT", 2, qty_shipped=1)
    parts = [item(2, "A", 6, parent_item_id=1, qty_shipped=0), item(3, "B", 2, parent_item_id=1, qty_canceled=1)]
    shop.sees("orders", [order(4, bundle, *parts)])
    async with reservations(shop) as source:
        await source.sales_stocks()
        lines = {one.sku: one for one in (await source.open_lines()).lines}

    assert set(lines) == {"A", "B"}
    assert (lines["A"].ordered, lines["A"].shipped, lines["A"].open) == (6 * UNIT, 3 * UNIT, 3 * UNIT)
    assert (lines["B"].shipped, lines["B"].cancelled, lines["B"].open) == (UNIT, UNIT, 0)


async def test_what_was_given_back_before_it_was_shipped_is_no_longer_promised() -> None:
    shop = Shop()
    shop.sees("orders", [order(4, item(1, "A", 9, qty_shipped=2, qty_refunded=5))])
    async with reservations(shop) as source:
        await source.sales_stocks()
        [line] = (await source.open_lines()).lines

    assert (line.shipped, line.unshipped_refunded, line.open) == (2 * UNIT, 3 * UNIT, 4 * UNIT)


async def test_lines_of_a_sku_are_those_of_its_newest_orders_whole_and_without_other_skus() -> None:
    shop = Shop()
    shop.sees("orders/items", [{"item_id": 9, "order_id": 5}, {"item_id": 8, "order_id": 4}], total=2)
    over = order(5, item(9, "A", 1), item(10, "B", 1), state="complete")
    shop.sees("orders", [order(4, item(8, "A", 3)), over])
    async with reservations(shop) as source:
        await source.sales_stocks()
        lines, is_all = await source.lines_of("A", 10)

    assert [(one.entity_id, one.sku, one.is_over, one.open) for one in lines] == [
        (4, "A", False, 3 * UNIT),
        (5, "A", True, 0),
    ]
    assert is_all
    assert shop.filters("orders/items") == [["sku", "A", "eq"]]
    assert shop.queries("orders/items")[0]["[sortOrders][0][direction]"] == "DESC"
    assert shop.filters("orders") == [["entity_id", "4,5", "in"]]


async def test_it_says_where_a_sku_has_more_orders_than_were_read() -> None:
    shop = Shop()
    shop.sees("orders/items", [{"item_id": number, "order_id": number} for number in range(60)], total=61)
    shop.sees("orders", [])
    async with reservations(shop) as source:
        _lines, is_all = await source.lines_of("A", 60)

    assert not is_all
    assert shop.queries("orders/items")[0]["[pageSize]"] == "60"
    assert [len(one[1].split(",")) for one in shop.filters("orders")] == [50, 10]


async def test_salable_pages_go_by_sku_and_end_with_the_first_that_is_not_full() -> None:
    shop = Shop()
    shop.sees(SALABLE, [{"sku": "A", "qty": 1.5}, {"sku": "B", "qty": -2}], [{"sku": "C", "qty": 0}])
    async with reservations(shop, page_size=2) as source:
        first = await source.salable_page(STOCK)
        second = await source.salable_page(STOCK, "B")

    assert (first.items, first.after) == ([Salable("A", UNIT * 3 // 2), Salable("B", -2 * UNIT)], "B")
    assert (second.items, second.after) == ([Salable("C", 0)], None)
    assert shop.filters(SALABLE) == [[], ["sku", "B", "gt"]]


async def test_a_salable_page_that_brings_nothing_new_is_the_last() -> None:
    shop = Shop()
    shop.sees(SALABLE, [{"sku": "A", "qty": 1}, {"sku": "B", "qty": 1}])
    async with reservations(shop, page_size=2) as source:
        assert (await source.salable_page(STOCK, "B")).after is None


async def test_salable_of_some_skus_keeps_to_a_page_and_leaves_out_what_was_not_asked() -> None:
    shop = Shop()
    shop.sees(SALABLE, [{"sku": "A", "qty": 4}, {"sku": "a", "qty": 9}], [{"sku": "C", "qty": 5}], [])
    async with reservations(shop, page_size=2) as source:
        found = await source.salable(STOCK, ["A", "B", "C", "D,E"])

    assert found == {"A": 4 * UNIT, "C": 5 * UNIT}
    assert shop.filters(SALABLE) == [["sku", "A,B", "in"], ["sku", "C", "in"], ["sku", "D,E", "eq"]]


async def test_a_stock_that_no_website_sells_from_is_a_matter_of_configuration() -> None:
    async with reservations(Shop()) as source:
        with pytest.raises(ConfigurationError, match="no website sells from stock 7"):
            await source.salable_page(SalesStock(7, ("north",), ()))


async def test_how_a_product_is_sold_is_read_by_its_sku_and_unknown_ones_have_no_rules() -> None:
    shop = Shop()
    shop.answers("stockItems/a%2Fb", {"min_qty": 2.5, "backorders": 2, "manage_stock": True})
    shop.answers("stockItems/free", {"min_qty": None, "backorders": 0, "manage_stock": False})
    async with reservations(shop) as source:
        assert await source.selling_rules("a/b") == SellingRules(UNIT * 5 // 2, backorders=True)
        assert await source.selling_rules("free") == SellingRules(manages_stock=False)
        assert await source.selling_rules("gone") is None
        asked = len(shop.asked)
        assert await source.selling_rules("..") is None

    assert len(shop.asked) == asked


# ── what open orders have of one SKU ─────────────────────────────────────────────────────────────

B2B = "inventory/export-stock-salable-qty/website/b2b"
ITEMS = "inventory/source-items"


def rows(**quantities: float) -> Rows:
    return [{"source_code": code, "sku": "A", "quantity": qty, "status": 1} for code, qty in quantities.items()]


async def test_what_open_orders_have_is_what_stocks_hold_less_what_they_still_sell() -> None:
    shop = Shop()
    shop.sees(ITEMS, rows(north=10, south=5, closed=99))
    shop.sees(SALABLE, [{"sku": "A", "qty": 7}])
    shop.sees(B2B, [{"sku": "A", "qty": 13}])
    async with reservations(shop) as source:
        assert await source.reserved("A") == (10 - 7) * UNIT + (15 - 13) * UNIT
        learned = len(shop.queries("inventory/stocks"))
        await source.reserved("A")

    assert len(shop.queries("inventory/stocks")) == learned == 1


async def test_a_row_that_is_written_meanwhile_counts_with_the_larger_of_its_quantities() -> None:
    shop = Shop()
    shop.sees(ITEMS, rows(north=4), rows(north=10))
    shop.sees(SALABLE, [{"sku": "A", "qty": 7}])
    shop.sees(B2B, [])
    async with reservations(shop) as source:
        assert await source.reserved("A") == 3 * UNIT


async def test_a_stock_that_sells_more_than_its_sources_have_takes_nothing_from_the_others() -> None:
    shop = Shop()
    shop.sees(ITEMS, rows(north=10))
    shop.sees(SALABLE, [{"sku": "A", "qty": 7}])
    shop.sees(B2B, [{"sku": "A", "qty": 50}])
    async with reservations(shop) as source:
        assert await source.reserved("A") == 3 * UNIT


async def test_rows_that_are_out_of_stock_or_of_another_spelling_count_nothing_and_then_it_does_not_tell() -> None:
    shop = Shop()
    out = {"source_code": "north", "sku": "A", "quantity": 10, "status": 0}
    shop.sees(ITEMS, [out, {**out, "source_code": "south", "sku": "a", "status": 1}])
    shop.sees(SALABLE, [{"sku": "A", "qty": 0}])
    shop.sees(B2B, [])
    async with reservations(shop) as source:
        assert await source.reserved("A") is None


async def test_a_sku_that_no_stock_sells_is_not_found() -> None:
    shop = Shop()
    shop.sees(ITEMS, [])
    shop.sees(SALABLE, [])
    shop.sees(B2B, [])
    async with reservations(shop) as source:
        with pytest.raises(NotFoundError, match="no stock sells 'A'"):
            await source.reserved("A")


async def test_a_shop_that_is_away_is_told_as_such_and_never_as_no_reservations() -> None:
    ports = open_ports(
        settings(), Dependencies(clock=FakeClock(), transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    )
    assert ports.reservations is not None
    with pytest.raises(TargetUnavailableError):
        await ports.reservations.reserved("A")
    await ports.close()


async def test_a_shop_with_single_stock_lets_none_of_them_be_seen() -> None:
    ports = open_ports(settings(single_stock=True), Dependencies(clock=FakeClock()))

    assert ports.reservations is None
    await ports.close()
