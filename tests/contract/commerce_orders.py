"""A simulated Adobe Commerce with the connector's order port opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import Dependencies
from connectors.core.order_ports import ShopOrderTarget
from schemas.micros import MICROS
from simulators.adobe_commerce import AdobeCommerceSimulator
from simulators.adobe_commerce import Settings as ShopSettings
from tests.contract.commerce_shop import right_clock, with_address
from tests.contract.shop_order_target import NOTHING, Placed

ROUTES = {"shipments": "/ship", "invoices": "/invoice", "credit_memos": "/refund", "comments": "/comments"}


@dataclass
class CommerceOrders:
    """`Shop` of the suite; what it tells of documents is read from the shop's journal."""

    target: ShopOrderTarget
    simulator: AdobeCommerceSimulator

    async def place(self, number: str, *quantities: int) -> Placed:
        items = [{"sku": "PUMP-P100", "qty": quantity / MICROS} for quantity in quantities]
        return await self.order({"items": items, "increment_id": number})

    async def order(self, body: Mapping[str, object]) -> Placed:
        shown = await self._control("POST", "/_sim/orders", {"website": "b2b", "force": True, **body})
        return Placed(str(shown["entity_id"]), tuple(str(item["item_id"]) for item in shown["items"]))

    async def made(self, entity_id: str) -> Mapping[str, int]:
        counts = dict(NOTHING)
        for entry in await self.journal():
            if entry["effect"] and entry["method"] == "POST" and entry["detail"].get("entity_id") == int(entity_id):
                for name, end in ROUTES.items():
                    counts[name] += str(entry["path"]).endswith(end)
        return counts

    async def lose_next_answer(self) -> None:
        await self.break_with(kind="drop-answer", methods=["POST"], path="/V1/order", times=1)

    async def break_with(self, **rule: object) -> None:
        """Set a fault."""
        await self._control("POST", "/_sim/faults", rule)

    async def journal(self) -> list[dict[str, Any]]:
        entries = await self._control("GET", "/_sim/journal?limit=100000", None)
        items: list[dict[str, Any]] = entries["items"]
        return items

    async def _control(self, method: str, path: str, body: object) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            answer = await control.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()


@asynccontextmanager
async def commerce_orders(shop_settings: ShopSettings, settings: Mapping[str, object]) -> AsyncIterator[CommerceOrders]:
    """The connector on a simulated shop with its own seed; its clock is right and stands still."""
    async with AdobeCommerceSimulator(shop_settings) as simulator:
        connector = registry.load("adobe_commerce")
        known = connector.settings.model_validate(with_address(settings, simulator))
        ports = connector.open(known, Dependencies(clock=right_clock()))
        assert ports.shop_orders is not None
        try:
            yield CommerceOrders(ports.shop_orders, simulator)
        finally:
            await ports.shop_orders.close()
            await ports.close()  # closing twice is harmless
