"""The routes under /_sim/ by which tests, demos and people read and steer a simulator."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulators.core import wire
from simulators.core.clock import Clock
from simulators.core.delivery import Delivery
from simulators.core.exchange import Answer, Call, ControlRoute, Note, Vendor, json_answer
from simulators.core.faults import FaultBook
from simulators.core.journal import Entry, Journal

PAGE_LIMIT = 1000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlDesk:
    """Never journaled as vendor requests, never touched by faults."""

    def __init__(self, vendor: Vendor, journal: Journal, faults: FaultBook, delivery: Delivery, clock: Clock) -> None:
        self._vendor = vendor
        self._journal = journal
        self._faults = faults
        self._delivery = delivery
        self._clock = clock

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sim/health", self._health)
        app.router.add_get("/_sim/journal", self._read_journal)
        app.router.add_get("/_sim/state", self._read_state)
        app.router.add_put("/_sim/state", self._replace_state)
        app.router.add_post("/_sim/reset", self._reset)
        app.router.add_get("/_sim/faults", self._list_faults)
        app.router.add_post("/_sim/faults", self._add_fault)
        app.router.add_delete("/_sim/faults", self._remove_faults)
        app.router.add_delete(r"/_sim/faults/{id:\d+}", self._remove_fault)
        for route in self._vendor.controls():
            app.router.add_route(route.method, route.path, self._vendor_route(route))

    async def _health(self, _request: web.Request) -> web.Response:
        report = {
            "name": self._vendor.name,
            "requests": self._delivery.requests,
            "in_flight": self._delivery.in_flight,
        }
        return _reply(json_answer(200, report))

    async def _read_journal(self, request: web.Request) -> web.Response:
        try:
            since = int(request.query.get("since", "0"))
            limit = int(request.query.get("limit", str(PAGE_LIMIT)))
        except ValueError:
            return _problem("since and limit are whole numbers")
        return _reply(Answer(200, self._journal.page(max(since, 0), max(limit, 0))))

    async def _read_state(self, _request: web.Request) -> web.Response:
        return _reply(json_answer(200, self._vendor.read_state()))

    async def _replace_state(self, request: web.Request) -> web.Response:
        try:
            self._vendor.replace_state(await request.read())
        except ValueError as problem:
            return _problem(str(problem))
        return _reply(json_answer(200, {"replaced": True}))

    async def _reset(self, _request: web.Request) -> web.Response:
        await self._delivery.forget_late_effects()
        self._vendor.reset()
        self._journal.clear()
        return _reply(json_answer(200, {"reset": True}))

    async def _list_faults(self, _request: web.Request) -> web.Response:
        return _reply(json_answer(200, {"items": self._faults.listing(self._clock.now())}))

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            rule_id = self._faults.add(await request.read(), self._clock.now())
        except ValueError as problem:
            return _problem(str(problem))
        return _reply(json_answer(201, {"id": rule_id}))

    async def _remove_faults(self, _request: web.Request) -> web.Response:
        self._faults.remove()
        return _reply(json_answer(200, {"removed": True}))

    async def _remove_fault(self, request: web.Request) -> web.Response:
        if self._faults.remove(int(request.match_info["id"])):
            return _reply(json_answer(200, {"removed": True}))
        return _problem("no rule of that id", status=404)

    def _vendor_route(self, route: ControlRoute) -> Handler:
        async def run(request: web.Request) -> web.Response:
            at = self._clock.now()
            path, _, query = request.raw_path.partition("?")
            call = Call(request.method, path, query, request.headers, await request.read(), at)
            note = Note()
            answer = await route.run(call, note)
            if route.journal_kind is not None:
                self._journal.append(_entry_of(route.journal_kind, call, note, answer, self._clock.now()))
            return _reply(answer)

        return run


def _entry_of(kind: str, call: Call, note: Note, answer: Answer, ended_at: float) -> Entry:
    return Entry(
        kind=kind,
        at=call.at,
        method=call.method,
        path=call.path,
        query=call.query,
        status=answer.status,
        effect=note.effect,
        answered=True,
        ended_at=ended_at,
        body=wire.one_line(call.body),
        detail=note.detail,
    )


def _reply(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type, **answer.headers}
    )


def _problem(message: str, status: int = 400) -> web.Response:
    return _reply(json_answer(status, {"message": message}))
