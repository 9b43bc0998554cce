"""The route table: a route that is not listed here fails, and nobody gets in without the right."""

import re

import pytest
from aiohttp import web
from pydantic import SecretStr

from streams.settings import WebSettings
from streams.web.facts import WorkerFacts
from streams.web.install import Ports, install
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, REVEAL, WITH_TOKENS, bearer, form, get, post
from tests.unit.streams.web.worlds import FakeActs, FakeLetterActs, World, decode, served

pytestmark = pytest.mark.anyio

L = "/dead-letters"
G, ONE = f"{L}/{{group}}", f"{L}/{{group}}/{{letter}}"
V = "/api/v1"
EXPECTED = {
    ("GET", "/healthz"): "probe",
    ("GET", "/readyz"): "probe",
    ("GET", "/metrics"): "probe",
    ("GET", "/static/{name}"): "public",
    ("GET", "/sign-in"): "public",
    ("POST", "/sign-in"): "public",
    ("POST", "/sign-out"): "public",
    ("GET", "/"): "read",
    ("GET", "/status"): "read",
    ("GET", "/stock"): "read",
    ("GET", L): "read",
    ("GET", G): "read",
    ("GET", ONE): "read",
    ("GET", "/alerts"): "read",
    ("GET", f"{V}/alerts"): "read",
    ("GET", "/settings"): "read",
    ("GET", "/completeness"): "read",
    ("GET", f"{V}/completeness"): "read",
    ("GET", f"{V}/completeness/kept"): "read",
    ("GET", f"{V}/completeness/own"): "read",
    ("GET", "/reconciliation"): "read",
    ("GET", f"{V}/reconciliation"): "read",
    ("GET", f"{V}/reconciliation/own"): "read",
    ("POST", f"{V}/reconciliation/runs"): "operate",
    ("GET", "/orders"): "read",
    ("GET", "/orders/{id}"): "read",
    ("GET", f"{V}/orders"): "read",
    ("GET", f"{V}/orders/{{id}}"): "read",
    ("GET", f"{V}/orders/own"): "read",
    ("GET", f"{V}/orders/own/find"): "read",
    ("GET", f"{V}/orders/own/shipments"): "read",
    ("GET", f"{V}/orders/own/queue"): "read",
    ("POST", f"{V}/orders/{{id}}/release"): "operate",
    ("POST", f"{V}/orders/{{id}}/reject"): "operate",
    ("POST", f"{V}/orders/{{id}}/cancel"): "operate",
    ("POST", f"{V}/orders/{{id}}/correct"): "operate",
    ("POST", f"{V}/orders/{{id}}/reveal"): "reveal",
    ("POST", f"{V}/orders/own/people"): "reveal",
    ("GET", f"{V}/worker"): "read",
    ("GET", f"{V}/stock"): "read",
    ("GET", f"{V}/stock/own"): "read",
    ("GET", f"{V}/stock/shop"): "read",
    ("GET", V + L): "read",
    ("GET", V + G): "read",
    ("GET", V + ONE): "read",
    ("GET", f"{V}/settings"): "read",
    ("GET", f"{V}/acts/{{act}}"): "read",
    ("GET", f"{V}/stock/rebase"): "operate",
    ("POST", f"{V}/stock/rebase"): "operate",
    ("POST", f"{V}/stock/recount"): "operate",
    ("POST", f"{V}/sinks/{{role}}"): "operate",
    ("POST", f"{V}/topics/{{topic}}/resume"): "operate",
    ("POST", f"{V}/gaps/accept"): "operate",
    ("POST", f"{V}{L}/retry"): "operate",
    ("POST", f"{V}{G}/retry"): "operate",
    ("POST", f"{V}{G}/edit"): "operate",
    ("POST", f"{V}{G}/discard"): "operate",
    ("POST", f"{V}{ONE}/retry"): "operate",
    ("POST", f"{V}{ONE}/edit"): "operate",
    ("POST", f"{V}{ONE}/discard"): "operate",
    ("POST", f"{V}{ONE}/reveal"): "reveal",
}
"""Method and address → who may use it."""
ROLE_OF = {"read": READ, "operate": OPERATE, "reveal": REVEAL}
MAY = {"read": {"read"}, "operate": {"read", "operate"}, "reveal": {"read", "reveal"}}


def _address(path: str) -> str:
    return re.sub(r"{\w+}", "x", path)


def test_every_route_of_the_router_is_listed_here_with_and_without_a_slash() -> None:
    app = web.Application()
    world = World()
    install(app, WebSettings, Ports(world, FakeActs(), FakeLetterActs(), world, decode, world.clock))
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}

    expected = {(method, path) for method, path in EXPECTED}
    expected |= {(method, path.rstrip("/") + "/") for method, path in EXPECTED}
    expected |= {("HEAD", path) for method, path in expected if method == "GET"}
    assert found == expected


async def _ask(url: str, method: str, path: str, headers: dict[str, str]) -> int:
    address = url + _address(path)
    return (await (post(address, {}, headers) if method == "POST" else get(address, headers))).status


