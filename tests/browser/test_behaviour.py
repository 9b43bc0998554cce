"""What a page does: signing in, acting, changing in place, growing stale, being reached by keys alone."""

from datetime import timedelta

import msgspec
import pytest

from tests.browser.checks import complaints, signed_in
from tests.browser.conftest import Lab
from tests.browser.devtools import Tab
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, WITH_TOKENS
from tests.unit.streams.web.scenes import HOSTILE_SKU
from tests.unit.streams.web.worlds import Served, World, lane, letter, serve, served

pytestmark = pytest.mark.browser

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""As when a person comes back to the tab: the page asks at once."""


SEEN_AT = "Math.round(document.querySelector('#accounting h2').getBoundingClientRect().top)"
"""Where a reader sees a line of the middle: what grows above it must not push it away."""


async def _open(lab: Lab, one: Served, path: str = "/") -> Tab:
    tab = await lab.tab()
    await signed_in(tab)
    await tab.look(1280)
    await tab.open(one.url + path)
    return tab


def test_a_person_signs_in_acts_once_and_signs_out(lab: Lab) -> None:
    async def check() -> tuple[list[tuple[object, ...]], str, list[str]]:
        async with served(scenes.calm(), WITH_TOKENS) as one:
            tab = await lab.tab()
            await tab.look(1280)
            await tab.open(f"{one.url}/")
            await tab.until("location.search.includes('again=1') && document.getElementById('token') !== null")
            await tab.js("document.getElementById('token').focus()")
            await tab.type(OPERATE)
            await tab.press("Tab")
            await tab.type("night shift")
            await tab.press("Enter")
            await tab.until("document.querySelector('#sink-commerce [data-act]')")
            tab.problems.clear()
            await tab.js("[...document.querySelectorAll('[data-act]')].find((b) => b.textContent === 'Pause').click()")
            await tab.type("no")
            await tab.js("document.getElementById('act-do').click()")
            too_short = await tab.js("document.getElementById('act-answer').textContent")
            await tab.type(" stock tonight")
            await tab.js("document.getElementById('act-do').click(); document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            await lab.keep(tab, "dialog-done")
            await tab.press("Escape")
            await tab.until("!document.getElementById('act').open && document.activeElement.dataset.act !== undefined")
            focus = await tab.js("document.activeElement.textContent")
            await tab.js("document.querySelector('.out button').click()")
            await tab.until("location.pathname === '/sign-in'")
            return one.acts.done, f"{too_short} / {focus}", [p for p in tab.problems if "401" not in p]

    done, said, problems = lab.run(check())
    assert done == [("sink", "commerce", "paused", "run", "night shift (operate)", "no stock tonight")]
    assert said == "Give a reason of at least 3 characters. / Pause"
    assert problems == []


def test_a_rebase_shows_its_change_before_it_can_be_done(lab: Lab) -> None:
    async def check() -> tuple[bool, str, list[tuple[object, ...]], str]:
        async with served(scenes.calm(), WITH_TOKENS) as one:
            tab = await _open(lab, one, "/stock?sku=PUMP-200")
            await tab.js(
                "[...document.querySelectorAll('[data-act]')].find((b) => b.dataset.ask === 'quantity').click()"
            )
            focus = await tab.js("document.activeElement.textContent")
            disabled = await tab.js("document.getElementById('act-do').disabled")
            await tab.js("document.getElementById('act-quantity').focus()")
            await tab.type("140")
            await tab.js("document.getElementById('act-preview').click()")
            await tab.until("document.getElementById('act-answer').textContent.includes('131 → 140')")
            says = await tab.js("document.getElementById('act-answer').textContent")
            await tab.js("document.getElementById('act-reason').focus()")
            await tab.type("counted by hand")
            await lab.keep(tab, "dialog-rebase")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            return disabled, says, one.acts.done, focus

    disabled, says, done, focus = lab.run(check())
    assert disabled
    assert "ON_HAND at WMS-01: 131 → 140." in says
    assert [(act[0], act[3]) for act in done] == [("rebase", 140_000_000)]
    assert focus == "Go back"


def test_figures_change_in_place_while_focus_scroll_and_folds_stay(lab: Lab) -> None:
    async def check() -> dict[str, object]:
        world = scenes.twelve()
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one)
            await tab.js("document.querySelector('.verdict details').open = true")
            await tab.js("window.first = document.querySelector('#sink-commerce dd'); scrollTo(0, 1400)")
            await tab.js("document.querySelector('#workers a, #intake a').focus({preventScroll: true})")
            top = await tab.js(SEEN_AT)
            world.own = msgspec.structs.replace(world.own, lane=lane(mode="shadow", pending=7))
            world.clock.advance(timedelta(seconds=5))
            await tab.until("document.querySelector('#sink-commerce dd').textContent.startsWith('shadow')")
            return {
                "same node": await tab.js("window.first === document.querySelector('#sink-commerce dd')"),
                "open": await tab.js("document.querySelector('.verdict details').open"),
                "stands still": await tab.js(SEEN_AT) == top,
                "focus": await tab.js("document.activeElement.tagName"),
                "problems": await complaints(tab, one),
            }

    assert lab.run(check()) == {
        "same node": True,
        "open": True,
        "stands still": True,
        "focus": "A",
        "problems": [],
    }


def test_rows_under_the_pointer_stay_and_new_ones_wait_behind_a_button(lab: Lab) -> None:
    async def check() -> tuple[list[str], str, list[str]]:
        keys = "[...document.querySelectorAll('.groups tbody tr')].map((r) => r.querySelector('a').textContent)"
        world = World(letters=[letter(1)])
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one, "/dead-letters")
            await tab.js("document.querySelector('.groups tbody a').focus()")
            index = _index(one)
            index.add(letter(2, reason="bad-sku", detail="x"))
            world.clock.advance(timedelta(seconds=5))
            await tab.js(LOOK_AGAIN)
            await tab.until("document.querySelector('.fresh')")
            before, label = await tab.js(keys), await tab.js("document.querySelector('.fresh').textContent")
            await tab.js("document.querySelector('.fresh').click()")
            return before, label, await tab.js(keys)

    before, label, after = lab.run(check())
    assert before == ["Unknown location"]
    assert label == "1 new · show"
    assert after == ["Bad sku", "Unknown location"]


def _index(one: Served):  # type: ignore[no-untyped-def]  # noqa: ANN202  the index of the served pages
    from streams.web.context import CONTEXT  # noqa: PLC0415

    return one.runner.app[CONTEXT].scene.index


def test_a_page_whose_worker_is_gone_says_so_shuts_its_acts_and_comes_back(lab: Lab) -> None:
    async def check() -> tuple[str, bool, bool]:
        world = scenes.calm()
        one = await serve(world, WITH_TOKENS)
        port = int(one.url.rsplit(":", 1)[1])
        tab = await _open(lab, one)
        await one.close()
        await tab.js(LOOK_AGAIN)
        await tab.until("!document.getElementById('stale').hidden", 12)
        text = await tab.js("document.getElementById('stale').textContent")
        shut = await tab.js("[...document.querySelectorAll('[data-act]')].every((b) => b.disabled)")
        await lab.keep(tab, "stale")
        again = await serve(world, WITH_TOKENS, port=port)
        await tab.js(LOOK_AGAIN)
        await tab.until("document.getElementById('stale').hidden", 20)
        back = await tab.js("[...document.querySelectorAll('[data-act]')].every((b) => !b.disabled)")
        await again.close()
        return text, shut, back

    text, shut, back = lab.run(check())
    assert text.startswith("No new figures for ")
    assert "What you see is from 2026-11-21 03:14:07 Europe/Berlin · 02:14:07 UTC. Trying again every 5 s." in text
    assert (shut, back) == (True, True)


def test_updates_can_be_paused_and_a_session_that_is_over_is_said(lab: Lab) -> None:
    async def check() -> tuple[str, str, str]:
        world = scenes.calm()
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one)
            await tab.js("document.getElementById('pause').click()")
            pressed = await tab.js("document.getElementById('pause').getAttribute('aria-pressed')")
            await tab.js(LOOK_AGAIN)
            world.own = msgspec.structs.replace(world.own, lane=lane(mode="shadow"))
            world.clock.advance(timedelta(seconds=5))
            still = await tab.js("document.querySelector('#sink-commerce dd').textContent.trim()")
            await tab("Network.setExtraHTTPHeaders", headers={})
            await tab.js("document.getElementById('pause').click()")
            await tab.until("!document.getElementById('stale').hidden")
            return pressed, still, await tab.js("document.getElementById('stale').textContent")

    pressed, still, over = lab.run(check())
    assert (pressed, still) == ("true", "run")
    assert over.startswith("Signed out.")


def test_everything_is_reached_by_tab_and_the_focus_is_seen(lab: Lab) -> None:
    async def check() -> tuple[list[str], list[str]]:
        seen: list[str] = []
        hidden: list[str] = []
        async with served(scenes.twelve(), WITH_TOKENS) as one:
            tab = await _open(lab, one)
            for _ in range(90):
                await tab.press("Tab")
                what = await tab.js(
                    "(() => { const e = document.activeElement; if (e === document.body) return '';"
                    " const s = getComputedStyle(e), box = e.querySelector('.box');"
                    " const ring = s.outlineStyle !== 'none' || (box && getComputedStyle(box).strokeWidth === '4px');"
                    " const name = (e.getAttribute('aria-label') || e.textContent).trim();"
                    " return (ring ? '' : '!') + e.tagName + ':' + name; })()"
                )
                if not what:
                    break
                (hidden if what.startswith("!") else seen).append(what)
        return seen, hidden

    seen, hidden = lab.run(check())
    text = "\n".join(seen)
    assert hidden == []
    assert seen[0] == "A:Skip to content"
    for wanted in ("Overview", "Pause updates", "See the sink", "4 more", "Stock lane: stopped", "BUTTON:Resume"):
        assert wanted in text, wanted


def test_hostile_text_stays_text_in_a_real_browser(lab: Lab) -> None:
    async def check() -> tuple[list[str], int, str]:
        async with served(scenes.hostile(), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab)
            await tab.look(1280)
            await tab.open(f"{one.url}/stock")
            await tab.js("document.getElementById('sku').focus()")
            await tab.type(HOSTILE_SKU)
            await tab.press("Enter")
            await tab.until("document.querySelector('main table')")
            foreign = await tab.js("document.querySelectorAll('main img, main script, main iframe, main b > b').length")
            return await complaints(tab, one), foreign, await tab.js("document.querySelector('main').innerText")

    problems, foreign, text = lab.run(check())
    assert problems == []
    assert foreign == 0
    assert "{{7*7}}" in text
    assert "<U+202E>" in text
    assert "\u202e" not in text


def test_ages_count_on_by_the_servers_clock(lab: Lab) -> None:
    async def check() -> str:
        async with served(scenes.busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one)
            await tab.until("document.querySelector('.asof time').textContent === '2 s ago'")
            return str(await tab.js("document.querySelector('.todo time').textContent"))

    assert lab.run(check()) == "36 min"
