"""SAP S/4HANA on its simulator: at once visible and with a client's token, and seen late and with a user's password."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from connectors.core.order_ports import OrderTarget
from schemas.micros import micros_of_text
from simulators.sap_s4hana import Settings as SapSettings
from tests.contract.order_target import ErpLine, OrderTargetCase
from tests.contract.sap_s4hana_system import SapSystem, system


@dataclass
class SapErp:
    """`Erp` on the simulator."""

    sap: SapSystem

    @property
    def target(self) -> OrderTarget:
        return self.sap.target

    async def documents(self, order_id: str) -> int:
        return len(await self.sap.orders(order_id))

    async def lines(self, order_id: str) -> Sequence[ErpLine]:
        (document,) = await self.sap.orders(order_id)
        return [ErpLine(item["material"], micros_of_text(item["quantity"])) for item in document["items"]]

    async def is_open(self, order_id: str) -> bool:
        (document,) = await self.sap.orders(order_id)
        return not all(item["rejected"] for item in document["items"])

    async def ship(self, order_id: str) -> None:
        (document,) = await self.sap.orders(order_id)
        await self.sap.happens(document["number"], deliver=True)

    async def lose_next_answer(self) -> None:
        await self.sap.break_with(kind="drop-answer", methods=["POST", "PATCH"], path="A_SalesOrder", times=1)

    async def pass_time(self) -> None:
        self.sap.pass_time(self.sap.target.read_lag.total_seconds())


@asynccontextmanager
async def opened(sap_settings: SapSettings, settings: Mapping[str, object], *, kind: str) -> AsyncIterator[SapErp]:
    async with system(sap_settings, settings, kind=kind) as sap:
        yield SapErp(sap)


CONDITIONS = {"price": "PMP0", "discount": "DRV1", "tax": "TTX1", "shipping": "HD00", "shipping_tax": "HDT1"}
PRICED = {"conditions": CONDITIONS}
AT_ONCE = SapSettings()
LATE = SapSettings(read_lag_s=30, item_etags=True, etag_in_change_answer=True, largest_page=1)

CASES = [
    OrderTargetCase(name="sap_s4hana", opened=partial(opened, AT_ONCE, PRICED, kind="oauth2")),
    OrderTargetCase(
        name="sap_s4hana-seen-late",
        opened=partial(opened, LATE, {"read_lag_s": 30, "match_account": True, "page_size": 1}, kind="basic"),
    ),
    OrderTargetCase(
        name="sap_s4hana-repeatable",
        opened=partial(opened, SapSettings(idempotent=True), {"repeatable_requests": True}, kind="oauth2"),
    ),
]
