"""NetSuite for the contract suite."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import httpx
import jsonschema
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.core.calls import Answer, Call
from connectors.core.errors import RejectedPayloadError
from connectors.core.order_ports import OrderTarget
from connectors.core.paths import path
from connectors.core.registry import Ports
from connectors.netsuite import answers, event_mapping, mapping, reference_mapping, wire
from tests.contract.connectors.case import ConnectorCase, Use
from tests.contract.order_target import line, order

BASE = "https://1234567.suitetalk.api.netsuite.com"
RECORDS = "/services/rest/record/v1/salesOrder"
ZONE = ZoneInfo("America/Los_Angeles")
ACCOUNT_SETTINGS = {"base_url": BASE}
EXTRACT = json.loads((files("simulators.netsuite") / "contract.json").read_text(encoding="utf-8"))
ORDER = order(line("501", "PUMP-200", "2.5", options={"Engraving": "Line 7"}, note="With care"))
WORDS = mapping.Vocabulary(discount_item="commerce-discount", price_level="-1", currencies={"USD": "1"})


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Unknown fields are errors at the server when it is asked for them, so they are here."""
    if "properties" in schema:
        inner = {name: _closed(one) for name, one in schema["properties"].items()}
        return {**schema, "properties": inner, "additionalProperties": False}
    return {**schema, "items": _closed(schema["items"])} if "items" in schema else schema


SALES_ORDER = _closed(EXTRACT["schemas"]["salesOrder"])


def _partial(schema: dict[str, Any]) -> dict[str, Any]:
    """A change states what it changes."""
    return {
        name: {key: _partial(one) for key, one in value.items()} if name == "properties" else value
        for name, value in schema.items()
        if name != "required"
    } | ({"items": _partial(schema["items"])} if "items" in schema else {})


def _private_key() -> str:
    """Text before the key is no part of it, and is as secret."""
    key = ec.generate_private_key(ec.SECP256R1())
    return "canary\n" + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


CREDENTIALS = {
    "m2m": {
        "kind": "m2m",
        "client_id": "client",
        "certificate_id": "certificate",
        "private_key": _private_key(),
    }
}


def _orders(ports: Ports) -> OrderTarget:
    assert ports.orders is not None
    return ports.orders


async def _create(ports: Ports) -> None:
    await _orders(ports).create_order("web-000000123", ORDER)


async def _find(ports: Ports) -> None:
    await _orders(ports).find_orders("web-000000123", ORDER)


async def _cancel(ports: Ports) -> None:
    await _orders(ports).cancel_order("web-000000123", "1001")


async def _check(ports: Ports) -> None:
    await _orders(ports).check()


async def _order_events(ports: Ports) -> None:
    assert ports.order_events is not None
    await ports.order_events.order_events("")


async def _products(ports: Ports) -> None:
    assert ports.products is not None
    await ports.products.products("")


async def _prices(ports: Ports) -> None:
    assert ports.prices is not None
    await ports.prices.prices("1|1767200000000000|20251231001530-501|")


async def _accounts(ports: Ports) -> None:
    assert ports.accounts is not None
    await ports.accounts.accounts("1|1767200000000000||")


KINDS = (None, "INVOICED", "REFUNDED")
"""Of the recorded rows: a partly fulfilled order, an invoice of it, a credit memo."""
RECORD = {
    "id": "1001",
    "tranId": "SO1001",
    "externalId": "web-000000123",
    "status": {"id": "B", "refName": "Pending Fulfillment"},
    "item": {"items": [{"line": 1, "description": "#501", "isClosed": False}], "hasMore": False},
}


def _well(request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        return httpx.Response(200, json=RECORD)
    return httpx.Response(204, headers={"Location": f"{BASE}{RECORDS}/1001"})


def _list(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"links": [], "items": [], "hasMore": False})


def _rows(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"links": [], "items": [], "hasMore": False, "count": 0})


