"""What a page shows while the world goes on: load, an outage that begins and ends, rows that wait, pages that go."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from tests.browser.checks import complaints, layout, signed_in, violations
from tests.browser.conftest import Lab
from tests.browser.devtools import Tab
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, REVEAL, WITH_TOKENS, bearer, get
from tests.unit.streams.web.scenes import NO_ONE
from tests.unit.streams.web.worlds import (
    DESIRED,
    HOLD,
    REBASE,
    STOCK,
    Served,
    World,
    intake,
    lane,
    letter,
    served,
    target,
    worker,
)

pytestmark = pytest.mark.browser

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""As when a person comes back to the tab: the page asks at once."""
MINUTES = 60
PER_MINUTE = 12_720
BEHIND = range(30, 34)
"""Minutes in which the shop took longer."""
SILENT = range(45, 49)
"""Minutes in which another worker did not answer."""


async def _open(lab: Lab, one: Served, path: str = "/") -> Tab:
    tab = await lab.tab()
    await signed_in(tab)
    await tab.look(1280)
    await tab.open(one.url + path)
    return tab


def _loaded(world: World, minute: int) -> None:
    """The world of this minute; the lane's rows wait for four seconds, and for longer once."""
    now, taken = world.clock.micros(), 1_000_000 + PER_MINUTE * minute
    seconds, pending = (40, 9_400) if minute in BEHIND else (1 + minute % 3, 260 + 40 * (minute % 5))
    part = tuple(range(5)) if minute in SILENT else tuple(range(8))
    counts = {"accepted": taken, "handed": taken, "applied": taken // 4 - pending, "superseded": taken - taken // 4}
    accounted, written = {STOCK: counts}, {STOCK: {name: counts[name] for name in ("applied", "superseded")}}
    world.own = worker(
        1,
        part,
        url=world.own.url,
        intakes=(
            intake(STOCK, part, consumed=taken, lag_records=180 + 90 * (minute % 4), oldest_unfinished_s=0.4),
            intake(HOLD, part, consumed=210 + minute, lag_records=0, oldest_unfinished_s=0.0),
            intake(REBASE, part, consumed=2, lag_records=0, oldest_unfinished_s=0.0),
            intake(DESIRED, (0,), consumed=taken // 3, lag_records=12, oldest_unfinished_s=0.1),
        ),
        accounted=accounted,
        lane_accounted=written,
        targets=(target(last_answer_at=now - 200_000, requests={"200": 9_120 + 30 * minute, "429": 12}),),
        lane=lane(pending=pending, oldest_pending_since=now - seconds * 1_000_000, rows_per_call=500, applied=taken),
    )
    world.others = {NO_ONE: (5, 6, 7)} if minute in SILENT else {}


async def _an_hour(one: Served) -> None:
    for minute in range(MINUTES):
        one.world.clock.advance(timedelta(minutes=1))
        _loaded(one.world, minute)
        await get(f"{one.url}/status", bearer(OPERATE))


def test_an_hour_of_load_is_drawn_with_its_rate_its_peak_and_its_gap(lab: Lab) -> None:
    async def check() -> tuple[str, list[int], str, str, list[str]]:
        world = World()
        async with served(world, WITH_TOKENS) as one:
            await _an_hour(one)
            tab = await _open(lab, one)
            source = await tab.js("document.querySelector('svg.pic a').getAttribute('aria-label')")
            drawn = await tab.js(
                "['.e.w3', '.e.w2', '.e.w1'].map((w) => document.querySelectorAll('svg.pic ' + w).length)"
            )
            line = await tab.js("document.querySelectorAll('.kpi')[2].querySelector('.spark').outerHTML")
            oldest = await tab.js("document.querySelector('.kpi .spark').getAttribute('aria-label')")
            wrong = await layout(tab) + await complaints(tab, one) + await violations(tab)
            for width in (1280, 360):
                await tab.look(width)
                await lab.keep(tab, f"load-{width}")
            return source, drawn, line, oldest, wrong

    source, drawn, line, oldest, wrong = lab.run(check())
    assert source.startswith("WMS: works. 212/s. last ")
    assert drawn[0] >= 2
    assert 'class="gap"' in line
    assert line.count("<polyline") == 2
    assert "highest 40 s" in oldest
    assert wrong == []


def test_an_outage_is_announced_while_one_looks_and_so_is_its_end(lab: Lab) -> None:
    async def check() -> tuple[list[str], list[str], list[str]]:
        said: list[str] = []
        world = scenes.calm()
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one)
            for scene in (scenes.outage, scenes.calm):
                world.own = msgspec.structs.replace(scene().own, url=world.own.url)
                world.clock.advance(timedelta(seconds=10))
                await tab.js(LOOK_AGAIN)
                await tab.until(
                    f"document.querySelector('[data-verdict]').textContent !== {said[-1:] or ['Nothing needs you']}[0]"
                )
                said.append(await tab.js("document.getElementById('live').textContent"))
            lately = await tab.js("[...document.querySelectorAll('.lately tr')].map((r) => r.cells[1].textContent)")
            return said, lately, await complaints(tab, one)

    said, lately, problems = lab.run(check())
    assert said == ["1 thing needs you", "Nothing needs you"]
    assert "Breaker of adobe_commerce opened: TargetUnavailableError: connection refused" in lately
    assert "adobe_commerce answers again" in lately
    assert problems == []


def test_rows_under_the_focus_stay_over_a_second_update_too(lab: Lab) -> None:
    """The button that holds back new rows is the page's own: an update must not take it for a row to replace."""

    async def check() -> tuple[list[str], str, bool]:
        rows = "[...document.querySelectorAll('.groups tbody tr')]"
        world = World(letters=[letter(1)])
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one, "/dead-letters")
            await tab.js(f"document.querySelector('.groups tbody a').focus(); window.row = {rows}[0]")
            for number, reason in ((2, "bad-sku"), (3, "unknown-unit")):
                _index(one).add(letter(number, reason=reason, detail="x"))
                world.clock.advance(timedelta(seconds=5))
                await tab.js(LOOK_AGAIN)
                await tab.until(f"document.querySelector('.fresh')?.textContent === '{number - 1} new · show'")
            same = await tab.js(f"{rows}[0] === window.row && window.row.contains(document.activeElement)")
            before = await tab.js(f"{rows}.map((r) => r.querySelector('a').textContent)")
            await tab.js("document.querySelector('.fresh').click()")
            return before, await tab.js(f"{rows}.map((r) => r.querySelector('a').textContent).sort().join()"), same

    before, after, same = lab.run(check())
    assert (before, same) == (["Unknown location"], True)
    assert after == "Bad sku,Unknown location,Unknown unit"


