"""One request through the simulated warehouse: path, credential, document, floor, answer."""

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
from simulators.rest_wms import life, views
from simulators.rest_wms.documents import Task, UnfitDocumentError, read_task
from simulators.rest_wms.doors import knows
from simulators.rest_wms.events import FulfilmentRecord, Said, record_of
from simulators.rest_wms.floor import DifferentContentError, Floor, FloorTask, TooFarError
from simulators.rest_wms.settings import Settings, changed

LONGEST_ID = 128
MOST_SAID = 10_000


class Speaker(Protocol):
    """Who carries what the warehouse says to the outside."""

    def say(self, record: FulfilmentRecord, now: float) -> None:
        """Send it, sooner or later, once or twice."""
        ...

    def go_on(self, now: float) -> None:
        """Send what was held back until now."""
        ...


class Route(NamedTuple):
    """What a path and a method lead to."""

    operation: str
    task_id: str = ""


class Refusal(Exception):  # noqa: N818 - it is an answer
    """Any answer but success; `fields` are names of members."""

    def __init__(self, status: int, code: str, *fields: str) -> None:
        super().__init__(code)
        self.status, self.code, self.fields = status, code, fields

    def answer(self) -> Answer:
        headers = {"WWW-Authenticate": 'Bearer realm="wms", Basic realm="wms"'} if self.status == 401 else {}
        body = {"code": self.code, "message": f"Simulated refusal: {self.code}", "fields": list(self.fields)}
        return json_answer(self.status, body, headers)


