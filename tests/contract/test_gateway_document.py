"""The gateway's own OpenAPI document: valid, served, and true of what real requests are answered."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_spec_validator import validate

from streams.sources.reservations_route import document
from tests.unit.streams.domain.ledger import SKU
from tests.unit.streams.sources.reserving import TOKENS, Reserving, reserving
from tests.unit.streams.sources.senders import Answer

pytestmark = pytest.mark.anyio
DOCUMENT = json.loads(document())
KEY = {"Idempotency-Key": "k1"}


@pytest.fixture
async def one() -> AsyncIterator[Reserving]:
    """Five are there, and a set of two."""
    async with reserving(units=5, components={"SET": {SKU: "2"}}) as found:
        yield found


class Checked:
    """Asks the gateway, and holds what was asked and answered to the document."""

    def __init__(self, one: Reserving) -> None:
        self._one = one
        self._openapi = OpenAPI.from_dict(DOCUMENT)
        self.seen: set[tuple[str, str]] = set()

    async def ask(self, method: str, path: str, body: object = None, template: str = "", **headers: str) -> Answer:
        """`template` is the path of the document, where it differs."""
        answer = await self._one.ask(method, path, body, **headers)
        place, _, query = path.partition("?")
        request = MockRequest(
            "https://gateway.example",
            method.lower(),
            place,
            args=dict(one.split("=") for one in query.split("&") if one),
            headers={"Authorization": f"Bearer {TOKENS['pos']}", **headers},
            data=None if body is None else json.dumps(body).encode(),
            content_type="application/json",
        )
        if answer.ok:
            self._openapi.validate_request(request)
        response = MockResponse(
            answer.text.encode(), answer.status, headers=dict(answer.headers), content_type="application/json"
        )
        self._openapi.validate_response(request, response)
        self.seen.add((template or place, str(answer.status)))
        return answer


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)


async def test_it_is_served_to_everybody(one: Reserving) -> None:
    answer = await one.ask("GET", "/v1/openapi.json")

    assert (answer.status, answer.json) == (200, DOCUMENT)


async def test_what_real_requests_are_answered_is_what_it_says(one: Reserving) -> None:
    asked = Checked(one)
    create, item = "/v1/reservations", "/v1/reservations/{id}"

    made = await asked.ask("POST", create, {"sku": SKU, "quantity": "2", "ttl_seconds": 60}, **KEY)
    await asked.ask("POST", create, {"sku": SKU, "quantity": "2", "ttl_seconds": 60}, **KEY)
    await asked.ask("POST", create, {"sku": SKU, "quantity": "9"}, **{"Idempotency-Key": "k2"})
    await asked.ask("POST", create, {"sku": "NO-SUCH", "quantity": 1}, **{"Idempotency-Key": "k3"})
    await asked.ask("POST", create, {"sku": "SET", "quantity": 1}, **{"Idempotency-Key": "k4"})
    await asked.ask("POST", create, {"sku": SKU}, **{"Idempotency-Key": "k5"})
    name = made.json["id"]
    await asked.ask("GET", f"{create}/{name}", template=item)
    await asked.ask("GET", f"{create}/none", template=item)
    await asked.ask("POST", f"{create}/{name}/confirm", {"order_id": "pos-1"}, template=item + "/confirm")
    await asked.ask("POST", f"{create}/{name}/confirm", {"order_id": "pos-2"}, template=item + "/confirm")
    await asked.ask("POST", f"{create}/{name}/release", template=item + "/release")
    await asked.ask("GET", f"/v1/availability?sku={SKU}&quantity=2", template="/v1/availability")
    await asked.ask("GET", "/v1/availability?sku=SET", template="/v1/availability")
    await asked.ask("GET", "/v1/availability?sku=NO-SUCH", template="/v1/availability")
    one.owner.away = True
    await asked.ask("POST", create, {"sku": SKU, "quantity": 1}, **{"Idempotency-Key": "k6"})

    assert asked.seen >= {
        (create, "201"), (create, "200"), (create, "409"), (create, "404"), (create, "422"), (create, "400"),
        (create, "503"), (item, "200"), (item, "404"), (item + "/confirm", "200"), (item + "/confirm", "409"),
        (item + "/release", "200"), ("/v1/availability", "200"), ("/v1/availability", "404"),
    }  # fmt: skip


def test_every_status_of_every_address_has_a_body_that_says_what_to_do() -> None:
    silent = [
        f"{method} {path} {status}"
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
        if isinstance(operation, dict)
        for status, told in _responses(operation)
        if int(status) >= 300
        and not told["content"]["application/json"]["schema"]["$ref"].endswith(("Problem", "NotEnough"))
    ]

    assert silent == []


def _responses(operation: dict[str, Any]) -> list[tuple[str, Any]]:  # Any: JSON
    return list(operation["responses"].items())
