"""The REST carrier for the contract suite."""

import json
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import httpx
import msgspec

from connectors.core.calls import Answer, Call
from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import CarrierTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.rest_carrier import answers, mapping, wire
from schemas.models.order_event import EventLine
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract
from tests.contract.orders import ORDER, ORDER_ID, order

REFERENCE = f"{ORDER_ID}/SHP 1"
SETTINGS = {"base_url": "https://carrier.example/bridge"}
CONTRACT = Contract(Path(str(files("connectors.rest_carrier"))) / "openapi.json")
LINES = [EventLine(line_id=line.line_id, sku=line.sku, quantity=line.quantity) for line in ORDER.lines]

CREDENTIALS = {
    "bearer": {"kind": "bearer", "token": "canary-token"},
    "basic": {"kind": "basic", "username": "sync", "password": "canary-password"},
}


def _labels(ports: Ports) -> CarrierTarget:
    assert ports.carrier is not None
    return ports.carrier


async def _rates(ports: Ports) -> None:
    await _labels(ports).rates(ORDER, source_code="wh-east", lines=LINES)


async def _book(ports: Ports) -> None:
    await _labels(ports).book(
        REFERENCE, ORDER_ID, ORDER, service="ground", shipment="SHP 1", source_code="wh-east", lines=LINES
    )


async def _find(ports: Ports) -> None:
    await _labels(ports).find(REFERENCE)


async def _cancel(ports: Ports) -> None:
    await _labels(ports).cancel(REFERENCE)


async def _check(ports: Ports) -> None:
    await _labels(ports).check()


def _state(_: httpx.Request) -> httpx.Response:
    body = {
        "reference": REFERENCE,
        "tracking_number": "PX1",
        "carrier_code": "parcelex",
        "service": "ground",
        "status": "BOOKED",
    }
    return httpx.Response(200, json=body)


def _offers(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"offers": [{"service": "ground", "price": "8.25", "currency": "USD"}]})


def _healthy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "ok"})


def _never(_: httpx.Request) -> bool:
    return False


def _conforms(request: httpx.Request) -> None:
    CONTRACT.check(request, prefix="/bridge")


def _parcel(recorded: bytes) -> tuple[object, object]:
    """The recorded parcel from the order that it stands for."""
    parcel = msgspec.json.decode(recorded, type=wire.Parcel)
    made = mapping.to_parcel(
        parcel.order_reference,
        order(shipping=mapping.from_address(parcel.ship_to)),
        service=parcel.service,
        shipment=parcel.shipment_reference,
        source_code=parcel.ship_from,
        lines=[
            EventLine(line_id="501", sku="PUMP-200", quantity=2_000_000),
            EventLine(sku="CABLE-3X15", quantity=190_700_000),
        ],
    )
    return json.loads(recorded), json.loads(wire.encode(made))


def _label_state(recorded: bytes) -> tuple[object, object]:
    label = mapping.from_state(wire.decode_state(recorded))
    return json.loads(recorded), json.loads(wire.encode(mapping.to_state(label, "BOOKED")))


def _priced(recorded: bytes) -> tuple[object, object]:
    offers = [mapping.from_offer(one) for one in wire.decode_offers(recorded).offers]
    stated = json.loads(recorded)["offers"]
    shown = [
        {"service": one.service, "price": mapping.micros_text(one.price), "currency": one.currency}
        | ({} if one.days is None else {"days": one.days})
        for one in offers
    ]
    return stated, shown


def _refusal(recorded: bytes) -> tuple[object, object]:
    document = json.loads(recorded)
    status = 409 if document["code"] == "too-far" else 422
    call = Call(operation="put-label", method="PUT", path=path("x"), effect=True)
    error = answers.refusal(call, Answer(status=status, headers={}, body=recorded, took=timedelta()))
    assert isinstance(error, RejectedPayloadError)
    assert document["code"] in error.message
    assert document["message"] not in error.message
    return document["fields"], list(error.fields)


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="rates", settings=SETTINGS, effect=False, run=_rates, well=_offers),
        Use(name="book label", settings=SETTINGS, effect=True, run=_book, well=_state),
        Use(name="find label", settings=SETTINGS, effect=False, run=_find, well=_state),
        Use(name="void label", settings=SETTINGS, effect=True, run=_cancel, well=_state),
        Use(name="check", settings=SETTINGS, effect=False, run=_check, well=_healthy),
    ),
    signs_in=_never,
    token=_healthy,
    conforms=_conforms,
    round_trips={
        "label.put.request.json": _parcel,
        "label.get.response.json": _label_state,
        "rates.post.response.json": _priced,
        "put.422.response.json": _refusal,
        "void.409.response.json": _refusal,
    },
)
