"""A token becomes a session: signed, for twelve hours, on every worker, and worthless elsewhere."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from streams.settings import WebSettings
from streams.web.roles import Tokens
from streams.web.sessions import Session, Sessions
from streams.web.sign_in import next_of
from tests.unit.streams.web import scenes
from tests.unit.streams.web.asking import OPERATE, READ, REVEAL, WITH_TOKENS, Answer, cookie_of, form, get, post
from tests.unit.streams.web.worlds import World, served

pytestmark = pytest.mark.anyio


async def _sign_in(url: str, token: str, **more: str) -> Answer:
    return await form(f"{url}/sign-in", {"token": token, "next": "/stock?sku=A", **more})


async def test_a_session_reads_until_it_is_over_and_the_token_is_in_nothing() -> None:
    world = scenes.calm()
    async with served(world, WITH_TOKENS) as one:
        signed = await _sign_in(one.url, READ)
        cookie = {"Cookie": cookie_of(signed)}
        inside = await get(f"{one.url}/", cookie)
        world.clock.advance(timedelta(hours=12))
        over = await get(f"{one.url}/", cookie)

    assert (signed.status, signed.headers["Location"]) == (303, "/stock?sku=A")
    attributes = signed.headers["Set-Cookie"]
    assert "HttpOnly" in attributes
    assert "SameSite=Strict" in attributes
    assert "Max-Age=43200" in attributes
    assert "Path=/" in attributes
    assert "Secure" not in attributes
    assert (inside.status, over.status) == (200, 401)
    assert READ not in str(signed.headers) + inside.text


async def test_behind_tls_the_cookie_is_secure() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        signed = await form(f"{one.url}/sign-in", {"token": READ}, {"X-Forwarded-Proto": "https"})

    assert "Secure" in signed.headers["Set-Cookie"]


async def test_every_worker_with_the_same_tokens_accepts_the_session_and_no_other() -> None:
    other_tokens = WebSettings(read_token=SecretStr("another"), token=SecretStr(OPERATE))
    async with (
        served(scenes.calm(), WITH_TOKENS) as one,
        served(scenes.calm(), WITH_TOKENS) as two,
        served(scenes.calm(), other_tokens) as stranger,
    ):
        cookie = {"Cookie": cookie_of(await _sign_in(one.url, OPERATE))}
        statuses = [(await get(f"{served_one.url}/status", cookie)).status for served_one in (two, stranger)]

    assert statuses == [200, 401]


async def test_a_token_that_is_replaced_holds_at_once_and_the_old_one_with_its_sessions_is_over() -> None:
    now = [WITH_TOKENS]
    async with served(scenes.calm(), lambda: now[0]) as one:
        cookie = {"Cookie": cookie_of(await _sign_in(one.url, OPERATE))}
        bearer = {"Authorization": f"Bearer {OPERATE}"}
        before = [(await get(f"{one.url}/status", who)).status for who in (cookie, bearer)]
        now[0] = WebSettings(read_token=SecretStr(READ), token=SecretStr("replaced"))
        after = [(await get(f"{one.url}/status", who)).status for who in (cookie, bearer)]
        fresh = await get(f"{one.url}/status", {"Authorization": "Bearer replaced"})
        again = await _sign_in(one.url, "replaced")

    assert (before, after) == ([200, 200], [401, 401])
    assert (fresh.status, again.status) == (200, 303)


async def test_a_second_token_adds_its_role() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        first = await _sign_in(one.url, OPERATE, name="operator-2")
        second = await form(f"{one.url}/sign-in", {"token": REVEAL}, {"Cookie": cookie_of(first)})
        session = Sessions(Tokens.of(WITH_TOKENS).key).open(
            cookie_of(second).partition("=")[2].strip('"'), one.world.clock.micros()
        )

    assert session is not None
    assert session.roles == ("operate", "read", "reveal")
    assert session.name == "operator-2"


async def test_a_changed_cookie_is_nobodys() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        cookie = cookie_of(await _sign_in(one.url, READ))
        forged = Sessions(lambda: b"another key").seal(Session("x", ("operate",), one.world.clock.micros() * 2))
        changed = [
            cookie[:-2],
            cookie.replace(".", "A.", 1),
            f"streams_session={forged}",
            "streams_session=",
            "streams_session=é.é",
        ]
        statuses = [(await get(f"{one.url}/status", {"Cookie": one_changed})).status for one_changed in changed]

    assert statuses == [401] * 5


async def test_six_tries_in_a_minute_are_one_too_many() -> None:
    world = scenes.calm()
    async with served(world, WITH_TOKENS) as one:
        statuses = [(await _sign_in(one.url, f"guess-{number}")).status for number in range(6)]
        right = await _sign_in(one.url, READ)
        world.clock.advance(timedelta(minutes=1))
        later = await _sign_in(one.url, READ)

    assert statuses == [401] * 5 + [429]
    assert (right.status, later.status) == (429, 303)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
async def test_another_site_cannot_sign_somebody_in_or_out(headers: dict[str, str]) -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answers = [
            await form(f"{one.url}/sign-in", {"token": READ}, headers),
            await form(f"{one.url}/sign-out", {}, headers),
        ]

    assert [answer.status for answer in answers] == [403, 403]
    assert all("Set-Cookie" not in answer.headers for answer in answers)


async def test_signing_out_takes_the_cookie_away() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        cookie = {"Cookie": cookie_of(await _sign_in(one.url, READ))}
        out = await form(f"{one.url}/sign-out", {}, cookie)

    assert out.status == 303
    assert "Max-Age=0" in out.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("asked", "goes_to"),
    [("/stock?sku=A", "/stock?sku=A"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("https://evil.example", "/"),
     ("", "/"), ("/a\r\nSet-Cookie: x=y", "/"), ("javascript:alert(1)", "/"), ("/" + "a" * 3000, "/")],
)  # fmt: skip
def test_after_signing_in_it_goes_to_a_page_of_ours(asked: str, goes_to: str) -> None:
    assert next_of(asked) == goes_to


async def test_a_link_from_elsewhere_reloads_the_sign_in_once_and_then_goes_on() -> None:
    """The first request comes without the strict cookie, the second one from our own page with it."""
    async with served(scenes.calm(), WITH_TOKENS) as one:
        cookie = {"Cookie": cookie_of(await _sign_in(one.url, READ))}
        first = await get(f"{one.url}/stock?sku=PUMP-200")
        again = "/sign-in?next=%2Fstock%3Fsku%3DPUMP-200&amp;again=1"
        second = await get(one.url + again.replace("&amp;", "&"), cookie)
        without = await get(one.url + again.replace("&amp;", "&"))

    assert first.status == 401
    assert f'content="0; url={again}"' in first.text
    assert (second.status, second.headers["Location"]) == (303, "/stock?sku=PUMP-200")
    assert without.status == 200
    assert "http-equiv" not in without.text


async def test_a_name_that_could_break_the_audit_is_refused() -> None:
    async with served(scenes.calm(), WITH_TOKENS) as one:
        answer = await _sign_in(one.url, OPERATE, name="a\nb")

    assert answer.status == 400


async def test_an_act_of_a_session_needs_the_token_of_its_page() -> None:
    world = World()
    async with served(world, WITH_TOKENS) as one:
        cookie = cookie_of(await _sign_in(one.url, OPERATE, name="operator-2"))
        page = await get(f"{one.url}/", {"Cookie": cookie})
        csrf = page.text.partition('data-csrf="')[2].partition('"')[0]
        url, body = f"{one.url}/api/v1/sinks/commerce", {"mode": "paused", "reason": "new mapping"}
        without = await post(url, body, {"Cookie": cookie})
        wrong = await post(url, body, {"Cookie": cookie, "X-Streams-CSRF": "x"})
        right = await post(url, body, {"Cookie": cookie, "X-Streams-CSRF": csrf})

    assert (without.status, wrong.status, right.status) == (403, 403, 202)
    assert one.acts.done == [("sink", "commerce", "paused", "run", "operator-2 (operate)", "new mapping")]
