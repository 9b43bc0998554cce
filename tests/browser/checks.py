"""What is asked of every page: nothing overflows, nothing complains, everything can be read and reached."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from tests.browser.conftest import Lab
from tests.browser.devtools import Tab
from tests.unit.streams.web.asking import OPERATE
from tests.unit.streams.web.worlds import Served

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]

OVERFLOW = """(() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > wide + 1 && !e.closest(".tw, nav, pre, svg, .skip, .vh");
  });
  return [document.documentElement.scrollWidth > wide, ...out.slice(0, 5).map((e) => e.tagName + "." + e.className)];
})()"""
OUTSIDE_BOX = """[...document.querySelectorAll("svg.pic a")].flatMap((a) => {
  const box = a.querySelector("rect").getBBox();
  return [...a.querySelectorAll("text")].filter((t) => {
    const at = t.getBBox();
    return at.width && (at.x < box.x || at.x + at.width > box.x + box.width);
  }).map((t) => t.textContent);
})"""
SMALL = """[...document.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter((e) => {
  const box = e.getBoundingClientRect();
  return box.width && (box.height < 24 || box.width < 24) && !e.closest("p, td, th, dd, svg, .sub, .skip, li");
}).map((e) => e.tagName + ":" + e.textContent.slice(0, 30))"""


@cache
def _axe() -> str:
    return AXE.read_text()


async def signed_in(tab: Tab, token: str = OPERATE) -> None:
    """As a program signs in; what people do is a test of its own."""
    await tab("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {token}"})


async def violations(tab: Tab) -> list[str]:
    """What axe-core finds; it is injected past the policy, which the page itself cannot do, once a page."""
    if not await tab.js("typeof axe === 'object'"):
        await tab("Runtime.evaluate", expression=_axe())
    run = f"axe.run(document, {{runOnly: {msgspec.json.encode(TAGS).decode()}, resultTypes: ['violations']}})"
    found = await tab.js(
        f"{run}.then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html.slice(0, 160) + ' '"
        " + (v.nodes[0].failureSummary || '').slice(0, 200)))"
    )
    return list(found)


async def complaints(tab: Tab, one: Served, *, status: int = 200) -> list[str]:
    """Whatever the browser said of the page, and every host that it asked beside ours."""
    expected = f"the server responded with a status of {status}"
    own = one.url.partition("://")[2]
    found = [problem for problem in tab.problems if status == 200 or expected not in problem]
    return found + sorted(host for host in tab.hosts if host != own)


Size = tuple[int, str]
"""Width in px, light or dark."""


async def looked_at(  # noqa: PLR0913  what, where, and how closely
    lab: Lab,
    tab: Tab,
    one: Served,
    name: str,
    address: str,
    *,
    sizes: Sequence[Size],
    closely: Sequence[Size],
    status: int = 200,
) -> list[str]:
    """Everything that is wrong with one page at each size; loaded once, at the first, and then changed in place."""
    wrong: list[str] = []
    for size in sizes:
        await tab.look(*size)
        if size == sizes[0]:
            await tab.open(address)
        found = await layout(tab)
        if size in closely:
            found += await violations(tab)
            await lab.keep(tab, f"{name}-{size[0]}-{size[1]}")
        wrong += [f"{size[0]} {size[1]}: {one_found}" for one_found in found]
    return wrong + await complaints(tab, one, status=status)


async def layout(tab: Tab) -> list[str]:
    """What runs over the page's edge or out of its box, and what is too small to hit."""
    over = await tab.js(OVERFLOW)
    found = [f"overflow: {over}"] if over != [False] else []
    found += [f"outside its box: {text}" for text in await tab.js(OUTSIDE_BOX)]
    return found + [f"too small: {what}" for what in await tab.js(SMALL)]
