"""For machines: is the process alive, may it get traffic, what does Prometheus read."""

from aiohttp import web

from streams.runtime.metrics import exposition
from streams.web.answers import json_answer
from streams.web.context import context
from streams.web.facts import Readiness
from streams.web.words import moment


async def healthz(_request: web.Request) -> web.Response:
    """The event loop turns: this was answered."""
    return json_answer({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """503 with the reasons while the worker does not do its part."""
    told = context(request).introspection.readiness()
    reasons = [{"name": one.name, "what": one.what, "since": moment(one.since)} for one in told.troubles if one.blocks]
    body = {
        "ready": told.ready,
        "worker": told.worker,
        "reasons": reasons + _not_working(told),
        "recovering": told.recovering,
    }
    return json_answer(body, 200 if told.ready else 503)


def _not_working(told: Readiness) -> list[dict[str, object]]:
    if told.working:
        return []
    left = ", ".join(f"{table}: {records:,} changelog records left" for table, records in told.recovering.items())
    what = f"tables are being rebuilt ({left})" if left else "no partitions are assigned and recovered yet"
    return [{"name": "joining", "what": what, "since": moment(told.started_at)}]


async def metrics(_request: web.Request) -> web.Response:
    """Text format of Prometheus."""
    return web.Response(body=exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
