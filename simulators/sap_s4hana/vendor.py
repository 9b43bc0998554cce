"""One request through the simulated S/4HANA: path, credential, guard, contract, business rules, answer."""

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Annotated, Any

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.forgetting import forget_route
from simulators.core.life import Due
from simulators.core.life import Happening as Lived
from simulators.sap_s4hana import errors, life, odata, products, views
from simulators.sap_s4hana.book import Book, Document, change_item
from simulators.sap_s4hana.contract import Contract
from simulators.sap_s4hana.customizing import Entity, complaint, plain_number, text
from simulators.sap_s4hana.doors import TOKEN_PATH, Doors
from simulators.sap_s4hana.errors import ODataError
from simulators.sap_s4hana.follow_on_services import Reader, services
from simulators.sap_s4hana.odata import Address, Query
from simulators.sap_s4hana.settings import Settings, changed

SERVICE_PATH = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
LOCK, STALE, EFFECT_THEN_ERROR, MASKED = "lock", "stale-token", "effect-then-error", "masked"
GATEWAY_STATUSES = frozenset({502, 503, 504})
LATER = frozenset({429, 503})


class Parts(msgspec.Struct, forbid_unknown_fields=True):
    """What PUT /_sim/state takes; new settings leave the orders as they are."""

    settings: dict[str, object] | None = None
    orders: Annotated[list[object], msgspec.Meta(max_length=0)] | None = None


