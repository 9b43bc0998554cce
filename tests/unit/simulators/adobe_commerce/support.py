"""A signed-in client of the simulated Commerce, and clocks that tests can move."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from simulators.adobe_commerce import AdobeCommerceSimulator, Settings
from simulators.core.clock import SystemClock
from tests.unit.simulators.core.support import Client

QUICK = Settings(call_base_ms=0, call_per_row_ms=0, ship_ms=0, deadlock_chance=0)


class ShiftedClock(SystemClock):
    """The machine's clock, some hours ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class StepClock:
    """Time passes only while somebody sleeps; `on_sleep` looks at the world in between."""

    def __init__(self, on_sleep: Callable[[], None] = lambda: None) -> None:
        self.time = 1_000_000.0
        self.slept: list[float] = []
        self.on_sleep = on_sleep

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.slept.append(seconds)
        self.time += seconds


class Commerce(Client):
    """Uses the admin token of the simulator that it was opened with."""

    def __init__(self, simulator: AdobeCommerceSimulator, session: aiohttp.ClientSession) -> None:
        super().__init__(simulator.url, session)
        self.simulator = simulator
        self.headers: dict[str, str] = {}
        self.base = f"{simulator.base_url}/rest/all"

    async def sign_in(self) -> None:
        settings = self.simulator.commerce.shop.settings
        status, token = await self.call(
            "POST", "/V1/integration/admin/token", {"username": settings.username, "password": settings.password}
        )
        assert status == 200, token
        self.headers["Authorization"] = f"Bearer {token}"

    async def call(
        self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        sent = self.headers | (headers or {})
        async with self.session.request(method, self.base + path, json=body, headers=sent) as response:
            return response.status, await response.json(content_type=None)

    async def raw(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """For bodies and headers that no JSON client would send."""
        options.setdefault("headers", self.headers)
        async with self.session.request(method, self.base + path, **options) as response:
            return response.status, await response.text()

    async def write(self, *rows: Sequence[object]) -> tuple[int, Any]:
        """Rows as (source_code, sku, quantity) or with a status."""
        return await self.call("POST", "/V1/inventory/source-items", {"sourceItems": [row_body(row) for row in rows]})

    async def quantity(self, source_code: str, sku: str) -> str | None:
        for code, found, digits, _ in (await self.get("/_sim/state/source-items"))["rows"]:
            if (code, found) == (source_code, sku):
                return str(digits)
        return None

    async def replace_state(self, **parts: object) -> None:
        async with self.session.put(f"{self.url}/_sim/state", json=parts) as response:
            assert response.status == 200, await response.text()

    async def place_order(self, *lines: tuple[str, object], website: str = "b2b", **more: object) -> tuple[int, Any]:
        items = [{"sku": sku, "qty": quantity} for sku, quantity in lines]
        return await self.post("/_sim/orders", {"website": website, "items": items, **more})

    async def salable(self, sku: str, stock_id: int = 2) -> Any:
        status, quantity = await self.call("GET", f"/V1/inventory/get-product-salable-quantity/{sku}/{stock_id}")
        assert status == 200, quantity
        return quantity


def row_body(row: Sequence[object]) -> dict[str, object]:
    source_code, sku, quantity, *status = row
    return {
        "source_code": source_code,
        "sku": sku,
        "quantity": quantity,
        "status": status[0] if status else 1,
    }


def criteria(*filters: tuple[str, str] | tuple[str, str, str], **more: object) -> str:
    """A query of one filter group per filter; `more` is pageSize and the like."""
    pairs: dict[str, object] = {}
    for group, (field, value, *condition) in enumerate(filters):
        prefix = f"searchCriteria[filter_groups][{group}][filters][0]"
        pairs[f"{prefix}[field]"], pairs[f"{prefix}[value]"] = field, value
        if condition:
            pairs[f"{prefix}[condition_type]"] = condition[0]
    pairs.update({f"searchCriteria[{name}]": value for name, value in more.items()})
    return urlencode(pairs or {"searchCriteria": ""})


@asynccontextmanager
async def shop(settings: Settings = QUICK, clock: ShiftedClock | None = None) -> AsyncIterator[Commerce]:
    async with AdobeCommerceSimulator(settings, clock=clock) as simulator, aiohttp.ClientSession() as session:
        commerce = Commerce(simulator, session)
        if settings.mode == "paas":
            await commerce.sign_in()
        else:
            commerce.base = simulator.base_url
        yield commerce
