"""One request through the simulated NetSuite: path, credential, limit, contract, record, answer."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.forgetting import forget_route
from simulators.core.life import Happening
from simulators.netsuite import auth, contract, keys, life, lists, query, views
from simulators.netsuite.errors import (
    ApiError,
    Trouble,
    invalid_login,
    no_record,
    no_resource,
    not_permitted,
    too_many_calls,
)
from simulators.netsuite.sales_orders import Books
from simulators.netsuite.settings import Permission, Settings, changed
from simulators.netsuite.state import SalesOrder, Seed, State, default_seed
from simulators.netsuite.tables import Tables

ROOT = "/services/rest"
RECORD = re.compile(
    r"/services/rest/record/v1/salesOrder(?:/(?:eid:(?P<eid>[^/]+)|(?P<id>\d+))(?:/!transform/(?P<transform>\w+))?)?"
)
QUERY_PATH = "/services/rest/query/v1/suiteql"
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
TRANSFORMS = frozenset({"itemFulfillment", "invoice"})
PERMISSION_NAMES: Mapping[Permission, str] = {
    "view": "Transactions -> Sales Order",
    "edit": "Transactions -> Sales Order (Edit)",
    "query": "Reports -> SuiteAnalytics Workbook",
}
EMPTY = Answer(204)


class Target(NamedTuple):
    """What a path names; all None is the collection."""

    external_id: str | None
    internal_id: str | None
    transform: str | None


class NetSuite:
    """See README.md for the rules, where they come from, and their switches."""

    name = "netsuite"
    fault_options: Mapping[str, frozenset[str]] = {}

    def __init__(self, settings: Settings | None = None, seed: Seed | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.private_key: str | None = None
        if self.settings.public_key is None:
            self.use(keys.new_pair())
        self._seed = seed or default_seed()
        self.state = self._new_state()
        self._clock = clock or SystemClock()
        self._schema = contract.sales_order()
        self._rng = random.Random(self.settings.seed)
        self._tokens: dict[str, float] = {}
        self._running = 0

    def use(self, pair: keys.KeyPair) -> None:
        """Let the holder of this private key sign in."""
        self.private_key = pair.private
        self.settings = msgspec.structs.replace(self.settings, public_key=pair.public)

    async def answer(self, call: Call, note: Note) -> Answer:
        try:
            return await self._answer(call, note)
        except ApiError as refusal:
            note.detail["refused"] = [one.code for one in refusal.troubles]
            return refusal.answer()
        except auth.RefusedError as refusal:
            note.detail["refused"] = str(refusal)
            return json_answer(400, {"error": refusal.code})

    def admit(self, call: Call) -> Answer | None:
        if call.path == auth.TOKEN_PATH:
            return None
        try:
            self._authorise(call)
        except ApiError as refusal:
            return refusal.answer()
        return None

    def error_answer(self, status: int) -> Answer:
        if status == 429:
            return too_many_calls(self.settings.retry_after_s).answer()
        return ApiError(status, Trouble("UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: sim")).answer()

    def refuse_credential(self, call: Call) -> Answer:
        if call.path == auth.TOKEN_PATH:
            return json_answer(400, {"error": "invalid_client"})
        return invalid_login().answer()

    def expire_sessions(self) -> None:
        self._tokens.clear()

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """A signed statement stays out of the journal."""
        if b"client_assertion" in call.body:
            return msgspec.Raw(b'"(holds a credential)"')
        return wire.one_line(call.body)

    def read_state(self) -> object:
        return views.show_state(self.state, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        settings = self.settings if parts.settings is None else changed(self.settings, parts.settings)
        planned = life.life_of(settings)
        self.settings = settings
        if parts.touch_state():
            self._seed = views.merged(self._seed, parts)
            self.state = self._new_state()
        self.state.life.plan, self.state.life.rate = planned.plan, planned.rate

    def reset(self) -> None:
        self.state = self._new_state()
        self._rng = random.Random(self.settings.seed)
        self._tokens.clear()

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("GET", "/_sim/orders", self._show_orders),
            ControlRoute("POST", "/_sim/deliver", self._deliver, journal_kind="delivery"),
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            ControlRoute("POST", "/_sim/records", self._change_record, journal_kind="record"),
            forget_route(lambda reference: self.state.forget(reference)),  # noqa: PLW0108  a reset replaces it
        ]

    def live(self, now: float) -> Sequence[Happening]:
        """What the plan has for the time up to now."""
        books = Books(self.state, self.settings, now)
        return [life.go_on(due, books) for due in self.state.life.take(now)]

    def _new_state(self) -> State:
        self._tables = Tables()
        return State(self._seed, life=life.life_of(self.settings))

    # ── one request ──────────────────────────────────────────────────────────────────────────────

    async def _answer(self, call: Call, note: Note) -> Answer:
        if call.path == auth.TOKEN_PATH and call.method == "POST":
            return self._grant(call)
        if not call.admitted:
            self._authorise(call)
        if self._running >= self.settings.concurrency:
            raise too_many_calls(self.settings.retry_after_s)
        self._running += 1
        try:
            await self._clock.sleep(self.settings.save_ms / 1000)
            return self._route(call, note)
        finally:
            self._running -= 1

    def _grant(self, call: Call) -> Answer:
        auth.check(call, self.settings)
        token = f"{self._rng.getrandbits(256):064x}"
        self._tokens[token] = self._clock.now() + self.settings.token_life_s
        return auth.granted(token, self.settings)

    def _authorise(self, call: Call) -> None:
        if self._clock.now() >= self._tokens.get(auth.bearer(call), 0.0):
            raise invalid_login()

    def _route(self, call: Call, note: Note) -> Answer:
        if call.path == QUERY_PATH:
            self._need("query")
            return query.run(call, self._tables, self.state, self.settings, self._clock.now())
        target = _target(call.path)
        if target.transform is not None and call.method == "POST":
            return self._transform(target, call, note)
        if call.method == "GET":
            self._need("view")
            return self._read(target, call)
        self._need("edit")
        if call.method == "PUT" and target.external_id is not None:
            return self._upsert(target.external_id, call, note)
        if call.method == "POST" and target == Target(None, None, None):
            return self._create(call, note)
        if call.method == "PATCH":
            return self._change(self._found(target), call, note)
        raise ApiError(405, Trouble("METHOD_NOT_ALLOWED", f"The method {call.method} is not allowed here."))

    def _need(self, permission: Permission) -> None:
        if permission in self.settings.denied:
            raise not_permitted(PERMISSION_NAMES[permission])

    # ── records ──────────────────────────────────────────────────────────────────────────────────

    def _read(self, target: Target, call: Call) -> Answer:
        if target.external_id is None and target.internal_id is None:
            return self._list(call)
        expand = parse_qs(call.query).get("expandSubResources") == ["true"]
        order = self._found(target)
        return json_answer(200, views.show_order(order, _base(call), expand=expand))

    def _list(self, call: Call) -> Answer:
        limit, offset = _page(call)
        orders = list(self.state.orders.values())
        page = orders[offset : offset + limit]
        rows = [{"id": str(one.id), "links": [{"rel": "self", "href": _address(call, one.id)}]} for one in page]
        more = offset + limit < len(orders)
        totals = {"count": len(rows), "hasMore": more, "offset": offset, "totalResults": len(orders)}
        return json_answer(200, {"links": [], "items": rows, **totals})

    def _upsert(self, external_id: str, call: Call, note: Note) -> Answer:
        body = self._body(call, whole=self.state.by_external_id(external_id) is None)
        stated = body.get("externalId")
        if stated is not None and stated != external_id:
            raise ApiError(400, Trouble("INVALID_CONTENT", "The external ids differ.", "externalId"))
        replaced = ",".join(parse_qs(call.query).get("replace", [])).split(",")
        saved = self._books().upsert(external_id, body, replace_lines="item" in replaced)
        return self._done(saved.order, call, note, made=saved.made)

    def _create(self, call: Call, note: Note) -> Answer:
        body = self._body(call, whole=True)
        external_id = body.get("externalId")
        order = self._books().create(body, external_id if isinstance(external_id, str) else None)
        return self._done(order, call, note, made=True)

    def _change(self, order: SalesOrder, call: Call, note: Note) -> Answer:
        replaced = ",".join(parse_qs(call.query).get("replace", [])).split(",")
        self._books().change(order, self._body(call, whole=False), replace_lines="item" in replaced)
        return self._done(order, call, note, made=False)

    def _transform(self, target: Target, call: Call, note: Note) -> Answer:
        self._need("edit")
        kind = target.transform or ""
        if kind not in TRANSFORMS:
            raise no_resource(call.path)
        order = self._found(target)
        delivery = self._books().deliver(order, kind)
        note.effect = True
        note.detail |= {"order": order.external_id, "delivery": delivery.id}
        return Answer(204, headers={"Location": f"{_base(call)}{views.RECORD_ROOT}/{kind}/{delivery.id}"})

    def _done(self, order: SalesOrder, call: Call, note: Note, *, made: bool) -> Answer:
        note.effect = True
        note.detail |= {"order": order.external_id, "id": str(order.id), "made": made, "saved": order.saved}
        return Answer(204, headers={"Location": _address(call, order.id)})

    def _found(self, target: Target) -> SalesOrder:
        if target.external_id is not None:
            order = self.state.by_external_id(target.external_id)
        else:
            order = self.state.orders.get(int(target.internal_id or 0))
        if order is None:
            raise no_record()
        return order

    def _books(self) -> Books:
        return Books(self.state, self.settings, self._clock.now())

    def _body(self, call: Call, *, whole: bool) -> dict[str, wire.JsonValue]:
        """Names that the record does not have are dropped without a word, unless the request asks for an error."""
        try:
            value = wire.decode(call.body)
        except ValueError:
            raise ApiError(400, Trouble("INVALID_CONTENT", "Invalid content in the request body.")) from None
        strict = call.headers.get("x-netsuite-propertynamevalidation", "Warning").lower() == "error"
        found = list(contract.findings(self._schema, value, whole=whole))
        troubles = [one.trouble for one in found if strict or not one.unknown]
        if troubles:
            raise ApiError(400, *troubles)
        kept = contract.without_unknown(value, self._schema)
        return {name: inner for name, inner in kept.items() if inner is not None} if isinstance(kept, dict) else {}

    # ── control ──────────────────────────────────────────────────────────────────────────────────

    async def _show_orders(self, _call: Call, _note: Note) -> Answer:
        orders = [views.summary(one, self.state) for one in self.state.orders.values()]
        return json_answer(200, {"orders": orders, "doubled": list(self.state.doubled())})

    async def _deliver(self, call: Call, note: Note) -> Answer:
        wanted = msgspec.json.decode(call.body, type=dict[str, str])
        try:
            order = self._found(Target(wanted.get("external_id", ""), None, None))
            delivery = self._books().deliver(order, wanted.get("kind", "itemFulfillment"))
        except ApiError as refusal:
            return refusal.answer()
        note.effect = True
        note.detail |= {"order": order.external_id, "delivery": delivery.id}
        return json_answer(200, views.summary(order, self.state))

    async def _change_record(self, call: Call, note: Note) -> Answer:
        """An item or a customer, by hand (`lists.py`)."""
        try:
            wanted = msgspec.json.decode(call.body, type=lists.Change)
            id_ = lists.change(self.state, wanted, self._clock.now())
        except ValueError as problem:  # msgspec's are such
            return json_answer(400, {"message": str(problem)})
        note.effect = True
        note.detail |= {"kind": wanted.kind, "of": wanted.external_id, "id": id_, "deleted": wanted.deleted}
        return json_answer(200, {"id": id_})

    async def _live_once(self, call: Call, note: Note) -> Answer:
        """One step of one order, now: `{"external_id", "what"}`."""
        wanted = msgspec.json.decode(call.body, type=dict[str, str])
        what = wanted.get("what", "")
        if what not in life.STEPS:
            return json_answer(400, {"message": f"no step {what!r}; there are: {', '.join(sorted(life.STEPS))}"})
        try:
            order = self._found(Target(wanted.get("external_id", ""), None, None))
            told = life.do(what, order, self._books())
        except ApiError as refusal:
            return refusal.answer()
        note.effect = True
        note.detail |= {"of": order.external_id, "what": what, **told}
        return json_answer(200, views.summary(order, self.state))


def _target(path: str) -> Target:
    match = RECORD.fullmatch(path)
    if match is None:
        raise no_resource(path)
    external_id = None if match["eid"] is None else unquote(match["eid"])
    if external_id is not None and not EXTERNAL_ID.fullmatch(external_id):
        raise ApiError(400, Trouble("INVALID_PARAMETER", "An external id has letters, digits, _ and - only."))
    return Target(external_id, match["id"], match["transform"])


def _page(call: Call) -> tuple[int, int]:
    asked = parse_qs(call.query)
    limit, offset = (asked.get(name, [usual])[0] for name, usual in (("limit", "1000"), ("offset", "0")))
    if not (limit.isdecimal() and offset.isdecimal()):
        raise ApiError(400, Trouble("INVALID_PARAMETER", "limit and offset are whole numbers."))
    return int(limit), int(offset)


def _base(call: Call) -> str:
    return f"http://{call.headers.get('host', '')}"


def _address(call: Call, order_id: int) -> str:
    return f"{_base(call)}{views.RECORD_ROOT}/salesOrder/{order_id}"
