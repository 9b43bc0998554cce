"""Pictures of every page of a real system: stock, orders, letters, a comparison with the shop, and a fault.

python -m tests.browser.screenshots [FOLDER] [--orders NUMBER]    (make screenshots)

Real Kafka, a simulated shop and ERP, two workers, and Prometheus where it is installed.  Each page is taken on a desk,
light and dark, and on a phone; the ends of the story are states of their own: nothing yet, calm, trouble, a worker that
is silent, a page that grows stale.  What a look can find by itself (overflow, small targets, complaints of the browser)
is printed; it ends with 1 then.  Looking at the pictures is for a person.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulators.local_stack.registry import Registry
from streams.runtime.operating.posting import Outgoing
from tests.browser.checks import layout
from tests.browser.devtools import Browser, Tab, chromium
from tests.faults.order_system import OrderSystem
from tests.integration.cli.desk import Desk
from tests.monitor import RULES, Prometheus, is_there
from tests.processes import Worker, call, free_port, until
from tests.proofs.drift import Foreigner

OPERATE, READ = "operate-token-1", "read-token-1"
DESK, PHONE = 1280, 360
LOOKS = ((DESK, "light"), (DESK, "dark"), (PHONE, "light"))
STOCK, SKU = "wms.stock-change.v1", "SKU-00003"
ORDERS = 12


class Camera:
    """One tab, signed in as a person does it; `found` is what a look by itself has to say."""

    def __init__(self, tab: Tab, folder: Path) -> None:
        self._tab, self._folder = tab, folder
        self.found: list[str] = []

    async def sign_in(self, url: str) -> None:
        """Before it, the page of the sign-in itself is taken."""
        await self.take("sign-in", f"{url}/sign-in?again=1")
        await self._tab.open(f"{url}/sign-in?again=1")
        await self._tab.js("document.getElementById('token').focus()")
        await self._tab.type(OPERATE)
        await self._tab.press("Enter")
        await self._tab.until("document.getElementById('top') !== null")

    async def take(self, name: str, address: str, *, before: str = "", then: str = "") -> None:
        """At each width and theme; `before` is done on the page first, `then` is waited for."""
        for width, scheme in LOOKS:
            await self._tab.look(width, scheme)
            await self._tab.open(address)
            if before:
                await self._tab.js(before)
            if then:
                await self._tab.until(then, 60)
            await self.keep(f"{name}-{'phone' if width == PHONE else 'desk'}-{scheme}")

    async def keep(self, name: str) -> None:
        """What is on the screen now."""
        complaints = [text for text in self._tab.problems if "status of 4" not in text]
        self.found += [f"{name}: {text}" for text in [*await layout(self._tab), *complaints]]
        await self._tab.picture(self._folder / f"{name}.png")
        print(f"   {name}.png", flush=True)

    async def grown_stale(self, url: str, worker: Worker) -> None:
        """The worker that answers stands still while its page is open."""
        await self._tab.look(DESK, "light")
        await self._tab.open(f"{url}/")
        worker.signal(signal.SIGSTOP)
        try:
            await self._tab.until("!document.getElementById('stale').hidden", 60)
            await self.keep("stale-desk-light")
            await self._tab.look(PHONE, "dark")
            await self.keep("stale-phone-dark")
        finally:
            worker.signal(signal.SIGCONT)


def ask(url: str) -> Any:  # Any: JSON
    return call(url, timeout=20, headers={"Authorization": f"Bearer {OPERATE}"})["data"]


class Story:
    """The system and what becomes of it."""

    def __init__(self, system: OrderSystem, orders: int) -> None:
        self.system, self._orders = system, orders
        self.worker = system.worker("worker-1").wait_ready(180)
        self.url = self.worker.url

    def act(self, *arguments: str) -> None:
        self.system.command(*arguments, "--url", self.url, expect=None)

    def calm(self) -> None:
        """Everything arrives and is written; a comparison agrees."""
        self.system.open_stock()
        self.system.trade(3, 20)
        self.system.place(self._orders)
        self.system.wait_equal()
        self.system.wait_booked()
        self.act("reconcile", "stock", "--full", "--reason", "as every morning")

    def trouble(self) -> None:
        """Two kinds of letters, edits of somebody else, refused orders, and a shop that refuses our credential."""
        self._set_aside()
        self._edit_at_the_shop()
        self.act("reconcile", "stock", "--full", "--reason", "somebody edited at the shop")
        self.system.break_creates(kind="status", status=400)
        self.system.place(3)
        until(lambda: self._orders_held() >= 3, within=90, what="orders are held")
        self.system.shop.fault(kind="status", status=401)
        self.system.trade(5, 20)
        until(self._refused, within=60, what="the shop refuses us")

    def _set_aside(self) -> None:
        desk = Desk(self.system.environ)
        unknown = [desk.stock_change(f"SKU-{n:05d}", "DC-9", 9_000 + n) for n in range(1, 25)]
        wrong = [desk.stock_change(f"SKU-{n:05d}", "W1", 9_100 + n, uom="PAL") for n in range(1, 4)]
        records = [Outgoing(STOCK, f"SKU-{n:05d}".encode(), value) for n, value in enumerate(unknown, 1)]
        desk.post(records + [Outgoing(STOCK, f"SKU-{n:05d}".encode(), value) for n, value in enumerate(wrong, 1)])
        desk.close()
        letters = f"{self.url}/api/v1/dead-letters"
        until(lambda: ask(letters)["open"] >= len(unknown), within=60, what="letters are set aside")

    def _edit_at_the_shop(self) -> None:
        pairs = sorted(self.system.shop.source_items())[:3]
        Foreigner(self.system.shop.url).write((pair, 777) for pair in pairs)

    def _orders_held(self) -> int:
        return len(self._held())

    def _held(self) -> list[Any]:
        found: list[Any] = ask(f"{self.url}/api/v1/orders?state=held")["items"]
        return found

    def _refused(self) -> bool:
        targets = ask(f"{self.url}/api/v1/worker")["targets"]
        return any(one["state"] == "needs-operator" for one in targets)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Name and path of each page, as the system is now."""
        groups = ask(f"{self.url}/api/v1/dead-letters")["groups"]
        held = self._held()
        yield from (("overview", "/"), ("stock", f"/stock?sku={SKU}"), ("orders", "/orders"))
        yield from (("letters", "/dead-letters"), ("reconciliation", "/reconciliation"), ("alerts", "/alerts"))
        yield from (("settings", "/settings"), ("not-found", "/nothing-here"), ("stock-none", "/stock?sku=NO-SUCH"))
        yield "order", f"/orders/{quote(min(self.system.wanted))}"
        if held:
            yield "order-held", held[0]["href"]
        if groups:
            yield from (("group", groups[0]["href"]), ("letter", groups[0]["last"]["href"]))


