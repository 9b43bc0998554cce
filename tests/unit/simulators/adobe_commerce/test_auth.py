"""Who is let in, and what the others are told."""

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, ShiftedClock, criteria, shop
from tests.unit.simulators.core.support import in_loop

SOURCES = "/V1/inventory/sources"
SAAS = replace(QUICK, mode="saas")
SCOPE = "openid,AdobeID,email,profile,additional_info.roles,additional_info.projectedProductContext,commerce.accs"


def _not_authorized(resource: str) -> tuple[int, dict[str, object]]:
    body: dict[str, object] = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": resource},
    }
    return 401, body


async def _ims(commerce: Commerce, **changes: str) -> tuple[int, dict[str, object]]:
    settings = commerce.simulator.commerce.shop.settings
    form = {
        "client_id": settings.ims_client_id,
        "client_secret": settings.ims_client_secret,
        "grant_type": "client_credentials",
        "scope": SCOPE,
    }
    async with commerce.session.post(commerce.simulator.ims_url, data=form | changes) as response:
        return response.status, await response.json()


async def _sign_in_with_ims(commerce: Commerce, **changes: str) -> None:
    status, body = await _ims(commerce, **changes)
    assert status == 200
    commerce.headers = {
        "Authorization": f"Bearer {body['access_token']}",
        "x-api-key": "simulated-client",
        "x-gw-ims-org-id": "SIMULATED@AdobeOrg",
    }


@in_loop
async def test_the_admin_token_is_a_json_string() -> None:
    async with shop() as commerce:
        status, token = await commerce.call(
            "POST", "/V1/integration/admin/token", {"username": "integration", "password": "simulated-password-1"}
        )

        assert status == 200
        assert isinstance(token, str)
        assert len(token) >= 32


@in_loop
async def test_a_wrong_password_is_401_with_the_vendors_text() -> None:
    async with shop() as commerce:
        login = {"username": "integration", "password": "guess"}
        status, body = await commerce.call("POST", "/V1/integration/admin/token", login)

        assert status == 401
        assert body["message"].startswith("The account sign-in was incorrect or your account is disabled temporarily.")


@in_loop
async def test_passwords_and_secrets_never_reach_the_journal() -> None:
    async with shop() as commerce:
        await commerce.fault(kind="status", times=1)
        login = {"username": "integration", "password": "hidden-1"}
        await commerce.raw("POST", "/V1/integration/admin/token", json=login)
        await _ims(commerce, client_secret="hidden-2")

        assert "hidden" not in str(await commerce.journal())


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic aW50ZWdyYXRpb24="])
@in_loop
async def test_without_a_usable_token_the_answer_names_the_resource(header: str | None) -> None:
    async with shop() as commerce:
        commerce.headers = {} if header is None else {"Authorization": header}

        assert await commerce.call("GET", SOURCES) == _not_authorized("Magento_InventoryApi::source")


@in_loop
async def test_a_token_ends_after_four_hours() -> None:
    clock = ShiftedClock()
    async with shop(clock=clock) as commerce:
        clock.ahead_s = 4 * 3600 - 60
        assert (await commerce.call("GET", SOURCES))[0] == 200

        clock.ahead_s = 4 * 3600 + 60
        assert (await commerce.call("GET", SOURCES))[0] == 401
        await commerce.sign_in()
        assert (await commerce.call("GET", SOURCES))[0] == 200


@in_loop
async def test_a_missing_permission_looks_like_a_bad_token() -> None:
    resource = "Magento_InventoryApi::stock_source_item_assign"
    async with shop(replace(QUICK, denied_resources=(resource,))) as commerce:
        assert await commerce.write(("wh-east", "PUMP-P100", 1)) == _not_authorized(resource)
        assert (await commerce.call("GET", f"/V1/inventory/source-items?{criteria()}"))[0] == 200


@in_loop
async def test_expired_sessions_need_a_new_token_once() -> None:
    async with shop() as commerce:
        await commerce.fault(kind="expire-sessions")

        assert (await commerce.call("GET", SOURCES))[0] == 401
        await commerce.sign_in()
        assert (await commerce.call("GET", SOURCES))[0] == 200


@in_loop
async def test_a_refused_credential_is_401_even_for_a_new_token() -> None:
    async with shop() as commerce:
        rule = await commerce.fault(kind="refuse-credential")
        login = {"username": "integration", "password": "simulated-password-1"}

        assert (await commerce.call("POST", "/V1/integration/admin/token", login))[0] == 401
        assert await commerce.call("GET", SOURCES) == _not_authorized("Magento_InventoryApi::source")
        async with commerce.session.delete(f"{commerce.url}/_sim/faults/{rule}"):
            assert (await commerce.call("GET", SOURCES))[0] == 200


@in_loop
async def test_the_integrations_access_token_is_no_bearer_token_unless_switched_on() -> None:
    async with shop() as commerce:
        commerce.headers = {"Authorization": "Bearer simulatedaccesstoken000000000001"}

        assert await commerce.call("GET", SOURCES) == _not_authorized("Magento_InventoryApi::source")
        await commerce.replace_state(settings={"integration_as_bearer": True})
        assert (await commerce.call("GET", SOURCES))[0] == 200


@in_loop
async def test_saas_is_called_with_tenant_store_header_and_adobes_token() -> None:
    async with shop(SAAS) as commerce:
        await _sign_in_with_ims(commerce)

        assert (await commerce.call("GET", SOURCES, headers={"Store": "all"}))[0] == 200
        assert (await commerce.journal())[-1]["detail"] == {"store": "all", "auth": "ims"}
        assert await commerce.raw("POST", "/V1/integration/admin/token", json={"username": "a", "password": "b"}) == (
            404,
            '{"message":"Request does not match any route."}',
        )


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Authorization", "", 401),
        ("Authorization", "Bearer nonsense", 401),
        ("x-api-key", "", 403),
        ("x-api-key", "somebody-else", 403),
        ("x-gw-ims-org-id", "OTHER@AdobeOrg", 403),
    ],
)
@in_loop
async def test_adobes_gateway_checks_token_key_and_organisation(header: str, value: str, status: int) -> None:
    async with shop(SAAS) as commerce:
        await _sign_in_with_ims(commerce)
        commerce.headers[header] = value

        assert (await commerce.call("GET", SOURCES))[0] == status


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "other"}, "invalid_client"),
        ({"client_secret": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
@in_loop
async def test_adobes_token_service_refuses_wrong_client_credentials(changes: dict[str, str], error: str) -> None:
    async with shop(SAAS) as commerce:
        status, body = await _ims(commerce, **changes)

        assert (status, body["error"]) == (400, error)


@in_loop
async def test_a_token_without_the_commerce_scope_opens_nothing() -> None:
    async with shop(SAAS) as commerce:
        await _sign_in_with_ims(commerce, scope="openid,AdobeID")

        assert (await commerce.call("GET", SOURCES))[0] == 401


@in_loop
async def test_adobes_token_states_its_life_and_ends_then() -> None:
    clock = ShiftedClock()
    async with shop(SAAS, clock) as commerce:
        _, body = await _ims(commerce)
        await _sign_in_with_ims(commerce)
        assert body["expires_in"] == 86400

        clock.ahead_s = 86401
        assert (await commerce.call("GET", SOURCES))[0] == 401
