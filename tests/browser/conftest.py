"""One Chromium for all tests of this folder; without it they are skipped, and say so."""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.browser.devtools import Browser, Tab, chromium

ResultT = TypeVar("ResultT")
SHOTS = "BROWSER_SHOTS"
"""Folder for pictures; without it none is taken: they are for people, and cost a third of the time."""


class Lab:
    """The browser on an event loop of its own, so that one start serves every test."""

    def __init__(self, program: str, folder: Path, shots: Path | None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        self._shots = shots
        self._tabs: list[Tab] = []
        self._browser = self.run(Browser.start(program, folder))

    def run(self, work: Coroutine[Any, Any, ResultT], within_s: float = 120.0) -> ResultT:
        """What was opened for it is closed after it."""
        return asyncio.run_coroutine_threadsafe(self._tidied(work), self._loop).result(within_s)

    async def _tidied(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        try:
            return await work
        finally:
            while self._tabs:
                await self._tabs.pop().close()

    async def tab(self) -> Tab:
        self._tabs.append(await self._browser.tab())
        return self._tabs[-1]

    async def keep(self, tab: Tab, name: str) -> None:
        """A picture of the page, where somebody wants to look at it."""
        if self._shots is not None:
            await tab.picture(self._shots / f"{name}.png")

    def close(self) -> None:
        self.run(self._browser.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    program = chromium()
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install --no-install-recommends chromium")
    shots = Path(os.environ[SHOTS]) if os.environ.get(SHOTS) else None
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)
    one = Lab(program, tmp_path_factory.mktemp("chromium"), shots)
    yield one
    one.close()
