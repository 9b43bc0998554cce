"""Who gets a token, and for how long it opens anything."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from simulators.netsuite import Settings
from tests.unit.connectors.netsuite.accounts import pem, rsa_key
from tests.unit.simulators.core.support import in_loop
from tests.unit.simulators.netsuite.support import RECORDS, NetSuite, ShiftedClock, account, codes, rsa


@in_loop
async def test_a_signed_statement_gets_a_token_that_opens_the_records() -> None:
    async with account() as netsuite:
        status, grant = await netsuite.token(netsuite.statement(netsuite.claims()))

        assert status == 200
        assert grant["expires_in"] == "3600"
        assert (await netsuite.call("GET", RECORDS))[0] == 200


@in_loop
async def test_an_rsa_certificate_signs_ps256() -> None:
    key = rsa_key()
    public = _public(pem(key))
    async with account(Settings(public_key=public)) as netsuite:
        head = {"typ": "JWT", "alg": "PS256", "kid": "simulated-certificate"}
        good = jwt.encode(head, netsuite.claims(), rsa(pem(key)), algorithms=["PS256"])
        other = jwt.encode(head, netsuite.claims(), rsa(pem(_other_rsa())), algorithms=["PS256"])
        plain = jwt.encode({**head, "alg": "RS256"}, netsuite.claims(), rsa(pem(key)), algorithms=["RS256"])

        assert (await netsuite.token(good))[0] == 200
        assert await netsuite.token(other) == (400, {"error": "invalid_client"})
        assert await netsuite.token(plain) == (400, {"error": "invalid_client"})
        with pytest.raises(LookupError):
            assert netsuite.simulator.private_key


def _public(private: str) -> str:
    return rsa(private).as_pem(private=False).decode()


def _other_rsa() -> Any:
    return rsa_key(3072)


WRONG_CLAIMS: dict[str, dict[str, object]] = {
    "another client": {"iss": "somebody"},
    "another address": {"aud": "https://1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"},
    "another scope": {"scope": "restlets"},
    "no times": {"iat": None},
    "too long": {"iat": 0, "exp": 4_000_000_000},
    "an hour": {"exp": int(time.time()) + 3601, "iat": int(time.time())},  # noqa: TID251 - as above
    "past": {"iat": 1000, "exp": 1300},
}


@pytest.mark.parametrize("kind", WRONG_CLAIMS)
def test_a_statement_with_wrong_claims_is_refused(kind: str) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            claims = netsuite.claims(**WRONG_CLAIMS[kind])

            assert await netsuite.token(netsuite.statement(claims)) == (400, {"error": "invalid_grant"})

    run()


@in_loop
async def test_scopes_may_be_a_list() -> None:
    async with account() as netsuite:
        for scope in (["restlets", "rest_webservices"], "restlets,rest_webservices"):
            assert (await netsuite.token(netsuite.statement(netsuite.claims(scope=scope))))[0] == 200


def _by_another(netsuite: NetSuite) -> str:
    key = ECKey.generate_key("P-256")
    head = {"typ": "JWT", "alg": "ES256", "kid": "simulated-certificate"}
    return jwt.encode(head, netsuite.claims(), key, algorithms=["ES256"])


def _of_another_certificate(netsuite: NetSuite) -> str:
    return netsuite.statement(netsuite.claims(), kid="another")


def _changed_on_the_way(netsuite: NetSuite) -> str:
    head, _, signature = netsuite.statement(netsuite.claims()).split(".")
    _, claims, _ = netsuite.statement(netsuite.claims(exp=4_000_000_000)).split(".")
    return f"{head}.{claims}.{signature}"


@pytest.mark.parametrize("forge", [_by_another, _of_another_certificate, _changed_on_the_way])
def test_a_forged_statement_is_refused(forge: Callable[[NetSuite], str]) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            assert await netsuite.token(forge(netsuite)) == (400, {"error": "invalid_client"})

    run()


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "e30.W10.e30", "W10.e30.e30"])
def test_what_is_no_statement_is_refused(text: str) -> None:
    @in_loop
    async def run() -> None:
        async with account() as netsuite:
            status, answer = await netsuite.token(text)

            assert (status, answer["error"]) == (400, "invalid_request")

    run()


@in_loop
async def test_another_grant_is_refused() -> None:
    async with account() as netsuite:
        good = netsuite.statement(netsuite.claims())

        assert await netsuite.token(good, grant_type="password") == (400, {"error": "unsupported_grant_type"})
        assert await netsuite.token(good, client_assertion_type="x") == (400, {"error": "invalid_request"})


@in_loop
async def test_a_token_ends_with_its_life_and_with_its_session() -> None:
    clock = ShiftedClock()
    async with account(clock=clock) as netsuite:
        assert (await netsuite.call("GET", RECORDS))[0] == 200
        clock.ahead_s = 3601
        status, answer, _ = await netsuite.call("GET", RECORDS)
        assert (status, codes(answer)) == (401, [("INVALID_LOGIN", "")])

        clock.ahead_s = 0
        await netsuite.sign_in()
        await netsuite.fault(kind="expire-sessions")
        assert (await netsuite.call("GET", RECORDS))[0] == 401


@in_loop
async def test_a_refused_credential_is_refused_in_netsuites_words() -> None:
    async with account() as netsuite:
        await netsuite.fault(kind="refuse-credential", times=2)

        assert codes((await netsuite.call("GET", RECORDS))[1]) == [("INVALID_LOGIN", "")]
        assert await netsuite.token(netsuite.statement(netsuite.claims())) == (400, {"error": "invalid_client"})


@in_loop
async def test_a_statement_is_not_in_the_journal() -> None:
    async with account() as netsuite:
        await netsuite.token(netsuite.statement(netsuite.claims()))

        assert {one["body"] for one in await netsuite.journal()} == {"(holds a credential)"}


@in_loop
async def test_a_missing_permission_is_named() -> None:
    async with account(Settings(denied=("edit", "query"), save_ms=0)) as netsuite:
        status, answer, _ = await netsuite.put("web-1", {})

        assert (status, codes(answer)) == (403, [("INSUFFICIENT_PERMISSION", "")])
        assert "Transactions -> Sales Order" in answer["o:errorDetails"][0]["detail"]
        assert (await netsuite.call("GET", RECORDS))[0] == 200
