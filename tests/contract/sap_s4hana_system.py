"""A simulated S/4HANA with the connector opened on it, as the application opens it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.core import registry
from connectors.core.calls import CallDetails, Dependencies
from connectors.core.order_ports import OrderTarget
from connectors.sap_s4hana.reference import reference
from simulators.core.clock import SystemClock
from simulators.sap_s4hana import SapS4HanaSimulator
from simulators.sap_s4hana import Settings as SapSettings
from tests.fakes.clock import FakeClock

COMPANY = {
    "sales_organization": "1710",
    "distribution_channel": "10",
    "organization_division": "00",
    "rejection_reason": "50",
    "payment_terms": {"NET30": "NT30"},
    "work_order_category": "WO",
    "read_lag_s": 0,
}


class ShiftedClock(SystemClock):
    """The machine's clock, some seconds ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


@dataclass
class SapSystem:
    """The port, the simulator behind it, and what an observer saw."""

    target: OrderTarget
    simulator: SapS4HanaSimulator
    clock: ShiftedClock
    seen: list[CallDetails] = field(default_factory=list)

    async def break_with(self, **rule: object) -> None:
        """Set a fault."""
        await self._post("/_sim/faults", rule)

    async def happens(self, number: str, **what: object) -> None:
        """What people and other systems do to an order."""
        await self._post("/_sim/orders", {"order": number, **what})

    async def expire_guards(self) -> None:
        """The session time-out of SAP."""
        await self._post("/_sim/sessions/expire", {})

    async def orders(self, order_id: str) -> list[dict[str, Any]]:
        """Every order that carries our id, as the simulator holds it."""
        state = await self._get("/_sim/state")
        return [one for one in state["orders"] if one["reference"] == reference(order_id)]

    async def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self._get("/_sim/journal?limit=10000"))["items"]
        return entries

    async def posts(self) -> list[dict[str, Any]]:
        """Journal entries of creates."""
        return [
            one
            for one in await self.journal()
            if one["method"] == "POST" and one["kind"] == "request" and str(one["path"]).endswith("/A_SalesOrder")
        ]

    def pass_time(self, seconds: float) -> None:
        self.clock.ahead_s += seconds

    async def _get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            return (await control.get(path)).raise_for_status().json()

    async def _post(self, path: str, body: object) -> None:
        async with httpx.AsyncClient(base_url=self.simulator.url, trust_env=False) as control:
            (await control.post(path, json=body)).raise_for_status()


@asynccontextmanager
async def system(
    sap_settings: SapSettings, settings: Mapping[str, object], *, kind: str = "oauth2"
) -> AsyncIterator[SapSystem]:
    """The connector on a simulated company; its clock is right and stands still."""
    clock = ShiftedClock()
    async with SapS4HanaSimulator(sap_settings, clock=clock) as simulator:
        connector = registry.load("sap_s4hana")
        whole = {**COMPANY, **settings, "auth": credential(kind, simulator), "base_url": simulator.url}
        known = connector.settings.model_validate(whole)
        seen: list[CallDetails] = []
        now = FakeClock(datetime.fromtimestamp(clock.now(), UTC))
        ports = connector.open(known, Dependencies(clock=now, observe=seen.append))
        assert ports.orders is not None
        try:
            yield SapSystem(ports.orders, simulator, clock, seen)
        finally:
            await ports.orders.close()
            await ports.close()  # closing twice is harmless


def credential(kind: str, simulator: SapS4HanaSimulator) -> dict[str, str]:
    """What the simulated system accepts."""
    settings = simulator.sap.settings
    return {
        "basic": {"kind": "basic", "username": settings.username, "password": settings.password},
        "oauth2": {
            "kind": "oauth2",
            "token_url": simulator.token_url,
            "client_id": settings.oauth_client_id,
            "client_secret": settings.oauth_client_secret,
        },
    }[kind]
