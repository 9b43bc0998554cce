"""The requests that tasks make, and answers that are about something else."""

from base64 import b64decode

import httpx
import pytest

from connectors.core.calls import Dependencies
from connectors.core.errors import RejectedPayloadError, TargetUnavailableError, UnknownOutcomeError
from connectors.core.order_ports import TaskTarget
from connectors.rest_wms.opening import open_ports
from connectors.rest_wms.settings import Settings
from tests.contract.orders import ORDER, ORDER_ID
from tests.contract.task_target import LINES
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.anyio

BASIC = {"kind": "basic", "username": "sync", "password": "pässword"}
STATE = {"task_id": "t/1", "order_id": ORDER_ID, "number": "T1", "status": "RELEASED", "new": {"member": 1}}


def tasks(answer: httpx.Response, requests: list[httpx.Request]) -> TaskTarget:
    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer

    settings = Settings.model_validate({"base_url": "https://wms.example/bridge", "auth": BASIC})
    ports = open_ports(settings, Dependencies(clock=FakeClock(), transport=httpx.MockTransport(handler)))
    assert ports.tasks is not None
    return ports.tasks


async def test_a_task_is_put_under_its_quoted_id_with_the_credential() -> None:
    requests: list[httpx.Request] = []
    target = tasks(httpx.Response(201, json=STATE), requests)

    made = await target.create_task("t/1", ORDER_ID, ORDER, source_code="wh-east", lines=LINES)

    (request,) = requests
    assert (request.method, request.url.raw_path) == ("PUT", b"/bridge/v1/tasks/t%2F1")
    scheme, _, pair = request.headers["Authorization"].partition(" ")
    assert (scheme, b64decode(pair).decode()) == ("Basic", "sync:pässword")
    assert b'"quantity":"190.7"' in request.content
    assert (made.number, made.status) == ("T1", "RELEASED")


async def test_cancelling_sends_no_body() -> None:
    requests: list[httpx.Request] = []

    await tasks(httpx.Response(200, json=STATE), requests).cancel_task("t/1")

    assert [(one.method, one.url.raw_path, one.content) for one in requests] == [
        ("POST", b"/bridge/v1/tasks/t%2F1/cancel", b"")
    ]


async def test_an_answer_about_another_task_is_no_answer() -> None:
    target = tasks(httpx.Response(200, json=STATE | {"task_id": "t/2"}), [])

    with pytest.raises(UnknownOutcomeError):
        await target.create_task("t/1", ORDER_ID, ORDER, source_code="wh-east", lines=LINES)
    with pytest.raises(UnknownOutcomeError):
        await target.cancel_task("t/1")
    with pytest.raises(TargetUnavailableError):
        await target.find_task("t/1")


@pytest.mark.parametrize("task_id", ["", ".", "..", "a\nb"])
async def test_an_id_that_no_path_can_carry_is_refused_before_any_call(task_id: str) -> None:
    requests: list[httpx.Request] = []
    target = tasks(httpx.Response(200, json=STATE), requests)

    with pytest.raises(RejectedPayloadError):
        await target.create_task(task_id, ORDER_ID, ORDER, source_code="wh-east", lines=LINES)

    assert not requests
