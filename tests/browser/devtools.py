"""Chromium over the DevTools protocol, with aiohttp's web socket: open a page, look, press keys, take a picture."""

import asyncio
import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
    "--disable-background-networking",
    "--disable-component-update",
)
STARTS_WITHIN_S = 30.0
ANSWERS_WITHIN_S = 30.0
Params = dict[str, Any]  # Any: the protocol's JSON


def chromium() -> str | None:
    """The program, where this machine has it."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


class Tab:
    """One page; `problems` collects whatever the browser complained of."""

    def __init__(self, browser: "Browser", session: str, context: str) -> None:
        self._browser, self._session, self._context = browser, session, context
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self._loaded = asyncio.Event()

    async def __call__(self, method: str, **params: object) -> Params:
        return await self._browser.call(method, self._session, params)

    def heard(self, method: str, params: Params) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"].get("exception", {}).get("description", params))[:300])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.problems.append(str(params["args"])[:300])
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"a dialog opened: {params['message']}")
        elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith("data:"):
            self.hosts.add(params["request"]["url"].split("/")[2])

    async def look(self, width: int, scheme: str = "light", media: str = "") -> None:
        """How wide, which theme, screen or print."""
        await self(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self("Emulation.setEmulatedMedia", media=media, features=features)

    async def open(self, url: str) -> None:
        """Until everything is loaded and the script ran."""
        self.problems.clear()
        self.hosts.clear()
        self._loaded.clear()
        await self("Page.navigate", url=url)
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await self._loaded.wait()

    async def js(self, expression: str) -> Any:  # Any: whatever the page answers
        found = await self("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"].get("exception", found))
        return found["result"].get("value")

    async def until(self, expression: str, within_s: float = 15.0) -> None:
        """Asks the page until it says true, also across its navigations."""
        async with asyncio.timeout(within_s):
            while not await self._says(expression):  # noqa: ASYNC110  another process: nothing tells us
                await asyncio.sleep(0.05)  # noqa: TID251

    async def _says(self, expression: str) -> bool:
        try:
            return bool(await self.js(f"Boolean({expression})"))
        except AssertionError:
            return False  # it is between two pages

    async def press(self, key: str, *, shift: bool = False) -> None:
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}
        text = {"Enter": "\r", " ": " "}.get(key, "")
        common = {"key": key, "windowsVirtualKeyCode": codes[key], "modifiers": 8 if shift else 0}
        await self("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        await self("Input.dispatchKeyEvent", type="keyUp", **common)

    async def type(self, text: str) -> None:
        await self("Input.insertText", text=text)

    async def close(self) -> None:
        """With its cookies; a page that is left open goes on asking its worker."""
        await self._browser.call("Target.disposeBrowserContext", None, {"browserContextId": self._context})

    async def picture(self, path: Path) -> None:
        """The whole page, at most 4,200 px of it."""
        size = (await self("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4200), "scale": 1}
        shot = await self("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


class Browser:
    """One process and one connection to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path) -> None:
        self.process, self.folder = process, folder
        self._waiting: dict[int, asyncio.Future[Params]] = {}
        self._tabs: dict[str, Tab] = {}
        self._number = 0
        self._http = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, program: str, folder: Path) -> "Browser":
        process = await asyncio.to_thread(_spawn, [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"])
        browser = cls(process, folder)
        port, path = await browser._address()
        browser._socket = await browser._http.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0)
        browser._reading = asyncio.ensure_future(browser._read())
        return browser

    async def _address(self) -> tuple[str, str]:
        """Chromium writes its port into a file."""
        file = self.folder / "DevToolsActivePort"
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not (file.exists() and len(words := file.read_text().split()) == 2):
                assert self.process.poll() is None, "Chromium ended at once"
                await asyncio.sleep(0.05)  # noqa: TID251  another process: there is nothing to await
        return words[0], words[1]

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            elif told.get("sessionId") in self._tabs:
                self._tabs[told["sessionId"]].heard(told["method"], told["params"])

    async def call(self, method: str, session: str | None, params: Params) -> Params:
        assert self._socket is not None
        self._number += 1
        answer: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        message = {"id": self._number, "method": method, "params": params}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            told = await answer
        if "error" in told:
            raise AssertionError(f"{method}: {told['error']}")
        found: Params = told["result"]
        return found

    async def tab(self) -> Tab:
        """A new one, with a store of its own for cookies."""
        context = (await self.call("Target.createBrowserContext", None, {}))["browserContextId"]
        target = await self.call("Target.createTarget", None, {"url": "about:blank", "browserContextId": context})
        attached = await self.call("Target.attachToTarget", None, {"targetId": target["targetId"], "flatten": True})
        tab = self._tabs[attached["sessionId"]] = Tab(self, attached["sessionId"], context)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab(f"{domain}.enable")
        return tab

    async def close(self) -> None:
        """Asked to end by itself: a signal it thinks about for seconds."""
        if self._socket is not None:
            await self.call("Browser.close", None, {})
            await self._socket.close()
        if self._reading is not None:
            self._reading.cancel()
        await self._http.close()
        try:
            await asyncio.to_thread(self.process.wait, 3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait, 10)


def _spawn(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
