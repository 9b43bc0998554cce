"""The REST WMS for the contract suite."""

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import msgspec

from connectors.core.calls import Answer, Call
from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import TaskTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.rest_wms import answers, mapping, wire
from schemas.models.order_event import EventLine
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract
from tests.contract.orders import ORDER, ORDER_ID, order

TASK_ID = f"{ORDER_ID}/wh east"
SETTINGS = {"base_url": "https://wms.example/bridge"}
CONTRACT = Contract(Path(str(files("connectors.rest_wms"))) / "openapi.json")

CREDENTIALS = {
    "bearer": {"kind": "bearer", "token": "canary-token"},
    "basic": {"kind": "basic", "username": "sync", "password": "canary-password"},
}


def _tasks(ports: Ports) -> TaskTarget:
    assert ports.tasks is not None
    return ports.tasks


async def _create(ports: Ports) -> None:
    lines = [EventLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in ORDER.lines]
    await _tasks(ports).create_task(TASK_ID, ORDER_ID, ORDER, source_code="wh-east", lines=lines)


async def _find(ports: Ports) -> None:
    await _tasks(ports).find_task(TASK_ID)


async def _cancel(ports: Ports) -> None:
    await _tasks(ports).cancel_task(TASK_ID)


async def _available(ports: Ports) -> None:
    assert ports.availability is not None
    await ports.availability.available("PUMP/200 A")


async def _check(ports: Ports) -> None:
    await _tasks(ports).check()


def _state(_: httpx.Request) -> httpx.Response:
    body = {"task_id": TASK_ID, "order_id": ORDER_ID, "number": "T0000001", "status": "RELEASED"}
    return httpx.Response(200, json=body)


def _stocked(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"sku": "PUMP/200 A", "available": "12.5"})


def _healthy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "ok"})


def _never(_: httpx.Request) -> bool:
    return False


def _conforms(request: httpx.Request) -> None:
    CONTRACT.check(request, prefix="/bridge")


def _task_request(recorded: bytes) -> tuple[object, object]:
    """The recorded task from the order that it stands for."""
    task = msgspec.json.decode(recorded, type=wire.Task)
    assert task.ship_to is not None
    made = mapping.to_task(
        task.order_id,
        order(
            shipping=mapping.from_address(task.ship_to),
            shipping_method=task.shipping_method,
            instructions=task.instructions,
            requested_at=1_773_964_800_000_000,
        ),
        source_code=task.source_code,
        lines=[
            EventLine(line_id="501", sku="PUMP-200", quantity=2_000_000),
            EventLine(sku="CABLE-3X15", quantity=190_700_000),
        ],
    )
    return json.loads(recorded), json.loads(wire.encode(made))


def _task_state(recorded: bytes) -> tuple[object, object]:
    task = mapping.from_state(wire.decode_state(recorded))
    return json.loads(recorded), json.loads(wire.encode(mapping.to_state(task)))


def _refusal(recorded: bytes) -> tuple[object, object]:
    document = json.loads(recorded)
    status = 409 if document["code"] == "too-far" else 422
    call = Call(operation="put-task", method="PUT", path=path("x"), effect=True)
    error = answers.refusal(call, Answer(status=status, headers={}, body=recorded, took=timedelta()))
    assert isinstance(error, RejectedPayloadError)
    assert document["code"] in error.message
    return document["fields"], list(error.fields)


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="create task", settings=SETTINGS, effect=True, run=_create, well=_state),
        Use(name="find task", settings=SETTINGS, effect=False, run=_find, well=_state),
        Use(name="cancel task", settings=SETTINGS, effect=True, run=_cancel, well=_state),
        Use(name="available", settings=SETTINGS, effect=False, run=_available, well=_stocked),
        Use(name="check", settings=SETTINGS, effect=False, run=_check, well=_healthy),
    ),
    signs_in=_never,
    token=_healthy,
    conforms=_conforms,
    round_trips={
        "task.put.request.json": _task_request,
        "task.get.response.json": _task_state,
        "cancel.409.response.json": _refusal,
        "put.422.response.json": _refusal,
    },
)
