"""What stands on every answer, and what failures look like."""

import re

import pytest

from streams.web import facts as f
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, WITH_TOKENS, bearer, get, post
from tests.unit.streams.web.worlds import World, served

pytestmark = pytest.mark.anyio

PATHS = ("/", "/status", "/healthz", "/readyz", "/metrics", "/stock?sku=PUMP-200", "/dead-letters", "/settings",
         "/sign-in", "/nothing", "/static/none.css", "/api/v1/nothing", "/stock?sku=%00")  # fmt: skip


class Failing(World):
    """A bug: neither readiness nor facts can be told."""

    def readiness(self) -> f.Readiness:
        raise RuntimeError("canary-of-the-cause")

    def facts(self) -> f.WorkerFacts:
        raise RuntimeError("canary-of-the-cause")


def _checked(headers: dict[str, str]) -> None:
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Server"] == "commerce-streams"


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_headers(path: str) -> None:
    async with served(scenes.busy()) as one:
        answer = await get(one.url + path)

    _checked(dict(answer.headers))
    assert answer.headers["Cache-Control"] == "no-store"


async def test_refusals_and_faults_carry_them_too() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        answers = [
            await get(f"{one.url}/"),
            await get(f"{one.url}/status", bearer("wrong")),
            await post(f"{one.url}/api/v1/sinks/commerce", {}, bearer(READ)),
            await post(f"{one.url}/healthz", {}),
        ]

    assert [answer.status for answer in answers] == [401, 401, 403, 405]
    for answer in answers:
        _checked(dict(answer.headers))


async def test_files_are_kept_for_ever_under_names_of_their_content() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        page = await get(f"{one.url}/", bearer(READ))
        names = re.findall(r"/static/[\w.]+", page.text)
        files = [await get(one.url + name) for name in names]

    assert len(names) == 2
    assert all(re.fullmatch(r"/static/app\.[0-9a-f]{12}\.(css|js)", name) for name in names)
    for file in files:
        assert file.status == 200
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        _checked(dict(file.headers))


async def test_a_fault_shows_where_to_look_and_nothing_of_its_cause() -> None:
    async with served(Failing()) as one:
        page, data, ready = [await get(one.url + path) for path in ("/", "/status", "/readyz")]

    assert (page.status, data.status, ready.status) == (500, 500, 500)
    assert "This page failed (incident " in page.text
    assert data.json["incident"]
    for answer in (page, data, ready):
        assert "canary" not in answer.text
        assert "Traceback" not in answer.text
        _checked(dict(answer.headers))


async def test_what_was_looked_for_is_named_and_escaped() -> None:
    async with served(scenes.calm()) as one:
        page = await get(f"{one.url}/%3Cimg%20src%3Dx%3E%E2%80%AE")
        data = await get(f"{one.url}/api/v1/nothing")

    assert page.status == data.status == 404
    assert "&lt;img src=x&gt;&lt;U+202E&gt;" in page.text
    assert "<img src=x>" not in page.text
    assert data.json == {"error": "Nothing stands at /api/v1/nothing.", "incident": ""}


async def test_programs_get_json_and_people_get_pages() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        page, data = await get(f"{one.url}/settings"), await get(f"{one.url}/api/v1/settings")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1" in page.text
    assert data.headers["Content-Type"].startswith("application/json")
    assert data.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("body", [b"x" * 70_000, b"{" * 70_000])
async def test_a_body_beyond_64_kib_is_refused(body: bytes) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await post(f"{one.url}/api/v1/sinks/commerce", body, bearer(OPERATE))

    assert answer.status == 413


@pytest.mark.parametrize("path", ["/stock", "/dead-letters", "/settings", "/status", "/healthz", "/api/v1/worker"])
async def test_an_address_works_with_and_without_a_slash(path: str) -> None:
    async with served(scenes.calm()) as one:
        assert (await get(one.url + path)).status == (await get(f"{one.url}{path}/")).status == 200


async def test_secrets_are_in_no_page_and_in_no_json() -> None:
    paths = ("/", "/settings", "/api/v1/settings", "/api/v1/worker", "/sign-in", "/status", "/metrics")
    async with served(scenes.busy(), WITH_TOKENS) as one:
        answers = [await get(one.url + path, bearer(OPERATE)) for path in paths]

    for answer in answers:
        for secret in (READ, OPERATE, "reveal-token-1"):
            assert secret not in answer.text
    assert "canary-secret" not in answers[1].text + answers[2].text


async def test_head_tells_the_size_and_no_body() -> None:
    async with served(scenes.calm()) as one:
        answer = await get(f"{one.url}/status", method="HEAD")

    assert (answer.status, answer.text) == (200, "")
