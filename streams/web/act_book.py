"""Acts by id: the second click finds the first one, whether it still runs or has ended."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import msgspec

KEPT = 1000


class ActState(msgspec.Struct, frozen=True, kw_only=True):
    """An act as it stands; `text` says how it ended."""

    id: str
    act: str
    state: Literal["running", "done", "already", "failed"]
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

    def get(self, act_id: str) -> ActState | None:
        return self._ended.get(act_id)

    async def once(self, act_id: str, perform: Callable[[], Awaitable[ActState]]) -> ActState:
        """Performs it unless it was done; one that failed may be repeated."""
        lock = self._locks.setdefault(act_id, asyncio.Lock())
        try:
            async with lock:
                known = self._ended.get(act_id)
                if known is not None and known.state != "failed":
                    return known
                state = await perform()
                self._keep(state)
                return state
        finally:
            if not lock.locked():
                self._locks.pop(act_id, None)

    def _keep(self, state: ActState) -> None:
        self._ended[state.id] = state
        self._ended.move_to_end(state.id)
        while len(self._ended) > KEPT:
            self._ended.popitem(last=False)
