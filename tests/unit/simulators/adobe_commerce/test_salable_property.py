"""Salable quantity against a small model, over any history of writes, orders, shipments and cancellations."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.adobe_commerce.state import LinkSeed, ProductSeed, Seed, SourceSeed, StockSeed
from simulators.adobe_commerce.vendor import AdobeCommerce
from simulators.core import wire
from simulators.core.exchange import Answer, Call, Note
from tests.unit.simulators.adobe_commerce.support import QUICK, row_body

SKUS = ("A", "B")
SOURCES = ("one", "two")
THRESHOLD = {"A": Decimal(0), "B": Decimal(3)}
SEED = Seed(
    products=[ProductSeed(sku, threshold=THRESHOLD[sku]) for sku in SKUS],
    sources=[SourceSeed(code) for code in (*SOURCES, "elsewhere")],
    stocks=[StockSeed(1, "Stock", ["base"])],
    links=[LinkSeed(1, code) for code in SOURCES],
)

skus = st.sampled_from(SKUS)
quantities = st.decimals(0, 20, places=1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from((*SOURCES, "elsewhere")), skus, quantities, st.integers(0, 1)),
        st.tuples(st.just("order"), skus, st.integers(1, 9)),
        st.tuples(st.just("ship"), st.integers(0, 5), st.sampled_from(SOURCES), st.integers(1, 9)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
    ),
    max_size=25,
)


@dataclass
class Model:
    """On hand per row, and what is still open per order."""

    rows: dict[tuple[str, str], tuple[Decimal, int]] = field(default_factory=dict)
    orders: list[tuple[str, Decimal]] = field(default_factory=list)

    def salable(self, sku: str) -> Decimal:
        on_hand = sum(
            (q for (code, s), (q, status) in self.rows.items() if s == sku and code in SOURCES and status), Decimal(0)
        )
        open_orders = sum((left for s, left in self.orders if s == sku), Decimal(0))
        return on_hand - open_orders - THRESHOLD[sku] if on_hand > THRESHOLD[sku] else Decimal(0)


class Driver:
    """Does each step to the simulated Commerce and, where it was accepted, to the model."""

    def __init__(self) -> None:
        self.commerce = AdobeCommerce(QUICK, SEED)
        self.model = Model()

    async def write(self, source: str, sku: str, quantity: Decimal, status: int) -> None:
        body = {"sourceItems": [row_body((source, sku, quantity, status))]}
        assert (await self._call("POST", "/V1/inventory/source-items", body)).status == 200
        self.model.rows[source, sku] = (quantity, status)

    async def order(self, sku: str, quantity: int) -> None:
        route = next(route for route in self.commerce.controls() if route.path == "/_sim/orders")
        body = wire.encode({"items": [{"sku": sku, "qty": quantity}], "force": True})
        assert (await route.run(Call("POST", route.path, body=body), Note())).status == 201
        self.model.orders.append((sku, Decimal(quantity)))

    async def ship(self, number: int, source: str, quantity: int) -> None:
        if number >= len(self.model.orders):
            return
        sku, left = self.model.orders[number]
        on_hand, status = self.model.rows.get((source, sku), (Decimal(0), 0))
        shipped = min(Decimal(quantity), left)
        body = {
            "items": [{"order_item_id": number + 1, "qty": quantity}],
            "arguments": {"extension_attributes": {"source_code": source}},
        }
        answer = await self._call("POST", f"/V1/order/{number + 1}/ship", body)
        accepted = left > 0 and (source, sku) in self.model.rows and shipped <= on_hand
        assert (answer.status == 200) == accepted
        if accepted:
            rest = on_hand - shipped
            self.model.rows[source, sku] = (rest, 0 if rest == THRESHOLD[sku] else status)
            self.model.orders[number] = (sku, left - shipped)

    async def cancel(self, number: int) -> None:
        if number < len(self.model.orders):
            await self._call("POST", f"/V1/orders/{number + 1}/cancel")
            self.model.orders[number] = (self.model.orders[number][0], Decimal(0))

    async def salable(self, sku: str) -> Decimal:
        answer = await self._call("GET", f"/V1/inventory/get-product-salable-quantity/{sku}/1")
        assert answer.status == 200
        return Decimal(answer.body.decode())

    async def _call(self, method: str, path: str, body: object = None) -> Answer:
        sent = b"" if body is None else wire.encode(body)
        headers = {"content-type": "application/json"}
        return await self.commerce.answer(
            Call(method, f"/rest/all{path}", headers=headers, body=sent, admitted=True), Note()
        )


async def _replayed(history: list[tuple[object, ...]]) -> None:
    driver = Driver()
    for name, *arguments in history:
        await getattr(driver, str(name))(*arguments)
        for sku in SKUS:
            assert await driver.salable(sku) == driver.model.salable(sku)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_salable_quantity_is_sources_minus_open_orders_minus_threshold(history: list[tuple[object, ...]]) -> None:
    asyncio.run(_replayed(history))


@settings(max_examples=50, deadline=None)
@given(steps)
def test_reservations_are_append_only_and_sum_to_minus_what_is_open(history: list[tuple[object, ...]]) -> None:
    async def run() -> None:
        driver = Driver()
        inventory = driver.commerce.shop.state.inventory
        before: list[object] = []
        for name, *arguments in history:
            await getattr(driver, str(name))(*arguments)
            assert inventory.reservations[: len(before)] == before
            before = list(inventory.reservations)
        for sku in SKUS:
            open_orders = sum((left for s, left in driver.model.orders if s == sku), Decimal(0))
            assert sum((row.quantity for row in inventory.reservations if row.sku == sku), Decimal(0)) == -open_orders

    asyncio.run(run())
