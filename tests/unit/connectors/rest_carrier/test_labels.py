"""The requests that labels make, and answers that mean something of their own."""

from collections.abc import Callable

import httpx
import msgspec
import pytest

from connectors.core.calls import Dependencies
from connectors.core.errors import (
    ConfigurationError,
    ConflictError,
    ConnectorError,
    NotFoundError,
    RejectedPayloadError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from connectors.core.order_ports import CarrierTarget
from connectors.rest_carrier.opening import open_ports
from connectors.rest_carrier.settings import Settings
from schemas.models.document import Label
from tests.contract.carrier_target import LINES
from tests.contract.orders import ORDER, ORDER_ID
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio
STATE = {
    "reference": "r/1",
    "tracking_number": "PX1",
    "carrier_code": "parcelex",
    "service": "ground",
    "status": "BOOKED",
    "new": {"member": 1},
}


def labels(answer: httpx.Response, requests: list[httpx.Request] | None = None) -> CarrierTarget:
    def handler(request: httpx.Request) -> httpx.Response:
        if requests is not None:
            requests.append(request)
        return answer

    return opened(handler)


def held_with_other_content(shown: httpx.Response) -> CarrierTarget:
    """A carrier that says so to every booking; `shown` is its answer to a look."""
    different = httpx.Response(409, json={"code": "different-content"})
    return opened(lambda request: shown if request.method == "GET" else different)


def opened(handler: Callable[[httpx.Request], httpx.Response]) -> CarrierTarget:
    auth = {"kind": "bearer", "token": "t0ken"}
    settings = Settings.model_validate({"base_url": "https://carrier.example/bridge", "auth": auth})
    ports = open_ports(settings, Dependencies(clock=FakeClock(), transport=httpx.MockTransport(handler)))
    assert ports.carrier is not None
    return ports.carrier


async def book(target: CarrierTarget, shipment: str | None = "SHP-1") -> Label:
    return await target.book(
        "r/1", ORDER_ID, ORDER, service="ground", shipment=shipment, source_code="wh-east", lines=LINES
    )


async def test_a_label_is_put_under_its_quoted_reference_and_tells_the_carrier_no_more_than_it_needs() -> None:
    requests: list[httpx.Request] = []

    label = await book(labels(httpx.Response(201, json=STATE), requests))

    (request,) = requests
    assert (request.method, request.url.raw_path) == ("PUT", b"/bridge/v1/labels/r%2F1")
    assert request.headers["Authorization"] == "Bearer t0ken"
    sent = msgspec.json.decode(request.content)
    assert sent.keys() == {"order_reference", "shipment_reference", "service", "ship_from", "ship_to", "lines"}
    assert "vat_id" not in sent["ship_to"]
    assert b"buyer@example.com" not in request.content
    assert (label.tracking_number, label.price, label.document) == ("PX1", None, None)


async def test_a_shipment_without_a_name_is_left_out() -> None:
    requests: list[httpx.Request] = []

    await book(labels(httpx.Response(201, json=STATE), requests), shipment=None)

    assert "shipment_reference" not in msgspec.json.decode(requests[0].content)


async def test_rates_are_asked_for_and_nothing_is_said_of_the_order() -> None:
    requests: list[httpx.Request] = []
    offers = {"offers": [{"service": "ground", "price": "8.25", "currency": "USD", "days": 4}]}

    (offer,) = await labels(httpx.Response(200, json=offers), requests).rates(ORDER, source_code="x", lines=LINES)

    assert (offer.price, offer.days) == (8_250_000, 4)
    assert (requests[0].method, requests[0].url.raw_path) == ("POST", b"/bridge/v1/rates")
    assert ORDER_ID.encode() not in requests[0].content


@pytest.mark.parametrize("change", [{"reference": "r/2"}, {"tracking_number": ""}, {"price": "-1"}, {"price": "1,5"}])
async def test_an_answer_that_the_contract_does_not_know_may_have_booked(change: dict[str, str]) -> None:
    answer = httpx.Response(200, json=STATE | change)

    with pytest.raises(UnknownOutcomeError):
        await book(labels(answer))
    with pytest.raises(TargetUnavailableError):
        await labels(answer).find("r/1")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (409, "manifest-closed", RejectedPayloadError),
        (409, "the canary lives here", RejectedPayloadError),
        (409, "void", RejectedPayloadError),
        (409, "too-far", RejectedPayloadError),
        (422, "undeliverable", RejectedPayloadError),
        (404, "no-such-label", NotFoundError),
        (404, "no-such-route", ConfigurationError),
        (502, "", UnknownOutcomeError),
    ],
)
async def test_each_refusal_is_what_the_contract_says(status: int, code: str, kind: type[ConnectorError]) -> None:
    body = {"code": code, "message": "2 Example Street is unknown", "fields": ["ship_to.street"]}

    with pytest.raises(ConnectorError) as refused:
        await book(labels(httpx.Response(status, json=body)))

    assert type(refused.value) is kind
    assert "Example Street" not in refused.value.message
    assert "canary" not in refused.value.message
    assert code in refused.value.message or "unreadable-code" in refused.value.message


@pytest.mark.parametrize("code", ["different-content", "manifest-closed", "void"])
async def test_a_conflict_of_a_label_that_is_to_be_void_is_for_a_person_because_no_look_ends_it(code: str) -> None:
    with pytest.raises(RejectedPayloadError, match=code):
        await labels(httpx.Response(409, json={"code": code})).cancel("r/1")


async def test_a_conflict_without_a_problem_document_is_not_the_carriers_own_and_may_pass() -> None:
    target = labels(httpx.Response(409, text="<html>busy</html>"))

    with pytest.raises(ConflictError):
        await book(target)
    with pytest.raises(ConflictError):
        await target.cancel("r/1")


async def test_other_content_is_a_conflict_while_its_label_stands_so_that_the_next_look_takes_it() -> None:
    with pytest.raises(ConflictError, match="different-content"):
        await book(held_with_other_content(httpx.Response(200, json=STATE)))


@pytest.mark.parametrize(
    "shown",
    [httpx.Response(200, json=STATE | {"status": "VOID"}), httpx.Response(404, json={"code": "no-such-label"})],
)
async def test_other_content_that_no_look_shows_is_for_a_person_because_every_repeat_would_meet_it(
    shown: httpx.Response,
) -> None:
    with pytest.raises(RejectedPayloadError, match="different-content"):
        await book(held_with_other_content(shown))


async def test_other_content_that_cannot_be_looked_at_now_is_taken_up_later() -> None:
    with pytest.raises(TargetUnavailableError):
        await book(held_with_other_content(httpx.Response(503)))


async def test_a_void_label_is_none() -> None:
    assert await labels(httpx.Response(200, json=STATE | {"status": "VOID"})).find("r/1") is None
