"""Signing in: signatures that the vendor's rule accepts, tokens that are fetched once and renewed in time."""

import asyncio
import base64
import functools
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, quote, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.core.auth import Anonymous, Bearer, OAuth1, OAuth1Credential, Token, TokenCache
from connectors.core.errors import ConfigurationError, ConnectorError, TargetUnavailableError, UnauthorizedError
from connectors.core.paths import Path, can_carry, path, query_string
from connectors.core.tokens import ClientCredentials
from tests.fakes.clock import FakeClock
from tests.unit.connectors.core.senders import Surroundings, reading, sender, write

pytestmark = pytest.mark.anyio

CREDENTIAL = OAuth1Credential(
    consumer_key=SecretStr("ck-canary"),
    consumer_secret=SecretStr("cs canary&é"),
    access_token=SecretStr("at-canary"),
    access_token_secret=SecretStr("ats/canary"),
)


def _signed(method: str, url: str) -> dict[str, str]:
    """The server's side, written from RFC 5849 and the vendor's two deviations: natural order of names, no `+`."""
    headers = asyncio.run(_first(OAuth1(CREDENTIAL, FakeClock()), url))
    assert method == "GET"
    fields = dict(re.findall(r'(\w+)="([^"]*)"', headers["Authorization"]))
    return {name: unquote(value) for name, value in fields.items()}


async def _first(auth: OAuth1 | Bearer | Anonymous, url: str) -> dict[str, str]:
    async for headers in auth.flow("GET", url):
        return headers
    raise AssertionError("a flow yields at least once")


def compare_naturally(left: str, right: str) -> int:
    """Order of PHP's strnatcmp for names without blanks and leading zeros: runs of digits compare as numbers."""
    ours, theirs = (re.findall(r"\d+|\D", text) for text in (left, right))
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            if one.isdigit() and other.isdigit():
                return -1 if int(one) < int(other) else 1
            return -1 if one < other else 1
    return len(ours) - len(theirs)


natural = functools.cmp_to_key(compare_naturally)


def _expected_signature(url: str, fields: dict[str, str]) -> str:
    address, _, query = url.partition("?")
    pairs = [part.split("=") for part in query.split("&") if part]
    parameters = {unquote(name): unquote(value) for name, value in pairs}
    parameters |= {name: value for name, value in fields.items() if name != "oauth_signature"}
    encoded = {quote(name, safe="~"): quote(value, safe="~") for name, value in parameters.items()}
    ordered = "&".join(f"{name}={encoded[name]}" for name in sorted(encoded, key=natural))
    base = "&".join(quote(part, safe="~") for part in ("GET", address, ordered))
    _, consumer_secret, _, token_secret = CREDENTIAL.parts()
    key = f"{quote(consumer_secret, safe='~')}&{quote(token_secret, safe='~')}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()


names = st.sampled_from(
    [f"searchCriteria[filterGroups][{group}][filters][0][{part}]" for group in range(3) for part in ("field", "value")]
    + ["searchCriteria[pageSize]", "searchCriteria[currentPage]", "searchCriteria[sortOrders][0][field]", "fields"]
)


@given(
    st.text(max_size=30).filter(can_carry),
    st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
)
def test_a_signature_is_what_the_vendors_rule_computes(sku: str, query: dict[str, str]) -> None:
    url = f"https://shop.example/rest/all/{path('V1/products/{sku}', sku=sku).encoded}"
    text = query_string(tuple(query.items()))
    url = f"{url}?{text}" if text else url

    fields = _signed("GET", url)

    assert fields["oauth_signature"] == _expected_signature(url, fields)
    assert fields["oauth_signature_method"] == "HMAC-SHA256"
    assert fields["oauth_version"] == "1.0"
    assert {"oauth_body_hash", "realm"}.isdisjoint(fields)


async def test_each_try_is_signed_anew() -> None:
    clock = FakeClock()

    async with asyncio.timeout(5):
        tries = [headers["Authorization"] async for headers in OAuth1(CREDENTIAL, clock).flow("POST", "https://a/b")]

    nonces = [re.findall(r'oauth_nonce="(\w{32})"', header)[0] for header in tries]
    assert len(set(nonces)) == len(tries) == 2
    assert all(f'oauth_timestamp="{int(clock.now().timestamp())}"' in header for header in tries)


class Issuer:
    """Issues tokens 1, 2, 3 …; a test may hold the answer back or make it fail."""

    def __init__(self, life: timedelta = timedelta(hours=1)) -> None:
        self.life = life
        self.issued = 0
        self.failure: ConnectorError | None = None
        self.free = asyncio.Event()
        self.free.set()

    async def __call__(self) -> Token:
        self.issued += 1
        number = self.issued
        await self.free.wait()
        if self.failure is not None:
            raise self.failure
        return Token(value=f"token-{number}", life=self.life)


async def test_a_token_serves_until_a_minute_before_its_end() -> None:
    clock, issuer = FakeClock(), Issuer()
    cache = TokenCache(issuer, clock)

    first = await cache.token()
    clock.advance(timedelta(minutes=58, seconds=59))
    same = await cache.token()
    clock.advance(timedelta(seconds=2))
    next_one = await cache.token()

    assert (first, same, next_one) == ("token-1", "token-1", "token-2")


async def test_a_short_life_keeps_nine_tenths() -> None:
    clock, issuer = FakeClock(), Issuer(timedelta(seconds=100))
    cache = TokenCache(issuer, clock)

    await cache.token()
    clock.advance(timedelta(seconds=89))
    await cache.token()
    assert issuer.issued == 1
    clock.advance(timedelta(seconds=2))
    await cache.token()
    assert issuer.issued == 2


