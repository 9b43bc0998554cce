"""One request through the simulated accounting system: path, token, document, books, answer."""

from urllib.parse import unquote

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.forgetting import forget_route
from simulators.plain_rest.vendor import PlainRest, Refusal, Route, content_of, media_type
from simulators.rest_finance import views
from simulators.rest_finance.books import LOCKED, POSTED, BookedDocument, Books, NotBookedError
from simulators.rest_finance.documents import Document
from simulators.rest_finance.doors import Doors
from simulators.rest_finance.settings import Settings, changed

LONGEST_REFERENCE = 128
UNPROCESSABLE = frozenset({"unknown-account", "unknown-currency"})
FORM = "application/x-www-form-urlencoded"


class RestFinance(PlainRest):
    """See README.md for the rules and their switches."""

    name = "rest-finance"
    challenge = 'Bearer realm="finance"'

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.books = Books()
        self._doors = Doors()
        self._clock = clock or SystemClock()
        self.operations = {
            "sign-in": self._sign_in,
            "put-document": self._put,
            "read-document": self._read,
        }

    def expire_sessions(self) -> None:
        self._doors.expire()

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """A form of the sign-in holds the secret."""
        return msgspec.Raw(b"null") if call.path == "/v1/token" else wire.one_line(call.body)

    def read_state(self) -> object:
        return views.show(self.books, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        if parts.settings is not None:
            self.settings = changed(self.settings, parts.settings)

    def reset(self) -> None:
        self.books = Books()

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/lock", self._lock, journal_kind="lock"),
            forget_route(lambda reference: int(self.books.documents.pop(reference, None) is not None)),
        ]

    # ── the operations ──────────────────────────────────────────────────────────────────────

    def _sign_in(self, _route: Route, call: Call, _note: Note) -> Answer:
        if media_type(call) != FORM:
            raise Refusal(400, "not-a-form")
        try:
            token = self._doors.issue(call, self.settings, self._clock.now())
        except ValueError as problem:
            raise Refusal(400, "unfit-form", str(problem)) from problem
        if token is None:
            raise Refusal(401, "unknown-client")
        life = self.settings.token_life_s
        return json_answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": life})

    def _put(self, route: Route, call: Call, note: Note) -> Answer:
        content = content_of(call, Document)
        try:
            made, note.effect = self.books.put(route.key, content, self.settings, now=self._clock.now())
        except NotBookedError as problem:
            status = 422 if problem.code in UNPROCESSABLE else 409
            raise Refusal(status, problem.code, *problem.fields) from problem
        document = self.books.documents[route.key]
        note.detail |= {"made": made, "number": document.number, "amount": views.money(document.amount)}
        return json_answer(201 if made else 200, views.state_of(document, document.amount))

    def _read(self, route: Route, _call: Call, _note: Note) -> Answer:
        """As it stood a read lag ago."""
        document = self.books.documents.get(route.key)
        amount = None if document is None else document.amount_at(self._clock.now() - self.settings.read_lag_s)
        if document is None or amount is None:
            raise Refusal(404, "no-such-document")
        return json_answer(200, views.state_of(document, amount))

    async def _lock(self, call: Call, note: Note) -> Answer:
        try:
            wish = msgspec.json.decode(call.body or b"{}", type=views.Lock)
        except ValueError as problem:
            return json_answer(400, {"message": str(problem)})
        known = self.books.documents
        chosen: list[BookedDocument] = [
            one for one in known.values() if wish.reference is None or one.reference == wish.reference
        ]
        for document in chosen:
            document.status = LOCKED if wish.locked else POSTED
        note.effect = bool(chosen)
        note.detail["locked" if wish.locked else "unlocked"] = [one.number for one in chosen]
        return json_answer(200 if chosen else 404, {"documents": len(chosen)})

    # ── what they share ──────────────────────────────────────────────────────────────────────────

    def authorise(self, route: Route, call: Call, _note: Note) -> None:
        if route.operation == "sign-in":
            return
        if not self._doors.knows(call, self._clock.now()):
            raise Refusal(401, "unknown-credential")
        if self.settings.read_only and route.operation == "put-document":
            raise Refusal(403, "read-only")

    def methods(self, segments: list[str]) -> dict[str, Route] | None:
        match segments:
            case ["v1", "token"]:
                return {"POST": Route("sign-in")}
            case ["v1", "documents", given] if 0 < len(reference := unquote(given)) <= LONGEST_REFERENCE:
                return {"PUT": Route("put-document", reference), "GET": Route("read-document", reference)}
            case _:
                return None
