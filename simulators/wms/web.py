"""The simulator's control interface over HTTP: health, journal, state and truth, and orders while it runs.

No vendor speaks this; it binds to the loopback address and has no sign-in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from simulators.wms.disturb import Disturbance
from simulators.wms.plan import Phase
from simulators.wms.simulator import Sent, WmsSimulator
from simulators.wms.truth import Truth

NAME = "wms"
BAD_ORDER = (TypeError, ValueError, KeyError)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def truth_as_json(truth: Truth) -> dict[str, Any]:
    """Readable form; quantities as text, because they are exact."""
    verdicts: dict[str, int] = {}
    for verdict in truth.verdicts:
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    return {
        "shown": [
            {"source_code": source, "sku": sku, "quantity": str(shown.quantity), "status": shown.status}
            for (source, sku), shown in sorted(truth.shown.items())
        ],
        "parked": sorted(truth.parked),
        "without_base": sorted(truth.without_base),
        "verdicts": verdicts,
    }


def _sent(sent: Sent) -> web.Response:
    return web.json_response({"counts": dict(sent.counts), "behind_s": sent.behind_s})


class Control:
    """Routes to one simulator; its blocking methods run in threads."""

    def __init__(self, simulator: WmsSimulator) -> None:
        self._simulator = simulator

    def app(self) -> web.Application:
        application = web.Application(middlewares=[_refuse_bad_orders])
        application.add_routes(
            [
                web.get("/_sim/health", self.health),
                web.get("/_sim/journal", self.journal),
                web.get("/_sim/state", self.state),
                web.get("/_sim/truth", self.truth),
                web.post("/_sim/run", self.run),
                web.post("/_sim/burst", self.burst),
                web.post("/_sim/poison", self.poison),
                web.post("/_sim/snapshot", self.snapshot),
                web.post("/_sim/statement", self.statement),
                web.post("/_sim/drain", self.drain),
                web.put("/_sim/disturbance", self.disturbance),
            ]
        )
        return application

    async def health(self, _: web.Request) -> web.Response:
        return web.json_response({"name": NAME, "requests": len(self._simulator.journal)})

    async def journal(self, request: web.Request) -> web.Response:
        since, limit = int(request.query.get("since", "0")), int(request.query.get("limit", "1000"))
        items, following = self._simulator.journal.since(since, limit)
        return web.json_response({"items": items, "next": following})

    async def state(self, _: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(self._simulator.state))

    async def truth(self, _: web.Request) -> web.Response:
        return web.json_response(truth_as_json(await asyncio.to_thread(self._simulator.truth)))

    async def run(self, request: web.Request) -> web.Response:
        """Body: one phase; answers when it is over."""
        phase = Phase.parse(await _order(request))
        return _sent(await asyncio.to_thread(self._simulator.run, phase))

    async def burst(self, request: web.Request) -> web.Response:
        order = await _order(request)
        changes, seconds = float(order["changes_per_s"]), float(order["seconds"])
        return _sent(await asyncio.to_thread(self._simulator.burst, changes, seconds))

    async def poison(self, request: web.Request) -> web.Response:
        order = await _order(request)
        return _sent(await asyncio.to_thread(self._simulator.poison, int(order["count"]), order.get("kinds", ())))

    async def snapshot(self, _: web.Request) -> web.Response:
        return _sent(await asyncio.to_thread(self._simulator.snapshot))

    async def statement(self, _: web.Request) -> web.Response:
        return _sent(await asyncio.to_thread(self._simulator.statement))

    async def drain(self, _: web.Request) -> web.Response:
        return _sent(await asyncio.to_thread(self._simulator.drain))

    async def disturbance(self, request: web.Request) -> web.Response:
        chosen = Disturbance(**await _order(request))
        await asyncio.to_thread(self._simulator.disturb, chosen)
        return web.json_response(asdict(chosen))


async def _order(request: web.Request) -> Mapping[str, Any]:
    order = await request.json()
    if not isinstance(order, dict):
        raise TypeError("an order is a JSON object")
    return order


@web.middleware
async def _refuse_bad_orders(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BAD_ORDER as error:
        return web.json_response({"error": str(error)}, status=400)
