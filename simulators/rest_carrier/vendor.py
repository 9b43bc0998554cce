"""One request through the simulated carrier: path, credential, document, depot, answer."""

from collections.abc import Sequence
from urllib.parse import unquote

import msgspec

from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.life import Happening
from simulators.plain_rest.doors import knows
from simulators.plain_rest.spoken import Speaker, Spoken
from simulators.plain_rest.vendor import PlainRest, Refusal, Route, content_of
from simulators.rest_carrier import depot, life, views
from simulators.rest_carrier.depot import (
    BookedParcel,
    Depot,
    DifferentContentError,
    NotNowError,
    TooFarError,
    VoidError,
)
from simulators.rest_carrier.documents import Inquiry, Parcel
from simulators.rest_carrier.events import CarrierRecord, record_of
from simulators.rest_carrier.settings import Settings, changed

LONGEST_REFERENCE = 256
WRITES = frozenset({"put-label", "void-label"})


class RestCarrier(PlainRest):
    """See README.md for the rules and their switches."""

    name = "rest-carrier"
    challenge = 'Bearer realm="carrier", Basic realm="carrier"'

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock | None = None,
        speaker: Speaker[CarrierRecord] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.depot = Depot(life=life.life_of(self.settings))
        self.said: Spoken[CarrierRecord] = Spoken(speaker, dict)
        self._clock = clock or SystemClock()
        self.operations = {
            "read-rates": self._rates,
            "put-label": self._put,
            "read-label": self._read,
            "void-label": self._void,
        }

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

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            ControlRoute("GET", "/_sim/events", self.said.show),
        ]

    def live(self, now: float) -> Sequence[Happening]:
        """What the plan has for the time up to now; what is said of it leaves."""
        happened = [self._go_on(due.key, due.what, now) for due in self.depot.life.take(now)]
        self.said.go_on(now)
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
        self.said.say(record, now)

    # ── the operations ──────────────────────────────────────────────────────────────────────

    def _rates(self, _route: Route, call: Call, _note: Note) -> Answer:
        content = content_of(call, Inquiry)
        self._check_address(content)
        found = [
            {"service": service.name, "price": price, "currency": self.settings.currency}
            | ({} if service.days is None else {"days": service.days})
            for service, price in depot.offers(content, self.settings)
        ]
        return json_answer(200, {"offers": found})

    def _put(self, route: Route, call: Call, note: Note) -> Answer:
        content = content_of(call, Parcel)
        self._check_address(content)
        prices = {service.name: price for service, price in depot.offers(content, self.settings)}
        if content.service not in prices:
            raise Refusal(422, "unknown-service", "service")
        try:
            made = self.depot.book(route.key, content, prices[content.service], now=self._clock.now())
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

    # ── what they share ──────────────────────────────────────────────────────────────────────────

    def authorise(self, route: Route, call: Call, note: Note) -> None:
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
        parcel = self.depot.parcels.get(route.key)
        if parcel is None:
            raise Refusal(404, "no-such-label")
        return parcel

    def methods(self, segments: list[str]) -> dict[str, Route] | None:
        match segments:
            case ["v1", "rates"]:
                return {"POST": Route("read-rates")}
            case ["v1", "labels", given] if 0 < len(reference := unquote(given)) <= LONGEST_REFERENCE:
                return {"PUT": Route("put-label", reference), "GET": Route("read-label", reference)}
            case ["v1", "labels", given, "void"] if 0 < len(reference := unquote(given)) <= LONGEST_REFERENCE:
                return {"POST": Route("void-label", reference)}
            case _:
                return None
