"""Who may come in, and which writes are guarded how."""

import pytest

from simulators.sap_s4hana import Settings
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.sap_s4hana.support import Headers, Sap, basic, body, sap


async def token(client: Sap, form: dict[str, str], headers: Headers | None = None) -> tuple[int, object]:
    async with client.session.post(client.simulator.token_url, data=form, headers=headers) as answer:
        return answer.status, await answer.json()


@in_loop
async def test_nobody_comes_in_without_a_credential_and_gets_a_page() -> None:
    async with sap() as client:
        for wrong in ("", "Basic !!!", basic("SHOP_SYNC", "wrong"), "Bearer nothing"):
            client.auth["Authorization"] = wrong
            status, headers, page = await client.ask("GET", "/A_SalesOrder")

            assert status == 401
            assert headers["www-authenticate"].startswith("Basic")
            assert "Logon failed" in page


@in_loop
async def test_a_token_is_granted_for_a_header_or_a_form_and_ends_with_its_life() -> None:
    async with sap(Settings(token_life_s=60)) as client:
        grant = {"grant_type": "client_credentials"}
        header = {"Authorization": basic("simulated-client", "simulated-client-secret")}
        form = {"client_id": "simulated-client", "client_secret": "simulated-client-secret"}

        for status, granted in (await token(client, grant, header), await token(client, grant | form)):
            assert status == 200
            assert isinstance(granted, dict)
            assert granted["expires_in"] == "60"
            client.auth["Authorization"] = f"Bearer {granted['access_token']}"
            assert (await client.read("/A_SalesOrder"))["results"] == []
        client.clock.ahead_s = 61
        assert (await client.ask("GET", "/A_SalesOrder"))[0] == 401


@in_loop
async def test_a_wrong_client_and_another_grant_are_refused_and_no_secret_is_journaled() -> None:
    async with sap() as client:
        form = {"client_id": "simulated-client", "client_secret": "simulated-client-secret"}

        assert (await token(client, {**form, "grant_type": "client_credentials", "client_secret": "no"}))[0] == 401
        assert (await token(client, {**form, "grant_type": "password"}))[0] == 400
        assert "simulated-client-secret" not in str(await client.journal())


@in_loop
async def test_kinds_of_credentials_can_be_switched_off() -> None:
    async with sap() as client:
        client.simulator.sap.replace_state(b'{"settings": {"auth_kinds": ["oauth2"]}}')

        assert (await client.ask("GET", "/A_SalesOrder"))[0] == 401


@in_loop
async def test_a_write_needs_token_and_cookie_of_one_living_session() -> None:
    async with sap(Settings(session_life_s=60)) as client:
        good = client.guard
        for guard in ({}, {"X-CSRF-Token": "another"}, {"X-CSRF-Token": "Fetch"}):
            client.guard = guard
            status, headers, text = await client.ask("POST", "/A_SalesOrder", body())
            assert (status, headers["x-csrf-token"], text) == (403, "Required", "CSRF token validation failed")
        client.guard = good
        client.session.cookie_jar.clear()
        assert (await client.create())[0] == 403
        await client.fetch()
        assert (await client.create())[0] == 201
        client.clock.ahead_s = 61
        assert (await client.create())[0] == 403

        assert (await client.state())["orders_by_reference"] == {"web-1": 1}


@in_loop
async def test_a_session_that_is_known_keeps_its_token_and_a_head_request_fetches_too() -> None:
    async with sap() as client:
        first = client.guard["X-CSRF-Token"]

        assert await client.fetch() == first
        status, headers, text = await client.ask("HEAD", "/", headers={"X-CSRF-Token": "fetch"})
        assert (status, headers["x-csrf-token"], text) == (200, first, "")


@in_loop
async def test_sessions_end_alone_or_with_all_tokens() -> None:
    async with sap() as client:
        assert (await client.post("/_sim/sessions/expire"))[0] == 200
        assert (await client.create())[0] == 403
        await client.fetch()
        await client.fault(kind="expire-sessions")
        assert (await client.create())[0] == 403


@in_loop
async def test_the_guard_can_be_switched_off() -> None:
    async with sap(Settings(csrf=False)) as client:
        client.guard = {}

        assert (await client.create())[0] == 201


@in_loop
async def test_a_limit_of_calls_answers_429_with_or_without_a_hint() -> None:
    for hint in (True, False):
        async with sap(Settings(rate_limit_calls=2, rate_limit_window_s=30, rate_limit_hint=hint)) as client:
            await client.read("/A_SalesOrder")

            status, headers, _ = await client.ask("GET", "/A_SalesOrder")

            assert status == 429
            assert ("retry-after" in headers) is hint
            client.clock.ahead_s = 31
            await client.read("/A_SalesOrder")


@pytest.mark.parametrize("path", ["/sap/opu/odata/sap/OTHER_SRV/", "/", "/sap/opu/odata/sap/API_SALES_ORDER_SRVX"])
def test_another_address_is_a_page(path: str) -> None:
    @in_loop
    async def run() -> None:
        async with sap() as client, client.session.get(client.url + path, headers=client.auth) as answer:
            assert answer.status == 404
            assert answer.content_type == "text/html"

    run()
