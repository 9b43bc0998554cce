"""One request through the simulated warehouse: path, credential, document, floor, answer."""

from collections.abc import Sequence
from urllib.parse import unquote

import msgspec

from simulators.core.clock import Clock, SystemClock
from simulators.core.exchange import Answer, Call, ControlRoute, Note, json_answer
from simulators.core.forgetting import forget_route
from simulators.core.life import Happening
from simulators.plain_rest.doors import knows
from simulators.plain_rest.spoken import Speaker, Spoken
from simulators.plain_rest.vendor import PlainRest, Refusal, Route, content_of
from simulators.rest_wms import life, views
from simulators.rest_wms.documents import Task
from simulators.rest_wms.events import FulfilmentRecord, Said, record_of
from simulators.rest_wms.floor import DifferentContentError, Floor, FloorTask, TooFarError
from simulators.rest_wms.settings import Settings, changed

LONGEST_ID, LONGEST_SKU = 128, 64


class RestWms(PlainRest):
    """See README.md for the rules and their switches."""

    name = "rest-wms"
    challenge = 'Bearer realm="wms", Basic realm="wms"'

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock | None = None,
        speaker: Speaker[FulfilmentRecord] | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.floor = Floor(life=life.life_of(self.settings))
        self.said: Spoken[FulfilmentRecord] = Spoken(speaker, views.said)
        self._clock = clock or SystemClock()
        self.operations = {
            "put-task": self._put,
            "read-task": self._read,
            "cancel-task": self._cancel,
            "read-stock": self._stock,
        }

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

    def controls(self) -> list[ControlRoute]:
        return [
            ControlRoute("POST", "/_sim/advance", self._advance, journal_kind="advance"),
            ControlRoute("POST", "/_sim/life", self._live_once, journal_kind="life"),
            ControlRoute("GET", "/_sim/events", self.said.show),
            forget_route(lambda reference: int(self.floor.tasks.pop(reference, None) is not None)),
        ]

    def live(self, now: float) -> Sequence[Happening]:
        """What the plan has for the time up to now; what is said of it leaves."""
        happened = [self._go_on(due.key, due.what, now) for due in self.floor.life.take(now)]
        self.said.go_on(now)
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
            self.said.say(record, now)

    # ── the operations ──────────────────────────────────────────────────────────────────────

    def _put(self, route: Route, call: Call, note: Note) -> Answer:
        content = content_of(call, Task)
        self._check_stock_list(content)
        now = self._clock.now()
        try:
            made = self.floor.put(route.key, content, self.settings, now=now)
        except DifferentContentError as problem:
            raise Refusal(409, "different-content") from problem
        if made:
            self._say(self.floor.tasks[route.key], [life.said_of(self.floor.tasks[route.key])], now)
        note.effect = made
        note.detail["made"] = made
        return json_answer(201 if made else 200, views.state_of(self.floor.tasks[route.key]))

    def _read(self, route: Route, _call: Call, _note: Note) -> Answer:
        return json_answer(200, views.state_of(self._task(route)))

    def _stock(self, route: Route, _call: Call, _note: Note) -> Answer:
        """What a person set as there; tasks do not change it."""
        available = self.settings.stock.get(route.key)
        if available is None:
            raise Refusal(404, "no-such-sku")
        return json_answer(200, {"sku": route.key, "available": available})

    def _cancel(self, route: Route, _call: Call, note: Note) -> Answer:
        task, now = self._task(route), self._clock.now()
        try:
            note.effect = self.floor.cancel(task, self.settings, now=now)
        except TooFarError as problem:
            raise Refusal(409, "too-far") from problem
        if note.effect:
            self._say(task, [life.said_of(task)], now)
        return json_answer(200, views.state_of(task))

    async def _advance(self, call: Call, note: Note) -> Answer:
        try:
            wish = msgspec.json.decode(call.body or b"{}", type=views.Advance)
            chosen, now = self._chosen(wish.task_id), self._clock.now()
            moved = [task for task in chosen if self.floor.advance(task, wish.to, now=now)]
        except Refusal as refusal:
            return self.refused(refusal)
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

    # ── what they share ──────────────────────────────────────────────────────────────────────────

    def authorise(self, route: Route, call: Call, note: Note) -> None:
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
        task = self.floor.tasks.get(route.key)
        if task is None:
            raise Refusal(404, "no-such-task")
        return task

    def _chosen(self, task_id: str | None) -> list[FloorTask]:
        return list(self.floor.tasks.values()) if task_id is None else [self._task(Route("advance", task_id))]

    def methods(self, segments: list[str]) -> dict[str, Route] | None:
        match segments:
            case ["v1", "tasks", given] if 0 < len(task_id := unquote(given)) <= LONGEST_ID:
                return {"PUT": Route("put-task", task_id), "GET": Route("read-task", task_id)}
            case ["v1", "stock", given] if 0 < len(sku := unquote(given)) <= LONGEST_SKU:
                return {"GET": Route("read-stock", sku)}
            case ["v1", "tasks", given, "cancel"] if 0 < len(task_id := unquote(given)) <= LONGEST_ID:
                return {"POST": Route("cancel-task", task_id)}
            case _:
                return None
