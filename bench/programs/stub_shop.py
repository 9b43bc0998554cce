"""A shop that takes every stock write after a stated delay and counts it: quick enough not to be what is measured.

`python -m bench.programs.stub_shop PORT`; the delay in milliseconds is set with `PUT /delay/<ms>`.
"""

import asyncio
import sys

from aiohttp import web


class StubShop:
    """`GET /count` gives the calls that were answered, and the rows in them."""

    def __init__(self) -> None:
        self._delay_s = 0.0
        self._calls = self._rows = 0

    def app(self) -> web.Application:
        made = web.Application(client_max_size=8 << 20)
        made.router.add_post("/rest/all/V1/inventory/source-items", self._write)
        made.router.add_post("/rest/all/V1/integration/admin/token", self._token)
        made.router.add_put("/delay/{ms}", self._set_delay)
        made.router.add_get("/count", self._count)
        return made

    async def _write(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._delay_s:
            await asyncio.sleep(self._delay_s)  # noqa: TID251  a delay of the target is what this stands for
        self._calls += 1
        self._rows += body.count(b'"sku"')
        return web.Response(body=b"[]", content_type="application/json")

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response("stub-token")

    async def _set_delay(self, request: web.Request) -> web.Response:
        self._delay_s = float(request.match_info["ms"]) / 1000
        self._calls = self._rows = 0
        return web.Response()

    async def _count(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": self._calls, "rows": self._rows})


if __name__ == "__main__":
    web.run_app(StubShop().app(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