class Happening(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What POST /_sim/orders does to one order, as people and other systems would."""

    order: str
    lock_s: float | None = None
    lock_user: str = "TESTUSER"
    deliver: bool = False
    credit: str | None = None
    confirm_ms: int | None = None
    touch: bool = False


class SapS4Hana:
    """See README.md for the rules, where they come from, and their switches."""

    name = "sap-s4hana"
    fault_options: Mapping[str, frozenset[str]] = {
        LOCK: frozenset(),
        STALE: frozenset(),
        EFFECT_THEN_ERROR: frozenset(),
        MASKED: frozenset(),
    }

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self._clock = clock or SystemClock()
        self._contract = Contract()
        self._services = services()
        self._rng = random.Random(self.settings.seed)
        self._doors = Doors(self._rng)
        self.book = self._new_book()
        self.catalogue = products.Catalogue()
        self._repeatable: dict[str, tuple[float, Answer]] = {}
        self._calls: deque[float] = deque()

    async def answer(self, call: Call, note: Note) -> Answer:
        try:
            answer = self._answer(call, note)
        except ODataError as refusal:
            return refusal.answer()
        if call.rule is not None and call.rule.kind == EFFECT_THEN_ERROR:
            return self.error_answer(call.rule.status)
        return answer

    def admit(self, call: Call) -> Answer | None:
        if call.path == TOKEN_PATH or self._doors.is_open(call, self.settings):
            return None
        return errors.logon_failed()

    def error_answer(self, status: int) -> Answer:
        if status in GATEWAY_STATUSES:
            return errors.page(status)
        return ODataError(status, "SY/530", "An exception was raised").answer()

    def refuse_credential(self, call: Call) -> Answer:
        return json_answer(401, {"error": "invalid_client"}) if call.path == TOKEN_PATH else errors.logon_failed()

    def expire_sessions(self) -> None:
        self._doors.expire()

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """Client secrets stay out of the journal."""
        return msgspec.Raw(b'"(holds a credential)"') if call.path == TOKEN_PATH else wire.one_line(call.body)

    def read_state(self) -> object:
        return views.state(self.book, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=Parts)
        if parts.settings is not None:
            settings = changed(self.settings, parts.settings)
            planned = life.life_of(settings)
            self.settings = settings
            self.book.life.plan, self.book.life.rate = planned.plan, planned.rate
        if parts.orders is not None:
            self.book = self._new_book()

    def reset(self) -> None:
        self._rng.seed(self.settings.seed)
        self._doors.expire()
        self.book = self._new_book()
        self.catalogue = products.Catalogue()
        self._repeatable.clear()
        self._calls.clear()

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/orders", self._happen, journal_kind="order"),
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            forget_route(lambda reference: self.book.forget(reference)),  # noqa: PLW0108  a reset replaces it
            ControlRoute("POST", "/_sim/products", self._change_product, journal_kind="product"),
            ControlRoute("POST", "/_sim/sessions/expire", self._expire_guards),
        ]

    def live(self, now: float) -> Sequence[Lived]:
        """What the plan has for the time up to now."""
        return [life.go_on(due, self.book, self.settings, now) for due in self.book.life.take(now)]

    def _new_book(self) -> Book:
        book = Book(self.settings.first_number)
        book.life = life.life_of(self.settings)
        return book

    # ── one request ──────────────────────────────────────────────────────────────────────────────

    def _answer(self, call: Call, note: Note) -> Answer:
        if call.path == TOKEN_PATH:
            return self._doors.grant(call, self.settings)
        limited = None if call.admitted else self._limited(call.at)
        if limited is not None:
            return limited
        if not (call.admitted or self._doors.is_open(call, self.settings)):
            return errors.logon_failed()
        root = "/".join(call.path.split("/")[:6])
        if root not in {SERVICE_PATH, products.SERVICE_PATH, *self._services}:
            return errors.page(404)
        if call.method in {"GET", "HEAD"}:
            return self._read(call)
        return self._write(call, note)

    def _read(self, call: Call) -> Answer:
        answer = self._read_service(call)
        if call.headers.get("x-csrf-token", "").lower() == "fetch":
            answer = replace(answer, headers={**answer.headers, **self._doors.fetch(call, self.settings)})
        return answer if call.method == "GET" else replace(answer, body=b"")

    def _read_service(self, call: Call) -> Answer:
        root = "/".join(call.path.split("/")[:6])
        if root == products.SERVICE_PATH:
            return self.catalogue.answer(call, self.settings)
        other = self._services.get(root)
        return self._entities(call) if other is None else Reader(other, self.book, self.settings).answer(call)

    def _entities(self, call: Call) -> Answer:
        address, query = self._address(call), odata.query_of(call.query)
        match (address.entity_set, bool(address.keys), address.link):
            case ("", False, ""):
                return json_answer(200, {"d": {"EntitySets": ["A_SalesOrder", "A_SalesOrderItem"]}})
            case ("A_SalesOrder", False, ""):
                return self._orders(call, query)
            case ("A_SalesOrder", True, ""):
                document = self._document(address.keys.get("", ""))
                self._check_names("A_SalesOrder", query)
                shown = self._views(call).order(document, query.select, query.expand)
                return json_answer(200, {"d": shown}, {"ETag": document.etag})
            case ("A_SalesOrder", True, "to_Item"):
                return self._items(call, self._document(address.keys.get("", "")), query)
            case _:
                raise ODataError(404, "005056A509B11EE1B9A8FEC11C21D78E", "Resource not found for the segment")

    def _orders(self, call: Call, query: Query) -> Answer:
        self._check_names("A_SalesOrder", query)
        odata.check_names((one.name for one in query.filter), self._contract.fields("A_SalesOrder"))
        seen = self.book.visible(call.at, self.settings)
        found = odata.ordered(odata.filtered(seen, query, _value), query, _ORDER_KEYS)
        page = odata.page(found, query, self.settings.largest_page)
        shown = self._views(call)
        rows = [shown.order(document, query.select, query.expand) for document in page]
        return json_answer(200, odata.collection(rows, len(found), query))

    def _items(self, call: Call, document: Document, query: Query) -> Answer:
        self._check_names("A_SalesOrderItem", query)
        page = odata.page(document.items, query, self.settings.largest_page)
        shown = self._views(call)
        rows = [shown.item(document, item, query.select, query.expand) for item in page]
        return json_answer(200, odata.collection(rows, len(document.items), query))

    # ── writes ───────────────────────────────────────────────────────────────────────────────────

    def _write(self, call: Call, note: Note) -> Answer:
        stale = call.rule is not None and call.rule.kind == STALE
        if stale or not (call.admitted or self._doors.may_write(call, self.settings)):
            return errors.token_required()
        if not call.path.startswith(f"{SERVICE_PATH}/"):
            return ODataError(405, "005056A509B11EE1B9A8FEC11C21578E", f"{call.method} is not simulated here").answer()
        address = self._address(call)
        if (call.method, address.entity_set, bool(address.keys)) == ("POST", "A_SalesOrder", False):
            return self._create_once(call, note)
        if (call.method, address.entity_set) in {("PATCH", "A_SalesOrderItem"), ("MERGE", "A_SalesOrderItem")}:
            return self._change(call, address, note)
        return ODataError(405, "005056A509B11EE1B9A8FEC11C21578E", f"{call.method} is not allowed here").answer()

    def _create_once(self, call: Call, note: Note) -> Answer:
        """The headers of a repeatable request count only where the service is set as idempotent."""
        request_id = call.headers.get("requestid", "")
        if not (self.settings.idempotent and request_id and call.headers.get("repeatabilitycreation")):
            return self._create(call, note)
        known = self._repeatable.get(request_id)
        if known is not None and known[0] + self.settings.request_life_s <= call.at:
            raise errors.outdated()
        answer = known[1] if known is not None else self._answered(call, note)
        self._repeatable.setdefault(request_id, (call.at, answer))
        return replace(answer, headers={**answer.headers, "RepeatabilityResult": "accepted"})

    def _answered(self, call: Call, note: Note) -> Answer:
        """A refusal is kept like a success: a repeat gets the first answer."""
        try:
            return self._create(call, note)
        except ODataError as refusal:
            return refusal.answer()

    def _create(self, call: Call, note: Note) -> Answer:
        self._disturb(call, "new")
        sent = _entity(call.body)
        self._contract.check("CreateA_SalesOrder", {**sent})
        refusal = complaint(sent, self.settings)
        if refusal is not None:
            raise refusal
        document = self.book.add(sent, call.at, self.settings)
        note.effect = True
        note.detail.update({"order": document.number, "reference": document.reference})
        expand = frozenset(name for name in sent if name.startswith("to_"))
        shown = self._views(call).order(document, (), expand)
        uri = f"{_base(call)}/A_SalesOrder('{document.number}')"
        return json_answer(201, {"d": shown}, {"ETag": document.etag, "Location": uri})

    def _change(self, call: Call, address: Address, note: Note) -> Answer:
        document = self._document(address.keys.get("SalesOrder", ""))
        item = document.item(address.keys.get("SalesOrderItem", ""))
        if item is None:
            raise errors.not_found()
        self._check_etag(call, document)
        self._disturb(call, document.number)
        document.check_lock(call.at)
        sent = _entity(call.body)
        change = sent["d"] if sent.keys() == {"d"} and isinstance(sent["d"], dict) else sent
        self._contract.check("UpdateA_SalesOrderItem", {**change})
        change_item(document, item, change, self.settings)
        document.touch(call.at)
        note.effect = True
        note.detail.update({"order": document.number, "item": item.number})
        return Answer(204, headers={"ETag": document.etag} if self.settings.etag_in_change_answer else {})

    def _check_etag(self, call: Call, document: Document) -> None:
        given = call.headers.get("if-match")
        if given is None:
            raise ODataError(428, "/IWBEP/CM_MGW_RT/025", "Precondition required")
        if given not in {"*", document.etag}:
            raise ODataError(412, "/IWBEP/CM_MGW_RT/026", "Precondition failed")

    def _disturb(self, call: Call, number: str) -> None:
        kind = call.rule.kind if call.rule is not None else ""
        if kind == LOCK:
            raise errors.locked(number, "TESTUSER")
        if kind == MASKED:
            raise errors.masked()

    # ── what all of them need ────────────────────────────────────────────────────────────────────

    def _limited(self, at: float) -> Answer | None:
        settings = self.settings
        if settings.rate_limit_calls is None:
            return None
        while self._calls and self._calls[0] <= at - settings.rate_limit_window_s:
            self._calls.popleft()
        if len(self._calls) < settings.rate_limit_calls:
            self._calls.append(at)
            return None
        wait = ceil(self._calls[0] + settings.rate_limit_window_s - at)
        headers = {"Retry-After": str(wait)} if settings.rate_limit_hint else {}
        return replace(errors.page(429), headers=headers)

    def _address(self, call: Call) -> Address:
        address = odata.address_of(call.path.removeprefix(SERVICE_PATH))
        if address is None:
            raise errors.malformed("Malformed URI")
        return address

    def _document(self, number: str) -> Document:
        document = self.book.find(number)
        if document is None:
            raise errors.not_found()
        return document

    def _check_names(self, entity: str, query: Query) -> None:
        """Of what is expanded in a head, single properties may be selected: `to_Item/SalesOrderItem`."""
        below = {name.removeprefix(views.BELOW) for name in query.select if name.startswith(views.BELOW)}
        own = {name for name in query.select if not name.startswith(views.BELOW)}
        odata.check_names(own | query.expand, self._contract.fields(entity))
        odata.check_names(below, self._contract.fields("A_SalesOrderItem") if entity == "A_SalesOrder" else ())

    def _views(self, call: Call) -> views.Views:
        return views.Views(self._contract, _base(call), self.settings, self.book)

    # ── what people and other systems do ─────────────────────────────────────────────────────────

    async def _happen(self, call: Call, note: Note) -> Answer:
        try:
            happening = msgspec.json.decode(call.body, type=Happening)
        except msgspec.MsgspecError as problem:
            return json_answer(400, {"message": str(problem)})
        document = self.book.documents.get(plain_number(happening.order))
        if document is None:
            return json_answer(404, {"message": "no such order"})
        note.effect = True
        note.detail["order"] = document.number
        _apply(document, happening, call.at)
        return json_answer(200, {"changed": True})

    async def _change_product(self, call: Call, note: Note) -> Answer:
        try:
            wanted = msgspec.json.decode(call.body, type=products.Change)
            self.catalogue.change(wanted, self._clock.now(), self.settings)
        except ValueError as problem:  # msgspec's are such
            return json_answer(400, {"message": str(problem)})
        note.effect = True
        note.detail |= {"of": wanted.product, "deleted": wanted.deleted}
        return json_answer(200, {"changed": True})

    async def _live_once(self, call: Call, note: Note) -> Answer:
        """One step of one order, now: `{"order", "what"}`."""
        wanted = msgspec.json.decode(call.body, type=dict[str, str])
        what, document = wanted.get("what", ""), self.book.find(wanted.get("order", ""))
        if document is None or what not in life.STEPS:
            return json_answer(400, {"message": f"no such order, or no step among {sorted(life.STEPS)}"})
        done = life.go_on(Due(call.at, document.number, what), self.book, self.settings, call.at)
        note.effect = done.effect
        note.detail |= {"of": document.number, "what": what, **done.detail}
        return json_answer(200 if done.effect else 409, done.detail)

    async def _expire_guards(self, _call: Call, _note: Note) -> Answer:
        self._doors.expire_sessions_only()
        return json_answer(200, {"expired": True})


def _apply(document: Document, happening: Happening, at: float) -> None:
    if happening.lock_s is not None:
        document.lock_ends_at, document.lock_user = at + happening.lock_s, happening.lock_user
        return
    for item in document.items:
        item.delivered = item.delivered or happening.deliver
        if happening.confirm_ms is not None:
            item.confirmed, item.confirmed_ms = item.quantity, happening.confirm_ms
    document.credit = document.credit if happening.credit is None else happening.credit
    document.touch(at)


_ORDER_KEYS: Mapping[str, Callable[[Document], Any]] = {
    "SalesOrder": lambda document: int(document.number),
    "LastChangeDateTime": views.changed_ms,
}


def _value(document: Document, name: str) -> str:
    if name == "LastChangeDateTime":
        return str(views.changed_ms(document))
    return document.number if name == "SalesOrder" else text(document.sent, name)


def _entity(body: bytes) -> Entity:
    try:
        value = wire.decode(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise errors.malformed("Error while parsing the request body")
    return value


def _base(call: Call) -> str:
    return f"http://{call.headers.get('host', 'localhost')}{SERVICE_PATH}"
