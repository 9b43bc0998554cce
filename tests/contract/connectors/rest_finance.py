"""The REST accounting system for the contract suite."""

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import msgspec

from connectors.core.calls import Answer, Call
from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import FinanceTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.rest_finance import answers, mapping, wire
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract
from tests.contract.finance_target import BOOKING

SETTINGS = {"base_url": "https://books.example/bridge"}
CONTRACT = Contract(Path(str(files("connectors.rest_finance"))) / "openapi.json")
CREDENTIALS = {
    "client_credentials": {"kind": "client_credentials", "client_id": "sync", "client_secret": "canary-secret"}
}


def _finance(ports: Ports) -> FinanceTarget:
    assert ports.finance is not None
    return ports.finance


async def _post(ports: Ports) -> None:
    await _finance(ports).post(BOOKING)


async def _find(ports: Ports) -> None:
    await _finance(ports).find_documents(BOOKING.reference)


async def _check(ports: Ports) -> None:
    await _finance(ports).check()


def _state(_: httpx.Request) -> httpx.Response:
    body = {
        "reference": BOOKING.reference,
        "kind": "invoice",
        "number": "INV-000001",
        "currency": "USD",
        "amount": "1121.13",
        "status": "POSTED",
    }
    return httpx.Response(200, json=body)


def _healthy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "ok"})


def _signs_in(request: httpx.Request) -> bool:
    return request.url.path.endswith("/v1/token")


def _token(_: httpx.Request) -> httpx.Response:
    body = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 3600}
    return httpx.Response(200, json=body)


def _conforms(request: httpx.Request) -> None:
    CONTRACT.check(request, prefix="/bridge")


def _document_request(recorded: bytes) -> tuple[object, object]:
    """The recorded document from the booking that it stands for."""
    return json.loads(recorded), json.loads(wire.encode(mapping.to_document(BOOKING)))


def _document_state(recorded: bytes) -> tuple[object, object]:
    document = mapping.from_state(wire.decode_state(recorded))
    return json.loads(recorded), json.loads(msgspec.json.encode(mapping.to_state(document)))


def _refusal(recorded: bytes) -> tuple[object, object]:
    document = json.loads(recorded)
    status = 409 if document["code"] == "period-closed" else 422
    call = Call(operation="put-document", method="PUT", path=path("x"), effect=True)
    error = answers.refusal(call, Answer(status=status, headers={}, body=recorded, took=timedelta()))
    assert isinstance(error, RejectedPayloadError)
    assert document["code"] in error.message
    return document["fields"], list(error.fields)


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="post document", settings=SETTINGS, effect=True, run=_post, well=_state),
        Use(name="find document", settings=SETTINGS, effect=False, run=_find, well=_state),
        Use(name="check", settings=SETTINGS, effect=False, run=_check, well=_healthy),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "document.put.request.json": _document_request,
        "document.get.response.json": _document_state,
        "put.409.response.json": _refusal,
        "put.422.response.json": _refusal,
    },
)
