"""Tokens: fetched once, renewed in time, and never with a secret in a message."""

from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from connectors.core.errors import ConfigurationError, ConnectorError, TargetUnavailableError, UnauthorizedError
from tests.unit.connectors.core.senders import Surroundings
from tests.unit.connectors.netsuite.accounts import BASE, TOKEN_PATH, credential, elliptic, granted, orders, pem


def _list(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": [], "hasMore": False})


@pytest.mark.anyio
async def test_the_request_for_a_token_has_the_form_that_oracle_asks_for() -> None:
    asked: list[httpx.Request] = []

    def token(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return granted()

    async with orders(_list, token=token) as target:
        await target.check()

    (request,) = asked
    form = parse_qs(request.content.decode())
    claims = jwt.decode(form.pop("client_assertion")[0], ECKey.import_key(pem(elliptic()))).claims
    assert (request.method, str(request.url)) == ("POST", f"{BASE}{TOKEN_PATH}")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form == {
        "grant_type": ["client_credentials"],
        "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
    }
    assert claims["aud"] == f"{BASE}{TOKEN_PATH}"
    assert "authorization" not in request.headers


@pytest.mark.anyio
async def test_one_token_serves_many_calls_until_a_minute_before_its_end() -> None:
    around = Surroundings()
    asked: list[httpx.Request] = []
    used: list[str] = []

    def token(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return granted(f"token-{len(asked)}")

    def handler(request: httpx.Request) -> httpx.Response:
        used.append(request.headers["authorization"])
        return _list(request)

    async with orders(handler, around, token=token) as target:
        await target.check()
        around.clock.advance(timedelta(seconds=3539))
        await target.check()
        around.clock.advance(timedelta(seconds=2))
        await target.check()

    assert used == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


@pytest.mark.anyio
async def test_a_refused_token_is_replaced_once() -> None:
    asked: list[httpx.Request] = []

    def token(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return granted(f"token-{len(asked)}")

    def handler(request: httpx.Request) -> httpx.Response:
        return _list(request) if request.headers["authorization"] == "Bearer token-2" else httpx.Response(401)

    async with orders(handler, token=token) as target:
        await target.check()

    assert len(asked) == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), UnauthorizedError),
        (httpx.Response(401, json={"error": "invalid_client"}), UnauthorizedError),
        (httpx.Response(404), ConfigurationError),
        (httpx.Response(503), TargetUnavailableError),
        (httpx.Response(200, text="<html>"), TargetUnavailableError),
        (granted(""), TargetUnavailableError),
        (granted(life="soon"), TargetUnavailableError),
    ],
)
async def test_an_answer_without_a_token_says_what_to_do(answer: httpx.Response, kind: type[ConnectorError]) -> None:
    async with orders(_list, token=lambda _: answer) as target:
        with pytest.raises(ConnectorError) as told:
            await target.check()

    assert type(told.value) is kind


@pytest.mark.anyio
async def test_a_statement_that_the_sign_in_repeats_is_not_shown() -> None:
    seen: list[str] = []

    def token(request: httpx.Request) -> httpx.Response:
        seen.append(parse_qs(request.content.decode())["client_assertion"][0])
        return httpx.Response(400, text=f"bad statement {seen[0]}")

    key = credential()["private_key"]
    async with orders(_list, token=token) as target:
        with pytest.raises(UnauthorizedError) as told:
            await target.check()

    assert "bad statement ***" in str(told.value)
    assert seen[0] not in str(told.value)
    assert key not in repr(target)
