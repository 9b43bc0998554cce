"""The product's own way to the shop, alone: connector, sender, gate's observer; closed loops as for the peers."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from bench.peers.http_load import ROWS, arguments, measure
from connectors.core import registry
from connectors.core.calls import Dependencies
from schemas.models.source_item import SourceItem
from streams.runtime.clock import SystemClock
from streams.runtime.gate import Gate
from streams.runtime.lease import Lease
from streams.settings import read_connector


async def main() -> None:
    chosen = arguments().parse_args()
    clock = SystemClock()
    lease = Lease(clock, timedelta(hours=1))
    lease.joined(1)
    lease.renewed(lease.now())
    gate = Gate("adobe_commerce", clock)
    connector = registry.load("adobe_commerce")
    raw = {
        "base_url": chosen.url,
        "auth__kind": "token",
        "auth__username": "integration",
        "auth__password": "stub",
        "max_connections": str(max(chosen.in_flight)),
    }
    settings = read_connector(connector.settings, "adobe_commerce", raw)
    ports = connector.open(settings, Dependencies(clock=clock, permit=lease.check, observe=gate.observe))
    stock = ports.stock
    assert stock is not None
    rows = [SourceItem(f"SKU-{n:05d}", "north", Decimal("12.5") + n, in_stock=True) for n in range(ROWS)]
    await stock.write_source_items(rows)  # signs in
    await measure(chosen, lambda: stock.write_source_items(rows))
    await ports.close()


if __name__ == "__main__":
    asyncio.run(main())
