"""The bare comparison: pages of each source fetched one after the other, sources side by side, against a dictionary.

It knows what should be there from a file; nothing is looked at twice, so a row that is just being written is a
difference to it.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp

from bench.peers.stock import cpu_seconds, tell

GROUP = "searchCriteria[filterGroups]"
HEADERS = {"Authorization": "Bearer stub-token", "Accept": "application/json"}
Wanted = dict[str, dict[str, float]]


class Comparison:
    """`wanted`: source → SKU → quantity."""

    def __init__(self, session: aiohttp.ClientSession, url: str, size: int, wanted: Wanted) -> None:
        self._session, self._url, self._size, self._wanted = session, url, size, wanted
        self.calls = self.rows = 0
        self.differing: list[tuple[str, str]] = []

    async def source(self, source: str) -> None:
        after, left = "", dict(self._wanted[source])
        while True:
            items = await self._page(source, after)
            for item in items:
                if left.pop(item["sku"], None) != item["quantity"]:
                    self.differing.append((source, item["sku"]))
            self.rows += len(items)
            if len(items) < self._size:
                self.differing += [(source, sku) for sku in left]
                return
            after = items[-1]["sku"]

    async def _page(self, source: str, after: str) -> list[dict[str, Any]]:  # Any: JSON
        asked = {"searchCriteria[pageSize]": str(self._size), "searchCriteria[currentPage]": "1"}
        asked |= {"searchCriteria[sortOrders][0][field]": "sku", "searchCriteria[sortOrders][0][direction]": "ASC"}
        for index, one in enumerate((("source_code", "eq", source), ("sku", "gt", after))[: 1 + bool(after)]):
            for name, value in zip(("field", "conditionType", "value"), (one[0], one[1], one[2]), strict=True):
                asked[f"{GROUP}[{index}][filters][0][{name}]"] = value
        async with self._session.get(self._url, params=asked) as answer:
            answer.raise_for_status()
            self.calls += 1
            items: list[dict[str, Any]] = (await answer.json())["items"]
            return items


async def main() -> None:
    made = argparse.ArgumentParser()
    made.add_argument("--url", required=True)
    made.add_argument("--wanted", required=True, type=Path)
    made.add_argument("--page-size", required=True, type=int)
    chosen = made.parse_args()
    wanted: Wanted = json.loads(chosen.wanted.read_text(encoding="utf-8"))
    begun, used = time.perf_counter(), cpu_seconds()
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        comparison = Comparison(session, f"{chosen.url}/rest/all/V1/inventory/source-items", chosen.page_size, wanted)
        await asyncio.gather(*map(comparison.source, wanted))
    seconds, cpu_s = time.perf_counter() - begun, cpu_seconds() - used
    tell(
        seconds=seconds,
        cpu_s=cpu_s,
        calls=comparison.calls,
        rows=comparison.rows,
        differing=comparison.differing,
    )


if __name__ == "__main__":
    asyncio.run(main())
