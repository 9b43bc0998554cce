"""Each page at four widths in two themes: whole, quiet, readable; the pictures are kept to be looked at."""

from urllib.parse import quote

import pytest

from tests.browser.checks import layout, looked_at, signed_in
from tests.browser.conftest import Lab
from tests.unit.streams.web.asking import OPERATE, WITH_TOKENS, bearer, get
from tests.unit.streams.web.scenes import HOSTILE_SKU, SCENES
from tests.unit.streams.web.worlds import Served, served

pytestmark = pytest.mark.browser

SIZES = tuple((width, scheme) for scheme in ("light", "dark") for width in (1280, 768, 360, 320))
CLOSELY = ((1280, "light"), (360, "light"), (1280, "dark"))
"""Where axe-core looks too, and a picture is kept."""
DESK_AND_PHONE = ((1280, "light"), (360, "dark"))
PAGES = {
    "overview": ("busy", "/", 200),
    "stock": ("busy", "/stock?sku=PUMP-200&ask=1", 200),
    "letters": ("busy", "/dead-letters", 200),
    "group": ("busy", "{group}", 200),
    "letter": ("busy", "{letter}", 200),
    "letters-worked": ("worked", "/dead-letters", 200),
    "group-worked": ("worked", "{group}", 200),
    "reconciliation": ("busy", "/reconciliation", 200),
    "completeness": ("busy", "/completeness", 200),
    "alerts": ("busy", "/alerts", 200),
    "settings": ("busy", "/settings", 200),
    "sign-in": ("calm", "/sign-in?again=1", 200),
    "not-found": ("calm", "/nothing", 404),
}
STATES = {
    "calm": ("calm", "/"),
    "zero": ("zero", "/"),
    "partial": ("partial", "/"),
    "partial-lane": ("partial-lane", "/"),
    "rebuilding": ("rebuilding", "/"),
    "shadow": ("shadow", "/"),
    "outage": ("outage", "/"),
    "stock-outage": ("outage", "/stock?sku=PUMP-200"),
    "twelve": ("twelve", "/"),
    "letters-unknown": ("letters-unknown", "/dead-letters"),
    "letters-none": ("calm", "/dead-letters"),
    "letter-superseded": ("worked", "{closed}"),
    "hostile-group": ("hostile", "{group}"),
    "hostile-closed": ("hostile", "{closed}"),
    "stock-form": ("calm", "/stock"),
    "stock-none": ("calm", "/stock?sku=NOPE"),
    "stock-silent": ("partial-lane", "/stock?sku=PUMP-200"),
    "hostile": ("hostile", "/"),
    "hostile-stock": ("hostile", f"/stock?sku={quote(HOSTILE_SKU, safe='')}"),
    "hostile-letters": ("hostile", "/dead-letters"),
    "hostile-letter": ("hostile", "{letter}"),
    "reconciliation-calm": ("calm", "/reconciliation"),
    "reconciliation-none": ("zero", "/reconciliation"),
    "reconciliation-silent": ("partial-lane", "/reconciliation"),
    "hostile-reconciliation": ("hostile", "/reconciliation"),
    "alerts-calm": ("calm", "/alerts"),
    "alerts-silent": ("partial-lane", "/alerts"),
    "hostile-alerts": ("hostile", "/alerts"),
    "hostile-settings": ("hostile", "/settings"),
}


async def _address(one: Served, path: str) -> str:
    if "{" not in path:
        return one.url + path
    data = (await get(f"{one.url}/api/v1/dead-letters", bearer(OPERATE))).data
    groups, closed = data["groups"], [line["href"] for line in data["closed"][1:2] or data["closed"]]
    return one.url + path.format(group=groups[0]["href"], letter=groups[0]["last"]["href"], closed="".join(closed))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_quiet_at_every_width_and_theme(lab: Lab, name: str) -> None:
    scene, path, status = PAGES[name]

    async def check() -> list[str]:
        async with served(SCENES[scene](), WITH_TOKENS) as one:
            tab = await lab.tab()
            if name != "sign-in":
                await signed_in(tab)
            address = await _address(one, path)
            return await looked_at(lab, tab, one, name, address, sizes=SIZES, closely=CLOSELY, status=status)

    assert lab.run(check()) == []


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_whole_and_quiet_on_a_desk_and_on_a_phone(lab: Lab, name: str) -> None:
    scene, path = STATES[name]

    async def check() -> list[str]:
        async with served(SCENES[scene](), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            return await looked_at(
                lab, tab, one, name, await _address(one, path), sizes=DESK_AND_PHONE, closely=DESK_AND_PHONE
            )

    assert lab.run(check()) == []


def test_text_twice_as_large_still_fits(lab: Lab) -> None:
    async def check() -> list[str]:
        wrong: list[str] = []
        async with served(SCENES["busy"](), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            await tab.look(640)
            for path in ("/", "/stock?sku=PUMP-200", "/dead-letters"):
                await tab.open(one.url + path)
                await tab.js("document.documentElement.style.fontSize = '200%'")
                wrong += await layout(tab)
        return wrong

    assert lab.run(check()) == []


def test_on_paper_times_are_absolute_folds_are_open_and_buttons_are_gone(lab: Lab) -> None:
    async def check() -> tuple[str, str, str, list[str]]:
        async with served(SCENES["twelve"](), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            await tab.look(800, "light", "print")
            await tab.open(f"{one.url}/")
            await tab.js("window.dispatchEvent(new Event('beforeprint'))")
            shown = await tab.js("getComputedStyle(document.querySelector('time[data-rel]'), '::after').content")
            buttons = await tab.js("getComputedStyle(document.querySelector('.btn')).display")
            listed = await tab.js("getComputedStyle(document.querySelector('.flowlist')).display")
            shut = await tab.js("[...document.querySelectorAll('details:not([open])')].map((d) => d.textContent)")
            await lab.keep(tab, "overview-print")
            return shown, buttons, listed, shut

    shown, buttons, listed, shut = lab.run(check())
    assert "2026-11-21" in shown
    assert "UTC" in shown
    assert (buttons, listed, shut) == ("none", "block", [])


def test_without_script_everything_can_be_read_and_acts_name_their_command(lab: Lab) -> None:
    async def check() -> tuple[str, int, list[str]]:
        async with served(SCENES["busy"](), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            await tab("Emulation.setScriptExecutionDisabled", value=True)
            await tab.look(1280)
            await tab.open(f"{one.url}/")
            text = await tab.js("document.body.innerText")
            buttons = await tab.js("[...document.querySelectorAll('[data-act]')].filter((b) => b.offsetWidth).length")
            await lab.keep(tab, "overview-no-script")
            return text, buttons, await layout(tab)

    text, buttons, wrong = lab.run(check())
    assert "for 36 min" in text
    assert "commerce-streams sinks pause commerce" in text
    assert (buttons, wrong) == (0, [])
