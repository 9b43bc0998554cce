"""aiohttp as it is: one session, a body of 20 rows made for each call, the answer read to its end."""

import asyncio
import json

import aiohttp

from bench.peers.http_load import ROWS, arguments, measure

HEADERS = {"Authorization": "Bearer stub-token", "Content-Type": "application/json", "Accept": "application/json"}


async def main() -> None:
    chosen = arguments().parse_args()
    url = f"{chosen.url}/rest/all/V1/inventory/source-items"
    rows = [{"sku": f"SKU-{n:05d}", "source_code": "north", "quantity": 12.5 + n, "status": 1} for n in range(ROWS)]
    connector = aiohttp.TCPConnector(limit=max(chosen.in_flight))
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def write() -> None:
            async with session.post(url, data=json.dumps({"sourceItems": rows}).encode()) as answer:
                answer.raise_for_status()
                await answer.read()

        await measure(chosen, write)


if __name__ == "__main__":
    asyncio.run(main())