async def test_many_callers_share_one_fetch_also_when_the_first_one_leaves() -> None:
    issuer = Issuer()
    issuer.free.clear()
    cache = TokenCache(issuer, FakeClock())
    callers = [asyncio.create_task(cache.token()) for _ in range(20)]
    await asyncio.wait(callers, timeout=0.01)
    callers[0].cancel()

    issuer.free.set()
    values = await asyncio.gather(*callers, return_exceptions=True)

    assert isinstance(values[0], asyncio.CancelledError)
    assert set(values[1:]) == {"token-1"}
    assert issuer.issued == 1


async def test_many_callers_share_one_failure_and_the_next_caller_tries_again() -> None:
    issuer = Issuer()
    issuer.failure = TargetUnavailableError("down")
    cache = TokenCache(issuer, FakeClock())

    failed = await asyncio.gather(*(cache.token() for _ in range(20)), return_exceptions=True)
    issuer.failure = None

    assert all(isinstance(outcome, TargetUnavailableError) for outcome in failed)
    assert issuer.issued == 1
    assert await cache.token() == "token-2"


async def test_twenty_calls_refused_with_one_token_fetch_one_new_token() -> None:
    issuer = Issuer()
    cache = TokenCache(issuer, FakeClock())
    old = await cache.token()

    fresh = await asyncio.gather(*(cache.token(instead_of=old) for _ in range(20)))
    late = await cache.token(instead_of=old)

    assert set(fresh) == {late} == {"token-2"}
    assert issuer.issued == 2


async def test_closing_ends_a_fetch_in_flight() -> None:
    issuer = Issuer()
    issuer.free.clear()
    cache = TokenCache(issuer, FakeClock())
    waiting = asyncio.create_task(cache.token())
    await asyncio.wait([waiting], timeout=0.01)

    await cache.close()

    assert (await asyncio.gather(waiting, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_bearer_carries_the_token_and_what_belongs_beside_it() -> None:
    auth = Bearer(TokenCache(Issuer(), FakeClock()), beside={"x-api-key": "id"}, hidden=(SecretStr("s3cret"),))

    tries = [headers async for headers in auth.flow("GET", "https://a/b")]

    assert tries == [
        {"x-api-key": "id", "Authorization": "Bearer token-1"},
        {"x-api-key": "id", "Authorization": "Bearer token-2"},
    ]
    assert auth.secrets() == ("s3cret", "token-2")


Handler = Callable[[httpx.Request], httpx.Response]


def _client_credentials(handler: Handler) -> tuple[Surroundings, Callable[[], object]]:
    around = Surroundings()

    async def fetch() -> Token:
        hidden = Anonymous(SecretStr("secret-canary"))
        async with sender(around, auth=hidden, transport=httpx.MockTransport(handler)) as send:
            fetcher = ClientCredentials(
                send,
                Path("/ims/token/v3", "/ims/token/v3"),
                client_id="id",
                client_secret=SecretStr("secret-canary"),
                scope="openid,commerce.accs",
            )
            return await fetcher()

    return around, fetch


async def test_client_credentials_are_a_form_without_need_of_a_permit() -> None:
    forms: list[dict[str, list[str]]] = []

    def grants(request: httpx.Request) -> httpx.Response:
        forms.append(parse_qs(request.content.decode()))
        return httpx.Response(200, json={"access_token": "abc", "token_type": "bearer", "expires_in": 86399})

    around, fetch = _client_credentials(grants)
    token = await fetch()  # type: ignore[misc]  # a coroutine behind `object`

    assert token == Token(value="abc", life=timedelta(seconds=86399))
    assert forms == [
        {
            "client_id": ["id"],
            "client_secret": ["secret-canary"],
            "grant_type": ["client_credentials"],
            "scope": ["openid,commerce.accs"],
        }
    ]
    assert around.permits == 0


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (400, '{"error":"invalid_client","error_description":"secret-canary is wrong"}', UnauthorizedError),
        (401, "{}", UnauthorizedError),
        (403, "{}", UnauthorizedError),
        (404, "<html>", ConfigurationError),
        (429, "{}", ConnectorError),
        (500, "{}", TargetUnavailableError),
        (503, "{}", TargetUnavailableError),
        (200, "<html>", TargetUnavailableError),
        (200, "{}", TargetUnavailableError),
        (200, '{"access_token":"","expires_in":1}', TargetUnavailableError),
    ],
)
async def test_a_failed_sign_in_is_told_without_its_secret(
    status: int, text: str, expected: type[ConnectorError]
) -> None:
    _, fetch = _client_credentials(lambda _: httpx.Response(status, text=text))

    with pytest.raises(expected) as told:
        await fetch()  # type: ignore[misc]  # a coroutine behind `object`

    assert "canary" not in str(told.value)


async def test_nothing_that_can_be_printed_shows_a_secret() -> None:
    issuer = Issuer()
    cache = TokenCache(issuer, FakeClock())
    await cache.token()
    shown = [
        repr(CREDENTIAL),
        repr(OAuth1(CREDENTIAL, FakeClock())),
        repr(Bearer(cache, hidden=(SecretStr("canary"),))),
        repr(Token(value="canary", life=timedelta())),
        repr(Anonymous(SecretStr("canary"))),
    ]

    assert not [text for text in shown if "canary" in text or "token-1" in text]


async def test_a_server_that_repeats_the_signature_does_not_get_it_into_messages() -> None:
    def echoes(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"message": request.headers["Authorization"], "key": "at-canary"})

    auth = OAuth1(CREDENTIAL, FakeClock())
    async with sender(Surroundings(), auth=auth, transport=httpx.MockTransport(echoes)) as send:
        with pytest.raises(UnauthorizedError) as told:
            await send.send(write(), reading(write()))

    assert "canary" not in str(told.value)
    assert "oauth_signature" not in str(told.value)
