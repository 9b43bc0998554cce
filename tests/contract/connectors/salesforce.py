"""Salesforce for the contract suite."""

import json
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.core.calls import Answer, Call
from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import CrmTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.salesforce import account_mapping, answers, mapping, wire
from connectors.salesforce.mapping import NewOrder
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.connectors.openapi import Contract
from tests.contract.orders import ORDER, ORDER_ID, order

PRICE_BOOK = "01s000000000000001"
RECORD = "801000000000000001"
ENTRIES = {"PUMP-200": "01u000000000000001", "CABLE-3X15": "01u000000000000002"}
SETTINGS = {"base_url": "https://org.example", "price_book_id": PRICE_BOOK}
CONTRACT = Contract(
    Path(str(files("simulators.salesforce"))) / "contract.json",
    # An update states a part, and a new record its parents by relationship.
    partial={"Account", "Order", "OrderItem"},
)

# What stands before a key in PEM is a remark, which makes this one findable.
PRIVATE_KEY = (
    "canary\n"
    + generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
CREDENTIALS = {
    "jwt": {"kind": "jwt", "consumer_key": "app", "username": "sync@example.com", "private_key": PRIVATE_KEY},
    "client_credentials": {
        "kind": "client_credentials",
        "consumer_key": "app",
        "consumer_secret": "canary-secret",
    },
}


def _crm(ports: Ports) -> CrmTarget:
    assert ports.crm is not None
    return ports.crm


async def _record(ports: Ports) -> None:
    await _crm(ports).record_order(ORDER_ID, ORDER, status="PLACED")


async def _record_with_value(ports: Ports) -> None:
    await _crm(ports).record_order(ORDER_ID, order(extras={"lifetime_value": "10.5"}), status="PLACED")


async def _status(ports: Ports) -> None:
    await _crm(ports).record_status(ORDER_ID, status="SHIPPED", expected_at=1_774_000_000_000_000)


async def _check(ports: Ports) -> None:
    await _crm(ports).check()


async def _accounts(ports: Ports) -> None:
    assert ports.accounts is not None
    await ports.accounts.accounts("1|1772439330000000|001000000000000001|")


def _saved(*, created: bool) -> httpx.Response:
    body = {"id": RECORD, "success": True, "errors": [], "created": created}
    return httpx.Response(201 if created else 200, json=body)


def _page(*records: object) -> httpx.Response:
    return httpx.Response(200, json={"totalSize": len(records), "done": True, "records": records})


def _write(request: httpx.Request, *, created: bool) -> httpx.Response:
    if "/composite/" in request.url.path:
        rows = json.loads(request.content)["records"]
        return httpx.Response(200, json=[{"id": RECORD, "success": True, "errors": []} for _ in rows])
    return _saved(created=created)


def _entries() -> httpx.Response:
    return _page(*({"Id": id_, "Product2": {"ProductCode": code}} for code, id_ in ENTRIES.items()))


def _empty_org(request: httpx.Request) -> httpx.Response:
    if request.method == "PATCH":
        return _write(request, created=True)
    return _entries() if "PricebookEntry" in request.url.params["q"] else _page()


def _known(request: httpx.Request) -> httpx.Response:
    """The order is there with its first line, whose page is not the last; so is its account."""
    if request.method == "PATCH":
        return _write(request, created=False)
    if request.url.path.endswith("/query/01gX-1"):
        return _page({"Commerce_Id__c": None})
    question = request.url.params["q"]
    if "FROM OrderItem" in question:
        body = {"done": False, "nextRecordsUrl": "/services/data/v62.0/query/01gX-1"}
        return httpx.Response(200, json=body | {"records": [{"Commerce_Id__c": f"{ORDER_ID}:501"}]})
    if "FROM PricebookEntry" in question:
        return _entries()
    return _page({"Id": RECORD, "StatusCode": "Draft"})


def _activated(request: httpx.Request) -> httpx.Response:
    if request.method == "PATCH":
        return _write(request, created=False)
    return _page({"Id": RECORD, "StatusCode": "Activated"})


def _updated(_: httpx.Request) -> httpx.Response:
    return _saved(created=False)


def _nobody(_: httpx.Request) -> httpx.Response:
    return _page()


def _signs_in(request: httpx.Request) -> bool:
    return request.url.path == "/services/oauth2/token"


def _token(_: httpx.Request) -> httpx.Response:
    body = {"access_token": "canary-bearer", "instance_url": "https://org.example", "token_type": "Bearer"}
    return httpx.Response(200, json=body)


def _conforms(request: httpx.Request) -> None:
    CONTRACT.check(request, prefix="/services/data/v62.0")


def _order_request(recorded: bytes) -> tuple[object, object]:
    new = NewOrder(account_key="web-company-4", status="Draft", price_book_id=PRICE_BOOK, with_currency=False)
    made = mapping.to_new_order(ORDER, status="PLACED", new=new)
    assert mapping.account_key(ORDER_ID, ORDER) == "web-company-4"
    return json.loads(recorded, parse_float=Decimal), json.loads(wire.encode(made), parse_float=Decimal)


def _items_request(recorded: bytes) -> tuple[object, object]:
    rows = tuple(
        mapping.to_item(mapping.item_key(ORDER_ID, line), line, order_record=RECORD, entries=ENTRIES, is_new=True)
        for line in mapping.lines_to_record(ORDER)
    )
    return json.loads(recorded, parse_float=Decimal), json.loads(wire.encode(wire.Rows(rows)), parse_float=Decimal)


def _saved_answer(recorded: bytes) -> tuple[object, object]:
    return json.loads(recorded)["id"], wire.decode_saved(recorded).id


def _accounts_response(recorded: bytes) -> tuple[object, object]:
    rows = wire.decode_accounts(recorded).records
    told = [account_mapping.to_account(row, account_mapping.from_moment(row.modified)) for row in rows]
    shown = json.loads(recorded)["records"]
    company, numbered, guest = told
    assert company is not None
    assert numbered is not None
    assert guest is None
    assert [(one.channel, one.company_id) for one in company.members] == [("web", "4")]
    assert (company.credit, company.terms, company.needs_approval) == ("REFUSED", "NET30", True)
    assert company.changed_at == 1_772_439_330_000_000
    assert (numbered.members, numbered.credit, numbered.needs_approval) == ((), "UNKNOWN", False)
    wanted = [(one["Id"], one["AccountNumber"]) for one in shown[:2]]
    return wanted, [(one.account_id, one.account_code) for one in (company, numbered)]


def _refused(recorded: bytes) -> tuple[object, object]:
    call = Call(operation="upsert-account", method="PATCH", path=path("x"), effect=True)
    error = answers.refusal(call, Answer(status=400, headers={}, body=recorded, took=timedelta()))
    assert isinstance(error, RejectedPayloadError)
    assert "REQUIRED_FIELD_MISSING" in error.message
    return json.loads(recorded)[0]["fields"], list(error.fields)


def _refused_row(recorded: bytes) -> tuple[object, object]:
    call = Call(operation="upsert-items", method="PATCH", path=path("x"), effect=True)
    answer = Answer(status=200, headers={}, body=recorded, took=timedelta())
    with pytest.raises(RejectedPayloadError, match="row b was refused: REQUIRED_FIELD_MISSING") as told:
        answers.read_rows(call, answer, ("a", "b"))
    return json.loads(recorded)[1]["errors"][0]["fields"], list(told.value.fields)


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="record a new order", settings=SETTINGS, effect=True, run=_record, well=_empty_org),
        Use(name="record a known order", settings=SETTINGS, effect=True, run=_record_with_value, well=_known),
        Use(name="record an activated order", settings=SETTINGS, effect=True, run=_record, well=_activated),
        Use(name="record a status", settings=SETTINGS, effect=True, run=_status, well=_updated),
        Use(name="accounts", settings=SETTINGS, effect=False, run=_accounts, well=_nobody),
        Use(name="check", settings=SETTINGS, effect=False, run=_check, well=_nobody),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "order.patch.request.json": _order_request,
        "items.patch.request.json": _items_request,
        "order.patch.response.json": _saved_answer,
        "items.patch.response.json": _refused_row,
        "accounts.query.response.json": _accounts_response,
        "error.400.response.json": _refused,
    },
)
