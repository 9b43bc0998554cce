"""Signing in to SAP."""

from base64 import b64decode
from urllib.parse import parse_qs

import httpx
import pytest

from connectors.core.calls import Dependencies
from connectors.core.errors import TargetUnavailableError, UnauthorizedError
from connectors.sap_s4hana.opening import open_ports
from tests.fakes.clock import FakeClock
from tests.unit.connectors.sap_s4hana.support import BASIC, settings

OAUTH2 = {
    "kind": "oauth2",
    "token_url": "https://login.example/oauth2/token",
    "client_id": "the client",
    "client_secret": "se:cret/1",
}
EMPTY = {"d": {"__count": "0", "results": []}}


async def check(seen: list[httpx.Request], token: httpx.Response, auth: dict[str, str], *, known: int = 200) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return token if request.url.host == "login.example" else httpx.Response(known, json=EMPTY)

    dependencies = Dependencies(clock=FakeClock(), transport=httpx.MockTransport(handler))
    ports = open_ports(settings(auth=auth, client="100"), dependencies)
    assert ports.orders is not None
    try:
        await ports.orders.check()
    finally:
        await ports.close()


GRANTED = httpx.Response(200, json={"access_token": "bearer-1", "expires_in": "3600"})


@pytest.mark.anyio
async def test_client_credentials_go_in_a_header_and_only_there() -> None:
    seen: list[httpx.Request] = []

    await check(seen, GRANTED, {**OAUTH2, "scope": "API_SALES_ORDER_SRV_0001"})

    kind, _, value = seen[0].headers["Authorization"].partition(" ")
    assert (kind, b64decode(value)) == ("Basic", b"the%20client:se%3Acret%2F1")
    assert parse_qs(seen[0].content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["API_SALES_ORDER_SRV_0001"],
    }
    assert seen[1].headers["Authorization"] == "Bearer bearer-1"
    assert seen[1].url.params["sap-client"] == "100"


@pytest.mark.anyio
async def test_client_credentials_go_in_the_form_where_the_settings_say_so() -> None:
    seen: list[httpx.Request] = []

    await check(seen, GRANTED, {**OAUTH2, "client_authentication": "form"})

    assert "Authorization" not in seen[0].headers
    assert parse_qs(seen[0].content.decode())["client_secret"] == ["se:cret/1"]


@pytest.mark.anyio
async def test_a_password_is_offered_once_because_sap_locks_users() -> None:
    seen: list[httpx.Request] = []

    with pytest.raises(UnauthorizedError):
        await check(seen, GRANTED, BASIC, known=401)

    assert len(seen) == 1
    assert b64decode(seen[0].headers["Authorization"].removeprefix("Basic ")) == b"SHOP_SYNC:secret-password"


@pytest.mark.anyio
async def test_a_refused_client_is_told_without_its_secret() -> None:
    seen: list[httpx.Request] = []
    quoting = httpx.Response(401, text="se:cret/1 and dGhlJTIwY2xpZW50OnNlJTNBY3JldCUyRjE=")

    with pytest.raises(UnauthorizedError) as refused:
        await check(seen, quoting, OAUTH2)

    assert "se:cret" not in str(refused.value)
    assert "dGhlJTIwY2xpZW50" not in str(refused.value)


@pytest.mark.anyio
@pytest.mark.parametrize("body", ["{}", '{"access_token": "", "expires_in": 1}', "<html>"])
async def test_an_answer_without_a_token_is_a_failure_that_may_pass(body: str) -> None:
    with pytest.raises(TargetUnavailableError):
        await check([], httpx.Response(200, text=body), OAUTH2)
