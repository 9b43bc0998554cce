"""OAuth 1.0a, signed by an independent library."""

from typing import Literal

import pytest
from msgspec.structs import replace
from oauthlib import oauth1
from yarl import URL

from simulators.core.clock import SystemClock
from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, criteria, shop
from tests.unit.simulators.core.support import in_loop

SOURCES = "/rest/V1/inventory/sources"


def _signed(url: str, *, method: Literal["GET", "POST"] = "GET", **changes: str) -> dict[str, str]:
    client = oauth1.Client(
        changes.pop("consumer_key", QUICK.oauth_consumer_key),
        client_secret=changes.pop("consumer_secret", QUICK.oauth_consumer_secret),
        resource_owner_key=changes.pop("token", QUICK.oauth_access_token),
        resource_owner_secret=QUICK.oauth_access_token_secret,
        signature_method=changes.pop("signature_method", oauth1.SIGNATURE_HMAC_SHA256),
        **changes,
    )
    _, headers, _ = client.sign(url, http_method=method)
    return {"Authorization": headers["Authorization"]}


async def _get(commerce: Commerce, path: str, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
    async with commerce.session.get(commerce.url + path, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    "path",
    [
        SOURCES,
        f"/rest/all/V1/inventory/source-items?{criteria(('sku', 'A B&C=%/ü', 'in'), pageSize=5)}",
        "/rest/V1/products/A%2FB%20%C3%BC",
    ],
)
@in_loop
async def test_a_signature_over_address_and_all_parameters_is_accepted(path: str) -> None:
    async with shop() as commerce:
        url = commerce.url + path
        async with commerce.session.get(URL(url, encoded=True), headers=_signed(url)) as response:
            assert response.status in {200, 404}, await response.text()

        assert (await commerce.journal())[-1]["detail"]["auth"] == "oauth1"


@in_loop
async def test_the_body_is_not_signed() -> None:
    async with shop() as commerce:
        url = f"{commerce.url}/rest/all/V1/inventory/source-items"
        body = {"sourceItems": [{"sku": "PUMP-P100", "source_code": "wh-east", "quantity": 3, "status": 1}]}
        async with commerce.session.post(url, json=body, headers=_signed(url, method="POST")) as response:
            assert (response.status, await response.json()) == (200, [])


@in_loop
async def test_a_nonce_serves_once() -> None:
    async with shop() as commerce:
        headers = _signed(commerce.url + SOURCES)

        assert (await _get(commerce, SOURCES, headers))[0] == 200
        assert await _get(commerce, SOURCES, headers) == (
            401,
            {"message": "The nonce is already being used by the consumer with ID %1.", "parameters": ["1"]},
        )


@in_loop
async def test_a_nonce_is_used_up_even_where_the_signature_is_wrong() -> None:
    async with shop() as commerce:
        wrong = _signed(commerce.url + SOURCES, consumer_secret="other", nonce="n1")  # noqa: S106 - a wrong one

        assert (await _get(commerce, SOURCES, wrong))[1]["message"] == "The signature is invalid. Verify and try again."
        assert (await _get(commerce, SOURCES, _signed(commerce.url + SOURCES, nonce="n1")))[0] == 401


@in_loop
async def test_a_signature_for_another_method_or_query_is_invalid() -> None:
    async with shop() as commerce:
        url = commerce.url + SOURCES

        assert (await _get(commerce, SOURCES, _signed(url, method="POST")))[0] == 401
        assert (await _get(commerce, f"{SOURCES}?searchCriteria[pageSize]=1", _signed(url)))[0] == 401


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"consumer_key": "short"}, 401, "Consumer key is not the correct length"),
        ({"consumer_key": "x" * 32}, 401, "A consumer having the specified key does not exist"),
        ({"token": "short"}, 400, "The token length is invalid. Check the length and try again."),
        ({"token": "x" * 32}, 401, "Specified token does not exist"),
        ({"signature_method": oauth1.SIGNATURE_HMAC_SHA1}, 400, "Signature method %1 is not supported"),
        ({"timestamp": "0"}, 400, "The timestamp value in the oauth_timestamp parameter is incorrect."),
    ],
)
@in_loop
async def test_each_wrong_parameter_has_its_own_refusal(changes: dict[str, str], status: int, message: str) -> None:
    async with shop() as commerce:
        found, body = await _get(commerce, SOURCES, _signed(commerce.url + SOURCES, method="GET", **changes))

        assert (found, body["message"]) == (status, message)


@in_loop
async def test_missing_parameters_are_named() -> None:
    async with shop() as commerce:
        status, body = await _get(commerce, SOURCES, {"Authorization": 'OAuth oauth_nonce="1"'})

        assert status == 400
        assert body["message"] == "One or more input exceptions have occurred."
        errors = body["errors"]
        assert isinstance(errors, list)
        assert {error["parameters"]["fieldName"] for error in errors} >= {"oauth_consumer_key", "oauth_token"}


@in_loop
async def test_a_clock_may_run_ten_minutes_ahead_but_not_more() -> None:
    async with shop() as commerce:
        now = SystemClock().now()
        url = commerce.url + SOURCES

        assert (await _get(commerce, SOURCES, _signed(url, timestamp=f"{now + 500:.0f}")))[0] == 200
        assert (await _get(commerce, SOURCES, _signed(url, timestamp=f"{now + 700:.0f}")))[0] == 400
        assert (await _get(commerce, SOURCES, _signed(url, timestamp=f"{now - 7000:.0f}")))[0] == 200


@in_loop
async def test_old_timestamps_are_refused_where_a_window_is_set() -> None:
    async with shop(replace(QUICK, oauth_past_s=300.0)) as commerce:
        old = f"{SystemClock().now() - 400:.0f}"

        assert (await _get(commerce, SOURCES, _signed(commerce.url + SOURCES, timestamp=old)))[0] == 400
