"""A shop that takes every stock write after a stated delay and notes it: quick enough not to be what is measured.

`python -m bench.programs.stub_shop PORT`.  Its own interface: `PUT /set` with `delay_ms`, `read_delay_ms`, `limit`
(rows of one call, as Commerce names it), `away`, `calls_per_s` (429 with Retry-After beyond it), `rows` (what was
written can be read); `GET /count`; `GET /journal?since=n`; `PUT /rows` with `put` and `delete`, as somebody else would.
It knows every SKU and a few sources of one stock.
"""

import asyncio
import sys
import time
from typing import Any

import msgspec
from aiohttp import web

from bench.programs.shown_rows import Question, Row, ShownRows

SOURCES = ("default", "dropship", "east", "north", "south")
ROOT = "/rest/all/V1"
CLASS = "Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
RECORD_LIMIT = 200_000


class Item(msgspec.Struct):
    """A row of a write."""

    sku: str
    source_code: str
    quantity: float
    status: int


class Written(msgspec.Struct, rename="camel"):
    """The body of a write."""

    source_items: list[Item]


class StubShop:
    """One journal line per call that was taken: when it was answered, and its rows."""

    def __init__(self) -> None:
        self._delay_s, self._limit, self._away, self._pace = 0.0, 0, False, 0.0
        self._calls = self._rows = self._refused = 0
        self._journal: list[tuple[float, list[tuple[str, str, float]]]] = []
        self._keeps = self._shows = False
        self._read_delay_s, self._shown, self._reads = 0.0, ShownRows(), 0
        self._free_at = 0.0

    def app(self) -> web.Application:
        made = web.Application(client_max_size=8 << 20)
        made.router.add_post(f"{ROOT}/inventory/source-items", self._write)
        made.router.add_post(f"{ROOT}/integration/admin/token", self._token)
        made.router.add_get(f"{ROOT}/inventory/sources", self._sources)
        made.router.add_get(f"{ROOT}/inventory/stock-source-links", self._links)
        made.router.add_get(f"{ROOT}/inventory/source-items", self._read)
        made.router.add_get(f"{ROOT}/products", self._products)
        made.router.add_put("/set", self._set)
        made.router.add_get("/count", self._count)
        made.router.add_get("/journal", self._told)
        made.router.add_put("/rows", self._edit)
        return made

    async def _write(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._away:
            return web.Response(status=503)
        if self._pace and not self._passes():
            self._refused += 1
            return web.json_response({"message": "Too Many Requests"}, status=429, headers={"Retry-After": "1"})
        count = body.count(b'"sku"')
        if self._limit and count > self._limit:
            values = {"type": CLASS, "max": self._limit}
            text = 'Maximum items of type "%type" is %max'
            return web.json_response({"message": text, "parameters": values}, status=400)
        if self._delay_s:
            await asyncio.sleep(self._delay_s)  # noqa: TID251  a delay of the target is what this stands for
        self._calls += 1
        self._rows += count
        if self._keeps or self._shows:
            self._take(msgspec.json.decode(body, type=Written).source_items)
        return web.Response(body=b"[]", content_type="application/json")

    def _take(self, rows: list[Item]) -> None:
        if self._shows:
            self._shown.put(Row(row.source_code, row.sku, row.quantity, row.status) for row in rows)
        if self._keeps:
            at = time.time()  # noqa: TID251  when the effect was there, by the clock of the broker's machine
            self._journal.append((at, [(row.source_code, row.sku, row.quantity) for row in rows]))

    async def _read(self, request: web.Request) -> web.Response:
        if not self._shows:
            return web.Response(status=404)
        if self._read_delay_s:
            await asyncio.sleep(self._read_delay_s)  # noqa: TID251  as above
        self._reads += 1
        rows, count = self._shown.answer(Question.of(request.query))
        page = {"items": [row._asdict() for row in rows], "total_count": count}
        return web.Response(body=msgspec.json.encode(page), content_type="application/json")

    async def _edit(self, request: web.Request) -> web.Response:
        given = await request.json()
        self._shown.delete((source_code, sku) for source_code, sku in given.get("delete", ()))
        self._shown.put(Row(*row) for row in given.get("put", ()))
        return web.Response()

    def _passes(self) -> bool:
        """Evenly spread: one call each 1/pace seconds, at most one second saved up."""
        now = time.monotonic()  # noqa: TID251  the pace of a target is real time
        self._free_at = max(self._free_at, now - 1.0)
        if self._free_at > now:
            return False
        self._free_at += 1 / self._pace
        return True

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response("stub-token")

    async def _sources(self, _: web.Request) -> web.Response:
        return _page([{"source_code": code, "name": code, "enabled": True} for code in SOURCES])

    async def _links(self, _: web.Request) -> web.Response:
        return _page([{"stock_id": 1, "source_code": code, "priority": 1} for code in SOURCES])

    async def _products(self, request: web.Request) -> web.Response:
        asked = [text for name, text in request.query.items() if name.endswith("[value]")]
        skus = [sku for text in asked for sku in text.split(",")]
        return _page([{"sku": sku} for sku in skus])

    async def _set(self, request: web.Request) -> web.Response:
        """What is not named is as at the start; counts and journal begin anew."""
        given: dict[str, Any] = await request.json()
        self._delay_s, self._read_delay_s = given.get("delay_ms", 0) / 1000, given.get("read_delay_ms", 0) / 1000
        self._limit, self._away = given.get("limit", 0), given.get("away", False)
        self._pace, self._keeps = given.get("calls_per_s", 0), given.get("journal", False)
        self._shows = given.get("rows", False)
        self._free_at = 0.0
        if not given.get("keep", False):
            self._calls = self._rows = self._refused = self._reads = 0
            self._journal.clear()
        return web.Response()

    async def _count(self, _: web.Request) -> web.Response:
        counts = {"calls": self._calls, "rows": self._rows, "refused": self._refused, "reads": self._reads}
        return web.json_response({**counts, "shown": len(self._shown)})

    async def _told(self, request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return web.json_response(self._journal[since : since + RECORD_LIMIT // 100])


def _page(items: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"items": items, "search_criteria": {}, "total_count": len(items)})


if __name__ == "__main__":
    web.run_app(StubShop().app(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