@pytest.mark.parametrize("role", ["", "read", "operate", "reveal", "wrong"])
async def test_each_role_gets_what_it_may_and_nothing_else(role: str) -> None:
    headers = bearer(ROLE_OF.get(role, "no token of ours")) if role else {}
    async with served(scenes.busy(), WITH_TOKENS) as one:
        statuses = {
            (method, path): await _ask(one.url, method, path, headers)
            for method, path in EXPECTED
            if EXPECTED[method, path] in ROLE_OF
        }
        acts = one.acts.done

    for route, status in statuses.items():
        if role in ("", "wrong"):
            assert status == 401, route
        elif EXPECTED[route] in MAY[role]:
            assert status not in (401, 403), route
        else:
            assert status == 403, route
    assert acts == []


async def test_probes_answer_everybody_and_tell_nothing_else() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        answers = [await get(one.url + path) for path in ("/healthz", "/readyz", "/metrics")]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert "streams_records_consumed_total" in answers[2].text
    assert answers[2].headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_readiness_fails_with_its_reasons() -> None:
    async with served(scenes.twelve()) as busy, served(scenes.rebuilding()) as rebuilding:
        broken, joining = await get(f"{busy.url}/readyz"), await get(f"{rebuilding.url}/readyz/")

    assert (broken.status, joining.status) == (503, 503)
    assert broken.json["reasons"][0]["what"] == "no broker answers (for 64 s)"
    assert "360,000 changelog records left" in joining.json["reasons"][0]["what"]


class OnlyReadiness(World):
    """Whose facts cannot be told, for whatever reason."""

    def facts(self) -> WorkerFacts:
        raise RuntimeError("nobody may ask")


async def test_readiness_is_told_without_the_facts_that_pages_take_their_time_for() -> None:
    async with served(OnlyReadiness()) as one:
        ready = await get(f"{one.url}/readyz")

    assert (ready.status, ready.json["ready"]) == (200, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "streams.example", "::"])
async def test_beyond_this_machine_without_a_token_only_probes_answer(host: str) -> None:
    async with served(scenes.busy(), WebSettings(host=host)) as one:
        statuses = {route: await _ask(one.url, *route, {}) for route in EXPECTED}
        told = await get(f"{one.url}/status")

    for route, status in statuses.items():
        assert (status == 200) == (EXPECTED[route] == "probe"), route
        assert status in (200, 403)
    assert "Set STREAMS_WEB__TOKEN" in told.json["error"]


async def test_on_this_machine_without_a_token_everything_can_be_read_and_nothing_done() -> None:
    async with served(scenes.busy()) as one:
        page = await get(f"{one.url}/")
        act = await post(f"{one.url}/api/v1/sinks/commerce", {"mode": "paused", "reason": "because"})
        acts = one.acts.done

    assert page.status == 200
    assert "Nobody can act here: set <code>STREAMS_WEB__TOKEN</code>" in page.text
    assert act.status == 403
    assert act.json["error"] == "Nobody has the role operate here: set STREAMS_WEB__TOKEN and restart the worker."
    assert acts == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:6066", "127.0.0.1.evil.example", "[::2]"])
async def test_a_foreign_name_that_points_here_reads_nothing(host: str) -> None:
    """A page elsewhere can give its own name our address (DNS rebinding)."""
    async with served(scenes.busy()) as one:
        foreign = await get(f"{one.url}/status", {"Host": host})
        own = await get(f"{one.url}/status", {"Host": "localhost:6066"})

    assert (foreign.status, own.status) == (403, 200)


async def test_a_reader_sees_the_acts_shut_with_the_reason() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        page = await get(f"{one.url}/", bearer(READ))

    assert "Needs the role <em>operate</em>. You are signed in with <em>read</em>." in page.text
    assert "data-act data-post" not in page.text


async def test_an_empty_token_is_no_token() -> None:
    async with served(scenes.calm(), WebSettings(host="0.0.0.0", token=SecretStr(""))) as one:
        answers = [await get(f"{one.url}/status", headers) for headers in ({}, bearer(""), {"Authorization": "Bearer"})]

    assert [answer.status for answer in answers] == [403, 403, 403]


@pytest.mark.parametrize("path", ["/table/", "/router/", "/graph/", "/performance/", "/stats/", "/openapi.json"])
async def test_nothing_else_stands_there(path: str) -> None:
    async with served(scenes.calm()) as one:
        answer = await get(one.url + path)

    assert answer.status == 404
    assert "Nothing stands at" in answer.text


async def test_get_never_changes_anything() -> None:
    async with served(scenes.busy(), WITH_TOKENS) as one:
        for method, path in EXPECTED:
            if method == "POST":
                assert (await get(one.url + _address(path), bearer(OPERATE))).status in (200, 303, 400, 404, 405), path
        acts = one.acts.done

    assert acts == []


async def test_signing_in_needs_no_role_and_reading_a_form_by_post_changes_nothing() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await form(f"{one.url}/", {"x": "y"})

    assert answer.status == 405
