"""Acts by id: the second click finds the first one, whether it still runs or has ended."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import msgspec

from streams.runtime.logs import logger

KEPT = 1000
REPEATABLE = frozenset({"failed", "refused"})
"""Acts that did nothing, or of which it is not known: the same id may try again."""
_LOG = logger("streams.web")


class ActState(msgspec.Struct, frozen=True, kw_only=True):
    """An act as it stands; `text` says how it ended."""

    id: str
    act: str
    state: Literal["running", "done", "already", "refused", "failed"]
    done: int = 0
    total: int = 1
    failed: int = 0
    text: str
    by: str
    at: datetime


class ActBook:
    """Of this worker; what outlives it stands in the audit."""

    def __init__(self) -> None:
        self._ended: OrderedDict[str, ActState] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def get(self, act_id: str) -> ActState | None:
        return self._ended.get(act_id)

    async def once(self, act_id: str, perform: Callable[[], Awaitable[ActState]]) -> ActState:
        """Performs it unless it was done; one that failed may be repeated."""
        lock = self._locks.setdefault(act_id, asyncio.Lock())
        try:
            async with lock:
                known = self._ended.get(act_id)
                if known is not None and known.state not in REPEATABLE:
                    return known
                state = await perform()
                self._keep(state)
                return state
        finally:
            if not lock.locked():
                self._locks.pop(act_id, None)

    def begin(self, running: ActState, perform: Callable[[], Awaitable[ActState]]) -> "asyncio.Task[None] | None":
        """Begins what takes longer than an answer may, unless it was begun; its task while it runs."""
        known = self._ended.get(running.id)
        if known is None or known.state in REPEATABLE:
            self._keep(running)
            self._running[running.id] = asyncio.ensure_future(self._run(running, perform))
        return self._running.get(running.id)

    async def _run(self, running: ActState, perform: Callable[[], Awaitable[ActState]]) -> None:
        state = msgspec.structs.replace(running, state="failed", text="It failed; the worker's log has the cause.")
        try:
            state = await perform()
        except Exception:  # noqa: BLE001  nobody awaits it: the person sees that it failed
            _LOG.exception("act-failed", act=running.act)
        finally:
            self._keep(state)
            del self._running[running.id]

    def note(self, act_id: str, done: int, total: int) -> None:
        """How far a running act is."""
        known = self._ended.get(act_id)
        if known is not None and known.state == "running":
            self._ended[act_id] = msgspec.structs.replace(known, done=done, total=total)

    async def stop(self) -> None:
        """What runs is left as it is: its letters are open, or closed, one by one."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=2)

    def _keep(self, state: ActState) -> None:
        self._ended[state.id] = state
        self._ended.move_to_end(state.id)
        while len(self._ended) > KEPT:
            self._ended.popitem(last=False)