def _priced(request: httpx.Request) -> httpx.Response:
    """One item, with one price."""
    asked = json.loads(request.content)["q"]
    row = {"item": "501", "level": "1", "currency": "USD", "price": "10"}
    if "FROM item" in asked:
        row = {"id": "501", "sku": "PUMP-200", "modified": "2025-12-31 00:15:31"}
    return httpx.Response(200, json={"links": [], "items": [row], "hasMore": False})


def _signs_in(request: httpx.Request) -> bool:
    return request.url.path.endswith("/oauth2/v1/token")


def _token(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"access_token": "canary-bearer", "expires_in": "3600", "token_type": "Bearer"})


def _conforms(request: httpx.Request) -> None:
    """Path and method by Oracle's help; bodies by the extract."""
    if request.url.path == "/services/rest/query/v1/suiteql":
        _asks(request)
        return
    below = request.url.path.removeprefix(RECORDS)
    query = parse_qs(request.url.query.decode())
    kind = "list" if not below else "eid" if re.fullmatch(r"/eid:[A-Za-z0-9_-]+", below) else "id"
    assert kind != "id" or re.fullmatch(r"/\d+", below), request.url
    _ROUTES[request.method, kind](request, query)


def _asks(request: httpx.Request) -> None:
    assert request.method == "POST"
    assert request.headers["Prefer"] == "transient"
    assert 1 <= int(parse_qs(request.url.query.decode())["limit"][0]) <= 1000
    assert json.loads(request.content)["q"].startswith("SELECT ")


def _reads_one(_: httpx.Request, query: dict[str, list[str]]) -> None:
    assert query == {"expandSubResources": ["true"]}


def _reads_list(_: httpx.Request, query: dict[str, list[str]]) -> None:
    assert query == {"limit": ["1"]}


def _upserts(request: httpx.Request, query: dict[str, list[str]]) -> None:
    assert query == {"replace": ["item"]}
    assert request.headers["X-NetSuite-PropertyNameValidation"] == "Error"
    jsonschema.validate(json.loads(request.content), SALES_ORDER)


def _changes(request: httpx.Request, query: dict[str, list[str]]) -> None:
    assert query == {}
    assert request.headers["X-NetSuite-PropertyNameValidation"] == "Error"
    jsonschema.validate(json.loads(request.content), _partial(SALES_ORDER))


_ROUTES: dict[tuple[str, str], Callable[[httpx.Request, dict[str, list[str]]], None]] = {
    ("GET", "eid"): _reads_one,
    ("GET", "id"): _reads_one,
    ("GET", "list"): _reads_list,
    ("PUT", "eid"): _upserts,
    ("PATCH", "id"): _changes,
}


def _put_request(recorded: bytes) -> tuple[object, object]:
    return json.loads(recorded), json.loads(wire.encode(mapping.to_sales_order(ORDER, WORDS)))


def _get_response(recorded: bytes) -> tuple[object, object]:
    shown = json.loads(recorded)
    lines = shown["item"]["items"]
    read = mapping.from_sales_order(wire.decode_record(recorded), shown["externalId"])
    wanted = (shown["tranId"], shown["id"], shown["status"]["refName"], {"502": lines[1]["woId"]})
    assert read.expected_at == 1_774_569_600_000_000  # 2026-03-27, the later of two
    return wanted, (read.number, read.internal_id, read.status, read.work_orders)


def _changes_response(recorded: bytes) -> tuple[object, object]:
    """Rows as SuiteQL says them: text, and nothing for what is empty."""
    rows = wire.decode_changes(recorded).items
    events = [one for row in rows for one in event_mapping.to_events(row, (), ZoneInfo("America/Los_Angeles"))]
    shown = json.loads(recorded)["items"]
    wanted = [(row["order_id"], row["order_number"], kind) for row, kind in zip(shown, KINDS, strict=True)]
    assert events[1].amount == 35_500_000
    assert events[1].effective_at == 1_772_439_330_000_000  # 2026-03-02 08:15:30 UTC, 00:15:30 in Los Angeles
    return wanted, [(one.order_id, one.erp_number, one.kind) for one in events]