def test_a_page_that_is_gone_is_not_taken_for_news(lab: Lab) -> None:
    """Its letters left the topic: the answer is 404, and what stands there grows old."""

    async def check() -> tuple[str, str]:
        world = World(letters=[letter(1)])
        async with served(world, WITH_TOKENS) as one:
            tab = await _open(lab, one, f"/dead-letters/{world.letters[0].group}")
            _index(one).clear()
            world.clock.advance(timedelta(seconds=5))
            await tab.js(LOOK_AGAIN)
            await tab.until("!document.getElementById('stale').hidden")
            return await tab.js("document.getElementById('stale').textContent"), await tab.js("document.title")

    bar, title = lab.run(check())
    assert bar.startswith("No new figures for ")
    assert "Unknown location" in title


def test_a_chosen_zone_stays_when_one_follows_the_picture(lab: Lab) -> None:
    async def check() -> tuple[list[str], str]:
        async with served(scenes.busy(), WITH_TOKENS) as one:
            tab = await _open(lab, one, "/?zone=utc")
            links = await tab.js("[...document.querySelectorAll('svg.pic a')].map((a) => a.getAttribute('href'))")
            await tab.open(one.url + next(link for link in links if "topic=" in link))
            return links, await tab.js("document.querySelector('.asof').textContent")

    links, strip = lab.run(check())
    assert all("zone=utc" in link for link in links)
    assert "Times: UTC" in strip


