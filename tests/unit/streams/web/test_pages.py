"""Every page in every state: it is rendered, it is inert, and it says what its JSON says."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, WITH_TOKENS, bearer, get
from tests.unit.streams.web.scenes import HOSTILE_SKU
from tests.unit.streams.web.worlds import Served, served

pytestmark = pytest.mark.anyio

NUMBER = re.compile(r"(?<![\w.,+])\d[\d,]*(?:\.\d+)?(?![\w])")
VOID = {"meta", "link", "input", "br", "use", "path", "rect", "line", "polyline"}


class Visible(HTMLParser):
    """Text that a person sees; times are left out, because their words count on."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        hidden = {"time", "script", "title", "dialog", "noscript", "footer"}
        if not hidden & set(self._open):
            self.text.append(data)


def _parsed(html: str) -> Visible:
    parser = Visible()
    parser.feed(html)
    return parser


def _numbers(text: str) -> set[str]:
    return {one.replace(",", "").rstrip(".") for one in NUMBER.findall(text)}


def _told(value: object) -> set[str]:
    """Every number of a JSON value, also those inside its sentences; a list tells its length."""
    if isinstance(value, dict):
        return set(value).union(*(_told(one) for one in value.values()))
    if isinstance(value, list):
        return set().union({str(len(value))}, *(_told(one) for one in value))
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, float):
        return {f"{value:.3f}".rstrip("0").rstrip(".")}
    return {str(value)} if isinstance(value, int) else _numbers(str(value)) | {str(value)}


OF_PAGES = {
    "/": "/status",
    "/stock?sku=PUMP-200": "/api/v1/stock?sku=PUMP-200",
    "/dead-letters": "/api/v1/dead-letters",
    "/reconciliation": "/api/v1/reconciliation",
    "/completeness": "/api/v1/completeness",
    "/alerts": "/api/v1/alerts",
    "/settings": "/api/v1/settings",
}
STANDING = {"24", "3", "0"}
"""What templates state by themselves: the span of a list, the limit of a call, the floor of the formula."""


@pytest.mark.parametrize("path", OF_PAGES)
@pytest.mark.parametrize("name", [name for name in scenes.SCENES if name != "hostile"])
async def test_every_number_of_a_page_stands_in_its_json(name: str, path: str) -> None:
    async with served(scenes.SCENES[name]()) as one:
        page, data = await get(one.url + path), await get(one.url + OF_PAGES[path])
        letters = await get(f"{one.url}/api/v1/dead-letters")
        own = await get(f"{one.url}/api/v1/worker")
        firing = (await get(f"{one.url}/api/v1/alerts")).data["headline"]
        open_needs = (await get(f"{one.url}/status")).data["verdict"]["headline"]

    shown = _numbers(" ".join(_parsed(page.text).text))
    told = _told(data.json) | _told(letters.data["total"]) | _told(own.data["version"]) | _numbers(own.data["version"])
    told |= _numbers(open_needs) | _numbers(firing)
    assert page.status == data.status == 200
    assert shown <= told | STANDING, sorted(shown - told - STANDING)


async def _letter_paths(one: Served) -> list[str]:
    groups = (await get(f"{one.url}/api/v1/dead-letters", bearer(OPERATE))).data["groups"]
    return [path for group in groups[:1] for path in (group["href"], group["last"]["href"])]


@pytest.mark.parametrize("name", scenes.SCENES)
async def test_every_page_is_whole_in_every_state(name: str) -> None:
    skus = ("PUMP-200", "NOPE", HOSTILE_SKU)
    async with served(scenes.SCENES[name](), WITH_TOKENS) as one:
        paths = [
            "/",
            "/stock",
            "/dead-letters",
            "/reconciliation",
            "/completeness",
            "/alerts",
            "/settings",
            "/nothing",
            "/stock?sku=%20",
        ]
        paths += await _letter_paths(one)
        paths += [f"/stock?sku={quote(sku, safe='')}{ask}" for sku in skus for ask in ("", "&ask=1")]
        answers = {path: await get(one.url + path, bearer(OPERATE)) for path in paths}

    for path, answer in answers.items():
        assert answer.status in (200, 400, 404), path
        assert answer.text.rstrip().endswith("</html>"), path
        assert answer.text.count("<h1") == 1, path
        assert len(answer.text) < 200_000, path


