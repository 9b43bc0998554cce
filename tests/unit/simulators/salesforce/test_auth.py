"""Who is let in, and what the others are told."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from simulators.salesforce import Settings
from tests.unit.simulators.adobe_commerce.support import ShiftedClock
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.salesforce.support import JWT_BEARER, claims, code_of, org, public_pem, signed

OWN_KEY = Settings(certificate_key=public_pem())
QUESTION = "SELECT Id FROM Account"


@in_loop
async def test_a_signed_assertion_opens_a_session_without_an_end_or_a_refresh_token() -> None:
    async with org(OWN_KEY) as client:
        status, body = await client.token(grant_type=JWT_BEARER, assertion=signed(claims()))

        assert status == 200
        assert body["instance_url"] == client.url
        assert not {"refresh_token", "expires_in"} & body.keys()
        client.headers = {"Authorization": f"Bearer {body['access_token']}"}
        assert (await client.query(QUESTION))[0] == 200


NOW = int(claims()["exp"]) - 120  # type: ignore[call-overload]  # claims are plain JSON


@pytest.mark.parametrize(
    ("assertion", "error"),
    [
        (signed(claims(iss="other")), "invalid_client_id"),
        (signed(claims(sub="other@example.com")), "invalid_grant"),
        (signed(claims(aud="https://elsewhere.example.com")), "invalid_grant"),
        (signed(claims(exp=NOW - 1)), "invalid_grant"),
        (signed(claims(exp=NOW + 3600)), "invalid_grant"),
        (signed(claims(exp="soon")), "invalid_grant"),
        (signed(claims(), head={"alg": "none"}), "invalid_grant"),
        (signed([1]), "invalid_grant"),
        (signed(claims())[:-4] + "AAAA", "invalid_grant"),
        ("a.b", "invalid_grant"),
        ("", "invalid_grant"),
        ("ä.ö.ü", "invalid_grant"),
    ],
)
@in_loop
async def test_an_assertion_that_is_wrong_anywhere_opens_nothing(assertion: str, error: str) -> None:
    async with org(OWN_KEY) as client:
        status, body = await client.token(grant_type=JWT_BEARER, assertion=assertion)

        assert (status, body["error"]) == (400, error)


@in_loop
async def test_an_assertion_of_another_key_opens_nothing() -> None:
    async with org() as client:
        assert (await client.token(grant_type=JWT_BEARER, assertion=signed(claims())))[0] == 400


@in_loop
async def test_the_pair_that_it_made_for_itself_opens_it() -> None:
    async with org() as client:
        told = (await client.get("/_sim/private-key"))["private_key"]
        own = load_pem_private_key(told.encode(), password=None)
        assert isinstance(own, RSAPrivateKey)

        assert (await client.token(grant_type=JWT_BEARER, assertion=signed(claims(), by=own)))[0] == 200


@in_loop
async def test_a_user_who_was_not_approved_is_told_so() -> None:
    async with org(Settings(certificate_key=public_pem(), approved=False)) as client:
        _, body = await client.token(grant_type=JWT_BEARER, assertion=signed(claims()))

        assert body["error_description"] == "user hasn't approved this consumer"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "other"}, "invalid_client_id"),
        (
            {"grant_type": "client_credentials", "client_id": "simulated-consumer-key", "client_secret": "x"},
            "invalid_client",
        ),
        ({}, "unsupported_grant_type"),
    ],
)
@in_loop
async def test_wrong_client_credentials_are_refused(form: dict[str, str], error: str) -> None:
    async with org() as client:
        status, body = await client.token(**form)

        assert (status, body["error"]) == (400, error)


@in_loop
async def test_a_kind_that_is_switched_off_opens_nothing() -> None:
    async with org(Settings(auth_kinds=("client_credentials",), certificate_key=public_pem())) as client:
        _, body = await client.token(grant_type=JWT_BEARER, assertion=signed(claims()))

        assert body["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic eDp5"])
@in_loop
async def test_without_a_session_nothing_is_answered(header: str) -> None:
    async with org() as client:
        client.headers = {"Authorization": header}

        assert code_of(await client.query(QUESTION)) == (401, "INVALID_SESSION_ID")


@in_loop
async def test_a_session_ends_after_its_time_or_when_it_is_forgotten() -> None:
    clock = ShiftedClock()
    async with org(clock=clock) as client:
        clock.ahead_s = 7100
        assert (await client.query(QUESTION))[0] == 200
        clock.ahead_s = 7300
        assert (await client.query(QUESTION))[0] == 401
        await client.sign_in()
        await client.fault(kind="expire-sessions")
        assert (await client.query(QUESTION))[0] == 401


@in_loop
async def test_a_refused_credential_is_refused_in_each_form() -> None:
    async with org() as client:
        await client.fault(kind="refuse-credential")

        assert (await client.token(grant_type="client_credentials"))[1]["error"] == "invalid_grant"
        assert code_of(await client.query(QUESTION)) == (401, "INVALID_SESSION_ID")


@in_loop
async def test_the_daily_allotment_is_counted_told_and_ends() -> None:
    clock = ShiftedClock()
    async with org(Settings(daily_calls=2, session_s=200_000), clock) as client:
        for used in (1, 2):
            async with client.session.get(
                f"{client.url}/services/data/v62.0/query?q=SELECT+Id+FROM+Account", headers=client.headers
            ) as response:
                assert response.headers["Sforce-Limit-Info"] == f"api-usage={used}/2"
        assert code_of(await client.query(QUESTION)) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert (await client.token(grant_type="x"))[0] == 400
        clock.ahead_s = 86_500
        assert (await client.query(QUESTION))[0] == 200


@in_loop
async def test_a_certificate_of_another_kind_is_a_wrong_setting() -> None:
    async with org(Settings(certificate_key="nonsense")) as client:
        assert (await client.token(grant_type=JWT_BEARER, assertion=signed(claims())))[0] == 400
