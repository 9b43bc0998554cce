"""What happens to one vendor request between arrival and answer: faults, the vendor's rules, the journal."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web

from simulators.core.clock import Clock
from simulators.core.exchange import Answer, Call, Note, Vendor
from simulators.core.faults import FaultBook, Rule
from simulators.core.journal import Entry, Journal

Step = Callable[[web.Request, Call, Entry, Rule], Awaitable[web.StreamResponse]]

UNREAD = frozenset({"reset", "outage"})


class Delivery:
    """Serves every route that is not under /_sim/."""

    def __init__(self, vendor: Vendor, journal: Journal, faults: FaultBook, clock: Clock) -> None:
        self.requests = 0
        self.in_flight = 0
        self._vendor = vendor
        self._journal = journal
        self._faults = faults
        self._clock = clock
        self._stopping = asyncio.Event()
        self._later: set[asyncio.Task[None]] = set()
        self._steps: dict[str, Step] = {
            "outage": self._cut_off,
            "reset": self._cut_off,
            "hang": self._hang,
            "status": self._status,
            "late-effect": self._late_effect,
            "expire-sessions": self._expire_sessions,
            "refuse-credential": self._refuse_credential,
            "drop-answer": self._drop_answer,
            "half-body": self._half_body,
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        self.in_flight += 1
        try:
            return await self._serve(request)
        finally:
            self.in_flight -= 1

    async def forget_late_effects(self) -> None:
        """Cancel what was promised for later: a reset must not be followed by writes of before."""
        pending = list(self._later)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def stop(self) -> None:
        self._stopping.set()
        await self.forget_late_effects()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        at = self._clock.now()
        path, _, query = request.raw_path.partition("?")
        picked = self._faults.pick(request.method, path, at)
        entry = Entry(at=at, method=request.method, path=path, query=query, fault=picked.name)
        rule = picked.rule
        unread = rule is not None and rule.kind in UNREAD
        body = b"" if unread else await request.read()
        call = Call(method=request.method, path=path, query=query, headers=request.headers, body=body, at=at, rule=rule)
        entry.body = self._vendor.recorded_body(call)
        if picked.delay_s:
            await self._pause(picked.delay_s)
        if rule is None or rule.kind not in self._steps:
            return await self._send(request, entry, await self._do(call, entry))
        return await self._steps[rule.kind](request, call, entry, rule)

    # ── the steps of the fault kinds ─────────────────────────────────────────────────────────────

    async def _cut_off(self, request: web.Request, _call: Call, entry: Entry, _rule: Rule) -> web.StreamResponse:
        self._write(entry)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _hang(self, request: web.Request, _call: Call, entry: Entry, rule: Rule) -> web.StreamResponse:
        self._write(entry)
        await self._pause(rule.wait_s)
        entry.ended_at = self._clock.now()
        self._journal.amend(entry)
        return _close(request)

    async def _status(self, request: web.Request, _call: Call, entry: Entry, rule: Rule) -> web.StreamResponse:
        return await self._send(request, entry, _stated_answer(rule, self._vendor.error_answer(rule.status)))

    async def _late_effect(self, request: web.Request, call: Call, entry: Entry, rule: Rule) -> web.StreamResponse:
        refusal = self._vendor.admit(call)
        if refusal is not None:
            return await self._send(request, entry, refusal)
        self._write(entry)
        task = asyncio.create_task(self._do_later(replace(call, admitted=True), entry, rule.wait_s))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        if rule.hang:
            await self._pause(rule.wait_s)
        return _close(request)

    async def _expire_sessions(self, request: web.Request, call: Call, entry: Entry, _rule: Rule) -> web.StreamResponse:
        self._vendor.expire_sessions()
        return await self._send(request, entry, await self._do(call, entry))

    async def _refuse_credential(
        self, request: web.Request, call: Call, entry: Entry, _rule: Rule
    ) -> web.StreamResponse:
        return await self._send(request, entry, self._vendor.refuse_credential(call))

    async def _drop_answer(self, request: web.Request, call: Call, entry: Entry, _rule: Rule) -> web.StreamResponse:
        answer = await self._do(call, entry)
        entry.status = answer.status
        self._write(entry)
        return _close(request)

    async def _half_body(self, request: web.Request, call: Call, entry: Entry, _rule: Rule) -> web.StreamResponse:
        answer = await self._do(call, entry)
        entry.status = answer.status
        self._write(entry)
        response = web.StreamResponse(status=answer.status, headers=_headers(answer))
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
        _close(request)
        return response

    # ── doing, writing down, answering ───────────────────────────────────────────────────────────

    async def _do(self, call: Call, entry: Entry) -> Answer:
        note = Note(detail=entry.detail)
        try:
            return await self._vendor.answer(call, note)
        except Exception as problem:
            entry.detail["simulator_error"] = repr(problem)
            self._write(entry)
            raise
        finally:
            entry.effect = note.effect

    async def _do_later(self, call: Call, first: Entry, delay_s: float) -> None:
        await self._pause(first.at + delay_s - self._clock.now())
        if self._stopping.is_set():
            return
        entry = Entry(
            kind="late-effect",
            at=self._clock.now(),
            method=first.method,
            path=first.path,
            query=first.query,
            body=first.body,
            fault=first.fault,
            detail={"of": first.seq},
        )
        answer = await self._do(call, entry)
        entry.status = answer.status
        self._write(entry)

    async def _send(self, request: web.Request, entry: Entry, answer: Answer) -> web.StreamResponse:
        entry.status = answer.status
        entry.answered = request.transport is not None and not request.transport.is_closing()
        self._write(entry)
        response = web.Response(status=answer.status, body=answer.body, headers=_headers(answer))
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            if entry.answered:
                entry.answered = False
                self._journal.amend(entry)
        return response

    def _write(self, entry: Entry) -> None:
        if entry.fault != "hang":
            entry.ended_at = self._clock.now()
        self._journal.append(entry)

    async def _pause(self, seconds: float) -> None:
        """Wait, but never longer than the simulator lives."""
        if seconds <= 0:
            return
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            stopping.cancel()


def _close(request: web.Request) -> web.StreamResponse:
    """End the connection after what was written; the response returned only satisfies aiohttp."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _headers(answer: Answer) -> dict[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers}


def _stated_answer(rule: Rule, usual: Answer) -> Answer:
    """The rule's own body where it states one: JSON, or raw text with a content type of its own."""
    headers = dict(usual.headers) if rule.retry_after is None else {**usual.headers, "Retry-After": rule.retry_after}
    if not rule.has_body():
        return Answer(rule.status, usual.body, headers, usual.content_type)
    if rule.content_type is None:
        return Answer(rule.status, bytes(rule.body), headers)
    return Answer(rule.status, rule.raw_text().encode("utf-8"), headers, rule.content_type)
