"""One request through the simulated Commerce: path, limits, credential, contract, handler, answer."""

import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil
from typing import Any

import msgspec

from simulators.adobe_commerce import acl, contract, placing, products, stocks, tampering, views
from simulators.adobe_commerce.auth import LOGIN_REFUSED, TOKEN_INVALID, Doorkeeper, GatewayRefusalError
from simulators.adobe_commerce.contract import Operation
from simulators.adobe_commerce.documents import MASKED, DocumentRoutes
from simulators.adobe_commerce.errors import ApiError, FatalError, gateway_page, internal, not_authorized
from simulators.adobe_commerce.event_keys import FOLDER
from simulators.adobe_commerce.events import EventSender
from simulators.adobe_commerce.order_routes import NO_OP, OrderLocks, OrderRoutes
from simulators.adobe_commerce.search import UnknownFieldError as UnknownSearchFieldError
from simulators.adobe_commerce.service_input import SCALARS, InputCompiler, TypeMismatchError, UnknownFieldError, Value
from simulators.adobe_commerce.settings import Settings, changed
from simulators.adobe_commerce.shop import ApiRequest, Handlers, Shop
from simulators.adobe_commerce.source_items import PARTIAL_WRITE, SourceItemRoutes
from simulators.adobe_commerce.state import Seed, build, default_seed
from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.forgetting import forget_route

LOGIN = "POST /V1/integration/admin/token"
IMS_PATH = "/ims/token/v3"
LENIENT = frozenset({"PUT /V1/products/{productSku}/stockItems/{itemId}", "POST /V1/orders", "PUT /V1/orders/create"})
METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
JSON_ACCEPTS = frozenset({"*/*", "application/*", "application/json"})
SECRET_FIELD = re.compile(rb'"(?:password|client_secret)"\s*:|(?:password|client_secret)=')
GATEWAY_STATUSES = frozenset({502, 503, 504})
TOO_MANY = "Too Many Requests"

ConvertBody = Callable[[wire.JsonValue], dict[str, Value]]


