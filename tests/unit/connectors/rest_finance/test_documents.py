"""The requests that documents make, and answers that are about something else."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from connectors.core.calls import Dependencies
from connectors.core.errors import RejectedPayloadError, TargetUnavailableError, UnknownOutcomeError
from connectors.core.order_ports import FinanceTarget
from connectors.rest_finance.opening import open_ports
from connectors.rest_finance.settings import Settings
from tests.contract.finance_target import booking
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio

AUTH = {"kind": "client_credentials", "client_id": "sync", "client_secret": "canary"}
STATE = {
    "reference": "a/1",
    "kind": "invoice",
    "number": "INV-1",
    "currency": "USD",
    "amount": "1121.13",
    "status": "POSTED",
    "new": {"member": 1},
}


def finance(answer: httpx.Response, requests: list[httpx.Request]) -> FinanceTarget:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/v1/token"):
            return httpx.Response(200, json={"access_token": "t-1", "token_type": "Bearer", "expires_in": 60})
        requests.append(request)
        return answer

    settings = Settings.model_validate({"base_url": "https://books.example/bridge", "auth": AUTH})
    ports = open_ports(settings, Dependencies(clock=FakeClock(), transport=httpx.MockTransport(handler)))
    assert ports.finance is not None
    return ports.finance


async def test_a_document_is_put_under_its_quoted_reference_with_the_token() -> None:
    requests: list[httpx.Request] = []

    made = await finance(httpx.Response(201, json=STATE), requests).post(booking(reference="a/1"))

    (request,) = requests
    assert (request.method, request.url.raw_path) == ("PUT", b"/bridge/v1/documents/a%2F1")
    assert request.headers["Authorization"] == "Bearer t-1"
    assert b'"amount":"1121.13"' in request.content
    assert (made.number, made.amount) == ("INV-1", 1_121_130_000)


async def test_an_answer_about_another_document_is_no_answer() -> None:
    target = finance(httpx.Response(200, json=STATE | {"reference": "a/2"}), [])

    with pytest.raises(UnknownOutcomeError):
        await target.post(booking(reference="a/1"))
    with pytest.raises(TargetUnavailableError):
        await target.find_documents("a/1")


@pytest.mark.parametrize("changes", [{"amount": "1121"}, {"currency": "EUR"}])
async def test_books_that_show_something_else_than_was_put_are_for_a_person(changes: dict[str, str]) -> None:
    with pytest.raises(RejectedPayloadError):
        await finance(httpx.Response(200, json=STATE | changes), []).post(booking(reference="a/1"))


@pytest.mark.parametrize("reference", ["", ".", "..", "a\nb"])
async def test_a_reference_that_no_path_can_carry_is_refused_before_any_call(reference: str) -> None:
    requests: list[httpx.Request] = []

    with pytest.raises(RejectedPayloadError):
        await finance(httpx.Response(200, json=STATE), requests).post(booking(reference=reference))

    assert not requests


@pytest.mark.parametrize(
    "changes", [{"kind": "bearer"}, {"client_id": ""}, {"client_secret": ""}, {"scope": ""}, {"token": "canary"}]
)
async def test_a_credential_that_cannot_sign_in_is_refused_at_the_start(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"base_url": "https://books.example", "auth": AUTH | changes})

    assert "canary" not in str(refused.value)
