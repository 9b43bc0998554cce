"""Paths, methods, limits and the answers that no service gives."""

from email.utils import parsedate_to_datetime

import pytest
from msgspec.structs import replace

from tests.unit.simulators.adobe_commerce.support import QUICK, Commerce, shop
from tests.unit.simulators.core.support import in_loop

NO_ROUTE = {"message": "Request does not match any route."}


async def _status(commerce: Commerce, path: str, method: str = "GET") -> int:
    async with commerce.session.request(method, commerce.url + path, headers=commerce.headers) as response:
        return response.status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rest/V1/inventory/sources", 200),
        ("/rest/default/V1/inventory/sources", 200),
        ("/rest/all/V1/inventory/sources/", 200),
        ("/rest/no-such-store/V1/inventory/sources", 404),
        ("/V1/inventory/sources", 404),
        ("/rest/V1/inventory/no-such-thing", 404),
        ("/rest/V2/inventory/sources", 404),
        ("/rest", 404),
        ("/", 404),
    ],
)
@in_loop
async def test_only_the_base_path_with_a_known_store_code_leads_anywhere(path: str, status: int) -> None:
    async with shop() as commerce:
        assert await _status(commerce, path) == status


@in_loop
async def test_an_unknown_route_has_the_documented_body() -> None:
    async with shop() as commerce:
        assert await commerce.call("GET", "/V1/inventory/no-such-thing") == (404, NO_ROUTE)


@in_loop
async def test_another_tenant_is_no_route() -> None:
    async with shop(replace(QUICK, mode="saas")) as commerce:
        assert await _status(commerce, "/tenant-2/V1/inventory/sources") == 404
        assert await _status(commerce, "/tenant-1/V1/inventory/sources") == 403


@in_loop
async def test_a_wrong_method_is_405_as_documented_or_404_as_the_code_has_it() -> None:
    async with shop() as commerce:
        assert (await commerce.call("DELETE", "/V1/inventory/source-items"))[0] == 405
        await commerce.replace_state(settings={"wrong_method_status": 404})
        assert await commerce.call("DELETE", "/V1/inventory/source-items") == (404, NO_ROUTE)


@in_loop
async def test_a_method_that_rest_does_not_know_is_refused() -> None:
    async with shop() as commerce:
        assert await commerce.call("PATCH", "/V1/inventory/sources") == (400, {"message": "Request method is invalid."})


@in_loop
async def test_an_accept_header_that_leaves_no_json_is_406() -> None:
    async with shop() as commerce:
        assert (await commerce.call("GET", "/V1/inventory/sources", headers={"Accept": "image/png"}))[0] == 406
        assert (await commerce.call("GET", "/V1/inventory/sources", headers={"Accept": "text/html, */*;q=0.1"}))[
            0
        ] == 200


@in_loop
async def test_an_operation_of_the_contract_that_is_not_simulated_says_so() -> None:
    async with shop() as commerce:
        status, body = await commerce.call("GET", "/V1/returns?searchCriteria=")

        assert status == 501
        assert "GET /V1/returns" in body["message"]


@in_loop
async def test_a_path_parameter_of_the_wrong_type_is_refused() -> None:
    async with shop() as commerce:
        assert await commerce.call("GET", "/V1/inventory/is-product-salable/PUMP-P100/two") == (
            400,
            {"message": 'The "two" value\'s type is invalid. The "int" type was expected. Verify and try again.'},
        )


@pytest.mark.parametrize("hint", ["seconds", "date", "none"])
@in_loop
async def test_the_own_rate_limit_answers_429_with_the_chosen_hint(hint: str) -> None:
    async with shop() as commerce:
        await commerce.replace_state(
            settings={"rate_limit_calls": 2, "rate_limit_window_s": 30, "rate_limit_hint": hint}
        )
        answers = [await _status(commerce, "/rest/V1/inventory/sources") for _ in range(2)]
        async with commerce.session.get(f"{commerce.url}/rest/V1/inventory/sources", headers=commerce.headers) as late:
            assert answers == [200, 200]
            assert (late.status, await late.json()) == (429, {"message": "Too Many Requests"})
            told = late.headers.get("Retry-After")

        if hint == "seconds":
            assert told is not None
            assert 1 <= int(told) <= 30
        elif hint == "date":
            assert told is not None
            assert parsedate_to_datetime(told).tzinfo is not None
        else:
            assert told is None


@pytest.mark.parametrize("retry_after", ["7", "Wed, 21 Oct 2026 07:28:00 GMT", None])
@in_loop
async def test_a_fault_can_answer_429_with_any_hint(retry_after: str | None) -> None:
    async with shop() as commerce:
        await commerce.fault(kind="status", status=429, retry_after=retry_after)
        async with commerce.session.get(f"{commerce.url}/rest/V1/inventory/sources") as response:
            assert (response.status, await response.json()) == (429, {"message": "Too Many Requests"})
            assert response.headers.get("Retry-After") == retry_after


@in_loop
async def test_gateway_errors_are_pages_and_commerces_own_are_json() -> None:
    async with shop() as commerce:
        await commerce.fault(kind="status", status=503, times=1)
        await commerce.fault(kind="status", status=500, times=1)

        assert (await commerce.raw("GET", "/V1/inventory/sources"))[1].startswith("<html>")
        assert "Report ID: webapi-" in (await commerce.raw("GET", "/V1/inventory/sources"))[1]