class AdobeCommerce:
    """See README.md for the rules, where they come from, and their switches."""

    name = "adobe-commerce"
    fault_options: Mapping[str, frozenset[str]] = {
        PARTIAL_WRITE: frozenset({"rows"}),
        MASKED: frozenset({"done"}),
        NO_OP: frozenset(),
    }

    def __init__(self, settings: Settings | None = None, seed: Seed | None = None, clock: Clock | None = None) -> None:
        start = seed or default_seed()
        self.shop = Shop(settings or Settings(), start, build(start), clock or SystemClock())
        self.events = EventSender(self.shop)
        self._doors = Doorkeeper(self.shop)
        self._calls: deque[float] = deque()
        self._contract = contract.load()
        locks = OrderLocks()
        self._handlers: Handlers = {
            **SourceItemRoutes().handlers(),
            **stocks.handlers(),
            **products.handlers(),
            **OrderRoutes(locks).handlers(),
            **DocumentRoutes(locks).handlers(),
            LOGIN: self._login,
        }
        self._strict = InputCompiler(self._contract.schemas, lambda: self.shop.settings.list_limit)
        self._lenient = InputCompiler(self._contract.schemas, lambda: self.shop.settings.list_limit, strict=False)
        self._bodies: dict[str, ConvertBody] = {}

    async def answer(self, call: Call, note: Note) -> Answer:
        try:
            answer = await self._answer(call, note)
        except (ApiError, FatalError, GatewayRefusalError) as refusal:
            return refusal.answer()
        except (UnknownFieldError, UnknownSearchFieldError) as problem:
            note.detail["unknown_field"] = str(problem)
            return internal(self.shop.rng).answer()
        self._tell(note, only_external_id=call.method == "POST" and call.path.endswith("/V1/orders"))
        return answer

    def admit(self, call: Call) -> Answer | None:
        if call.path == IMS_PATH or call.path.startswith(FOLDER):
            return None
        try:
            operation, _ = self._route(call, Note())
            self._authorise(operation, call, Note())
        except (ApiError, GatewayRefusalError) as refusal:
            return refusal.answer()
        return None

    def error_answer(self, status: int) -> Answer:
        if status in GATEWAY_STATUSES:
            return gateway_page(status)
        if status == 500:
            return internal(self.shop.rng).answer()
        return json_answer(status, {"message": TOO_MANY if status == 429 else f"Simulated answer {status}"})

    def refuse_credential(self, call: Call) -> Answer:
        if call.path == IMS_PATH:
            return json_answer(400, {"error": "invalid_client", "error_description": "invalid client_secret parameter"})
        try:
            operation, _ = self._route(call, Note())
        except ApiError as refusal:
            return refusal.answer()
        if operation.key == LOGIN:
            return ApiError(401, LOGIN_REFUSED).answer()
        if "ims" in self.shop.settings.accepted_auth:
            return GatewayRefusalError(*TOKEN_INVALID).answer()
        return not_authorized(acl.resource_of(operation.key)).answer()

    def expire_sessions(self) -> None:
        self._doors.expire_sessions()

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """Passwords and client secrets stay out of the journal, on whatever path they were sent."""
        if SECRET_FIELD.search(call.body):
            return msgspec.Raw(b'"(holds a credential)"')
        return wire.one_line(call.body)

    def read_state(self) -> object:
        return views.show_state(self.shop)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        settings = self.shop.settings if parts.settings is None else changed(self.shop.settings, parts.settings)
        if parts.touch_state():
            seed = views.merged(self.shop.seed, parts)
            self.shop.state = build(seed)
            self.shop.seed = seed
        self.shop.settings = settings

    def reset(self) -> None:
        self.shop.state = build(self.shop.seed)
        self.shop.rng = random.Random(self.shop.settings.seed)
        self._doors = Doorkeeper(self.shop)
        self._calls.clear()

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("GET", "/_sim/state/source-items", self._show_source_items),
            ControlRoute("GET", "/_sim/events", self._show_events),
            placing.control(self.shop, self._tell),
            tampering.control(self.shop),
            forget_route(self._forget),
        ]

    def _forget(self, reference: str) -> int:
        """`shipments/7`, `invoices/7`, `credit_memos/7`."""
        state = self.shop.state
        kinds: dict[str, dict[int, Any]] = {  # Any: a document of one kind
            "shipments": state.shipments.shipments,
            "invoices": state.bills.invoices,
            "credit_memos": state.bills.credit_memos,
        }
        kind, _, number = reference.partition("/")
        return int(number.isdigit() and kinds.get(kind, {}).pop(int(number), None) is not None)

    # ── one request ──────────────────────────────────────────────────────────────────────────────

    def _tell(self, note: Note, *, only_external_id: bool = False) -> None:
        """An order that changed raises an event."""
        order_id = note.detail.get("entity_id")
        order = self.shop.state.orders.orders.get(order_id) if isinstance(order_id, int) else None
        if note.effect and order is not None:
            self.events.changed(order, only_external_id=only_external_id)

    async def _show_events(self, _call: Call, _note: Note) -> Answer:
        return json_answer(200, self.events.shown())

    def _public_key(self, call: Call) -> Answer:
        """Stands in for static.adobeioevents.com."""
        found = self.events.keys.public(call.path) if call.method == "GET" else None
        if found is None:
            return Answer(404, b"", content_type="text/plain")
        return Answer(200, found, content_type="application/x-pem-file")

    async def _answer(self, call: Call, note: Note) -> Answer:
        if call.path.startswith(FOLDER):
            return self._public_key(call)
        if not call.admitted:
            self._check_rate(call.at)
        if call.path == IMS_PATH and call.method == "POST":
            return self._doors.ims_token(call)
        operation, values = self._route(call, note)
        if not call.admitted:
            self._authorise(operation, call, note)
        handler = self._handlers.get(operation.key)
        if handler is None:
            return json_answer(501, {"message": f"{operation.key} is in the contract, but this simulator lacks it"})
        request = ApiRequest(self.shop, operation, _typed(operation, values), self._body(operation, call), call, note)
        return json_answer(200, await handler(request))

    def _authorise(self, operation: Operation, call: Call, note: Note) -> None:
        if operation.key != LOGIN:
            note.detail["auth"] = self._doors.authorise(call, acl.resource_of(operation.key))
        elif "token" not in self.shop.settings.accepted_auth:
            raise no_route()

    def _route(self, call: Call, note: Note) -> tuple[Operation, Mapping[str, str]]:
        if call.method not in METHODS:
            raise ApiError(400, "Request method is invalid.")
        below = self._below_base(call, note)
        match = None if below is None else self._contract.match(below)
        if match is None:
            raise no_route()
        operation = match.operations.get(call.method)
        if operation is None:
            if self.shop.settings.wrong_method_status == 404:
                raise no_route()
            raise ApiError(405, "Request method is not allowed for this resource.")
        _check_accept(call)
        return operation, match.values

    def _below_base(self, call: Call, note: Note) -> str | None:
        """The path from /V1 on; None for another base, tenant or store code."""
        settings = self.shop.settings
        segments = call.path.split("/")[1:]
        if settings.mode == "saas":
            note.detail["store"] = call.headers.get("store", "default")
            return "/".join(segments[1:]) if segments[0] == settings.tenant else None
        if segments[0] != "rest" or len(segments) < 2:
            return None
        store = "default" if segments[1] == "V1" else segments[1]
        note.detail["store"] = store
        return "/".join(segments[1:] if segments[1] == "V1" else segments[2:]) if self._knows_store(store) else None

    def _knows_store(self, code: str) -> bool:
        return code in self.shop.settings.store_codes

    def _body(self, operation: Operation, call: Call) -> dict[str, Value]:
        if operation.body is None or operation.method not in {"POST", "PUT"}:
            return {}
        convert = self._bodies.get(operation.key)
        if convert is None:
            compiler = self._lenient if operation.key in LENIENT else self._strict
            convert = self._bodies[operation.key] = compiler.body(operation.body)
        return convert(_decoded(call) if call.body else {})

    def _check_rate(self, now: float) -> None:
        settings = self.shop.settings
        if settings.rate_limit_calls is None:
            return
        while self._calls and self._calls[0] <= now - settings.rate_limit_window_s:
            self._calls.popleft()
        if len(self._calls) >= settings.rate_limit_calls:
            raise RateLimitedError(self._calls[0] + settings.rate_limit_window_s - now, now, settings)
        self._calls.append(now)

    async def _login(self, request: ApiRequest) -> object:
        return self._doors.login(request.body)

    async def _show_source_items(self, _call: Call, _note: Note) -> Answer:
        return json_answer(200, views.show_source_items(self.shop.state))