class RestWms:
    """See README.md for the rules and their switches."""

    name = "rest-wms"
    fault_options: Mapping[str, frozenset[str]] = {}

    def __init__(
        self, settings: Settings | None = None, clock: Clock | None = None, speaker: Speaker | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.floor = Floor(life=life.life_of(self.settings))
        self.said: deque[FulfilmentRecord] = deque(maxlen=MOST_SAID)
        self._said_in_all = 0
        self._clock = clock or SystemClock()
        self._speaker = speaker
        self._operations: dict[str, Callable[[Route, Call, Note], Answer]] = {
            "put-task": self._put,
            "read-task": self._read,
            "cancel-task": self._cancel,
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
        return views.show(self.floor, self.settings)

    def replace_state(self, document: bytes) -> None:
        parts = msgspec.json.decode(document, type=views.Parts)
        if parts.settings is not None:
            settings = changed(self.settings, parts.settings)
            planned = life.life_of(settings)
            self.settings = settings
            self.floor.life.plan, self.floor.life.rate = planned.plan, planned.rate

    def reset(self) -> None:
        self.floor = Floor(life=life.life_of(self.settings))
        self.said.clear()
        self._said_in_all = 0

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/advance", self._advance, journal_kind="advance"),
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            ControlRoute("GET", "/_sim/events", self._show_said),
        ]

    def live(self, now: float) -> Sequence[Happening]:
        """What the plan has for the time up to now; what is said of it leaves."""
        happened = [self._go_on(due.key, due.what, now) for due in self.floor.life.take(now)]
        if self._speaker is not None:
            self._speaker.go_on(now)
        return happened

    def _go_on(self, task_id: str, what: str, now: float) -> Happening:
        task = self.floor.tasks[task_id]
        try:
            said = life.do(what, task, now)
        except life.NotNowError as problem:
            return Happening(now, task_id, what, effect=False, detail={"skipped": str(problem)})
        self._say(task, said, now)
        return Happening(now, task_id, what, effect=True, detail={"said": [one.step for one in said]})

    def _say(self, task: FloorTask, said: Sequence[Said], now: float) -> None:
        for one in said:
            task.told += 1
            settings = self.settings
            system, locations = settings.source_system, settings.location_codes
            record = record_of(task, one, number=task.told, at=now, system=system, locations=locations)
            self.said.append(record)
            self._said_in_all += 1
            if self._speaker is not None:
                self._speaker.say(record, now)

    # ── the four operations ──────────────────────────────────────────────────────────────────────

    def _put(self, route: Route, call: Call, note: Note) -> Answer:
        content = _content(call)
        self._check_stock_list(content)
        now = self._clock.now()
        try:
            made = self.floor.put(route.task_id, content, self.settings, now=now)
        except DifferentContentError as problem:
            raise Refusal(409, "different-content") from problem
        if made:
            self._say(self.floor.tasks[route.task_id], [life.said_of(self.floor.tasks[route.task_id])], now)
        note.effect = made
        note.detail["made"] = made
        return json_answer(201 if made else 200, views.state_of(self.floor.tasks[route.task_id]))

    def _read(self, route: Route, _call: Call, _note: Note) -> Answer:
        return json_answer(200, views.state_of(self._task(route)))

    def _cancel(self, route: Route, _call: Call, note: Note) -> Answer:
        task, now = self._task(route), self._clock.now()
        try:
            note.effect = self.floor.cancel(task, self.settings, now=now)
        except TooFarError as problem:
            raise Refusal(409, "too-far") from problem
        if note.effect:
            self._say(task, [life.said_of(task)], now)
        return json_answer(200, views.state_of(task))

    def _health(self, _route: Route, _call: Call, _note: Note) -> Answer:
        return json_answer(200, {"status": "ok"})

    async def _advance(self, call: Call, note: Note) -> Answer:
        try:
            wish = msgspec.json.decode(call.body or b"{}", type=views.Advance)
            chosen, now = self._chosen(wish.task_id), self._clock.now()
            moved = [task for task in chosen if self.floor.advance(task, wish.to, now=now)]
        except Refusal as refusal:
            return refusal.answer()
        except ValueError as problem:
            return json_answer(400, {"message": str(problem)})
        for task in moved:
            self._say(task, life.said_after_move(task), now)
        note.effect = bool(moved)
        note.detail["moved"] = {task.task_id: task.status for task in moved}
        return json_answer(200, {"moved": note.detail["moved"]})

    async def _live_once(self, call: Call, note: Note) -> Answer:
        """One step of one task, now: `{"task_id", "what"}`."""
        wanted = msgspec.json.decode(call.body, type=dict[str, str])
        what, task = wanted.get("what", ""), self.floor.tasks.get(wanted.get("task_id", ""))
        if task is None or what not in life.STEPS_OF_LIFE:
            return json_answer(400, {"message": f"no such task, or no step among {sorted(life.STEPS_OF_LIFE)}"})
        happened = self._go_on(task.task_id, what, self._clock.now())
        note.effect = happened.effect
        note.detail |= {"of": task.task_id, "what": what, **happened.detail}
        return json_answer(200 if happened.effect else 409, {**views.state_of(task), **happened.detail})

    async def _show_said(self, call: Call, _note: Note) -> Answer:
        """`since` is the number of those that the reader has."""
        since = parse_qs(call.query).get("since", ["0"])[0]
        if not since.isdecimal():
            return json_answer(400, {"message": "since must be a number"})
        gone = self._said_in_all - len(self.said)
        new = islice(self.said, max(0, int(since) - gone), None)
        return json_answer(200, {"events": [views.said(one) for one in new]})

    # ── what they share ──────────────────────────────────────────────────────────────────────────

    def _authorise(self, route: Route, call: Call, note: Note) -> None:
        kind = knows(call.headers.get("authorization", ""), self.settings)
        if kind is None:
            raise Refusal(401, "unknown-credential")
        note.detail["auth"] = kind
        if self.settings.read_only and route.operation in {"put-task", "cancel-task"}:
            raise Refusal(403, "read-only")

    def _check_stock_list(self, content: Task) -> None:
        codes, skus = self.settings.source_codes, self.settings.skus
        if codes is not None and content.source_code not in codes:
            raise Refusal(422, "unknown-source", "source_code")
        unknown = [n for n, line in enumerate(content.lines) if skus is not None and line.sku not in skus]
        if unknown:
            raise Refusal(422, "unknown-sku", *(f"lines[{number}].sku" for number in unknown))

    def _task(self, route: Route) -> FloorTask:
        task = self.floor.tasks.get(route.task_id)
        if task is None:
            raise Refusal(404, "no-such-task")
        return task

    def _chosen(self, task_id: str | None) -> list[FloorTask]:
        return list(self.floor.tasks.values()) if task_id is None else [self._task(Route("advance", task_id))]


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
        case ["v1", "tasks", given] if 0 < len(task_id := unquote(given)) <= LONGEST_ID:
            return {"PUT": Route("put-task", task_id), "GET": Route("read-task", task_id)}
        case ["v1", "tasks", given, "cancel"] if 0 < len(task_id := unquote(given)) <= LONGEST_ID:
            return {"POST": Route("cancel-task", task_id)}
        case _:
            return None


def _content(call: Call) -> Task:
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not-json")
    try:
        return read_task(call.body)
    except UnfitDocumentError as problem:
        raise Refusal(400, "unfit-document", *([problem.field] if problem.field else [])) from problem