ACT = "[...document.querySelectorAll('main [data-act]')].find((b) => b.textContent.startsWith('{0}')).click()"


async def pictures(story: Story, camera: Camera) -> None:
    """Every state after the other."""
    url = story.url
    print("── nothing yet", flush=True)
    await camera.sign_in(url)
    for name, path in (("overview", "/"), ("letters", "/dead-letters"), ("orders", "/orders"), ("alerts", "/alerts"),
                       ("reconciliation", "/reconciliation"), ("stock-form", "/stock")):  # fmt: skip
        await camera.take(f"empty-{name}", url + path)
    print("── calm", flush=True)
    await asyncio.to_thread(story.calm)
    for name in ("overview", "stock", "order", "reconciliation", "alerts"):
        await camera.take(f"calm-{name}", url + dict(story.addresses())[name])
    print("── trouble", flush=True)
    await asyncio.to_thread(story.trouble)
    for name, path in tuple(story.addresses()):
        await camera.take(name, url + path)
    group = dict(story.addresses())["group"]
    await camera.take("dialog-retry", url + group, before=ACT.format("Retry"))
    await camera.take("stock-ask-shop-refused", f"{url}/stock?sku={SKU}&ask=1")
    print("── a worker is silent", flush=True)
    other = await asyncio.to_thread(lambda: story.system.worker("worker-2").wait_ready(180))
    other.signal(signal.SIGSTOP)
    await camera.take("silent-overview", f"{url}/")
    await camera.take("silent-alerts", f"{url}/alerts")
    other.kill()
    print("── the page grows stale", flush=True)
    await camera.grown_stale(url, story.worker)


@contextmanager
def prometheus_beside(folder: Path, port: int, worker: int) -> Iterator[None]:
    if not is_there("prometheus"):
        print("prometheus is not installed: the page of alerts says that it does not answer", flush=True)
        yield
        return
    prometheus = Prometheus(folder, [worker], RULES, port)
    prometheus.start()
    try:
        prometheus.wait_scraped(2)
        yield
    finally:
        prometheus.end()


def environ(prometheus: int) -> dict[str, str]:
    """As a site would set it."""
    return {
        "STREAMS_WEB__TOKEN": OPERATE,
        "STREAMS_WEB__READ_TOKEN": READ,
        "STREAMS_WEB__ENVIRONMENT": "staging",
        "STREAMS_WEB__TIME_ZONE": "Europe/Berlin",
        "STREAMS_WEB__PROMETHEUS_URL": f"http://127.0.0.1:{prometheus}",
        "STREAMS_WEB__RUNBOOKS_URL": "https://docs.example/commerce-streams",
        "STREAMS_INVENTORY__LATENCY_TARGET_S": "60",
    }


async def _photographed(program: str, story: Story, folder: Path, home: Path) -> list[str]:
    browser = await Browser.start(program, home)
    try:
        camera = Camera(await browser.tab(), folder)
        await pictures(story, camera)
    finally:
        await browser.close()
    return camera.found


def main(arguments: list[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    asked.add_argument("folder", nargs="?", type=Path, default=Path("out/screenshots"))
    asked.add_argument("--orders", type=int, default=ORDERS)
    given = asked.parse_args(arguments)
    program = chromium()
    if program is None:
        print("Chromium is not installed: apt-get install --no-install-recommends chromium", file=sys.stderr)
        return 2
    given.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pictures-", ignore_cleanup_errors=True)))
        registry = stack.enter_context(Registry(home / "registry"))
        port = free_port()
        system = OrderSystem(home, registry.url, items=24, overrides=environ(port))
        stack.callback(system.end)
        system.start()
        story = Story(system, given.orders)
        stack.enter_context(prometheus_beside(home, port, story.worker.port))
        found = asyncio.run(_photographed(program, story, given.folder, home / "chromium"))
    print("\n".join(found) or f"pictures in {given.folder}; nothing ran over an edge or complained", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