async def test_hostile_text_is_inert_and_visible_everywhere() -> None:
    async with served(scenes.hostile(), WITH_TOKENS) as one:
        paths = [
            "/",
            "/dead-letters",
            "/reconciliation",
            "/completeness",
            "/alerts",
            "/settings",
            f"/stock?sku={quote(HOSTILE_SKU, safe='')}&ask=1",
            *await _letter_paths(one),
        ]
        pages = [(await get(one.url + path, bearer(OPERATE))).text for path in paths]

    for page in pages:
        parsed = _parsed(page)
        assert not [tag for tag, _attributes in parsed.tags if tag in ("img", "b2", "iframe", "object")]
        assert not [name for _tag, attributes in parsed.tags for name in attributes if name.startswith("on")]
        assert [attributes.get("src", "") for tag, attributes in parsed.tags if tag == "script"][0:1]
        assert sum(tag == "script" for tag, _ in parsed.tags) == 1
        text = "".join(parsed.text)
        assert "\u202e" not in text
        assert "49" not in re.findall(r"\{\{.*?\}\}", text)
    assert "&lt;U+202E&gt;" in "".join(pages)
    assert "{{7*7}}" in "".join(pages)


async def test_without_script_times_acts_and_links_still_say_everything() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/", bearer(OPERATE))).text

    assert 'title="2026-11-21 02:38:07 Europe/Berlin · 01:38:07 UTC">36 min</time>' in page
    assert "acts need JavaScript. Same thing: <code>commerce-streams sinks pause commerce</code>" in page


@pytest.mark.parametrize(
    ("query", "shows", "other"), [("", "Europe/Berlin", "show UTC"), ("?zone=utc", "UTC", "show Europe/Berlin")]
)
async def test_one_zone_per_page_and_one_click_to_the_other(query: str, shows: str, other: str) -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/{query}", bearer(OPERATE))).text

    assert f"Times: {shows} <a" in page
    assert other in page
    titles = re.findall(r'title="(\d{4}[^"]+)"', page)
    assert all(title.endswith(" UTC") and ("Europe/Berlin" in title) == (shows != "UTC") for title in titles)
    if query:
        assert 'href="/stock?zone=utc"' in page
        assert 'href="/?zone=utc#sink-commerce"' in page


async def test_nothing_is_shown_green_that_depends_on_a_silent_worker() -> None:
    async with served(scenes.partial_without_lane(), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/", bearer(OPERATE))).text

    sink = page.partition('id="sink-commerce"')[2].partition("</section>")[0]
    sums = page.partition('id="accounting"')[2].partition("</section>")[0]
    assert "#i-ok" not in sink
    assert "#i-ok" not in sums
    assert "1 of 2 workers answered" in page


def _folded(page: str) -> str:
    """What stands in folds that are shut."""
    return " ".join(re.findall(r"<details><summary>(.*?)</details>", page, flags=re.DOTALL))


async def test_what_is_well_or_was_never_there_is_folded_and_what_is_not_stands_open() -> None:
    async with served(scenes.twelve(), WITH_TOKENS) as one, served(scenes.partial(), WITH_TOKENS) as other:
        page = (await get(f"{one.url}/", bearer(OPERATE))).text
        in_part = (await get(f"{other.url}/", bearer(OPERATE))).text

    intake = page.partition('id="intake"')[2].partition("</section>")[0]
    assert "4 topics are open" in intake
    assert "inventory.hold.v1" in _folded(intake)
    assert "Resume" not in _folded(intake)
    assert "Resume" in intake
    known_in_part = in_part.partition('id="intake"')[2].partition("</section>")[0]
    assert "5 topics are known in part only" in known_in_part
    assert "are open" not in known_in_part


async def test_a_source_that_never_sent_is_one_folded_line_on_small_screens() -> None:
    async with served(scenes.zero(), WITH_TOKENS) as one:
        page = (await get(f"{one.url}/", bearer(OPERATE))).text

    listed = page.partition('class="flowlist"')[2].partition("</section>")[0]
    assert "4 sources have sent nothing yet" in listed
    assert "Source WMS" not in listed