def _lines_response(recorded: bytes) -> tuple[object, object]:
    rows = wire.decode_lines(recorded).items
    shown = json.loads(recorded)["items"]
    read = [(one.document, one.sku, str(one.quantity), one.closed) for one in rows]
    assert event_mapping.expected_at(rows) == 1_774_569_600_000_000  # 2026-03-27, the later of two
    return [(one["document"], one["sku"], one["quantity"], one["closed"]) for one in shown], read


def _items_response(recorded: bytes) -> tuple[object, object]:
    words = reference_mapping.ReferenceWords(groups={}, units={"1": "piece"}, terms={})
    rows = [reference_mapping.to_product(row, words, ZONE) for row in wire.decode_item_rows(recorded).items]
    shown = json.loads(recorded)["items"]
    wanted = [(one["sku"], one["inactive"] == "T", one["made"] == "T") for one in shown]
    assert [one.unit for one in rows] == ["piece", "Metre", None]
    assert rows[0].changed_at == 1_772_439_330_000_000
    return wanted, [(one.sku, one.is_discontinued, one.make_to_order) for one in rows]


def _prices_response(recorded: bytes) -> tuple[object, object]:
    """Two levels, two currencies; the break at 100 is not told."""
    words = reference_mapping.ReferenceWords(groups={"1": (None,), "5": ("wholesale",)}, units={}, terms={})
    item = wire.ItemRow(id="501", sku="PUMP-200", modified="2026-03-02 00:15:30")
    told = reference_mapping.to_prices(item, wire.decode_prices(recorded).items, words, ZONE)
    wanted = {("EUR", None, 449_000_000), ("USD", None, 489_000_000), ("USD", "wholesale", 440_125_000)}
    return wanted, {(one.currency, one.customer_group, one.price) for one in told.prices}


def _customers_response(recorded: bytes) -> tuple[object, object]:
    """Held by a person, beyond the limit, never held, without a limit."""
    words = reference_mapping.ReferenceWords(groups={}, units={}, terms={"2": "NET30"})
    rows = [reference_mapping.to_account(row, words, ZONE) for row in wire.decode_customers(recorded).items]
    shown = json.loads(recorded)["items"]
    assert [one.credit for one in rows] == ["REFUSED", "REFUSED", "GIVEN", "GIVEN"]
    assert rows[0].terms == "NET30"
    return [(one["id"], one["code"]) for one in shown], [(one.account_id, one.account_code) for one in rows]


def _error(recorded: bytes) -> tuple[object, object]:
    refused = Answer(status=400, headers={}, body=recorded, took=timedelta())
    error = answers.refusal(Call(operation="save", method="PUT", path=path("x"), effect=True), refused)
    assert isinstance(error, RejectedPayloadError)
    return ("item.items[0].item",), error.fields


CASE = ConnectorCase(
    credentials=CREDENTIALS,
    uses=(
        Use(name="create", settings=ACCOUNT_SETTINGS, effect=True, run=_create, well=_well),
        Use(name="find", settings=ACCOUNT_SETTINGS, effect=False, run=_find, well=_well),
        Use(name="cancel", settings=ACCOUNT_SETTINGS, effect=True, run=_cancel, well=_well),
        Use(name="check", settings=ACCOUNT_SETTINGS, effect=False, run=_check, well=_list),
        Use(name="products", settings=ACCOUNT_SETTINGS, effect=False, run=_products, well=_rows),
        Use(name="prices", settings=ACCOUNT_SETTINGS, effect=False, run=_prices, well=_priced),
        Use(name="accounts", settings=ACCOUNT_SETTINGS, effect=False, run=_accounts, well=_rows),
        Use(name="order-events", settings=ACCOUNT_SETTINGS, effect=False, run=_order_events, well=_rows),
    ),
    signs_in=_signs_in,
    token=_token,
    conforms=_conforms,
    round_trips={
        "sales-order.put.request.json": _put_request,
        "sales-order.get.response.json": _get_response,
        "suiteql.changes.response.json": _changes_response,
        "suiteql.lines.response.json": _lines_response,
        "suiteql.items.response.json": _items_response,
        "suiteql.prices.response.json": _prices_response,
        "suiteql.customers.response.json": _customers_response,
        "error.400.response.json": _error,
    },
)