class RateLimitedError(ApiError):
    """429 with the hint that the settings ask for: seconds, an HTTP date, or none."""

    def __init__(self, wait_s: float, now: float, settings: Settings) -> None:
        super().__init__(429, TOO_MANY)
        self._wait_s = max(1, ceil(wait_s))
        self._now = now
        self._hint = settings.rate_limit_hint

    def answer(self) -> Answer:
        headers = {
            "seconds": {"Retry-After": str(self._wait_s)},
            "date": {
                "Retry-After": format_datetime(datetime.fromtimestamp(self._now + self._wait_s, UTC), usegmt=True)
            },
            "none": {},
        }
        return json_answer(self.status, {"message": self.message}, headers[self._hint])


def no_route() -> ApiError:
    return ApiError(404, "Request does not match any route.")


def _typed(operation: Operation, values: Mapping[str, str]) -> dict[str, str | int]:
    """Path parameters in the types of the contract."""
    types = {one["name"]: one["schema"].get("type", "string") for one in operation.parameters if one["in"] == "path"}
    typed: dict[str, str | int] = {}
    for name, text in values.items():
        try:
            value = SCALARS[types.get(name, "string")](text)
        except TypeMismatchError as problem:
            raise ApiError(400, str(problem)) from problem
        typed[name] = value if isinstance(value, int) else text
    return typed


def _decoded(call: Call) -> wire.JsonValue:
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type:
        raise ApiError(400, "Content-Type header is empty.")
    if content_type != "application/json":
        raise ApiError(400, f"Server cannot understand Content-Type HTTP header media type {content_type}")
    try:
        return wire.decode(call.body)
    except ValueError as problem:
        raise ApiError(400, "Decoding error.") from problem


def _check_accept(call: Call) -> None:
    accepts = call.headers.get("accept", "*/*")
    kinds = {part.partition(";")[0].strip().lower() for part in accepts.split(",")}
    if not kinds & JSON_ACCEPTS:
        raise ApiError(
            406,
            "Server cannot match any of the given Accept HTTP header media type(s) from the request: "
            f'"{accepts}" with media types from the config of response renderer.',
        )
