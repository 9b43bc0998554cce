"""One request through the simulated org: token, session, allotment, route, answer."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs, unquote

import msgspec

from simulators.core import wire
from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.salesforce import soql, views
from simulators.salesforce.auth import TOKEN_PATH, Doorkeeper, refused_login, refused_session
from simulators.salesforce.errors import ApiError, locked, not_found, over_limit
from simulators.salesforce.locks import Locks
from simulators.salesforce.objects import EXTERNAL_ID
from simulators.salesforce.org import Org
from simulators.salesforce.settings import Settings, changed
from simulators.salesforce.table import Record
from simulators.salesforce.writes import Writes

DAY_S = 24 * 3600.0
ROW_LOCK = "row-lock"
CODES = {500: "UNKNOWN_EXCEPTION", 503: "SERVER_UNAVAILABLE", 403: "REQUEST_LIMIT_EXCEEDED", 401: "INVALID_SESSION_ID"}


class Salesforce:
    """See README.md for the rules, where they come from, and their switches."""

    name = "salesforce"
    fault_options: Mapping[str, frozenset[str]] = {ROW_LOCK: frozenset()}

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self._clock = clock or SystemClock()
        self.seed = views.Seed()
        self.org = self._new_org()
        self._doors = Doorkeeper(self._clock)
        self._calls: deque[float] = deque()
        self._pages: dict[str, list[dict[str, object]]] = {}
        self._writes = Writes(self._clock, Locks())

    async def answer(self, call: Call, note: Note) -> Answer:
        if call.path == TOKEN_PATH:
            return self._doors.token(call, self.settings) if call.method == "POST" else not_found().answer()
        try:
            if not call.admitted:
                self._doors.check(call)
                self._count(call.at)
            answer = await self._routed(call, note)
        except ApiError as refusal:
            answer = refusal.answer()
            if refusal.status == 401:
                return answer
        usage = f"api-usage={len(self._calls)}/{self.settings.daily_calls}"
        return replace(answer, headers={**answer.headers, "Sforce-Limit-Info": usage})

    def admit(self, call: Call) -> Answer | None:
        if call.path == TOKEN_PATH:
            return None
        try:
            self._doors.check(call)
            self._count(call.at)
        except ApiError as refusal:
            return refusal.answer()
        return None

    def error_answer(self, status: int) -> Answer:
        if status in {502, 504}:
            return Answer(status, f"<html><h1>{status}</h1></html>".encode(), content_type="text/html")
        return ApiError(status, CODES.get(status, f"SIMULATED_{status}"), f"Simulated answer {status}").answer()

    def refuse_credential(self, call: Call) -> Answer:
        return refused_login() if call.path == TOKEN_PATH else refused_session()

    def expire_sessions(self) -> None:
        self._doors.expire_sessions()

    def recorded_body(self, call: Call) -> msgspec.Raw:
        """Assertions and secrets stay out of the journal."""
        if call.path == TOKEN_PATH or b"client_secret" in call.body or b"assertion" in call.body:
            return msgspec.Raw(b'"(holds a credential)"')
        return wire.one_line(call.body)

    def read_state(self) -> object:
        return views.show(self.org, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        if parts.settings is not None:
            self.settings = changed(self.settings, parts.settings)
        if parts.products is not None or parts.price_book_id is not None:
            self.seed = views.merged(self.seed, parts)
            self.org = views.build(self.seed)

    def reset(self) -> None:
        self.org = self._new_org()
        self._doors.expire_sessions()
        self._calls.clear()
        self._pages.clear()
        self._writes = Writes(self._clock, Locks())

    def _new_org(self) -> Org:
        org = views.build(self.seed)
        org.now = self._clock.now
        return org

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("GET", "/_sim/private-key", self._private_key),
            ControlRoute("POST", "/_sim/records", self._add_record, journal_kind="record"),
        ]

    # ── one request ──────────────────────────────────────────────────────────────────────────────

    async def _routed(self, call: Call, note: Note) -> Answer:
        segments = [unquote(one) for one in call.path.split("/")[1:]]
        match segments:
            case ["services", "data", version, *below] if version.removeprefix("v") in self.settings.api_versions:
                return await self._below(below, call, note)
            case _:
                raise not_found()

    async def _below(self, below: list[str], call: Call, note: Note) -> Answer:
        if call.rule is not None and call.rule.kind == ROW_LOCK and call.method == "PATCH":
            raise locked()
        match call.method, below:
            case "GET", ["query"]:
                return self._query(call)
            case "GET", ["query", locator]:
                return self._more(locator)
            case "PATCH", ["sobjects", kind, field, value] if field == EXTERNAL_ID and value:
                return await self._writes.one(kind, value, call, note, self.org, self.settings)
            case "PATCH", ["composite", "sobjects", kind, field] if field == EXTERNAL_ID:
                return await self._writes.many(kind, call, note, self.org, self.settings)
            case _, ["query" | "sobjects" | "composite", *_] if call.method not in {"GET", "PATCH"}:
                raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed")
            case _:
                raise not_found()

    def _query(self, call: Call) -> Answer:
        question = parse_qs(call.query).get("q", [""])[0]
        return self._paged(soql.run(question, self.org, self.settings), note_total=True)

    def _more(self, locator: str) -> Answer:
        rows = self._pages.pop(locator, None)
        if rows is None:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._paged(rows, note_total=False)

    def _paged(self, rows: list[dict[str, object]], *, note_total: bool) -> Answer:
        most = self.settings.page_rows
        page: dict[str, object] = {"done": len(rows) <= most, "records": rows[:most]}
        if note_total:
            page["totalSize"] = len(rows)
        if len(rows) > most:
            locator = f"01gSIMULATED{len(self._pages):06d}-{most}"
            self._pages[locator] = rows[most:]
            page["nextRecordsUrl"] = f"/services/data/v{self.settings.api_versions[0]}/query/{locator}"
        return json_answer(200, page)

    def _count(self, now: float) -> None:
        """A rolling day; a call over the allotment is refused and not counted."""
        while self._calls and self._calls[0] <= now - DAY_S:
            self._calls.popleft()
        if len(self._calls) >= self.settings.daily_calls:
            raise over_limit()
        self._calls.append(now)

    async def _private_key(self, _call: Call, _note: Note) -> Answer:
        return json_answer(200, {"private_key": self._doors.private_key()})

    async def _add_record(self, call: Call, note: Note) -> Answer:
        try:
            given = msgspec.json.decode(call.body, type=views.NewRecord)
            fields = wire.decode(bytes(given.fields))
            if not isinstance(fields, dict):
                raise ValueError("fields must be an object")  # noqa: TRY004, TRY301 - answered with 400 below
            id_ = self._kept(given, fields)
        except (ValueError, ApiError) as problem:
            return json_answer(400, {"message": str(problem)})
        note.effect = True
        return json_answer(200 if given.id else 201, {"id": id_})

    def _kept(self, given: views.NewRecord, fields: Record) -> str:
        if given.id is None:
            return self.org.insert(given.object, fields)
        if given.deleted:
            self.org.remove(given.object, given.id)
        else:
            self.org.change(given.object, given.id, fields)
        return given.id
