"""The token that SAP wants to see with every write."""

import asyncio
import json

import httpx
import pytest

from connectors.core.errors import ConfigurationError, RejectedPayloadError, TargetUnavailableError, UnauthorizedError
from connectors.sap_s4hana import csrf
from tests.unit.connectors.sap_s4hana.support import BASIC, order, target

HEAD = {"SalesOrder": "1", "PurchaseOrderByCustomer": "web-1", "__metadata": {"etag": 'W/"1"'}}
ITEMS = {"d": {"__count": "0", "results": []}}
COOKIES = [
    ("Set-Cookie", "sap-usercontext=sap-client=100; path=/"),
    ("Set-Cookie", "SAP_SESSIONID_S4H_100=abc%3d; expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/; HttpOnly"),
]


class Sap:
    """Hands out sessions and takes writes of the newest one only; `stale` sessions are refused."""

    def __init__(self, *, stale: int = 0) -> None:
        self.sessions = 0
        self.stale = stale
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.headers.get("X-CSRF-Token") == "Fetch":
            self.sessions += 1
            headers = [("X-CSRF-Token", f"token-number-{self.sessions}"), *COOKIES]
            return httpx.Response(200, headers=headers, json={"d": {}})
        if request.method == "GET":
            return httpx.Response(200, json=ITEMS)
        if self.sessions <= self.stale:
            return httpx.Response(403, headers={"x-csrf-token": "Required"}, text="CSRF token validation failed")
        return httpx.Response(201, json={"d": HEAD})

    @property
    def writes(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.method == "POST"]


@pytest.mark.anyio
async def test_a_write_carries_the_token_and_every_cookie_that_came_with_it() -> None:
    sap = Sap()

    async with target(sap) as orders:
        await orders.create_order("web-1", order())

    (write,) = sap.writes
    assert write.headers["X-CSRF-Token"] == "token-number-1"
    assert write.headers["Cookie"] == "sap-usercontext=sap-client=100; SAP_SESSIONID_S4H_100=abc%3d"


@pytest.mark.anyio
async def test_one_session_serves_all_writes_and_reads_join_it() -> None:
    sap = Sap()

    async with target(sap) as orders:
        await asyncio.gather(*(orders.create_order("web-1", order()) for _ in range(5)))
        await orders.find_orders("web-1", order())

    assert sap.sessions == 1
    assert sap.requests[-1].headers["Cookie"] == sap.writes[0].headers["Cookie"]
    assert "X-CSRF-Token" not in sap.requests[-1].headers


@pytest.mark.anyio
async def test_a_stale_token_is_replaced_once_and_the_write_is_sent_again() -> None:
    sap = Sap(stale=1)

    async with target(sap) as orders:
        await orders.create_order("web-1", order())

    assert [write.headers["X-CSRF-Token"] for write in sap.writes] == ["token-number-1", "token-number-2"]


@pytest.mark.anyio
async def test_writes_that_are_refused_at_the_same_time_share_the_new_session() -> None:
    sap = Sap(stale=1)

    async with target(sap) as orders:
        await asyncio.gather(*(orders.create_order("web-1", order()) for _ in range(4)))

    assert sap.sessions == 2


@pytest.mark.anyio
async def test_a_fresh_token_that_is_refused_needs_a_person() -> None:
    sap = Sap(stale=99)

    async with target(sap) as orders:
        with pytest.raises(ConfigurationError, match="fresh"):
            await orders.create_order("web-1", order())

    assert len(sap.writes) == 2


@pytest.mark.anyio
async def test_another_403_is_about_rights_and_fetches_no_token() -> None:
    sap = Sap()

    def forbids(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, text="<html>") if request.method == "POST" else sap(request)

    async with target(forbids) as orders:
        with pytest.raises(UnauthorizedError):
            await orders.create_order("web-1", order())

    assert sap.sessions == 1


@pytest.mark.anyio
async def test_an_answer_without_a_token_needs_a_person_and_nothing_is_written() -> None:
    methods: list[str] = []

    def strips(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json={"d": {}})

    async with target(strips) as orders:
        with pytest.raises(ConfigurationError, match="drops it"):
            await orders.create_order("web-1", order())

    assert methods == ["GET"]


@pytest.mark.anyio
async def test_a_fetch_that_fails_is_a_failure_without_effect() -> None:
    async with target(lambda _: httpx.Response(500)) as orders:
        with pytest.raises(TargetUnavailableError):
            await orders.create_order("web-1", order())


@pytest.mark.anyio
async def test_endless_cookies_are_refused() -> None:
    def gluttonous(_: httpx.Request) -> httpx.Response:
        headers = {"X-CSRF-Token": "token", "Set-Cookie": f"a={'x' * 9000}"}
        return httpx.Response(200, headers=headers, json={})

    async with target(gluttonous) as orders:
        with pytest.raises(ConfigurationError, match="cookies"):
            await orders.create_order("web-1", order())


@pytest.mark.anyio
async def test_neither_token_nor_cookie_nor_password_is_seen_in_a_refusal_that_quotes_them() -> None:
    sap = Sap()

    def echoes(request: httpx.Request) -> httpx.Response:
        if request.headers.get("X-CSRF-Token") == "Fetch":
            return sap(request)
        told = json.dumps(dict(request.headers))
        return httpx.Response(400, json={"error": {"code": "ZZ/001", "message": {"lang": "en", "value": told}}})

    async with target(echoes) as orders:
        for run in (orders.create_order, orders.find_orders):
            with pytest.raises(RejectedPayloadError, match="ZZ/001") as refused:
                await run("web-1", order())
            for secret in ("token-number-1", "abc%3d", BASIC["password"]):
                assert secret not in str(refused.value)


def test_a_session_shows_nothing() -> None:
    assert "secret" not in repr(csrf.Session("secret-token", "a=secret"))


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", ""),
        ("a=1", "a=1"),
        ("a=1; path=/, b=2; path=/", "a=1; b=2"),
        ("a=1; expires=Wed, 21 Oct 2026 07:28:00 GMT, b=2", "a=1; b=2"),
        ("a=b=c; secure", "a=b=c"),
        ("secure", ""),
    ],
)
def test_joined_set_cookie_headers_are_told_apart(header: str, cookies: str) -> None:
    assert csrf.cookies_of(header) == cookies
