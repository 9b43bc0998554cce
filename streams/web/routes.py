"""Every route with who may use it: one table, from which the router is filled."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from streams.web import (
    act_api,
    api,
    completeness_api,
    letter_api,
    order_api,
    pages,
    probes,
    rebase_api,
    reconcile_api,
    sign_in,
)
from streams.web.context import VISITOR, context
from streams.web.door import Access

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One address; the same with a slash at the end is registered too."""

    method: str
    path: str
    access: Access
    handler: Handler


def _get(path: str, access: Access, handler: Handler) -> Route:
    return Route("GET", path, access, handler)


def _post(path: str, access: Access, handler: Handler) -> Route:
    return Route("POST", path, access, handler)


_LETTERS, _ONE_GROUP, _ONE_LETTER = "/dead-letters", "/dead-letters/{group}", "/dead-letters/{group}/{letter}"
_API = "/api/v1"
_RECONCILIATION = "/reconciliation"
_COMPLETENESS = "/completeness"
_ORDERS, _ORDER = "/orders", "/orders/{id}"

ROUTES: tuple[Route, ...] = (
    _get("/healthz", Access.PROBE, probes.healthz),
    _get("/readyz", Access.PROBE, probes.readyz),
    _get("/metrics", Access.PROBE, probes.metrics),
    _get("/static/{name}", Access.PUBLIC, pages.static),
    _get("/sign-in", Access.PUBLIC, sign_in.show),
    _post("/sign-in", Access.PUBLIC, sign_in.sign_in),
    _post("/sign-out", Access.PUBLIC, sign_in.sign_out),
    _get("/", Access.READ, pages.overview_page),
    _get("/status", Access.READ, pages.status),
    _get("/stock", Access.READ, pages.stock_look_up),
    _get(_ORDERS, Access.READ, order_api.queue_page),
    _get(_ORDER, Access.READ, order_api.one_page),
    _get(_LETTERS, Access.READ, pages.letters),
    _get(_ONE_GROUP, Access.READ, pages.group),
    _get(_ONE_LETTER, Access.READ, pages.letter),
    _get(_RECONCILIATION, Access.READ, reconcile_api.show),
    _get(_COMPLETENESS, Access.READ, completeness_api.show),
    _get("/alerts", Access.READ, pages.alerts_page),
    _get("/settings", Access.READ, pages.settings),
    _get(f"{_API}/worker", Access.READ, api.worker),
    _get(f"{_API}/stock", Access.READ, api.stock),
    _get(f"{_API}/stock/own", Access.READ, api.own_stock),
    _get(f"{_API}/stock/shop", Access.READ, api.stock_in_shop),
    _get(_API + _ORDERS, Access.READ, order_api.orders),
    _get(f"{_API}/orders/own", Access.READ, order_api.own),
    _get(f"{_API}/orders/own/shipments", Access.READ, order_api.own_shipments),
    _get(f"{_API}/orders/own/find", Access.READ, order_api.own_find),
    _get(f"{_API}/orders/own/queue", Access.READ, order_api.own_queue),
    _get(_API + _ORDER, Access.READ, order_api.order),
    _get(_API + _LETTERS, Access.READ, api.letters),
    _get(_API + _ONE_GROUP, Access.READ, api.group),
    _get(_API + _ONE_LETTER, Access.READ, api.letter),
    _get(_API + _RECONCILIATION, Access.READ, reconcile_api.told),
    _get(f"{_API}{_RECONCILIATION}/own", Access.READ, reconcile_api.own_run),
    _get(_API + _COMPLETENESS, Access.READ, completeness_api.told),
    _get(f"{_API}{_COMPLETENESS}/kept", Access.READ, completeness_api.kept),
    _get(f"{_API}{_COMPLETENESS}/own", Access.READ, completeness_api.own_run),
    _get(f"{_API}/alerts", Access.READ, pages.alerts_told),
    _get(f"{_API}/settings", Access.READ, api.settings),
    _get(f"{_API}/acts/{{act}}", Access.READ, api.act),
    _get(f"{_API}/stock/rebase", Access.OPERATE, rebase_api.preview),
    _post(f"{_API}/stock/rebase", Access.OPERATE, rebase_api.rebase),
    _post(f"{_API}/stock/recount", Access.OPERATE, act_api.recount),
    _post(f"{_API}{_RECONCILIATION}/runs", Access.OPERATE, reconcile_api.run),
    _post(f"{_API}/sinks/{{role}}", Access.OPERATE, act_api.set_sink),
    _post(f"{_API}/topics/{{topic}}/resume", Access.OPERATE, act_api.resume),
    _post(f"{_API}/gaps/accept", Access.OPERATE, act_api.accept_gap),
    _post(f"{_API}{_ORDER}/release", Access.OPERATE, order_api.release),
    _post(f"{_API}{_ORDER}/reject", Access.OPERATE, order_api.reject),
    _post(f"{_API}{_ORDER}/cancel", Access.OPERATE, order_api.cancel),
    _post(f"{_API}{_ORDER}/correct", Access.OPERATE, order_api.correct),
    _post(f"{_API}{_ORDER}/reveal", Access.REVEAL, order_api.reveal),
    _post(f"{_API}/orders/own/people", Access.REVEAL, order_api.own_people),
    _post(f"{_API}{_LETTERS}/retry", Access.OPERATE, letter_api.retry_all),
    _post(f"{_API}{_ONE_GROUP}/retry", Access.OPERATE, letter_api.retry_group),
    _post(f"{_API}{_ONE_GROUP}/edit", Access.OPERATE, letter_api.edit_group),
    _post(f"{_API}{_ONE_GROUP}/discard", Access.OPERATE, letter_api.discard_group),
    _post(f"{_API}{_ONE_LETTER}/retry", Access.OPERATE, letter_api.retry_letter),
    _post(f"{_API}{_ONE_LETTER}/edit", Access.OPERATE, letter_api.edit_letter),
    _post(f"{_API}{_ONE_LETTER}/discard", Access.OPERATE, letter_api.discard_letter),
    _post(f"{_API}{_ONE_LETTER}/reveal", Access.REVEAL, act_api.reveal),
)


def register(router: web.UrlDispatcher) -> None:
    for route in ROUTES:
        handler = guarded(route)
        for path in dict.fromkeys((route.path, route.path.rstrip("/") + "/")):
            router.add_route(route.method, path, handler)
            if route.method == "GET":
                router.add_route("HEAD", path, handler)


def guarded(route: Route) -> Handler:
    """Asks the door first; a change must come from our own page as well."""

    async def handle(request: web.Request) -> web.StreamResponse:
        at = context(request)
        who = at.door.let_in(request, route.access)
        request[VISITOR] = who
        if route.method == "POST" and route.access in (Access.OPERATE, Access.REVEAL):
            at.door.check_change(request, who)
        return await route.handler(request)

    return handle