def test_a_letter_that_names_people_is_shown_to_one_person_after_the_look_was_noted(lab: Lab) -> None:
    person = letter(1, origin_topic="commerce.customer.v1", detail="mail 'a@example.org'", key="a@example.org")

    async def check() -> tuple[str, str, list[tuple[object, ...]], list[str]]:
        async with served(World(letters=[person]), WITH_TOKENS) as one:
            tab = await lab.tab()
            await signed_in(tab, REVEAL)
            await tab.look(360)
            await tab.open(f"{one.url}/dead-letters/{person.group}/{person.id}")
            before = await tab.js("document.querySelector('main').innerText")
            await lab.keep(tab, "letter-withheld-360")
            await tab.js("document.querySelector('[data-act]').click()")
            await tab.type("the customer asked")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("!document.getElementById('revealed').hidden")
            await tab.press("Escape")
            shown = await tab.js("document.getElementById('revealed').textContent")
            await lab.keep(tab, "letter-revealed-360")
            return before, shown, one.acts.done, await layout(tab) + await complaints(tab, one)

    before, shown, done, wrong = lab.run(check())
    assert "example.org" not in before
    for part in ("key: a@example.org", "message: mail 'a@example.org'", "decoded: no schema is known", "Hello"):
        assert part in shown, part
    assert [(act[0], act[1], act[3]) for act in done] == [("reveal", person.id, "the customer asked")]
    assert wrong == []


def test_a_letter_is_corrected_on_a_phone_and_the_page_tells_how_it_goes_on(lab: Lab) -> None:
    async def check() -> tuple[list[str], list[tuple[object, ...]], list[str]]:
        async with served(scenes.worked(), WITH_TOKENS) as one:
            one.letter_acts.go = asyncio.Event()
            tab = await lab.tab()
            await signed_in(tab)
            await tab.look(360)
            await tab.open(one.url + _path(one))
            button = "document.querySelector('[data-fields]')"
            await tab.js(f"{button}.click()")
            unchanged = await tab.js("document.getElementById('act-do').disabled")
            await tab.press("Escape")
            await tab.js("document.querySelector('[name=location_code]').value = \"DC-1's\"")
            await tab.js(f"{button}.click()")
            told = [await tab.js(f"document.getElementById('act-{part}').textContent") for part in ("what", "command")]
            await tab.type("typo of the sender")
            await lab.keep(tab, "letter-correct-360")
            await tab.js("document.getElementById('act-do').click()")
            await tab.until("document.getElementById('act-answer').textContent.includes('You may leave')")
            told.append(await tab.js("document.getElementById('act-answer').textContent"))
            one.letter_acts.go.set()
            await tab.until("document.getElementById('act-answer').textContent.startsWith('Done')")
            told.append(str(unchanged).lower())
            return told, one.letter_acts.done, await layout(tab) + await complaints(tab, one)

    told, done, wrong = lab.run(check())
    assert told[0].endswith("with these values: location_code = DC-1's.")
    assert told[1].endswith(" --set 'location_code=DC-1'\\''s'")
    assert told[2:] == ["0 of 1 … You may leave this page: it goes on.", "true"]
    assert done == [("edit", 1, {"location_code": "DC-1's"}, "token (operate)", "typo of the sender")]
    assert wrong == []


def _path(one: Served) -> str:
    open_one = one.world.letters[5]
    return f"/dead-letters/{open_one.group}/{open_one.id}"


def _index(one: Served):  # type: ignore[no-untyped-def]  # noqa: ANN202  the index of the served pages
    from streams.web.context import CONTEXT  # noqa: PLC0415

    return one.runner.app[CONTEXT].scene.index
