"""For machines: is the gateway alive, may it get orders, what does Prometheus read."""

from datetime import timedelta

from aiohttp import web

from streams.runtime.health import Health
from streams.runtime.metrics import exposition
from streams.sources.answers import json_answer
from streams.sources.json_form import EPOCH


async def healthz(_request: web.Request) -> web.Response:
    """The event loop turns: this was answered."""
    return json_answer({"status": "alive"})


async def metrics(_request: web.Request) -> web.Response:
    """Text format of Prometheus."""
    return web.Response(body=exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


class Readiness:
    """503 with the reasons while orders could not be taken."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def readyz(self, _request: web.Request) -> web.Response:
        health = self._health
        reasons = [
            {"name": one.name, "what": one.what, "since": EPOCH + timedelta(microseconds=one.since)}
            for one in health.troubles
            if one.blocks
        ]
        return json_answer({"ready": health.is_ready, "reasons": reasons}, 200 if health.is_ready else 503)


def add_probes(app: web.Application, health: Health) -> None:
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", Readiness(health).readyz)
    app.router.add_get("/metrics", metrics)
