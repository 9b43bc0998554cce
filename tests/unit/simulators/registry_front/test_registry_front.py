"""Behind the door stands the vendor of two routes that the core's own tests use: POST adds one, anything else reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from simulators.core.server import Simulator
from simulators.registry_front import RegistryFront
from tests.unit.simulators.core.support import Client, Counter, in_loop


@asynccontextmanager
async def door(behind: str) -> AsyncIterator[Client]:
    async with RegistryFront(behind) as front, aiohttp.ClientSession() as session:
        yield Client(front.url, session)


async def asked(client: Client, path: str) -> tuple[int, object]:
    async with client.session.get(f"{client.url}{path}") as response:
        return response.status, await response.json()


@in_loop
async def test_requests_are_handed_on_and_answers_handed_back() -> None:
    async with Simulator(Counter()) as registry, door(registry.url) as front:
        assert await front.post("/subjects/a/versions", {"schema": "x"}) == (200, {"value": 1})
        assert await asked(front, "/schemas/ids/1?subject=a") == (200, 1)
        first, second = registry.journal.entries()

    assert (first.method, first.path) == ("POST", "/subjects/a/versions")
    assert (second.path, second.query) == ("/schemas/ids/1", "subject=a")


@in_loop
async def test_what_the_registry_refuses_is_handed_back_as_it_was() -> None:
    async with Simulator(Counter()) as registry, aiohttp.ClientSession() as session:
        await Client(registry.url, session).fault(kind="status", status=404, body={"error_code": 40403})
        async with door(registry.url) as front:
            assert await asked(front, "/schemas/ids/1") == (404, {"error_code": 40403})


@in_loop
async def test_a_registry_that_is_not_there_is_told_as_a_bad_gateway() -> None:
    async with door("http://127.0.0.1:1/apis") as front:
        status, said = await asked(front, "/schemas/ids/1")

    assert status == 502
    assert isinstance(said, dict)
    assert said["error_code"] == 502


@in_loop
async def test_a_fault_answers_in_the_place_of_the_registry_and_is_counted() -> None:
    async with Simulator(Counter()) as registry, door(registry.url) as front:
        other = {"schema": '"string"'}
        rule = await front.fault(kind="status", status=200, path="ids/7$", body=other)

        assert await asked(front, "/schemas/ids/7") == (200, other)
        assert await asked(front, "/schemas/ids/8") == (200, 0)
        rules = await front.get("/_sim/faults")
        assert [(one["id"], one["hits"]) for one in rules["items"]] == [(rule, 1)]
        assert [entry["path"] for entry in await front.journal()] == ["/schemas/ids/7", "/schemas/ids/8"]
        assert len(registry.journal.entries()) == 1


@in_loop
async def test_a_failure_has_the_form_of_a_registry() -> None:
    async with Simulator(Counter()) as registry, door(registry.url) as front:
        await front.fault(kind="status", status=500)

        status, said = await asked(front, "/schemas/ids/7")

    assert status == 500
    assert isinstance(said, dict)
    assert said["error_code"] == 500


@pytest.mark.parametrize("behind", ["", "nowhere", "/path"])
def test_an_address_that_is_none_is_refused(behind: str) -> None:
    with pytest.raises(ValueError, match="behind must be the address of a registry"):
        RegistryFront(behind)
