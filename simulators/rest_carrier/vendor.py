"""One request through the simulated carrier: path, credential, document, depot, answer."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs, unquote

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.life import Happening
from simulators.rest_carrier import depot, life, views
from simulators.rest_carrier.depot import (
    BookedParcel,
    Depot,
    DifferentContentError,
    NotNowError,
    TooFarError,
    VoidError,
)
from simulators.rest_carrier.documents import DocumentT, Inquiry, Parcel, UnfitDocumentError, read
from simulators.rest_carrier.doors import knows
from simulators.rest_carrier.events import CarrierRecord, record_of
from simulators.rest_carrier.settings import Settings, changed

LONGEST_REFERENCE = 256
MOST_SAID = 10_000
WRITES = frozenset({"put-label", "void-label"})


class Speaker(Protocol):
    """Who carries what the carrier says to the outside."""

    def say(self, record: CarrierRecord, now: float) -> None:
        """Send it, sooner or later, once or twice."""
        ...

    def go_on(self, now: float) -> None:
        """Send what was held back until now."""
        ...


class Route(NamedTuple):
    """What a path and a method lead to."""

    operation: str
    reference: str = ""


class Refusal(Exception):  # noqa: N818 - it is an answer
    """Any answer but success; `fields` are names of members."""

    def __init__(self, status: int, code: str, *fields: str) -> None:
        super().__init__(code)
        self.status, self.code, self.fields = status, code, fields

    def answer(self) -> Answer:
        headers = {"WWW-Authenticate": 'Bearer realm="carrier", Basic realm="carrier"'} if self.status == 401 else {}
        body = {"code": self.code, "message": f"Simulated refusal: {self.code}", "fields": list(self.fields)}
        return json_answer(self.status, body, headers)


class RestCarrier:
    """See README.md for the rules and their switches."""

    name = "rest-carrier"
    fault_options: Mapping[str, frozenset[str]] = {}

    def __init__(
        self, settings: Settings | None = None, clock: Clock | None = None, speaker: Speaker | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.depot = Depot(life=life.life_of(self.settings))
        self.said: deque[CarrierRecord] = deque(maxlen=MOST_SAID)
        self._said_in_all = 0
        self._clock = clock or SystemClock()
        self._speaker = speaker
        self._operations: dict[str, Callable[[Route, Call, Note], Answer]] = {
            "read-rates": self._rates,
            "put-label": self._put,
            "read-label": self._read,
            "void-label": self._void,
            "read-health": self._health,
        }

    async def answer(self, call: Call, note: Note) -> Answer:
        try:
            route = _route(call)
            if not call.admitted:
                self._authorise(route, call, note)
            return self._operations[route.operation](route, call, note)
        except Refusal as refusal:
            return refusal.answer()

    def admit(self, call: Call) -> Answer | None:
        try:
            self._authorise(_route(call), call, Note())
        except Refusal as refusal:
            return refusal.answer()
        return None

    def error_answer(self, status: int) -> Answer:
        if status in {502, 504}:
            return Answer(status, f"<html><h1>{status}</h1></html>".encode(), content_type="text/html")
        return Refusal(status, f"simulated-{status}").answer()

    def refuse_credential(self, call: Call) -> Answer:  # noqa: ARG002 - the same for every route
        return Refusal(401, "unknown-credential").answer()

    def expire_sessions(self) -> None:
        """There are none: both credentials stand until a person changes them."""

    def recorded_body(self, call: Call) -> msgspec.Raw:
        return wire.one_line(call.body)

    def read_state(self) -> object:
        return views.show(self.depot, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        if parts.settings is not None:
            settings = changed(self.settings, parts.settings)
            planned = life.life_of(settings)
            self.settings = settings
            self.depot.life.plan, self.depot.life.rate = planned.plan, planned.rate

    def reset(self) -> None:
        self.depot = Depot(life=life.life_of(self.settings))
        self.said.clear()
        self._said_in_all = 0

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            ControlRoute("GET", "/_sim/events", self._show_said),
        ]

    def live(self, now: float) -> Sequence[Happening]:
        """What the plan has for the time up to now; what is said of it leaves."""
        happened = [self._go_on(due.key, due.what, now) for due in self.depot.life.take(now)]
        if self._speaker is not None:
            self._speaker.go_on(now)
        return happened

    def _go_on(self, reference: str, what: str, now: float) -> Happening:
        parcel, word = self.depot.parcels[reference], life.WORDS[what]
        try:
            parcel.go_on(word, now)
        except NotNowError as problem:
            return Happening(now, reference, what, effect=False, detail={"skipped": str(problem)})
        self._say(parcel, word, now)
        return Happening(now, reference, what, effect=True, detail={"said": [word]})

    def _say(self, parcel: BookedParcel, word: str, now: float) -> None:
        parcel.told += 1
        record = record_of(parcel, word, number=parcel.told, at=now, settings=self.settings)
        self.said.append(record)
        self._said_in_all += 1
        if self._speaker is not None:
            self._speaker.say(record, now)

    # ── the five operations ──────────────────────────────────────────────────────────────────────

    def _rates(self, _route: Route, call: Call, _note: Note) -> Answer:
        content = _content(call, Inquiry)
        self._check_address(content)
        found = [
            {"service": service.name, "price": price, "currency": self.settings.currency}
            | ({} if service.days is None else {"days": service.days})
            for service, price in depot.offers(content, self.settings)
        ]
        return json_answer(200, {"offers": found})

    def _put(self, route: Route, call: Call, note: Note) -> Answer:
        content = _content(call, Parcel)
        self._check_address(content)
        prices = {service.name: price for service, price in depot.offers(content, self.settings)}
        if content.service not in prices:
            raise Refusal(422, "unknown-service", "service")
        try:
            made = self.depot.book(route.reference, content, prices[content.service], now=self._clock.now())
        except DifferentContentError as problem:
            raise Refusal(409, "different-content") from problem
        except VoidError as problem:
            raise Refusal(409, "void") from problem
        note.effect = made
        note.detail["made"] = made
        return json_answer(201 if made else 200, views.state_of(self._parcel(route), self.settings))

    def _read(self, route: Route, _call: Call, _note: Note) -> Answer:
        return json_answer(200, views.state_of(self._parcel(route), self.settings))

    def _void(self, route: Route, _call: Call, note: Note) -> Answer:
        parcel = self._parcel(route)
        try:
            note.effect = depot.make_void(parcel, now=self._clock.now())
        except TooFarError as problem:
            raise Refusal(409, "too-far") from problem
        return json_answer(200, views.state_of(parcel, self.settings))

    def _health(self, _route: Route, _call: Call, _note: Note) -> Answer:
        return json_answer(200, {"status": "ok"})

    async def _live_once(self, call: Call, note: Note) -> Answer:
        """One step of one parcel, now: `{"reference", "what"}`."""
        wanted = msgspec.json.decode(call.body, type=dict[str, str])
        what, parcel = wanted.get("what", ""), self.depot.parcels.get(wanted.get("reference", ""))
        if parcel is None or what not in life.WORDS:
            return json_answer(400, {"message": f"no such parcel, or no step among {sorted(life.WORDS)}"})
        happened = self._go_on(parcel.reference, what, self._clock.now())
        note.effect = happened.effect
        note.detail |= {"of": parcel.reference, "what": what, **happened.detail}
        shown = {**views.state_of(parcel, self.settings), **happened.detail}
        return json_answer(200 if happened.effect else 409, shown)

    async def _show_said(self, call: Call, _note: Note) -> Answer:
        """`since` is the number of those that the reader has."""
        since = parse_qs(call.query).get("since", ["0"])[0]
        if not since.isdecimal():
            return json_answer(400, {"message": "since must be a number"})
        gone = self._said_in_all - len(self.said)
        return json_answer(200, {"events": list(islice(self.said, max(0, int(since) - gone), None))})

    # ── what they share ──────────────────────────────────────────────────────────────────────────

    def _authorise(self, route: Route, call: Call, note: Note) -> None:
        kind = knows(call.headers.get("authorization", ""), self.settings)
        if kind is None:
            raise Refusal(401, "unknown-credential")
        note.detail["auth"] = kind
        if self.settings.read_only and route.operation in WRITES:
            raise Refusal(403, "read-only")

    def _check_address(self, content: Inquiry | Parcel) -> None:
        if fields := depot.refused_fields(content, self.settings):
            raise Refusal(422, "undeliverable", *fields)

    def _parcel(self, route: Route) -> BookedParcel:
        parcel = self.depot.parcels.get(route.reference)
        if parcel is None:
            raise Refusal(404, "no-such-label")
        return parcel


def _route(call: Call) -> Route:
    methods = _methods(call.path.split("/")[1:])
    if methods is None:
        raise Refusal(404, "no-such-route")
    if call.method not in methods:
        raise Refusal(405, "no-such-method")
    return methods[call.method]


def _methods(segments: list[str]) -> dict[str, Route] | None:
    match segments:
        case ["v1", "health"]:
            return {"GET": Route("read-health")}
        case ["v1", "rates"]:
            return {"POST": Route("read-rates")}
        case ["v1", "labels", given] if 0 < len(reference := unquote(given)) <= LONGEST_REFERENCE:
            return {"PUT": Route("put-label", reference), "GET": Route("read-label", reference)}
        case ["v1", "labels", given, "void"] if 0 < len(reference := unquote(given)) <= LONGEST_REFERENCE:
            return {"POST": Route("void-label", reference)}
        case _:
            return None


def _content(call: Call, form: type[DocumentT]) -> DocumentT:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not-json")
    try:
        return read(call.body, form)
    except UnfitDocumentError as problem:
        raise Refusal(400, "unfit-document", *([problem.field] if problem.field else [])) from problem
